"""A recorded trace of requests, read from CSV into the shape of a day and a burst size.

    read_trace("requests.csv").arrivals      # one weight per recorded hour, and the burst size

Two forms, told apart by the header:

    timestamp                 one row per request, in order: ISO 8601, or Unix seconds
    start,requests            one row per interval, evenly spaced (1 s to 1 h, a divisor of 1 h)

Hours that were not recorded from their first to their last second are left out, and so is what goes
beyond whole days. The burst size is the index of dispersion of the counts within an hour (variance
over mean, pooled over hours): of independent arrivals it is 1, of bursts of K it is K.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from advisor.errors import InputError, printable
from advisor.files import read_bounded
from advisor.usecase import Arrivals

if TYPE_CHECKING:
    from _csv import Reader

MAX_BYTES = 64 * 2**20
MAX_DAYS = 31
BIN_S = 60  # timestamps are counted in bins of a minute
MAX_BURST = 1000.0
HOUR_S = 3600
_FORMS = (["timestamp"], ["start", "requests"])


@dataclass(frozen=True)
class Trace:
    """What a recorded trace says: its shape, and its own volume."""

    arrivals: Arrivals
    requests_per_day: float


def read_trace(path: str | Path) -> Trace:
    """The trace in a CSV file. Raises InputError: one sentence with file and line."""
    rows = csv.reader(io.StringIO(read_bounded(path, MAX_BYTES)), strict=True)
    where = str(path)
    try:
        header = [name.strip() for name in next(rows, [])]
        if header not in _FORMS:
            raise InputError(
                f"{where}, line 1: the header is '{printable(','.join(header))}': write"
                " 'timestamp', or 'start,requests'"
            )
        if header == ["timestamp"]:
            counts, interval_s, start_s = _of_requests(rows, where)
        else:
            counts, interval_s, start_s = _of_intervals(rows, where)
    except csv.Error as error:
        raise InputError(f"{where}, line {rows.line_num}: {error}") from None
    return _summed(_whole_days(counts, interval_s, start_s, where), interval_s, where)


def _of_requests(rows: Reader, where: str) -> tuple[NDArray[np.float64], int, int]:
    """Counts per minute from one timestamp per request."""
    stamps = _stamps(rows, where, columns=1)
    times = np.array([seconds for seconds, _ in stamps])
    start_s = math.floor(times[0] / HOUR_S) * HOUR_S
    binned = np.bincount(((times - start_s) // BIN_S).astype(np.int64)).astype(float)
    # Nothing is known of what came before the first request and after the last.
    first = 0 if times[0] == start_s else HOUR_S // BIN_S
    whole = len(binned) // (HOUR_S // BIN_S) * (HOUR_S // BIN_S)
    return binned[first:whole], BIN_S, start_s + first * BIN_S


def _of_intervals(rows: Reader, where: str) -> tuple[NDArray[np.float64], int, int]:
    stamps = _stamps(rows, where, columns=2)
    if len(stamps) < 2:
        raise InputError(f"{where} has one interval: give at least 24 hours of them")
    interval_s = stamps[1][0] - stamps[0][0]
    if interval_s < 1 or interval_s > HOUR_S or HOUR_S % interval_s:
        raise InputError(
            f"{where}, line 3: intervals of {interval_s:g} s: use one that divides an hour"
        )
    for line, (before, after) in enumerate(pairwise(stamps), start=3):
        if after[0] - before[0] != interval_s:
            raise InputError(
                f"{where}, line {line}: {after[0] - before[0]:g} s after the interval before it,"
                f" where the first two are {interval_s:g} s apart: give every interval, 0 if empty"
            )
    counts = np.array([_count(text, where, line) for line, (_, text) in enumerate(stamps, start=2)])
    return counts, int(interval_s), int(stamps[0][0])


def _stamps(rows: Reader, where: str, columns: int) -> list[tuple[float, str]]:
    """(seconds since 1970, the other column or "") of every row; in order, of one kind."""
    found: list[tuple[float, str]] = []
    kind = ""
    for row in rows:
        line = rows.line_num
        if len(row) != columns:
            raise InputError(f"{where}, line {line}: {len(row)} values where {columns} belong")
        seconds, this = _seconds(row[0].strip(), where, line)
        if kind and this != kind:
            raise InputError(
                f"{where}, line {line}: a time {this} after times {kind}: use one kind"
            )
        if found and seconds < found[-1][0]:
            raise InputError(
                f"{where}, line {line}: earlier than the line before it: sort the rows"
            )
        kind = this
        found.append((seconds, row[1].strip() if columns == 2 else ""))
    if not found:
        raise InputError(f"{where} has no rows below its header")
    return found


def _seconds(text: str, where: str, line: int) -> tuple[float, str]:
    """Seconds since 1970, and what kind of time it is."""
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        if not 0 <= seconds < 1e11:
            raise InputError(f"{where}, line {line}: {seconds:g} is not a time in Unix seconds")
        return seconds, "in Unix seconds"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{where}, line {line}: '{printable(text, 40)}' is no time: write"
            " 2026-11-23T14:05:00 or Unix seconds"
        ) from None
    # Hours of a day are those on the clock that the trace was written by.
    local = at.replace(tzinfo=UTC).timestamp()
    return local, "without a zone" if at.tzinfo is None else f"with the zone {at.tzinfo}"


def _count(text: str, where: str, line: int) -> float:
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise InputError(
            f"{where}, line {line}: '{printable(text, 40)}' is no number of requests:"
            " give 0 or more"
        )
    return float(text)


def _whole_days(
    counts: NDArray[np.float64], interval_s: int, start_s: int, where: str
) -> NDArray[np.float64]:
    """Counts as (hours, intervals): from the first whole clock hour on, whole days of them."""
    per_hour = HOUR_S // interval_s
    skipped = -(start_s // interval_s) % per_hour
    hours = (len(counts) - skipped) // per_hour
    if hours < 24:
        raise InputError(
            f"{where} covers {max(hours, 0)} whole hours: a day of 24 is the least; for less, state"
            " hourly_weights"
        )
    if hours // 24 > MAX_DAYS:
        raise InputError(f"{where} covers {hours // 24} days: give at most {MAX_DAYS}")
    kept = hours // 24 * 24
    table = counts[skipped : skipped + kept * per_hour].reshape(kept, per_hour)
    if table.sum() == 0:
        raise InputError(f"{where} has no request in its whole hours")
    return table


def _summed(table: NDArray[np.float64], interval_s: int, where: str) -> Trace:
    hours, per_hour = table.shape
    total, days = float(table.sum()), hours // 24
    known = f"{Path(where).name}: {total:,.0f} requests in {days} day{'s' * (days > 1)}"
    burst = 1.0
    if per_hour >= 2:
        varied = float(((table - table.mean(axis=1, keepdims=True)) ** 2).sum()) / (per_hour - 1)
        burst = min(max(varied / float(table.mean(axis=1).sum()), 1.0), MAX_BURST)
        known += f", bursts from the spread of counts over {interval_s} s"
    else:
        known += ", by the hour: bursts within an hour are not known"
    arrivals = Arrivals(
        pattern="trace",
        hourly_weights=[float(each) for each in table.sum(axis=1)],
        burst_size=round(burst, 3),
        source=known,
    )
    return Trace(arrivals, total / days)
