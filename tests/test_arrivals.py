"""Arrivals: the shape of a day, and traces read from CSV."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.arrivals import MAX_BURST, read_trace
from advisor.errors import InputError
from advisor.usecase import dump_yaml, parse_use_case, read_use_case

START = datetime(2026, 11, 2)


def trace(folder: Path, text: str) -> Path:
    file = folder / "trace.csv"
    file.write_text(text, encoding="utf-8")
    return file


def by_interval(counts: list[int], minutes: int = 60, start: datetime = START) -> str:
    rows = [
        f"{(start + timedelta(minutes=minutes * index)).isoformat()},{count}"
        for index, count in enumerate(counts)
    ]
    return "\n".join(["start,requests", *rows, ""])


def test_counts_by_the_hour_become_weights(tmp_path: Path) -> None:
    counts = list(range(1, 25))
    found = read_trace(trace(tmp_path, by_interval(counts)))
    assert found.arrivals.hourly_weights == [float(count) for count in counts]
    assert found.requests_per_day == sum(counts)
    assert found.arrivals.burst_size == 1
    assert "not known" in found.arrivals.source


def test_a_timestamp_per_request_gives_the_same_shape(tmp_path: Path) -> None:
    counts = [60 * (1 + hour % 3) for hour in range(24)]
    stamps = [
        (START + timedelta(hours=hour, seconds=(index + 0.5) * 3600 / count)).isoformat()
        for hour, count in enumerate(counts)
        for index in range(count)
    ]
    first = START.isoformat()  # recorded from the very start
    last = (START + timedelta(days=1)).isoformat()
    text = "\n".join(["timestamp", first, *stamps, last, ""])
    found = read_trace(trace(tmp_path, text))
    assert found.arrivals.hourly_weights == [counts[0] + 1.0, *map(float, counts[1:])]


def test_unix_seconds_are_read_as_such(tmp_path: Path) -> None:
    start = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp())
    rows = [f"{start + 60 * minute},{minute % 7}" for minute in range(1440)]
    found = read_trace(trace(tmp_path, "\n".join(["start,requests", *rows])))
    assert len(found.arrivals.hourly_weights) == 24
    assert found.requests_per_day == sum(minute % 7 for minute in range(1440))


def test_hours_that_were_not_recorded_whole_are_left_out(tmp_path: Path) -> None:
    counts = [9] * 40 + [1] * 60 * 24 + [9] * 100  # 40 minutes before, 100 after
    text = by_interval(counts, minutes=1, start=START + timedelta(minutes=20))
    found = read_trace(trace(tmp_path, text))
    assert found.arrivals.hourly_weights == [60.0] * 24


@given(st.integers(1, 40), st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_bursts_of_k_are_found_as_bursts_of_about_k(size: int, seed: int) -> None:
    import tempfile

    rng = np.random.default_rng(seed)
    counts = (rng.poisson(2.0, 3 * 1440) * size).tolist()
    with tempfile.TemporaryDirectory() as folder:
        found = read_trace(trace(Path(folder), by_interval(counts, minutes=1)))
    assert found.arrivals.burst_size == pytest.approx(size, rel=0.15)
    assert 1 <= found.arrivals.burst_size <= MAX_BURST


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: the header is ''"),
        ("time\n1\n", "line 1: the header is 'time'"),
        ("timestamp\n", "no rows"),
        ("timestamp\nyesterday\n", "line 2: 'yesterday' is no time"),
        ("timestamp\n2026-11-02T10:00:00\n2026-11-02T09:00:00\n", "line 3: earlier"),
        ("timestamp\n2026-11-02T10:00:00\n1793613600\n", "line 3: a time in Unix seconds"),
        ("timestamp\n-5\n", "line 2: -5 is not a time"),
        ("timestamp\nnan\n", "line 2: nan is not a time"),
        ("timestamp\n2026-11-02T10:00:00,3\n", "line 2: 2 values where 1 belong"),
        ("start,requests\n2026-11-02T10:00:00,3\n", "one interval"),
        ("start,requests\n0,3\n7000,3\n", "line 3: intervals of 7000 s"),
        ("start,requests\n0,3\n60,3\n180,3\n", "line 4: 120 s after"),
        ("start,requests\n0,3\n60,-1\n", "line 3: '-1' is no number of requests"),
        ("start,requests\n0,3\n60,2.5\n", "line 3: '2.5' is no number of requests"),
        ('start,requests\n0,3\n60,"1\n', "line 3: unexpected end of data"),
    ],
)
def test_a_bad_trace_is_one_sentence_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError) as error:
        read_trace(trace(tmp_path, text))
    assert says in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "trace.csv"))


def test_too_short_too_long_and_empty_traces_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="23 whole hours"):
        read_trace(trace(tmp_path, by_interval([1] * 23)))
    with pytest.raises(InputError, match="at most 31"):
        read_trace(trace(tmp_path, by_interval([1] * 24 * 40)))
    with pytest.raises(InputError, match="no request"):
        read_trace(trace(tmp_path, by_interval([0] * 24)))


def test_a_use_case_file_names_a_trace_beside_it(tmp_path: Path) -> None:
    trace(tmp_path, by_interval([10, 30] * 12))
    file = tmp_path / "case.yaml"
    file.write_text("title: t\noutputs: [image]\narrivals: {trace: trace.csv, burst_size: 4}\n")
    read = read_use_case(file)
    assert read.arrivals.hourly == tuple([0.5, 1.5] * 12)
    assert read.arrivals.burst_size == 4  # what is stated goes before what was found
    assert read.volume_per_day == 480 and "volume_per_day" not in read.assumed()
    file.write_text(dump_yaml(read))
    assert read_use_case(file) == read  # the shape is in the record; the trace is not needed again


def test_a_trace_is_never_read_for_input_without_a_file() -> None:
    with pytest.raises(InputError, match=r"arrivals\.trace is read only from a use case file"):
        parse_use_case({"title": "t", "outputs": ["image"], "arrivals": {"trace": "/etc/passwd"}})


@pytest.mark.parametrize(
    ("arrivals", "says"),
    [
        ({"pattern": "daily"}, "24 hourly_weights"),
        ({"pattern": "daily", "hourly_weights": [1.0] * 23}, "24 hourly_weights"),
        ({"pattern": "steady", "hourly_weights": [1.0] * 24}, "need pattern: daily"),
        ({"pattern": "daily", "hourly_weights": [0.0] * 24}, "all 0"),
        ({"pattern": "trace", "hourly_weights": [1.0] * 30}, "whole days"),
        ({"burst_size": 0.5}, "greater than or equal to 1"),
    ],
)
def test_arrivals_that_contradict_themselves_are_refused(
    arrivals: dict[str, object], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        parse_use_case({"title": "t", "outputs": ["image"], "arrivals": arrivals})


def test_a_peak_factor_beside_a_shape_is_refused() -> None:
    with pytest.raises(InputError, match="peak_factor follows from arrivals"):
        parse_use_case(
            {
                "title": "t",
                "outputs": ["image"],
                "peak_factor": 2.0,
                "arrivals": {"pattern": "steady"},
            }
        )
