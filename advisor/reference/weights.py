"""A user's own weights from a local folder: safetensors only, no pickle, no code, no network.

    generate("sdxl-base-1.0", flavour="full", weights="~/models/sdxl")

A folder is laid out as diffusers and transformers write it (unet/ and text_encoder/ with their
*.safetensors, sharded or not), or holds one file per component, named by role or component
(denoiser.safetensors). A model of one component may have its file in the folder itself.
Names and shapes of all components are checked, from the files' headers and against modules on the
meta device, before anything is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from advisor.catalog import Catalog, Component, Model
from advisor.errors import InputError, MissingExtra, printable
from advisor.files import parse_json, read_bounded
from advisor.plan import Stage
from advisor.reference.build import build

MAX_INDEX_BYTES = 64 * 1024 * 1024
ENDING = ".safetensors"
INDEX = ".safetensors.index.json"
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
# The libraries' own names of sub-folders, by role of the catalog.
FOLDERS: dict[str, tuple[str, ...]] = {
    "denoiser": ("unet", "transformer", "prior"),
    "autoencoder": ("vae",),
    "decoder": ("vae",),
    "projection": ("projection_model",),
    "language_model": ("model",),
    "text_encoder": ("text_encoder",),
}
_USUAL = ("diffusion_pytorch_model", "model")


@dataclass(frozen=True)
class Stored:
    """One tensor in a file: where it is, and what its header says."""

    file: Path
    key: str
    shape: tuple[int, ...]
    dtype: str  # the file's word: F32, BF16, I8 ...


class Weights:
    """The weights of a model's components in a folder."""

    def __init__(self, folder: str | Path, model: Model) -> None:
        """Raises InputError where there is no such folder."""
        self.folder, self.model = Path(folder).expanduser(), model
        if not self.folder.is_dir():
            raise InputError(f"no folder of weights at {printable(str(folder))}: give a folder")

    def check(self, stages: list[Stage], catalog: Catalog, flavour: str) -> None:
        """Every component of the stages has its tensors, by name and shape. Reads headers only.

        Raises InputError that names the first tensor that is missing, unexpected or of another
        shape.
        """
        for name in dict.fromkeys(stage.component for stage in stages):
            component = catalog.components[name]
            module = build(component, flavour, "meta", torch.float32)
            self._matched(component, module)

    def load(self, component: Component, module: torch.nn.Module) -> None:
        """Copy the component's tensors into the module, in the module's dtype and place."""
        matched = self._matched(component, module)
        own = module.state_dict(keep_vars=True)
        with torch.no_grad():
            for file in dict.fromkeys(stored.file for stored in matched.values()):
                with _opened(file) as handle:
                    for name, stored in matched.items():
                        if stored.file == file:
                            own[name].copy_(handle.get_tensor(stored.key))

    def _matched(self, component: Component, module: torch.nn.Module) -> dict[str, Stored]:
        place, table = self._table(component)
        return matched(module, table, f"{component.id} in {place}")

    def _table(self, component: Component) -> tuple[Path, dict[str, Stored]]:
        """Where a component's files are, and all tensors in them."""
        roles = [p.role for p in self.model.components if p.component == component.id]
        names = [*roles, component.id, *(n for role in roles for n in FOLDERS.get(role, ()))]
        for name in dict.fromkeys(names):
            if (place := self.folder / name).is_dir():
                return place, _tensors_in(place)
            if (file := self.folder / f"{name}{ENDING}").is_file():
                return file, dict(_headers(file))
            if (index := self.folder / f"{name}{INDEX}").is_file():
                return index, _sharded(index)
        serving = {p.component for p in self.model.components if not p.training_only}
        if serving == {component.id}:
            return self.folder, _tensors_in(self.folder)
        raise InputError(
            f"{self.folder} has no weights of {component.id}: "
            f"give a sub-folder or a {ENDING} file named {' or '.join(dict.fromkeys(names))}"
        )


def _tensors_in(place: Path) -> dict[str, Stored]:
    """All tensors of a component's folder: its index, or its only or usual file."""
    indexes = sorted(place.glob(f"*{INDEX}"))
    chosen = _usual(indexes, INDEX)
    if chosen is not None:
        return _sharded(chosen)
    files = sorted(place.glob(f"*{ENDING}"))
    chosen = _usual(files, ENDING)
    if chosen is not None:
        return dict(_headers(chosen))
    if files or indexes:
        names = ", ".join(file.name for file in [*indexes, *files][:4])
        raise InputError(f"{place} holds several sets of weights ({names}): keep one")
    pickled = [file.name for file in sorted(place.iterdir()) if file.suffix in PICKLED]
    if pickled:
        raise InputError(
            f"{place} holds pickled weights only ({pickled[0]}), which could run code: "
            f"convert them to {ENDING}"
        )
    raise InputError(f"{place} holds no {ENDING} file")


