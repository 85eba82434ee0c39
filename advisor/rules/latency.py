"""Time limits: which families cannot meet them in principle, and which candidates do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.limits import frame_limit_s, kind_of_output, limit_s, time_limit
from advisor.rules.base import Case, NotApplicable, Outcome, Rule
from advisor.rules.build import candidate_rule, family_rule, model_rule
from advisor.rules.meaning import COMPUTED_S, regresses
from advisor.rules.reading import (
    SMALL_PLACES,
    WEAK_PLACES,
    about_text,
    chance_text,
    has_trait,
    is_generative,
    is_iterative,
    makes,
    seconds_text,
)

if TYPE_CHECKING:
    from advisor.catalog import Family, Model
    from advisor.usecase import UseCase

# Chances at which an interval that crosses the limit counts as outside or inside: the ends of the
# 90 % interval that every figure carries.
OUTSIDE, INSIDE = 0.05, 0.95


@candidate_rule(
    "LAT101",
    "Misses the time limit",
    "bar",
    "latency",
    detection=(
        "The chance that the estimated time is within the limit is under 5 %, read from the "
        "estimate's 90 % interval."
    ),
    why="The limit is a requirement; even the low end of the estimate misses it.",
    remedy="A faster device, fewer steps, a smaller output or a longer limit.",
    source="the candidate's own estimate against the stated limit",
)
def misses_limit(rule: Rule, case: Case) -> Outcome:
    seconds = limit_s(case.use_case)
    if seconds is None or case.response_s is None:
        return NotApplicable("no time limit is stated")
    chance = case.response_s.chance_at_most(seconds)
    if chance >= OUTSIDE:
        return None
    value = case.response_s.value
    return rule.says(
        f"Should take {about_text(value)} where {seconds_text(seconds)} is the limit.",
        response_s=value,
        limit_s=seconds,
        chance=chance,
    )


@candidate_rule(
    "LAT102",
    "Likely, not certain, within the time limit",
    "condition",
    "latency",
    detection=("The estimate's 90 % interval crosses the limit: the chance is 5 % to 95 %."),
    why="A prediction cannot settle what only a measurement on the device can.",
    remedy="Measure this model on this device before deciding: advisor profile.",
    source="the candidate's own estimate against the stated limit",
)
def crosses_limit(rule: Rule, case: Case) -> Outcome:
    seconds = limit_s(case.use_case)
    if seconds is None or case.response_s is None:
        return NotApplicable("no time limit is stated")
    chance = case.response_s.chance_at_most(seconds)
    if not OUTSIDE <= chance < INSIDE:
        return None
    word = "Likely, not certain" if chance >= 0.5 else "Unlikely, not ruled out"
    return rule.says(
        f"{word} ({chance_text(chance)}): {about_text(case.response_s.low)} to "
        f"{about_text(case.response_s.high)} against a limit of {seconds_text(seconds)}.",
        response_s=case.response_s.value,
        limit_s=seconds,
        chance=chance,
    )


@candidate_rule(
    "LAT125",
    "More likely outside the time limit than inside",
    "against",
    "latency",
    weight=1,
    detection="The chance that the estimated time is within the limit is 5 % to 50 %.",
    why="An option that probably breaks a stated limit comes after one that probably keeps it.",
    remedy="Measure it, or take the faster option.",
    source="the candidate's own estimate against the stated limit; the weight is a judgement",
)
def probably_outside(rule: Rule, case: Case) -> Outcome:
    seconds = limit_s(case.use_case)
    if seconds is None or case.response_s is None:
        return NotApplicable("no time limit is stated")
    chance = case.response_s.chance_at_most(seconds)
    if not OUTSIDE <= chance < 0.5:
        return None
    return rule.says(
        f"Holds {seconds_text(seconds)} with a chance of only {chance_text(chance)}.", chance=chance
    )


@family_rule(
    "LAT103",
    "Only one pass fits a frame on a small device",
    "bar",
    "latency",
    detection=(
        "At most 100 ms per frame on a phone, in a browser or below; the family is not one-pass."
    ),
    why="Any sampler calls its network several times; on such a device one call fills the frame.",
    remedy="Move to a gaming GPU or the cloud, or allow more than 100 ms per frame.",
    based_on=("R16",),
)
def one_pass_on_small(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    frame = frame_limit_s(use_case)
    if frame is None or use_case.placement not in SMALL_PLACES:
        return NotApplicable("no frame limit on a small device")
    if kind_of_output(use_case) != "visual" or not is_generative(family):
        return NotApplicable("no frames are generated")
    if frame > 0.1 or has_trait(family, "one-pass"):
        return None
    return rule.says(
        f"{family.name} calls its network several times per frame; {seconds_text(frame)} on a "
        f"{use_case.placement} holds one pass.",
        limit_s=frame,
    )


@family_rule(
    "LAT104",
    "Too many steps for a live frame",
    "bar",
    "latency",
    detection=(
        "At most 50 ms per frame (or per control decision); the family samples in more than 4 "
        "steps or optimises per item."
    ),
    why="At 50 ms for 20 steps a step would have 2.5 ms: no published sampler of use has that.",
    remedy="A distilled few-step or one-pass model, or more than 50 ms per frame.",
    based_on=("R17", "R34"),
)
def steps_in_a_frame(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    limit = time_limit(use_case)
    if limit is None or not makes(use_case, "image", "video", "action"):
        return NotApplicable("no live frames or decisions")
    live = limit[0] == "per-frame" or use_case.outputs[0] == "action"
    if not live or limit[1] > 0.05 or not is_iterative(family):
        return None
    return rule.says(
        f"{family.name} needs many steps, and {seconds_text(limit[1])} holds at most four.",
        limit_s=limit[1],
    )


@family_rule(
    "LAT105",
    "Beside other rendering only an exact computation fits",
    "bar",
    "latency",
    detection=(
        "At most 3 ms per frame, or a device shared with rendering at 5 ms or less; the family "
        "generates and does not only warp what it is given."
    ),
    why="What is left of the frame holds a small regression network with temporal re-use.",
    remedy="Give the effect its own device or more than 3 ms per frame.",
    source=(
        "arithmetic: a frame at 60 a second has 16.7 ms, and the rendering beside it takes most"
    ),
    based_on=("R18",),
)
def beside_rendering(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    frame = frame_limit_s(use_case)
    if frame is None or kind_of_output(use_case) != "visual":
        return NotApplicable("no frame limit")
    tight = frame <= COMPUTED_S or (use_case.shares_device_with_rendering and frame <= 0.005)
    warps = has_trait(family, "reproduces-input") and not has_trait(family, "invents-content")
    if not tight or warps or not is_generative(family):
        return None
    return rule.says(
        f"{seconds_text(frame)} per frame leaves no room for {family.name}; a regression that "
        "re-uses earlier frames fits.",
        limit_s=frame,
    )


@family_rule(
    "LAT106",
    "An exact per-frame computation",
    "for",
    "latency",
    weight=3,
    detection=(
        "Per frame, on a device shared with rendering or within 3 ms; or at most 50 ms per frame "
        "or block of a source whose geometry, spectrum, alignment or wording is kept, with stated "
        "low or zero tolerance. The family generates nothing."
    ),
    why="One exact answer is computed from the signal and its past, and nothing is invented.",
    remedy="None needed.",
    based_on=("R18",),
)
def computes_frame(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not regresses(use_case):
        return NotApplicable("no frame or block has one exact answer")
    if is_generative(family) or frame_limit_s(use_case) is None:
        return None
    return rule.says("Each frame or block is computed from the signal and its past.")


@family_rule(
    "LAT107",
    "Live and one fixed effect: a distilled student",
    "for",
    "latency",
    weight=2,
    detection="At most 100 ms per frame, a fixed effect or a menu; the family is one-pass.",
    why="A slow teacher makes the pairs offline, and a small network learns the one effect.",
    remedy="None needed.",
    based_on=("R19", "R16"),
)
def fixed_effect(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    frame = frame_limit_s(use_case)
    if frame is None or frame > 0.1 or kind_of_output(use_case) != "visual":
        return NotApplicable("no live frames")
    if use_case.scope == "free" or not has_trait(family, "one-pass") or not is_generative(family):
        return None
    if not has_trait(family, "invents-content"):
        return None
    return rule.says(f"{family.name} can be trained on the one effect and runs it in one pass.")


@family_rule(
    "LAT108",
    "Live and freely steered: few steps",
    "for",
    "latency",
    weight=3,
    detection=(
        "At most 100 ms per frame, steered by a free prompt or by actions; the family samples a "
        "frame in at most 4 steps, each frame for itself."
    ),
    why="Only a distilled sampler follows free control and comes near a frame.",
    remedy="None needed.",
    based_on=("R19", "R17"),
)
def free_prompt_live(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    frame = frame_limit_s(use_case)
    if frame is None or frame > 0.1 or kind_of_output(use_case) != "visual":
        return NotApplicable("no live frames")
    driven = any(given.role == "driving-motion" for given in use_case.inputs)
    if use_case.scope != "free" or driven:
        return None
    if not has_trait(family, "few-step") or has_trait(family, "sequential"):
        return None
    return rule.says(f"{family.name} follows free control in at most four steps.")


@family_rule(
    "LAT109",
    "Clips come whole, and the first moment is due at once",
    "bar",
    "latency",
    detection=(
        "At most 100 ms per frame of video, or 300 ms for sound; the family gives fixed-length "
        "clips in many steps."
    ),
    why="Nothing of a clip exists before all of its steps are done.",
    remedy="Allow seconds of delay, or a family that makes frame after frame.",
    based_on=("R17", "R26"),
)
def clip_too_late(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seconds = live_limit_s(use_case)
    if seconds is None:
        return NotApplicable("no live frames or sound")
    if not has_trait(family, "fixed-length") or not has_trait(family, "many-step"):
        return None
    return rule.says(f"{family.name} has nothing ready before the whole clip is.", limit_s=seconds)


def live_limit_s(use_case: UseCase) -> float | None:
    """The limit, where frames are due within 100 ms or sound within 300 ms."""
    frame, seconds = frame_limit_s(use_case), limit_s(use_case)
    if kind_of_output(use_case) == "visual":
        return frame if frame is not None and frame <= 0.1 else None
    sound = kind_of_output(use_case) == "audio" and seconds is not None and seconds <= 0.3
    return seconds if sound else None


@family_rule(
    "LAT110",
    "A picture on the phone within seconds: at most four steps",
    "bar",
    "latency",
    detection="A picture on a phone or in a browser within 3 s; the family samples in many steps.",
    why="Recorded models that meet it have at most 4 steps and about 0.5 billion parameters.",
    remedy="Few-step sampling, or a server.",
    based_on=("R20",),
)
def picture_on_phone(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seconds = limit_s(use_case)
    if seconds is None or use_case.placement not in SMALL_PLACES:
        return NotApplicable("no time limit on a small device")
    if not makes(use_case, "image") or seconds > 3 or not is_iterative(family):
        return None
    return rule.says(f"{family.name} takes too many steps for {seconds_text(seconds)} on a phone.")


@model_rule(
    "LAT117",
    "Too large for a suggestion while typing",
    "bar",
    "latency",
    detection=(
        "Text or code, first output within 150 ms on a phone, in a browser or on a CPU; the model "
        "has more than 1 billion parameters."
    ),
    why="Recorded local products use about 0.1 billion; every token reads all weights once.",
    remedy="A small causal model trained for the one language, or a server-side accelerator.",
    based_on=("R32",),
)
def too_large_inline(rule: Rule, case: Case, model: Model) -> Outcome:
    seconds = limit_s(case.use_case)
    if not makes(case.use_case, "text", "code") or seconds is None:
        return NotApplicable("no text or code with a time limit")
    if case.use_case.placement not in WEAK_PLACES or case.estimate is None:
        return NotApplicable("the place has an accelerator, or the size is not known")
    size = case.estimate.parameters
    if seconds > 0.15 or size <= 1e9:
        return None
    return rule.says(
        f"{model.name} reads {size / 1e9:.1f} billion weights per token; {seconds_text(seconds)} "
        f"on a {case.use_case.placement} allows about 0.1.",
        parameters=size,
    )


@family_rule(
    "LAT119",
    "A 3D object at once",
    "bar",
    "latency",
    detection="3D within 5 s; the family samples in many steps or optimises per object.",
    why="Such families take from about 20 s (point samplers) to hours (per-object optimisation).",
    remedy="A feed-forward reconstructor, or a minute and more per object.",
    based_on=("R37",),
)
def object_at_once(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seconds = limit_s(use_case)
    if not makes(use_case, "3d") or seconds is None:
        return NotApplicable("no 3D with a time limit")
    if seconds > 5 or not is_iterative(family):
        return None
    return rule.says(f"{family.name} does not finish an object in {seconds_text(seconds)}.")


@family_rule(
    "LAT120",
    "Optimisation per object takes most of an hour",
    "bar",
    "latency",
    detection="A limit under 10 minutes; the family optimises each item anew.",
    why="Published runs take from about half an hour to an hour and a half per object.",
    remedy="Allow an hour per object, or another family.",
    source="https://arxiv.org/abs/2209.14988 (about 1.5 h on a multi-chip accelerator)",
    based_on=("R39",),
)
def optimises_too_long(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seconds = limit_s(use_case)
    if seconds is None:
        return NotApplicable("no time limit is stated")
    if seconds >= 600 or not has_trait(family, "optimises-per-item"):
        return None
    return rule.says(
        f"{family.name} optimises each item for far longer than {seconds_text(seconds)}."
    )


@family_rule(
    "LAT124",
    "Token after token does not fill a live frame",
    "bar",
    "latency",
    detection=(
        "At most 50 ms per frame of pictures or video; the family is autoregressive and does not "
        "sample a frame in few steps."
    ),
    why=(
        "A small frame is some 256 tokens: 50 ms leaves 0.2 ms each, and reading one billion "
        "weights once takes 0.6 ms at 3.35 TB/s."
    ),
    remedy="A few-step or one-pass family, or fewer frames per second.",
    source="arithmetic over the memory bandwidth of an H100 SXM (catalog/devices.csv)",
    based_on=("R17",),
)
def tokens_in_a_frame(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    frame = frame_limit_s(use_case)
    if frame is None or kind_of_output(use_case) != "visual":
        return NotApplicable("no live frames")
    tokens = family.mechanism == "autoregressive" and not has_trait(family, "few-step")
    if frame > 0.05 or not tokens:
        return None
    return rule.says(
        f"{family.name} writes a frame token by token; {seconds_text(frame)} is too short for it.",
        limit_s=frame,
    )
