"""Where a measurement is made: device, driver, libraries, processor, commit."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path

import torch

from advisor.catalog import Catalog, Device
from advisor.errors import InputError
from advisor.profiler.meter import NvmlMeter, meter_for
from advisor.profiler.record import Environment

_LIBRARIES = ("torch", "diffusers", "transformers", "fvcore", "nvidia-ml-py", "numpy", "triton")
_PART_OF_DEVICE = 0.06  # torch sees a little less memory than the catalog's usable figure


def environment(device: str, catalog: Catalog) -> Environment:
    """This machine as a record. `device` is torch's name ('cpu', 'cuda')."""
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise InputError("torch finds no CUDA device here: use --device cpu")
    meter = meter_for(device)
    known, name, memory_gib = identify(device, catalog)
    counters = meter.limits() if isinstance(meter, NvmlMeter) else {"clock_mhz": None}
    return Environment(
        device=known,
        device_name=name,
        cpu=processor_name(),
        cpu_threads=os.cpu_count() or 1,
        torch_threads=torch.get_num_threads(),
        memory_gib=round(memory_gib, 2),
        python=platform.python_version(),
        torch=torch.__version__,
        cuda=torch.version.cuda,
        libraries=_versions(),
        commit=_commit(),
        **{"driver": None, **counters},
    )


def identify(device: str, catalog: Catalog) -> tuple[str, str, float]:
    """(catalog id or a slug, name, memory in GiB) of the local device.

    A GPU is matched by torch's name and its memory, since several boards share a name.
    """
    if not device.startswith("cuda"):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        name = processor_name()
        return f"cpu-{_slug(name)}-{os.cpu_count()}t", name, memory
    properties = torch.cuda.get_device_properties(device)
    memory = properties.total_memory / 2**30
    near = [d for d in catalog.devices.values() if same_board(d, properties.name, memory)]
    return (near[0].id if near else _slug(properties.name)), properties.name, memory


def same_board(device: Device, name: str, memory_gib: float) -> bool:
    """Whether a catalog device is the board that torch names. Its torch name outranks aliases."""
    names = [device.torch_name] if device.torch_name else device.aliases
    known = {text.casefold() for text in names}
    return name.casefold() in known and abs(device.memory_gib / memory_gib - 1) < _PART_OF_DEVICE


def processor_name() -> str:
    """The processor's name as the system gives it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    found = re.search(r"model name\s*:\s*(.+)", text)
    return found[1].strip() if found else platform.processor() or platform.machine()


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _commit() -> str | None:
    """The commit of the checkout this runs from; None in an installed wheel."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    changed = _git(root, "status", "--porcelain", "--", "advisor", "catalog")
    return f"{commit}-dirty" if commit and changed else commit or None


def _git(root: Path, *words: str) -> str:
    try:
        ran = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True)
    except OSError:
        return ""
    return ran.stdout.strip()
