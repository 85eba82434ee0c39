"""Held-out predictions: every row by a fit that saw nothing of its device, its model, or both."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from advisor.auditor.rows import Case, Skipped, case_of, read_rows, select
from advisor.catalog import Catalog
from advisor.errors import AdvisorError
from advisor.estimator.stages import settings_of, why_not
from advisor.tracestore import trace_store
from benchmarks.fitting import NOISE, Batch, Fit, Values, copies_of, rates_of
from benchmarks.rates_model import start_values

PROCESSES = 2
REFITS = 2  # damped steps from the fit to all rows: the first with its slopes, the second anew


def cases_in(path: Path, catalog: Catalog, measured: str) -> list[Case]:
    """Rows of trust 1-2 that can be estimated from a stored (not merely scaled) trace."""
    store, rates = trace_store(catalog), rates_of(start_values())
    cases = []
    for row in select(read_rows(path), [f"measured={measured}", "trust<=2"]):
        try:
            case = case_of(row, catalog)
            notes = [store.stage_trace(stage).note for stage in case.stages]
        except (Skipped, AdvisorError):
            continue
        if why_not(case.device, rates, *settings_of(case.stages, case.setting)) is None and not any(
            note.startswith("scaled") for note in notes
        ):
            cases.append(case)
    return cases


def why_not_fitted(case: Case) -> str | None:
    """Why a row of latency or energy moves no parameter and sets no interval; None if it may.

    The rule: what the source leaves open must not move the row by more than the fit's noise. Rows
    that it keeps out are predicted and judged like all others.
    """
    if case.workload.tiling and case.row["scope"] in ("encode", "decode"):
        return "it measures nothing but tiles, whose size and overlap the source does not state"
    if case.workload.offload != "none" and open_share(case) > NOISE:
        return "copies over the host bus, whose rate is an assumption, could be much of its time"
    return None


def open_share(case: Case) -> float:
    """From the fastest to the slowest copies that are assumed, as a share of the measured time."""
    copies = copies_of(case)
    return (copies.high - copies.low) / case.value


def is_eager(case: Case) -> bool:
    return not case.setting.fused


_START = rates_of(start_values())


def generation_of(case: Case) -> str:
    return _START.generation_of(case.device)


@dataclass(frozen=True)
class Split:
    """key: what a row's fit is named by; out: whether a row is left out of the fit of a key."""

    key: Callable[[Case], Any]
    out: Callable[[Any, Case], bool]


SPLITS = {
    "group": Split(lambda c: c.group, lambda key, c: c.group == key),
    "device": Split(lambda c: c.device.id, lambda key, c: c.device.id == key),
    "model": Split(lambda c: c.model.id, lambda key, c: c.model.id == key),
    "device and model": Split(
        lambda c: c.group, lambda key, c: c.model.id == key[0] or c.device.id == key[1]
    ),
    "generation": Split(generation_of, lambda key, c: generation_of(c) == key),
}


class LatencyFits:
    """The fit to all latency rows, and fits without some of them.

    Eager rows first; then compiled and engine rows with the eager parameters of the same fit, so a
    held-out row is unseen by all parameters that predict it. Rows that may not be fitted
    (`why_not_fitted`) are only predicted.
    """

    def __init__(self, cases: Sequence[Case], catalog: Catalog) -> None:
        self.cases, self.catalog = list(cases), catalog
        fitted = [case for case in cases if why_not_fitted(case) is None]
        eager = [case for case in fitted if is_eager(case)]
        other = [case for case in fitted if not is_eager(case)]
        self.eager = Fit(eager, catalog, "eager", start_values())
        self.other = Fit(other, catalog, "other", start_values()) if other else None
        self.point = self.eager.run()
        self.slopes = self.eager.slopes(self.point)
        self.values = self._with_others({**start_values(), **self.eager.values(self.point)})
        self.batch = Batch(self.cases, catalog)

    def _with_others(self, values: Values, out: Callable[[Case], bool] | None = None) -> Values:
        """The values with those of compiled and engine rows fitted on top."""
        if self.other is None:
            return values
        chosen = np.array([out is None or not out(case) for case in self.other.cases])
        fit = self.other.based_on(values)
        return {**values, **fit.values(fit.run(chosen=chosen, steps=6, enough=0.2))}

    def without(self, out: Callable[[Case], bool]) -> Values:
        """Values of a fit to the rows that `out` keeps."""
        chosen = np.array([not out(case) for case in self.eager.cases])
        point = self.point
        if not chosen.all():
            point = self.eager.run(self.point, chosen, self.slopes, REFITS, 0.2)
        return self._with_others({**start_values(), **self.eager.values(point)}, out)

    def held_out(self, name: str, asked: Sequence[Any] = ()) -> dict[Any, Values]:
        """Values of the fits of a split, by key; `asked` adds keys of rows of another kind."""
        split = SPLITS[name]
        keys = sorted({split.key(case) for case in self.cases} | set(asked))
        global _ASKED
        _ASKED = (self, split)
        with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
            return dict(zip(keys, pool.map(_without, keys, chunksize=1), strict=True))

    def predicted(self, name: str, fits: dict[Any, Values]) -> np.ndarray:
        """Seconds of every case, each by the fit that left its key out."""
        split, out = SPLITS[name], np.empty(len(self.cases))
        for key, values in fits.items():
            mine = [i for i, case in enumerate(self.cases) if split.key(case) == key]
            if mine:
                out[mine] = self.batch.seconds(rates_of(values))[mine]
        return out


_ASKED: tuple[LatencyFits, Split] | None = None  # what forked workers work on


def _without(key: Any) -> Values:
    assert _ASKED is not None
    fits, split = _ASKED
    return fits.without(lambda case: split.out(key, case))
