"""Waiting, streaming and first sounds: what a kind of wait favours and what it rules out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.limits import AUDIO, frame_limit_s, is_batch, limit_s
from advisor.rules.base import NotApplicable, Outcome, Rule
from advisor.rules.build import family_rule
from advisor.rules.meaning import answers_speech, copies_voice, follows_sound
from advisor.rules.reading import (
    SMALL_PLACES,
    WEAK_PLACES,
    has_trait,
    input_of,
    is_generative,
    makes,
    seconds_text,
    task_of,
)

if TYPE_CHECKING:
    from advisor.catalog import Family
    from advisor.usecase import UseCase


@family_rule(
    "LAT111",
    "Nobody waits: steps buy quality",
    "for",
    "latency",
    weight=2,
    detection=(
        "No time limit or an hour and more, outside small devices, for pictures, video or sound; "
        "the family samples in many steps."
    ),
    why="Speed has no value here; the many-step sampler is the better picture and the easier one.",
    remedy="None needed.",
    based_on=("R21",),
)
def batch_quality(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not is_batch(use_case) or use_case.placement in SMALL_PLACES:
        return NotApplicable("somebody waits, or the device is small")
    if not makes(use_case, "image", "video") or not has_trait(family, "many-step"):
        return None
    return rule.says(f"Nothing is gained by fewer steps; {family.name} spends them on quality.")


@family_rule(
    "LAT112",
    "First sound on a processor without a GPU",
    "bar",
    "latency",
    detection=(
        "New sound (none is completed or coded) with the first of it within 500 ms on a CPU, "
        "phone or smaller; the family makes token after token or samples in many steps."
    ),
    why="Sequential generation runs below real time there; one parallel pass does not.",
    remedy="A GPU, or more than 500 ms until the first sound.",
    based_on=("R22",),
)
def speech_on_cpu(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seconds = limit_s(use_case)
    repairs = task_of(use_case) in ("complete", "compress")
    if use_case.outputs[0] not in AUDIO or repairs:
        return NotApplicable("no new sound is asked for")
    if seconds is None or use_case.placement not in WEAK_PLACES:
        return NotApplicable("no time limit on a weak device")
    if seconds > 0.5 or not has_trait(family, "sequential", "many-step"):
        return None
    return rule.says(
        f"{family.name} does not reach its first sound in {seconds_text(seconds)} without a GPU.",
        limit_s=seconds,
    )


@family_rule(
    "LAT126",
    "Follows a sound buffer by buffer",
    "for",
    "latency",
    weight=3,
    detection=(
        "A source of sound is transformed within 300 ms; the family encodes and decodes it in one "
        "pass."
    ),
    why="A player or speaker hears every delay: each buffer of milliseconds takes one pass.",
    remedy="None needed.",
    source="https://arxiv.org/abs/2111.05011 (timbre of a played sound changed on a laptop)",
)
def follows_buffers(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not follows_sound(use_case):
        return NotApplicable("no sound is transformed while it goes on")
    if not has_trait(family, "one-pass") or not has_trait(family, "reproduces-input"):
        return None
    return rule.says(f"{family.name} encodes and decodes each buffer in one pass.")


@family_rule(
    "LAT113",
    "Spoken dialogue with interruptions",
    "bar",
    "latency",
    detection=(
        "Speech in and speech out, the first sound within 300 ms, nothing to be completed or "
        "compressed; the family does not stream chunk by chunk."
    ),
    why="Recogniser, text and synthesiser in a row add up, and none of them hears while it speaks.",
    remedy="Turn-based dialogue with a second of delay opens the chain again.",
    based_on=("R25",),
)
def full_duplex(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seconds = limit_s(use_case)
    if not answers_speech(use_case) or seconds is None:
        return NotApplicable("no spoken dialogue with a time limit")
    if seconds > 0.3 or has_trait(family, "streaming-chunks"):
        return None
    return rule.says(f"{family.name} cannot listen and speak at once in {seconds_text(seconds)}.")


@family_rule(
    "LAT114",
    "Hears and speaks in one stream",
    "for",
    "latency",
    weight=3,
    detection="Spoken dialogue within 300 ms; the family makes codec tokens chunk by chunk.",
    why="One model over both channels answers in about 200 ms and can be interrupted.",
    remedy="None needed.",
    based_on=("R25",),
)
def duplex_model(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seconds = limit_s(use_case)
    if not answers_speech(use_case) or seconds is None or seconds > 0.3:
        return NotApplicable("no spoken dialogue within 300 ms")
    if family.mechanism != "codec-lm":
        return None
    return rule.says(f"{family.name} models both voices as one stream of tokens.")


@family_rule(
    "LAT115",
    "An endless stream from a fixed-length sampler",
    "bar",
    "latency",
    detection=(
        "The output has no known end and is not made frame by frame; the family makes pieces of "
        "fixed length."
    ),
    why="Pieces do not join: each begins and ends, and steering waits for the next one.",
    remedy="A known length, or a family that streams in chunks.",
    source="https://arxiv.org/abs/2407.14358 (a window of 47 s, whatever is asked for)",
    based_on=("R26",),
)
def endless_clip(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not use_case.endless:
        return NotApplicable("the output has a known length")
    if frame_limit_s(use_case) is not None:
        return NotApplicable("the stream is made frame by frame")
    if not has_trait(family, "fixed-length", "optimises-per-item"):
        return None
    return rule.says(
        f"{family.name} makes pieces with a beginning and an end; the stream has none."
    )


@family_rule(
    "LAT116",
    "Streams while it is steered",
    "for",
    "latency",
    weight=3,
    detection="The output has no known end; the family streams in chunks.",
    why="Each chunk takes up the controls of its moment.",
    remedy="None needed.",
    based_on=("R26",),
)
def endless_stream(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not use_case.endless:
        return NotApplicable("the output has a known length")
    if not has_trait(family, "streaming-chunks") or not has_trait(family, "invents-content"):
        return None
    return rule.says(f"{family.name} goes on for as long as it is asked to.")


@family_rule(
    "LAT118",
    "Control decisions in one pass",
    "for",
    "latency",
    weight=3,
    detection="Actions within 100 ms; the family is one-pass with a continuous latent.",
    why="A whole chunk of actions comes from one pass, repeatably.",
    remedy="None needed.",
    based_on=("R34",),
)
def action_chunks(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seconds = limit_s(use_case)
    if use_case.outputs[0] != "action" or seconds is None:
        return NotApplicable("no actions with a time limit")
    if seconds > 0.1 or not has_trait(family, "continuous-latent"):
        return None
    return rule.says(f"{family.name} gives a chunk of actions in one pass.", limit_s=seconds)


@family_rule(
    "LAT121",
    "Coarse 3D from words in a minute or two",
    "for",
    "latency",
    weight=3,
    detection=(
        "3D from text alone within 20 s to 10 min, high error tolerance; the family samples points."
    ),
    why="A point sampler follows a complex prompt directly, without a picture in between.",
    remedy="None needed.",
    source="https://arxiv.org/abs/2305.02463 (text to 3D in seconds by a denoiser over shapes)",
    based_on=("R38",),
)
def coarse_shape(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.outputs[0] != "3d" or input_of(use_case, "image", "video", "3d"):
        return NotApplicable("no 3D from text alone")
    seconds = limit_s(use_case)
    if seconds is None or not 20 <= seconds <= 600 or use_case.error_tolerance != "high":
        return None
    if family.id != "point-diffusion":
        return None
    return rule.says(f"{family.name} makes a coarse shape from the words in about a minute.")


@family_rule(
    "LAT122",
    "Serves live traffic in one pass",
    "for",
    "latency",
    weight=2,
    detection=(
        "Speech from text, in no voice known from a short sample only, the first sound within "
        "500 ms; the family is one-pass."
    ),
    why="Distilled or trained parallel synthesis runs many times faster than real time.",
    remedy="None needed.",
    based_on=("R23", "R22"),
)
def parallel_speech(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seconds = limit_s(use_case)
    if use_case.outputs[0] != "speech" or not input_of(use_case, "text") or seconds is None:
        return NotApplicable("no text to speak under a time limit")
    if seconds > 0.5 or not has_trait(family, "one-pass") or not is_generative(family):
        return None
    if copies_voice(use_case):
        return None
    return rule.says(f"{family.name} has the whole sentence after one pass.", limit_s=seconds)


@family_rule(
    "LAT123",
    "Ensembles within seconds",
    "for",
    "latency",
    weight=2,
    detection=(
        "Several samples or calibrated spread asked for; within 10 s a one-pass sampler, "
        "from a minute a many-step sampler."
    ),
    why="Each member costs a full generation; one pass gives many members before the next input.",
    remedy="None needed.",
    based_on=("R36",),
)
def ensemble_speed(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seconds = limit_s(use_case)
    spread = use_case.answer_style == "calibrated" or (
        use_case.samples_per_input > 1 and use_case.answer_style == "varied"
    )
    if seconds is None or not spread or makes(use_case, "text", "code", "label", "action"):
        return NotApplicable("no ensemble under a time limit")
    if not has_trait(family, "invents-content"):
        return None
    one_pass = has_trait(family, "one-pass") and has_trait(family, "adversarial-training")
    fast = seconds <= 10 and one_pass
    slow = seconds >= 60 and has_trait(family, "many-step")
    if not fast and not slow:
        return None
    return rule.says(
        f"{family.name} gives the members of an ensemble within {seconds_text(seconds)}.",
        limit_s=seconds,
    )
