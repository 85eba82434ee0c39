"""Which families make what was asked for at all, and which one practice reaches for first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.limits import AUDIO, is_batch
from advisor.rules.base import NotApplicable, Outcome, Rule
from advisor.rules.build import family_rule
from advisor.rules.meaning import (
    accepted_outputs,
    answers_speech,
    copies_voice,
    judges_unlabelled,
    transforms_live,
    usual_families,
)
from advisor.rules.newness import possible, settled
from advisor.rules.reading import (
    has_trait,
    input_of,
    is_generative,
    makes,
    role_of,
    stated,
    task_of,
)

if TYPE_CHECKING:
    from advisor.catalog import Family
    from advisor.usecase import UseCase

TABLE = (
    "TechnoLynx, What Types of Generative AI Models Exist Beyond LLMs (2026-04-22), choice table, "
    "and a judgement where it has no row"
)


@family_rule(
    "MOD101",
    "Does not make this kind of output",
    "bar",
    "modality",
    detection="The family's card does not list the first requested output.",
    why="A family that cannot make the output is no option, however good its other properties are.",
    remedy="Ask for an output that the family makes, or put a second stage behind it.",
    source="family cards in catalog/families, each with its sources",
)
def output_not_made(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    wanted = accepted_outputs(use_case)
    if wanted & set(family.outputs):
        return None
    return rule.says(f"{family.name} does not make {use_case.outputs[0]}.")


@family_rule(
    "MOD102",
    "Makes only part of what is asked for",
    "against",
    "modality",
    weight=2,
    detection="More than one output is requested and the card lists the first but not all others.",
    why="A second family has to be run and kept in step with the first.",
    remedy="Plan a second stage for the outputs that are named, or ask for one output.",
    source="family cards in catalog/families, each with its sources",
)
def part_of_outputs(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if len(use_case.outputs) == 1:
        return NotApplicable("only one output is asked for")
    missing = [output for output in use_case.outputs[1:] if output not in family.outputs]
    if not missing or use_case.outputs[0] not in family.outputs:
        return None
    return rule.says(f"{family.name} leaves {', '.join(missing)} to a second stage.")


@family_rule(
    "MOD103",
    "Something new has to be created",
    "bar",
    "modality",
    detection=(
        "The family generates nothing, and the answer is neither chosen (a label, a mask, a "
        "selection, a wording that can be listed), nor given back (a quotation, edits that keep "
        "the rest, a transcript, a reconstruction from five or more photos or a film, frames "
        "between frames, a compressed copy), nor computed (from data, from a source with pairs to "
        "learn from, one best series, odds of each place, a source changed in one right way with "
        "its structure kept and stated low or zero tolerance, a table under formal privacy), nor "
        "rendered (from data or a 3D model, pictures with exact labels)."
    ),
    why="Retrieval, templates, classifiers and renderers only give back what was put into them.",
    remedy="Say that outputs may be selected from a fixed set, or that all wordings can be listed.",
    based_on=("R02", "R06", "R10", "R40"),
)
def nothing_to_look_up(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if is_generative(family):
        return NotApplicable("the family generates")
    if possible(use_case):
        return None
    return rule.says("New content has to be created: it is not chosen, copied, computed or drawn.")


@family_rule(
    "MOD104",
    "The usual family for this output",
    "for",
    "modality",
    weight=2,
    detection=(
        "The family is the usual one for the first output in a plain request (not for labels "
        "and masks without labelled examples, nor for speech without a text). A table read out of "
        "text, pictures or sound is usually written by a language model, as are actions from words "
        "and sequences from sequences; one best series or odds of each place are usually a "
        "regression, and nothing is generated where nothing new is made (MOD108)."
    ),
    why="Models, tools and experience are densest there; a requirement has to speak against it.",
    remedy="None needed.",
    source=TABLE,
)
def usual_family(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    usual = ("non-generative",) if settled(use_case) else usual_families(use_case)
    if not usual:
        return NotApplicable(f"no family is usual for {use_case.outputs[0]}")
    if judges_unlabelled(use_case):
        return NotApplicable("no family is usual for judgements without labels")
    if use_case.outputs[0] == "speech" and not input_of(use_case, "text"):
        return NotApplicable("no family is usual for speech that is not read from a text")
    if family.id not in usual:
        return None
    return rule.says(f"{family.name} is the usual first choice for {use_case.outputs[0]}.")


@family_rule(
    "MOD105",
    "Only the frames between two given frames",
    "for",
    "modality",
    weight=3,
    detection="task is in-between and the output is video; the family reproduces its input frames.",
    why="Estimating motion between given frames keeps them, invents nothing and is cheap.",
    remedy="None needed.",
    based_on=("R47",),
)
def interpolates(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if task_of(use_case) != "in-between":
        return NotApplicable("more is asked for than frames between given frames")
    if "video" not in family.outputs or not has_trait(family, "reproduces-input"):
        return None
    return rule.says(f"{family.name} fills the time between given frames and keeps both of them.")


@family_rule(
    "MOD106",
    "Would invent between two given frames",
    "bar",
    "modality",
    detection=(
        "task is in-between and the family invents content (video samplers); not where several "
        "ways of moving are valid and the stated tolerance is medium or high."
    ),
    why="A sampler may put objects between two frames that neither of them shows.",
    remedy="Allow new content between the frames (task: complete or create).",
    based_on=("R47",),
)
def invents_between(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if task_of(use_case) != "in-between":
        return NotApplicable("more is asked for than frames between given frames")
    loose = stated(use_case, "error_tolerance") and use_case.error_tolerance in ("medium", "high")
    if loose and use_case.several_valid_answers:
        return None
    if "video" not in family.outputs or not has_trait(family, "invents-content"):
        return None
    return rule.says(f"{family.name} may invent objects between the two given frames.")


@family_rule(
    "MOD107",
    "Can only give its input back",
    "bar",
    "modality",
    detection=(
        "The family reproduces its input and does not invent content, it generates, and the task "
        "is to create or to complete, or no input is of a kind that the family reads."
    ),
    why="A codec or an interpolator has nothing to say without the signal it is fed.",
    remedy="State the task as compress, in-between or transform if that is what is meant.",
    source="family cards in catalog/families, each with its sources",
    based_on=("R47", "R29"),
)
def only_reproduces(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not is_generative(family) or has_trait(family, "invents-content", "continuous-latent"):
        return NotApplicable("the family makes new content")
    if not has_trait(family, "reproduces-input"):
        return NotApplicable("the family does not reproduce an input")
    fits = {"video": ("in-between", "compress")}.get(
        use_case.outputs[0], ("compress", "transform", "in-between")
    )
    if task_of(use_case) in fits and input_of(use_case, *family.inputs):
        return None
    given = ", ".join(dict.fromkeys(one.modality for one in use_case.inputs))
    return rule.says(
        f"{family.name} gives its input back; here {given} goes in, and the task is to "
        f"{task_of(use_case)}."
    )


@family_rule(
    "MOD108",
    "Nothing has to be generated",
    "for",
    "modality",
    weight=3,
    detection=(
        "The family generates nothing, and the answer is chosen (selected, one of a closed set, a "
        "label or mask with labelled examples, one of short replies that very many people send), "
        "given back (the wording of a source, edits that keep the rest, a transcript at once or "
        "word for word), computed (a table of a table; right from data alone, without examples or "
        "repeatably; sentences over data that nobody reads first; a value or shape learned from "
        "pairs; odds of each place; sound cleaned with its wording or spectrum kept; values that "
        "will be read as measured) or rendered from data or a 3D model that must be right."
    ),
    why="What is exact, fast, cheap and testable needs no sampler; generation adds only risk.",
    remedy="None needed.",
    source="https://arxiv.org/abs/1705.00652 (replies chosen from a stored set at mass volume)",
    based_on=("R06", "R07"),
)
def nothing_generated(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if is_generative(family):
        return NotApplicable("the family generates")
    if settled(use_case):
        return rule.says("The answer is chosen, copied, computed or rendered, not generated.")
    return None


@family_rule(
    "MOD109",
    "Reads none of the inputs",
    "against",
    "modality",
    weight=1,
    detection="None of the inputs is of a kind that the family's card lists.",
    why="A first stage has to make that input, and its errors and seconds come on top.",
    remedy="Put a text-to-image stage in front (text to picture to 3D), or supply the input.",
    source="family cards in catalog/families, each with its sources",
    based_on=("R38",),
)
def input_not_read(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not family.inputs:
        return NotApplicable("the family's card lists no inputs")
    if input_of(use_case, *family.inputs):
        return None
    asked = ", ".join(dict.fromkeys(given.modality for given in use_case.inputs))
    return rule.says(f"{family.name} reads {', '.join(family.inputs)}, and the input is {asked}.")


@family_rule(
    "MOD110",
    "The usual family for live picture transforms",
    "for",
    "modality",
    weight=2,
    detection=(
        "A picture or video frame is transformed within 100 ms per frame, the effect is fixed or "
        "from a menu, and the family is a one-pass, adversarially trained network."
    ),
    why="One forward pass is the only thing that fits a frame on small hardware.",
    remedy="None needed.",
    source=TABLE,
    based_on=("R19", "R16"),
)
def live_transform(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not transforms_live(use_case):
        return NotApplicable("no live transformation of pictures is asked for")
    if not has_trait(family, "adversarial-training") or not has_trait(family, "one-pass"):
        return None
    if use_case.scope == "free":
        return None
    return rule.says(f"{family.name} maps a frame to a frame in one pass.")


@family_rule(
    "MOD111",
    "Speaks a text that is given",
    "for",
    "modality",
    weight=1,
    detection=(
        "Speech is made from a text, in no voice known from a short sample only; the family states "
        "durations explicitly."
    ),
    why="Reading a given text needs no dialogue model; parallel synthesis is the settled tool.",
    remedy="None needed.",
    based_on=("R23", "R24"),
)
def reads_text(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.outputs[0] != "speech" or not input_of(use_case, "text"):
        return NotApplicable("no text is to be spoken")
    if has_trait(family, "explicit-durations") and not copies_voice(use_case):
        return rule.says(f"{family.name} is built to speak a text that is given.")
    return None


@family_rule(
    "MOD112",
    "Known length, seconds are fine",
    "for",
    "modality",
    weight=3,
    detection=(
        "Music or effects of a stated length up to 95 s, or batch work, 3 s or more allowed, "
        "32 kHz or more (or not stated); the family is a fixed-length sampler of sound."
    ),
    why="A sampler over the whole clip plans an ending and keeps stereo quality; tokens drift.",
    remedy="None needed.",
    based_on=("R27",),
)
def whole_clip(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    from advisor.limits import limit_s

    if not makes(use_case, "music", "effects"):
        return NotApplicable("no music or effects are asked for")
    if use_case.endless or use_case.duration_s is None or use_case.duration_s > 95:
        return None
    seconds = limit_s(use_case)
    waits = is_batch(use_case) or (seconds is not None and seconds >= 3)
    pitch = use_case.sample_rate_hz is None or use_case.sample_rate_hz >= 32_000
    sampler = has_trait(family, "fixed-length") and bool(set(family.outputs) & AUDIO)
    if not (waits and pitch and sampler):
        return None
    return rule.says(
        f"A clip of {use_case.duration_s:g} s is sampled whole by {family.name}.",
        duration_s=use_case.duration_s,
    )


@family_rule(
    "MOD114",
    "Has no text to speak",
    "bar",
    "modality",
    detection="Speech is asked for and no text goes in; the family states durations for a text.",
    why="A synthesiser reads; it neither repairs nor answers a voice.",
    remedy="Put a recogniser in front that makes the text, or give the text.",
    source="family cards in catalog/families, each with its sources",
    based_on=("R28", "R29"),
)
def no_text_to_speak(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.outputs[0] != "speech" or not has_trait(family, "explicit-durations"):
        return NotApplicable("no speech, or the family does not read")
    if input_of(use_case, "text"):
        return None
    return rule.says(f"{family.name} reads a text, and no text goes in.")


@family_rule(
    "MOD113",
    "Needs a target structure to fit",
    "against",
    "modality",
    weight=3,
    detection=(
        "Structure diffusion is considered, and no input is a target structure and no properties "
        "are to be steered, or more than 1,000 points are asked for."
    ),
    why="Its strength is shapes that fit a given interface; without one it has no task.",
    remedy="Supply the target structure as an input.",
    based_on=("R51",),
)
def no_target_structure(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if family.id != "structure-diffusion":
        return NotApplicable("the family does not design structures")
    cloud = use_case.vertices is not None and use_case.vertices > ATOMS
    aimed = role_of(use_case, "target-structure") or "properties" in use_case.controls
    if aimed and not cloud:
        return None
    return rule.says("No target structure is given that the design has to fit.")


ATOMS = 1000  # designed molecules, crystals' cells and proteins have fewer parts (judgement)


@family_rule(
    "MOD117",
    "Points, made from data or from points",
    "for",
    "modality",
    weight=3,
    detection=(
        "3D with a stated number of points, or a scan that is to be completed, from data or from "
        "points (no words, picture or film); the family denoises points."
    ),
    why="Points have no order and no surface: a model over the set of points fits them.",
    remedy="None needed.",
    source="https://arxiv.org/abs/2305.04847 (particle showers as points with energies)",
)
def points_of_data(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    scan = input_of(use_case, "3d") and task_of(use_case) == "complete"
    if use_case.outputs[0] != "3d" or not (use_case.vertices or scan):
        return NotApplicable("neither a number of points nor the rest of a scan is asked for")
    if input_of(use_case, "text", "image", "video") or family.id != "point-diffusion":
        return None
    return rule.says(f"{family.name} makes points as a set, without order or surface.")


@family_rule(
    "MOD115",
    "Goes on with a voice, neither answers nor changes it",
    "bar",
    "modality",
    detection=(
        "Speech answers speech (no source to repair, convert or code) and the family is trained on "
        "small sets of sound, without the knowledge of language that an answer takes; or a source "
        "of speech is transformed and the family also makes it sample after sample."
    ),
    why="A waveform model knows how a voice goes on, not what there is to say.",
    remedy="A speech language model, or a recogniser, a text model and a synthesiser in a row.",
    source="https://arxiv.org/abs/1609.03499 (left without a text, such a model babbles)",
    based_on=("R25",),
)
def cannot_answer(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    source = input_of(use_case, "speech") and role_of(use_case, "source")
    changed = use_case.outputs[0] == "speech" and source and task_of(use_case) == "transform"
    if not answers_speech(use_case) and not changed:
        return NotApplicable("no speech is to be answered or changed")
    if changed and not has_trait(family, "sequential"):
        return None
    if not has_trait(family, "trainable-from-scratch-small"):
        return None
    return rule.says(f"{family.name} goes on with a voice; it has nothing to say.")


# What a settled stage in front can turn an input into: frames of a film, words of speech.
BRIDGES = {"video": "image", "mask": "image", "speech": "text", "label": "text", "code": "text"}


@family_rule(
    "MOD116",
    "Nothing leads from the inputs to it",
    "against",
    "modality",
    weight=3,
    detection=(
        "No input is of a kind that the card lists, none can be turned into one by a settled stage "
        "(frames of a film, words of speech, a picture from words); the family generates."
    ),
    why="A family that never sees what was given answers another question.",
    remedy="Give a text or an input that the family reads.",
    source="family cards in catalog/families, each with its sources",
    based_on=("R38",),
)
def unreachable(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not family.inputs or not use_case.inputs or not is_generative(family):
        return NotApplicable("nothing goes in, or the family's card lists no inputs")
    given = {one.modality for one in use_case.inputs}
    reached = given | {BRIDGES[one] for one in given if one in BRIDGES}
    if "text" in reached or reached & set(family.inputs):
        return None
    return rule.says(
        f"{family.name} reads {', '.join(family.inputs)}; nothing makes that from "
        f"{', '.join(sorted(given))}."
    )
