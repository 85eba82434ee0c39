"""The frontier: the largest value of an axis that still fits, by doubling and bisection.

Each try runs every stage once in a child process. Out of memory is a result, and so is the end of
the axis; a try that ends in any other way stops the search, which says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from advisor.catalog import Axis, Catalog, Model
from advisor.errors import InputError
from advisor.profiler.child import ChildResult
from advisor.profiler.identity import PointSpec, made_from
from advisor.profiler.record import Environment, Frontier, Outcome
from advisor.profiler.sweep import Report, Runner, Settings, in_child, progress, to_stderr
from advisor.profiles import existing, keep_frontier, same_search

MAX_BATCH = 4096
_FULL: frozenset[Outcome] = frozenset({"out-of-memory"})


@dataclass(frozen=True)
class Scale:
    """The values an axis may take: first, first + step ... last. `start` is one of them."""

    first: int
    step: int
    last: int
    start: int

    def near(self, value: float) -> int:
        """The axis' value at or below `value`, not outside its ends."""
        steps = int((value - self.first) // self.step)
        return max(self.first, min(self.first + steps * self.step, self.top()))

    def top(self) -> int:
        return self.first + (self.last - self.first) // self.step * self.step


def axes_of(model: Model) -> list[str]:
    """The axes whose frontier can be searched: batch, and those of the model that take memory."""
    square = ["size"] if {"width", "height"} <= set(model.axes) else []
    return ["batch", *square, *(n for n in ("frames", "seconds") if n in model.axes)]


def scale_of(model: Model, axis: str, spec: PointSpec) -> Scale:
    """The values that an axis of a model may take, starting from the workload's own."""
    if axis == "batch":
        return Scale(1, 1, MAX_BATCH, spec.workload.batch)
    if axis not in axes_of(model):
        raise InputError(
            f"{model.id} has no frontier of {axis}: it has {', '.join(axes_of(model))}"
        )
    known = [model.axes[n] for n in (("width", "height") if axis == "size" else (axis,))]
    step = max(a.multiple for a in known)
    first = max(_lowest(a) for a in known)
    last = int(min(a.max for a in known))
    values = spec.workload.axes()
    start = min(values[n] for n in (("width", "height") if axis == "size" else (axis,)))
    scale = Scale(first, step, max(last, first), first)
    return Scale(first, step, scale.last, scale.near(start))


def _lowest(axis: Axis) -> int:
    """The least whole value on the axis' grid."""
    low = max(int(-(-axis.min // 1)), 1)
    return low + (axis.offset - low) % axis.multiple


def at(spec: PointSpec, axis: str, value: int) -> PointSpec:
    """The point with an axis set to a value, only to see whether it fits."""
    names = ("width", "height") if axis == "size" else (axis,)
    workload = spec.workload.model_copy(update=dict.fromkeys(names, value))
    return spec.model_copy(
        update={"workload": workload, "purpose": "fit", "end_to_end": False, "count_flops": False}
    )


Try = Callable[[int], Outcome]


def search(scale: Scale, attempt: Try) -> tuple[int | None, int | None, Outcome | None]:
    """(largest that fits, smallest that does not, the outcome that stopped the search or None).

    Doubles from the start, or halves where the start itself does not fit, then bisects.
    """
    low: int | None = None
    high: int | None = None
    value = scale.start
    while True:
        outcome = attempt(value)
        if outcome == "measured":
            low = value
        elif outcome in _FULL:
            high = value
        else:
            return low, high, outcome
        following = _next(scale, low, high)
        if following is None:
            return low, high, None
        value = following


def _next(scale: Scale, low: int | None, high: int | None) -> int | None:
    """The value to try next; None when the answer is known to one step."""
    if high is None:
        assert low is not None
        return None if low >= scale.top() else scale.near(max(low * 2, low + scale.step))
    if low is None:
        return None if high <= scale.first else scale.near(high / 2)
    middle = scale.near((low + high) / 2)
    return None if high - low <= scale.step or middle in (low, high) else middle


def find_frontier(
    spec: PointSpec,
    axis: str,
    catalog: Catalog,
    environment: Environment,
    settings: Settings,
    runner: Runner = in_child,
    report: Report = to_stderr,
) -> Frontier:
    """Search an axis; every try is on disk before the next, so that a stopped search goes on."""
    model = catalog.models[spec.model]
    scale = scale_of(model, axis, spec)
    base = Frontier(
        axis=axis,
        workload=at(spec, axis, scale.start).workload,
        memory_gib=settings.limits.memory_gib,
        largest=None,
        smallest_failing=None,
        tries={},
        complete=False,
        made_from=made_from(model, catalog),
        measured_on=date.today().isoformat(),
    )
    known = {} if settings.again else _tried(base, spec.model, environment, settings, report)
    tries: dict[int, Outcome] = dict(known)

    def attempt(value: int) -> Outcome:
        if value not in tries:
            report(f"{spec.model}: does {axis} {value} fit?")
            child = runner(at(spec, axis, value), settings.limits, progress(report))
            tries[value] = meaning(child)
            fits = child.outcome == "measured"
            report("  yes" if fits else f"  {tries[value]}: {child.text[:120]}")
            now = base.model_copy(update={"tries": dict(tries)})
            keep_frontier(settings.folder, environment.device, spec.model, now, report)
        return tries[value]

    low, high, stopped = search(scale, attempt)
    found = base.model_copy(
        update={
            "largest": low,
            "smallest_failing": high,
            "tries": tries,
            "complete": stopped is None,
            "note": _note(low, high, stopped, scale),
        }
    )
    keep_frontier(settings.folder, environment.device, spec.model, found, report)
    return found


def _tried(
    wanted: Frontier, model: str, environment: Environment, settings: Settings, report: Report
) -> dict[int, Outcome]:
    """What an earlier search of the same question found out; only what it knows for sure."""
    profile = existing(settings.folder, environment.device, model, report)
    for frontier in profile.frontiers if profile else []:
        if same_search(frontier, wanted) and frontier.made_from == wanted.made_from:
            return {n: o for n, o in frontier.tries.items() if o in ("measured", "out-of-memory")}
    return {}


def _note(low: int | None, high: int | None, stopped: Outcome | None, scale: Scale) -> str:
    if stopped is not None:
        return f"the search stopped at a try that {_WORDS[stopped]}"
    if high is None and low is not None and low >= scale.top():
        return "the axis ends here; memory does not"
    return "" if low is not None else "not even the smallest fits"


_WORDS: dict[Outcome, str] = {
    "timed-out": "took too long",
    "died": "died",
    "failed": "failed",
    "unsupported": "is not supported",
    "measured": "fitted",
    "out-of-memory": "did not fit",
}


def meaning(child: ChildResult) -> Outcome:
    """A child that the kernel killed had no memory left to take, unless somebody else killed it."""
    killed = child.outcome == "died" and "SIGKILL" in child.text
    return "out-of-memory" if killed else child.outcome
