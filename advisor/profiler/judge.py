"""The verdict on a measurement: its own statistics, and what the device did meanwhile."""

from __future__ import annotations

from advisor.profiler.meter import Meter, ProcessorLoad, Reading
from advisor.profiler.record import Validity

MAX_CLOCK_CHANGE = 0.1  # relative, between readings under load
MAX_OTHERS_SHARE = 0.1  # of the processor, taken by others while a CPU was measured


class Observer:
    """Watches a device while it is measured: `watch` is called in every window."""

    def __init__(self, meter: Meter | None, load: ProcessorLoad | None = None) -> None:
        self._meter = meter
        self._load = (load or ProcessorLoad()) if meter is None else None
        self.readings: list[Reading] = []

    def watch(self) -> None:
        if self._meter is not None:
            self.readings.append(self._meter.read())

    def judged(self, timing: Validity, finite: bool) -> Validity:
        """The timing's verdict with what was seen while it was measured."""
        reasons, notes = list(timing.reasons), list(timing.notes)
        if not finite:
            reasons.append("the output was not finite")
        slowed = sorted({r.throttled for r in self.readings if r.throttled})
        if slowed:
            reasons.append(f"the device slowed itself down: {', '.join(slowed)}")
        if changed := _clock_change(self.readings):
            reasons.append(changed)
        if any(r.power_capped for r in self.readings):
            notes.append("ran at its power limit")
        reasons += self._others()
        return Validity(valid=not reasons, reasons=reasons, notes=notes)

    def _others(self) -> list[str]:
        if self._meter is not None:
            others = self._meter.other_processes()
            plural = "es compute" if others > 1 else " computes"
            return [f"{others} other process{plural} on the device"] if others else []
        share = self._load.others_share() if self._load is not None else None
        if share is None or share <= MAX_OTHERS_SHARE:
            return []
        return [f"other processes took {share:.0%} of the processor"]


def _clock_change(readings: list[Reading]) -> str:
    clocks = [r.clock_mhz for r in readings if r.clock_mhz]
    if not clocks or max(clocks) <= min(clocks) * (1 + MAX_CLOCK_CHANGE):
        return ""
    return f"clock changed between {min(clocks):g} and {max(clocks):g} MHz"