def _usual(files: list[Path], ending: str) -> Path | None:
    """The only file, or the one that the libraries write without a variant in its name."""
    if len(files) == 1:
        return files[0]
    return next((f for f in files if f.name.removesuffix(ending) in _USUAL), None)


def _sharded(index: Path) -> dict[str, Stored]:
    """All tensors of a sharded set. The index may name files beside it and nothing else."""
    data = parse_json(read_bounded(index, MAX_INDEX_BYTES), str(index))
    names = data.get("weight_map") if isinstance(data, dict) else None
    if not isinstance(names, dict) or not all(isinstance(v, str) for v in names.values()):
        raise InputError(f"{index} has no weight_map of tensor names to files")
    table: dict[str, Stored] = {}
    for shard in dict.fromkeys(names.values()):
        plain = Path(shard).name == shard and "\\" not in shard and shard.endswith(ENDING)
        if not plain:
            raise InputError(
                f"{index} names '{printable(shard)}', which is not a {ENDING} file beside it"
            )
        table |= dict(_headers(index.parent / shard))
    for name in names:
        if name not in table:
            raise InputError(f"{index} lists '{printable(name)}', which none of its files holds")
    return table


def _headers(file: Path) -> Iterator[tuple[str, Stored]]:
    with _opened(file) as handle:
        for key in handle.keys():  # noqa: SIM118 (not a mapping)
            part = handle.get_slice(key)
            yield key, Stored(file, key, tuple(part.get_shape()), str(part.get_dtype()))


def _opened(file: Path) -> Any:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise MissingExtra("loading weights", "profile") from None
    try:
        return safe_open(str(file), framework="pt", device="cpu")
    except (SafetensorError, OSError) as error:
        raise InputError(f"{file} is not a {ENDING} file that can be read: {error}") from None


def matched(module: torch.nn.Module, table: Mapping[str, Stored], where: str) -> dict[str, Stored]:
    """The stored tensor of each of the module's names; of tied names one is enough.

    Names that the module's class says it ignores are left alone. Raises InputError naming the first
    tensor that is missing, unexpected, or has another shape or kind.
    """
    wanted = module.state_dict(keep_vars=True)
    found = _renamed(module, wanted, table)
    held = {id(wanted[name]) for name in wanted if name in found}
    missing = [
        name
        for name in wanted
        if name not in found
        and id(wanted[name]) not in held
        and not _ignored(module, "missing", name)
    ]
    extra = [
        name for name in found if name not in wanted and not _ignored(module, "unexpected", name)
    ]
    for kind, names in (("lacks", missing), ("has an unexpected", extra)):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise InputError(f"{where}: {kind} tensor '{printable(names[0])}'{more}")
    for name, tensor in wanted.items():
        stored = found.get(name)
        if stored is None:
            continue
        if stored.shape != tuple(tensor.shape):
            shapes = f"{list(stored.shape)}, the catalog's module needs {list(tensor.shape)}"
            raise InputError(f"{where}: tensor '{name}' has shape {shapes}")
        if tensor.is_floating_point() != stored.dtype.startswith(("F", "BF")):
            raise InputError(f"{where}: tensor '{name}' is stored as {stored.dtype}")
    return {name: stored for name, stored in found.items() if name in wanted}


def _renamed(
    module: torch.nn.Module, wanted: Mapping[str, Any], table: Mapping[str, Stored]
) -> dict[str, Stored]:
    """The table by the module's own names: as stored, or with the class's base prefix on or off.

    diffusers' renaming of older attention blocks is its own.
    """
    prefix = f"{getattr(module, 'base_model_prefix', '') or ''}."
    ways = [dict(table)]
    if len(prefix) > 1:
        ways.append({f"{prefix}{name}": stored for name, stored in table.items()})
        ways.append({name.removeprefix(prefix): stored for name, stored in table.items()})
    best = max(ways, key=lambda way: len(way.keys() & wanted.keys()))
    older = getattr(module, "_fix_state_dict_keys_on_load", None)
    if older is not None:
        older(best)
    return best


def _ignored(module: torch.nn.Module, kind: str, name: str) -> bool:
    patterns = getattr(module, f"_keys_to_ignore_on_load_{kind}", None) or ()
    return any(re.search(pattern, name) for pattern in patterns)
