"""What the output has to enter: engines, hosts, runtimes; and the clean-up on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.rules.base import NotApplicable, Outcome, Rule
from advisor.rules.build import family_rule, use_case_rule
from advisor.rules.reading import (
    has_trait,
    is_generative,
    makes,
    role_of,
    stated,
    task_of,
)

if TYPE_CHECKING:
    from advisor.catalog import Family
    from advisor.usecase import UseCase


@use_case_rule(
    "INT101",
    "Finished meshes for an engine with no clean-up",
    "condition",
    "integration",
    verdict_cap="no-go",
    detection=(
        "3D is created for a game engine, clean-up is stated as 0 minutes per item, and the "
        "tolerance is not high."
    ),
    why=(
        "Generated meshes fail on faces, texture layout and scale; a comparative study found "
        "none ready."
    ),
    remedy="Give an artist minutes per item and take the meshes as drafts.",
    source="https://arxiv.org/abs/2406.10163 (extracted meshes: dense faces, hard to rework)",
    based_on=("R42",),
)
def no_cleanup(rule: Rule, use_case: UseCase) -> Outcome:
    if not makes(use_case, "3d") or task_of(use_case) != "create":
        return NotApplicable("no 3D is created")
    enters = use_case.runtime == "game-engine"
    none = stated(use_case, "cleanup_minutes_per_item") and use_case.cleanup_minutes_per_item == 0
    if not enters or not none or use_case.error_tolerance == "high":
        return None
    return rule.says("Generated meshes are not engine-ready, and no clean-up is allowed.")


@family_rule(
    "INT102",
    "A draft for an artist",
    "condition",
    "integration",
    verdict_cap="go-with-human-review",
    detection="3D for a game engine with clean-up minutes; the family generates.",
    why="Topology, texture layout and scale are repaired by hand.",
    remedy="Plan the artist's minutes per accepted object.",
    based_on=("R42",),
)
def draft_mesh(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not makes(use_case, "3d") or use_case.runtime != "game-engine":
        return NotApplicable("no 3D enters a game engine")
    if not is_generative(family) or use_case.cleanup_minutes_per_item == 0:
        return None
    return rule.says(
        f"A person repairs each object ({use_case.cleanup_minutes_per_item:g} min planned).",
        minutes=use_case.cleanup_minutes_per_item,
    )


@family_rule(
    "INT103",
    "Runs inside an audio host",
    "against",
    "integration",
    weight=2,
    detection="runtime is audio-host; the family makes pieces of fixed length in many steps.",
    why="A host asks for blocks of milliseconds, again and again.",
    remedy="Render outside the host, or stream in chunks.",
    based_on=("R26",),
)
def audio_host(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.runtime != "audio-host":
        return NotApplicable("no audio host")
    if not has_trait(family, "fixed-length", "many-step"):
        return None
    return rule.says(f"{family.name} renders whole pieces; a host wants blocks.")


@family_rule(
    "INT104",
    "Story video needs people in the loop",
    "condition",
    "integration",
    verdict_cap="go-with-human-review",
    detection=(
        "Video is created with an identity that recurs by words alone (no picture, film or motion "
        "leads it) or for longer than 30 s (no film or motion leads it), not live; the family "
        "invents content."
    ),
    why="Characters and places change from shot to shot; people pick takes and repair.",
    remedy="Plan takes per shot and repair hours; keep an editor.",
    based_on=("R52",),
)
def story_video(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.outputs[0] != "video" or task_of(use_case) != "create":
        return NotApplicable("no video is created")
    if not has_trait(family, "invents-content") or use_case.latency.kind == "per-frame":
        return NotApplicable("no clips are invented")
    long = use_case.duration_s is not None and use_case.duration_s > 30
    paced = role_of(use_case, "source", "driving-motion")
    led = role_of(use_case, "subject", "source", "first-frame", "driving-motion")
    story = (use_case.must_keep == "identity" and not led) or (long and not paced)
    if not story or use_case.endless:
        return None
    return rule.says("A person picks the takes and repairs them: identity drifts between shots.")
