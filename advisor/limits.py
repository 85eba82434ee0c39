"""Time limits of a use case: which time is limited, and to how many seconds.

An experience class (live, interactive, queue, overnight) stands for a limit at the percentile that
the use case names. Rules and costs read limits here and nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from advisor.usecase import Experience, LatencyKind, UseCase

VISUAL = frozenset({"image", "mask", "video"})
AUDIO = frozenset({"speech", "music", "effects"})
WRITTEN = frozenset({"text", "code"})

# Experience classes as p95 limits by kind of output: seconds, and which time they are about.
# A judgement, not a measurement: live = a camera's 30 frames per second, a conversational turn, a
# keystroke; interactive = a person waits at the screen; queue = a person comes back; overnight =
# 8 hours.
EXPERIENCES: dict[Experience, dict[str, tuple[LatencyKind, float]]] = {
    "live": {
        "visual": ("per-frame", 0.033),
        "audio": ("first-output", 0.3),
        "written": ("first-output", 0.15),
        "3d": ("total", 0.5),
        "other": ("per-item", 0.05),
    },
    "interactive": {
        "visual": ("total", 5.0),
        "audio": ("first-output", 1.0),
        "written": ("first-output", 1.0),
        "3d": ("total", 10.0),
        "other": ("per-item", 1.0),
    },
    "queue": {
        "visual": ("total", 600.0),
        "audio": ("total", 120.0),
        "written": ("total", 120.0),
        "3d": ("total", 600.0),
        "other": ("total", 120.0),
    },
    "overnight": dict.fromkeys(("visual", "audio", "written", "3d", "other"), ("total", 28_800.0)),
}


def kind_of_output(use_case: UseCase) -> str:
    """visual, audio, written, 3d or other: by the first output."""
    first = use_case.outputs[0]
    for name, group in (("visual", VISUAL), ("audio", AUDIO), ("written", WRITTEN)):
        if first in group:
            return name
    return "3d" if first == "3d" else "other"


def time_limit(use_case: UseCase) -> tuple[LatencyKind, float] | None:
    """What the limit is about and its seconds; None when no limit was asked for."""
    latency = use_case.latency
    if latency.limit_ms is not None:
        return latency.kind, latency.limit_ms / 1e3
    if latency.experience is not None:
        return EXPERIENCES[latency.experience][kind_of_output(use_case)]
    return None


def limit_s(use_case: UseCase) -> float | None:
    """The time limit in seconds, whatever it is about."""
    limit = time_limit(use_case)
    return limit[1] if limit else None


def frame_limit_s(use_case: UseCase) -> float | None:
    """Seconds per frame if the limit is about frames (or single items of a live stream)."""
    limit = time_limit(use_case)
    return limit[1] if limit and limit[0] == "per-frame" else None


def is_batch(use_case: UseCase) -> bool:
    """Nobody waits: no limit, or hours."""
    seconds = limit_s(use_case)
    return seconds is None or seconds >= 3600.0
