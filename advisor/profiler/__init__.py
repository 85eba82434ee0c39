"""Measuring the reference implementations on the local device (CPU and CUDA through one path)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advisor.catalog import Catalog
    from advisor.profiler.record import Point


def profile(
    model: str,
    *,
    device: str | None = None,
    end_to_end: bool = False,
    catalog: Catalog | None = None,
    **axes: Any,
) -> Point:
    """Measure one workload of a model in this process; nothing is kept on disk.

    `device`: torch's name (default: cuda where there is a GPU). `axes` as in the workload, with
    batch, dtype (default: fp32 on a CPU) and mode. The command `advisor profile` measures in child
    processes and keeps every point. Raises MissingExtra without `advisor[profile]`.
    """
    import importlib.util

    from advisor.errors import MissingExtra

    if importlib.util.find_spec("torch") is None:
        raise MissingExtra("measuring", "profile")
    from advisor.catalog import load_catalog
    from advisor.profiler.identity import PointSpec
    from advisor.profiler.point import profile_point
    from advisor.profiler.sweep import local_device

    catalog = catalog or load_catalog()
    device = device or local_device()
    if device == "cpu":
        axes.setdefault("dtype", "fp32")
    workload = catalog.models[model].workload(**axes)
    spec = PointSpec(model=model, workload=workload, device=device, end_to_end=end_to_end)
    return profile_point(spec, catalog)
