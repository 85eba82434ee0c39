"""Where it runs: memory, small processors, runtimes that allow little, links that carry little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.figure import significant
from advisor.limits import limit_s
from advisor.rules.base import Case, NotApplicable, Outcome, Rule
from advisor.rules.build import candidate_rule, family_rule, model_rule
from advisor.rules.reading import (
    SMALL_PLACES,
    WEAK_PLACES,
    has_trait,
    is_generative,
    is_iterative,
    makes,
    memory_limit_mb,
    task_of,
)

if TYPE_CHECKING:
    from advisor.catalog import Family, Model
    from advisor.usecase import UseCase

BYTES_PER_WEIGHT_SMALL = 1.0  # int8, the widest format that small-device runtimes commonly ship


@candidate_rule(
    "EDG101",
    "Does not fit in the device's memory",
    "bar",
    "edge",
    detection="The estimated peak memory is above what the device can allocate.",
    why="A request that does not fit fails; it does not get slower.",
    remedy="A device with more memory, a quantised copy, a smaller output or component offload.",
    source="the candidate's own estimate against the device's usable memory",
)
def does_not_fit(rule: Rule, case: Case) -> Outcome:
    estimate = case.estimate
    if estimate is None:
        return NotApplicable("there is no estimate")
    if estimate.fits:
        return None
    peak = estimate.peak_memory_gib.value
    return rule.says(
        f"Should need {significant(peak)} GiB where {estimate.device_memory_gib:.1f} GiB can be "
        "allocated.",
        peak_memory_gib=peak,
        device_memory_gib=estimate.device_memory_gib,
    )


@model_rule(
    "EDG102",
    "Too large for the memory it may take",
    "bar",
    "edge",
    detection=(
        "The weights at 8 bits are above the memory limit (stated, or assumed for the place: "
        "phone 3000 MB, browser 2000 MB, microcontroller 64 MB)."
    ),
    why="Weights alone would exceed what the place allows to download and to keep.",
    remedy="A smaller model, or a place with more memory.",
    source="the model's parameter count; the limits of places are judgements",
    based_on=("R20", "R32"),
)
def too_large(rule: Rule, case: Case, model: Model) -> Outcome:
    limit = memory_limit_mb(case.use_case)
    if limit is None:
        return NotApplicable("no memory limit is stated or assumed")
    if case.estimate is None:
        return NotApplicable("the model's size is not known")
    weights_mb = case.estimate.parameters * BYTES_PER_WEIGHT_SMALL / 1e6
    if weights_mb <= limit:
        return None
    return rule.says(
        f"{model.name} has {weights_mb:,.0f} MB of weights at 8 bits; the limit is "
        f"{limit:,.0f} MB.",
        weights_mb=weights_mb,
        limit_mb=limit,
    )


@family_rule(
    "EDG103",
    "Compact codes for several tasks",
    "for",
    "edge",
    weight=3,
    detection="task is compress for pictures or series; the family has a continuous latent.",
    why=(
        "One small encoder gives codes that later tasks re-use; the link carries codes, not pixels."
    ),
    remedy="None needed.",
    source="https://arxiv.org/abs/1803.10122 (small codes of frames, re-used by later tasks)",
    based_on=("R09",),
)
def compact_codes(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if task_of(use_case) != "compress" or makes(use_case, "speech", "music", "effects"):
        return NotApplicable("no pictures or series are to be compressed")
    if not has_trait(family, "continuous-latent"):
        return None
    return rule.says(f"{family.name} has an encoder whose codes serve several tasks.")


@family_rule(
    "EDG104",
    "Not for a microcontroller",
    "bar",
    "edge",
    detection="placement is microcontroller; the family is not edge-sized.",
    why="Such processors hold megabytes and one small pass.",
    remedy="Send the data to a larger device, or use a family with one small pass.",
    based_on=("R09", "R56"),
)
def microcontroller(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.placement != "microcontroller":
        return NotApplicable("the place is larger than a microcontroller")
    if has_trait(family, "edge-sized"):
        return None
    return rule.says(f"No member of {family.name} fits a microcontroller or a satellite processor.")


@candidate_rule(
    "EDG105",
    "Judged on a stand-in device",
    "condition",
    "edge",
    detection="No device of the stated place is in the catalog; the nearest listed one stands in.",
    why="No phone or browser is in the device table; figures of a stand-in are a rough guide.",
    remedy="Measure on the real device before deciding; name a device to replace the stand-in.",
    source="catalog/devices.csv holds no phone; the stand-in's factor of 3 is a judgement",
)
def stand_in(rule: Rule, case: Case) -> Outcome:
    if case.device is None:
        return NotApplicable("there is no device")
    if not case.proxy:
        return None
    return rule.says(
        f"No {case.use_case.placement} is in the catalog: {case.device.name} stands in, with three "
        "times its interval."
    )


@family_rule(
    "EDG106",
    "Video sampling and per-item optimisation need a large GPU",
    "bar",
    "edge",
    detection=(
        "placement is phone, browser, microcontroller or cpu; the family makes video in many "
        "steps or optimises per item."
    ),
    why="Such generations take 10^15 to 10^18 operations per item.",
    remedy="Run it in the cloud or on a workstation.",
    source="operations per generation in facts/architectures.md, reproduced by advisor trace",
)
def video_on_small(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.placement not in WEAK_PLACES:
        return NotApplicable("the place has a large processor")
    heavy = has_trait(family, "optimises-per-item") or (
        makes(use_case, "video") and "video" in family.outputs and is_iterative(family)
    )
    if not heavy:
        return None
    return rule.says(f"{family.name} is out of reach on a {use_case.placement}.")


@family_rule(
    "EDG107",
    "Speech over a narrow link",
    "for",
    "edge",
    weight=3,
    detection="task is compress for sound; the family codes and reproduces sound.",
    why="Learned codes carry speech at 3 to 6 kbit/s, where waveform codecs break.",
    remedy="None needed.",
    source="https://arxiv.org/abs/2107.03312 (3 kbit/s against a waveform codec's 12)",
    based_on=("R29",),
)
def narrow_link(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if task_of(use_case) != "compress" or not makes(use_case, "speech", "music", "effects"):
        return NotApplicable("no sound is to be compressed")
    if family.mechanism == "codec-lm" or not is_generative(family):
        return None
    decodes = has_trait(family, "reproduces-input") and not has_trait(family, "continuous-latent")
    if not decodes and family.id != "audio-ar":
        return None
    return rule.says(f"{family.name} rebuilds speech from a few kilobits per second.")


@family_rule(
    "EDG108",
    "Short gaps on the receiving device",
    "for",
    "edge",
    weight=3,
    detection=(
        "Sound is to be completed within 100 ms or in gaps of up to 0.3 s; the family continues a "
        "waveform step by step."
    ),
    why="A compact sequential model continues the recent sound; only it has heard nothing else.",
    remedy="None needed.",
    based_on=("R28",),
)
def short_gaps(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if task_of(use_case) != "complete" or not makes(use_case, "speech", "music", "effects"):
        return NotApplicable("no sound is to be completed")
    seconds = limit_s(use_case)
    short = (seconds is not None and seconds <= 0.1) or (
        use_case.duration_s is not None and use_case.duration_s <= 0.3
    )
    if not short or family.id != "audio-ar":
        return None
    return rule.says(f"{family.name} goes on from the last samples and needs nothing else.")


@family_rule(
    "EDG109",
    "Restricted runtime",
    "bar",
    "edge",
    detection="runtime is restricted-operations; the family is neither one-pass nor edge-sized.",
    why="Such runtimes allow one small network of a short operation list.",
    remedy="Another runtime, or a one-pass network of listed operations.",
    based_on=("R56",),
)
def restricted_runtime(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.runtime != "restricted-operations":
        return NotApplicable("the runtime is not restricted")
    if has_trait(family, "one-pass", "no-generation") or has_trait(family, "edge-sized"):
        return None
    return rule.says(f"{family.name} does not run inside a runtime with a short operation list.")


@family_rule(
    "EDG110",
    "Made for small devices",
    "for",
    "edge",
    weight=1,
    detection="placement is phone, browser, microcontroller or cpu; the family is edge-sized.",
    why="Members of a few megabytes exist and are shipped on such devices.",
    remedy="None needed.",
    based_on=("R22", "R16"),
)
def edge_sized(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.placement not in SMALL_PLACES | {"cpu"}:
        return NotApplicable("the place is not small")
    if not has_trait(family, "edge-sized"):
        return None
    return rule.says(f"{family.name} has members that run on a {use_case.placement}.")
