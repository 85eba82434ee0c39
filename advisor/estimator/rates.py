"""Rates: the few parameters of the estimator, each with its provenance.

Time and energy in catalog/rates.yaml, memory in catalog/memory.yaml: each is refitted alone.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from advisor.errors import CannotEstimate, DataError
from advisor.files import parse_yaml, read_bounded

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device
    from advisor.estimator.setting import Setting


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Parameter(_Strict):
    """One number of the model, where it comes from and whether the fit may move it."""

    value: float
    source: str = Field(min_length=1)
    fitted: bool = False


class Generation(_Strict):
    """What devices of one hardware generation have in common.

    half_speed: share of the peak that its matrix units reach against the common efficiency.
    attention_speed: the same for its attention kernels. knee_w_per_tflops: board power per dense
    16-bit TFLOPS below which the clock drops under load. core_tflops: dense 16-bit rate of one
    multiprocessor; it sets what the last, partly filled wave of an operation costs.
    matrix_per_vector: 16-bit peak over fp32 peak where matrix units run at their full rate.
    """

    architectures: list[str] = Field(min_length=1)
    capabilities: list[str] = []
    fused_attention: bool
    half_speed: Parameter
    attention_speed: Parameter
    convolution_speed: Parameter
    bandwidth_speed: Parameter
    knee_w_per_tflops: Parameter | None = None
    core_tflops: Parameter
    matrix_per_vector: Parameter
    idle_share: Parameter
    evidence: str = Field(min_length=1)


class Interval(_Strict):
    """Ratios measured/predicted that hold 90 % of held-out residuals (split conformal)."""

    low: float = Field(gt=0, le=1)
    high: float = Field(ge=1)
    rows: int = Field(ge=0)
    source: str = Field(min_length=1)


class OlderPeak(_Strict):
    """Live memory of a call in an older library, as a share of what the current one needs."""

    component: str
    entry: str
    stack: str = Field(min_length=1)
    share: float = Field(gt=0)
    source: str = Field(min_length=1)


class MemoryRates(_Strict):
    """catalog/memory.yaml: what convolutions and the allocator add, and older libraries' peaks."""

    schema_version: int
    made_by: str
    shared: dict[str, Parameter]
    intervals: dict[str, Interval]
    older_peaks: list[OlderPeak] = []


class Rates(_Strict):
    """rates.yaml, with the parameters and intervals of memory.yaml laid over it."""

    schema_version: int
    made_by: str
    shared: dict[str, Parameter]
    generations: dict[str, Generation]
    intervals: dict[str, Interval]
    older_peaks: list[OlderPeak] = []

    def get(self, name: str) -> float:
        """A shared parameter. Raises DataError if the file lacks it."""
        try:
            return self.shared[name].value
        except KeyError:
            raise DataError(
                f"rates.yaml lacks shared.{name}: restore it or rerun the fit"
            ) from None

    def generation_of(self, device: Device) -> str:
        """The generation a device belongs to: by capability where one is listed, else by name."""
        named = None
        for name, generation in self.generations.items():
            if device.architecture not in generation.architectures:
                continue
            if device.compute_capability in generation.capabilities:
                return name
            if not generation.capabilities:
                named = named or name
        if named is None:
            raise CannotEstimate(
                f"{device.id}: no rates are known for the architecture '{device.architecture}' "
                f"(compute capability {device.compute_capability}): add it to catalog/rates.yaml"
            )
        return named

    def with_memory(self, memory: MemoryRates) -> Rates:
        """These rates with those of the memory file."""
        return self.model_copy(
            update={
                "shared": {**self.shared, **memory.shared},
                "intervals": {**self.intervals, **memory.intervals},
                "older_peaks": memory.older_peaks,
            }
        )

    def older_share(self, component: str, entry: str, setting: Setting) -> float:
        """Live memory of a call in the setting's stack over that of a current one; 1 if current."""
        if not setting.stack:
            return 1.0
        for peak in self.older_peaks:
            if (peak.component, peak.entry, peak.stack) == (component, entry, setting.stack):
                return peak.share
        return 1.0

    def interval(self, *keys: str) -> Interval:
        """The first interval that exists among `keys`, most specific first."""
        for key in keys:
            if key in self.intervals:
                return self.intervals[key]
        raise DataError(f"rates.yaml has no interval for {' or '.join(keys)}")


def load_rates(catalog: Catalog) -> Rates:
    """The rates of a catalog: of each file the last layer that has it."""
    return _loaded(
        _file(catalog, "rates.yaml", "fit_rates"), _file(catalog, "memory.yaml", "fit_memory")
    )


def _file(catalog: Catalog, name: str, made_by: str) -> Path:
    for folder in reversed(catalog.folders):
        if (folder / name).is_file():
            return folder / name
    raise DataError(f"no {name} in the catalog: reinstall, or run benchmarks/{made_by}.py")


def _loaded(rates: Path, memory: Path) -> Rates:
    return _joined(rates, rates.stat().st_mtime_ns, memory, memory.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _joined(rates: Path, _made: int, memory: Path, _fitted: int) -> Rates:
    return read_rates(rates).with_memory(read_memory_rates(memory))


def read_rates(path: Path) -> Rates:
    """The rates in a file. Raises DataError naming file, line and field."""
    return _read(Rates, path, path.stat().st_mtime_ns)


def read_memory_rates(path: Path) -> MemoryRates:
    """The memory parameters in a file. Raises DataError naming file, line and field."""
    return _read(MemoryRates, path, path.stat().st_mtime_ns)


R = TypeVar("R", Rates, MemoryRates)


@lru_cache(maxsize=8)
def _read(kind: type[R], path: Path, _mtime: int) -> R:
    from advisor.catalog.load import validated

    data, lines = parse_yaml(read_bounded(path), str(path))
    return validated(kind, data, str(path), lines)
