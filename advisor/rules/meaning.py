"""What a few fields of a use case mean together: a quotation, a forecast, a filter, a dialogue.

Rules of several concerns read these; each is a plain question to the use case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.limits import AUDIO, frame_limit_s, limit_s
from advisor.rules.reading import JUDGED, input_of, makes, role_of, stated, task_of

if TYPE_CHECKING:
    from advisor.usecase import UseCase

# The usual family for a plain request, by first output. Every other rule can outweigh it; `usual`
# below says where the input changes it.
USUAL: dict[str, tuple[str, ...]] = {
    "text": ("llm",),
    "code": ("llm",),
    "image": ("image-diffusion",),
    "video": ("video-diffusion",),
    "speech": ("codec-lm", "parallel-tts"),
    "music": ("codec-lm", "audio-diffusion"),
    "effects": ("codec-lm", "audio-diffusion"),
    "3d": ("3d-feedforward",),
    "sequence": ("vae", "llm"),
    "table": ("vae",),
    "time-series": ("vae",),
    "action": ("vae",),
    "label": ("non-generative",),
    "mask": ("non-generative",),
}
SENTENCES = 100  # recorded sentences below which no voice is trained (recorded: 150, R30)
COMPUTED_S = 0.003  # a frame in less than this is computed, not generated (R18)


def accepted_outputs(use_case: UseCase) -> set[str]:
    """What counts as the first output: a shape that has to fit a target structure is designed as
    a structure or as its sequence."""
    if role_of(use_case, "target-structure") and use_case.outputs[0] in ("3d", "sequence"):
        return {"3d", "sequence"}
    return {use_case.outputs[0]}


def judges_unlabelled(use_case: UseCase) -> bool:
    """Labels, masks or codes for things of which nobody has said what they are."""
    if use_case.outputs[0] not in JUDGED or knows_answers(use_case):
        return False
    said_unlabelled = stated(use_case, "training_labels")
    series = input_of(use_case, "time-series")
    return said_unlabelled or series or task_of(use_case) == "compress"


def knows_answers(use_case: UseCase) -> bool:
    """Is the list of answers closed, or are there labelled examples of them?"""
    return use_case.closed_label_set or use_case.training_labels or task_of(use_case) == "select"


def needs_exact_labels(use_case: UseCase) -> bool:
    """Pictures are made together with labels or masks that must be right."""
    pictures = makes(use_case, "image", "video", "3d")
    return pictures and makes(use_case, *JUDGED) and use_case.error_tolerance in ("zero", "low")


def reconstructs(use_case: UseCase) -> bool:
    """An object or place is rebuilt from many views: five photos (and no words that ask for what
    they do not show), or a film or scan of it."""
    if use_case.outputs[0] != "3d":
        return False
    filmed = input_of(use_case, "video", "3d") and use_case.must_keep == "geometry"
    prompted = input_of(use_case, "text")  # words ask for what the photos do not show
    many = use_case.subject_examples >= 5 and not prompted
    return many or (filmed and task_of(use_case) == "transform")


def quotes(use_case: UseCase) -> bool:
    """The wording of a source has to come back as it is."""
    sourced = use_case.facts_from in ("text-base", "exact-source")
    return makes(use_case, "text") and use_case.must_keep == "wording" and sourced


def regresses(use_case: UseCase) -> bool:
    """A frame or block is computed from a frame or block: one exact answer, nothing invented.

    Inside another program's frame, in so little time that only a computation fits, or live where
    the content must be kept and errors are stated to matter.
    """
    if task_of(use_case) not in ("transform", "complete"):
        return False
    frame = frame_limit_s(use_case)
    tight = frame is not None and frame <= COMPUTED_S
    return use_case.shares_device_with_rendering or tight or filters_live(use_case)


def filters_live(use_case: UseCase) -> bool:
    """A live signal is cleaned or enlarged, and its content must stay what it is."""
    frame = frame_limit_s(use_case)
    kept = use_case.must_keep in ("geometry", "spectrum", "wording", "alignment")
    live = frame is not None and frame <= 0.05 and role_of(use_case, "source")
    return task_of(use_case) == "transform" and live and kept and strict(use_case)


def scores(use_case: UseCase) -> bool:
    """A score or label for what goes in, not more of it."""
    return use_case.outputs[0] == "label" or use_case.task not in ("create", "complete")


def scores_series(use_case: UseCase) -> bool:
    """A time series in, scores for it out: statistics can do that too."""
    series = input_of(use_case, "time-series") and use_case.outputs[0] in ("time-series", "label")
    return series and use_case.answer_style != "varied"


def usual_families(use_case: UseCase) -> tuple[str, ...]:
    """The usual families for the first output, given what it is made from."""
    if forecasts(use_case) or odds_per_place(use_case):
        return ("non-generative",)
    if extracts_table(use_case):
        return ("llm",)
    if copies_voice(use_case):
        return ("codec-lm",)
    if use_case.outputs[0] == "action" and words_alone(use_case):
        return ("llm",)
    if use_case.outputs[0] == "sequence" and task_of(use_case) == "transform":
        return ("llm",)
    if use_case.outputs[0] == "3d" and not input_of(use_case, "text", "image", "video"):
        return ()
    return USUAL.get(use_case.outputs[0], ())


def forecasts(use_case: UseCase) -> bool:
    """One best series from what was measured: a regression, not a choice among futures.

    Of a series alone (no task stated) the continuation is meant, so the default is read as it is.
    """
    measured = input_of(use_case, "time-series", "table", "image", "video")
    series = use_case.outputs[0] == "time-series" and measured
    made = use_case.task in ("create", "complete")
    return series and one_answer(use_case) and not prompted(use_case) and made


def one_answer(use_case: UseCase) -> bool:
    """Is one best answer per input wanted, and is there only one that is right?"""
    one = use_case.answer_style == "best" and use_case.samples_per_input == 1
    return one and not use_case.several_valid_answers


def odds_per_place(use_case: UseCase) -> bool:
    """Calibrated odds of each place, time or class for itself: no scenario has to hang together.

    A network with a distribution at its output says them in one pass. Several samples, or several
    valid answers, ask for scenarios.
    """
    alone = use_case.samples_per_input == 1 and not use_case.several_valid_answers
    return use_case.answer_style == "calibrated" and alone and not prompted(use_case)


def strict(use_case: UseCase) -> bool:
    """Did the user say that errors matter much?"""
    return stated(use_case, "error_tolerance") and use_case.error_tolerance in ("zero", "low")


def prompted(use_case: UseCase) -> bool:
    """Do free words steer what comes out?"""
    return any(one.modality == "text" and one.role == "prompt" for one in use_case.inputs)


def copies_voice(use_case: UseCase) -> bool:
    """A voice is known from a sample too short to train on: the model has to read the sample."""
    sample = any(g.modality == "speech" and g.role == "subject" for g in use_case.inputs)
    return use_case.outputs[0] == "speech" and sample and use_case.subject_examples < SENTENCES


def extracts_table(use_case: UseCase) -> bool:
    """Fields are read out of something that is no table, and no table is learned from."""
    learned = use_case.training_examples > 0 or use_case.sharing != "no"
    table = use_case.outputs[0] == "table" and not input_of(use_case, "table", "time-series")
    return table and not learned


def words_alone(use_case: UseCase) -> bool:
    """Nothing but words goes in, written or spoken."""
    return all(one.modality in ("text", "speech") for one in use_case.inputs)


def transforms_live(use_case: UseCase) -> bool:
    """A picture or frame comes in, a picture or frame goes out, within 100 ms."""
    frame = frame_limit_s(use_case)
    return (
        use_case.outputs[0] in ("image", "video")
        and input_of(use_case, "image", "video")
        and task_of(use_case) != "in-between"
        and frame is not None
        and frame <= 0.1
    )


def drives_shape(use_case: UseCase) -> bool:
    """Motion data moves one learned shape, live: a person's own avatar."""
    seconds = limit_s(use_case)
    driven = role_of(use_case, "driving-motion") or "driving-motion" in use_case.controls
    return driven and use_case.outputs[0] == "3d" and seconds is not None and seconds <= 0.5


def follows_sound(use_case: UseCase) -> bool:
    """A sound is turned into another while it goes on: the limit is one buffer, again and again."""
    seconds = limit_s(use_case)
    source = any(one.modality in AUDIO and one.role == "source" for one in use_case.inputs)
    live = seconds is not None and seconds <= 0.3
    return use_case.outputs[0] in AUDIO and source and task_of(use_case) == "transform" and live


def answers_speech(use_case: UseCase) -> bool:
    """Speech answers speech: not a voice sample, a gap filler or a codec."""
    heard = any(
        given.modality == "speech" and given.role in ("prompt", "context")
        for given in use_case.inputs
    )
    return use_case.outputs[0] == "speech" and heard and task_of(use_case) == "create"
