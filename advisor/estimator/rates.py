"""Rates: the few parameters of the estimator, from catalog/rates.yaml, each with its provenance."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from advisor.errors import CannotEstimate, DataError
from advisor.files import parse_yaml, read_bounded

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device


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
    idle_share: Parameter
    evidence: str = Field(min_length=1)


class Interval(_Strict):
    """Ratios measured/predicted that hold 90 % of held-out residuals (split conformal)."""

    low: float = Field(gt=0, le=1)
    high: float = Field(ge=1)
    rows: int = Field(ge=0)
    source: str = Field(min_length=1)


class Rates(_Strict):
    """The whole file."""

    schema_version: int
    made_by: str
    shared: dict[str, Parameter]
    generations: dict[str, Generation]
    intervals: dict[str, Interval]

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

    def interval(self, *keys: str) -> Interval:
        """The first interval that exists among `keys`, most specific first."""
        for key in keys:
            if key in self.intervals:
                return self.intervals[key]
        raise DataError(f"rates.yaml has no interval for {' or '.join(keys)}")


def load_rates(catalog: Catalog) -> Rates:
    """The rates of a catalog: the last layer that has the file."""
    for folder in reversed(catalog.folders):
        if (folder / "rates.yaml").is_file():
            return read_rates(folder / "rates.yaml")
    raise DataError("no rates.yaml in the catalog: reinstall, or run benchmarks/fit_rates.py")


def read_rates(path: Path) -> Rates:
    """The rates in a file. Raises DataError naming file, line and field."""
    return _read_rates(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read_rates(path: Path, _mtime: int) -> Rates:
    from advisor.catalog.load import validated

    data, lines = parse_yaml(read_bounded(path), str(path))
    return validated(Rates, data, str(path), lines)
