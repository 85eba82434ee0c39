"""Does anything new have to be made? Four ways in which it does not (docs/deciding.md).

The answer is chosen from what exists, given back as it is, computed from what goes in, or rendered
from it. Each function is a plain question to the use case; `settled` means that practice then uses
nothing generative, `possible` that it could.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.limits import AUDIO, WRITTEN, limit_s
from advisor.rules.meaning import (
    forecasts,
    knows_answers,
    needs_exact_labels,
    odds_per_place,
    one_answer,
    prompted,
    quotes,
    reconstructs,
    regresses,
    scores_series,
    strict,
)
from advisor.rules.reading import JUDGED, input_of, makes, role_of, stated, task_of

if TYPE_CHECKING:
    from advisor.usecase import UseCase

# Short replies that many people send alike are stored and chosen (judgements, from a recorded
# service: arXiv:1705.00652 says a quarter of replies have 20 tokens or fewer).
REPLY_TOKENS, REPLIES_A_DAY, LOGGED_PAIRS = 32, 1e6, 1e5
RECOGNISED_S = 2.0  # words are wanted while they are spoken or shown
KEPT = ("geometry", "spectrum", "alignment")
STRUCTURED = ("table", "time-series", "3d", "sequence", "label")


def possible(use_case: UseCase) -> bool:
    """Could something that generates nothing give the answer?"""
    return (
        settled(use_case)
        or task_of(use_case) in ("select", "compress", "in-between")
        or use_case.outputs[0] in JUDGED
        or use_case.wording_enumerable
        or use_case.sharing == "share-with-formal-privacy"
        or needs_exact_labels(use_case)
        or reconstructs(use_case)
        or (use_case.outputs[0] == "video" and makes(use_case, "3d"))
        or regresses(use_case)
        or forecasts(use_case)
        or scores_series(use_case)
        or writes_down(use_case)
        or faithful(use_case)
    )


def settled(use_case: UseCase) -> bool:
    """Is the answer chosen, given back, computed or rendered?"""
    judged = use_case.outputs[0] in JUDGED or not use_case.training_labels
    return (
        (knows_answers(use_case) and judged)
        or quotes(use_case)
        or edits(use_case)
        or recognises(use_case)
        or picks_replies(use_case)
        or cleans_sound(use_case)
        or computes(use_case)
        or templated(use_case)
        or predicts(use_case)
        or measures(use_case)
        or renders(use_case)
        or odds_per_place(use_case)
    )


def edits(use_case: UseCase) -> bool:
    """A text is corrected, and what was not wrong stays as it was written: a tagger of edits."""
    source = any(one.modality in WRITTEN and one.role == "source" for one in use_case.inputs)
    kept = use_case.must_keep == "wording" and not prompted(use_case)
    return use_case.outputs[0] in WRITTEN and task_of(use_case) == "transform" and source and kept


def writes_down(use_case: UseCase) -> bool:
    """Text comes out of speech or a picture, and no words ask for more than what is there."""
    source = any(
        one.modality in ("speech", "image") and one.role == "source" for one in use_case.inputs
    )
    alone = not input_of(use_case, "text")
    return use_case.outputs == ["text"] and source and alone and task_of(use_case) == "transform"


def recognises(use_case: UseCase) -> bool:
    """What is said or shown is written down as it is: its wording is kept, or it comes at once."""
    seconds = limit_s(use_case)
    live = seconds is not None and seconds <= RECOGNISED_S and input_of(use_case, "speech")
    return writes_down(use_case) and (use_case.must_keep == "wording" or live)


def picks_replies(use_case: UseCase) -> bool:
    """Several short replies are offered, very often, and very many pairs are on record."""
    short = use_case.tokens_out is not None and use_case.tokens_out <= REPLY_TOKENS
    several = use_case.samples_per_input > 1 and task_of(use_case) != "complete"
    often = stated(use_case, "volume_per_day") and use_case.volume_per_day >= REPLIES_A_DAY
    logged = use_case.training_pairs and use_case.training_examples >= LOGGED_PAIRS
    return use_case.outputs[0] == "text" and short and several and often and logged


def cleans_sound(use_case: UseCase) -> bool:
    """Noise goes or a part is taken out, and what is left is the source: a filter or a mask.

    What it should sound like is said by nothing else: no voice, no words, no knobs.
    """
    source = any(one.modality in AUDIO and one.role == "source" for one in use_case.inputs)
    fixed = use_case.scope == "fixed" and not stated(use_case, "controls")
    kept = use_case.must_keep in ("wording", "spectrum", "alignment") or fixed
    other = role_of(use_case, "subject") or prompted(use_case)
    transforms = task_of(use_case) == "transform" and use_case.outputs[0] in AUDIO
    return source and kept and transforms and not other and one_answer(use_case)


def computes(use_case: UseCase) -> bool:
    """Data go in, and one answer follows from them: arithmetic, a query, a solver.

    A table of a table; or what has to be right, from data alone, without examples to learn from or
    with the same answer every time.
    """
    if not _data_alone(use_case) or not one_answer(use_case) or use_case.sharing != "no":
        return False
    outputs = use_case.outputs[0] in (*STRUCTURED, "action")
    tables = use_case.outputs[0] == "table" and task_of(use_case) == "transform"
    ruled = use_case.deterministic or use_case.training_examples == 0
    return tables or (outputs and ruled and strict(use_case))


def templated(use_case: UseCase) -> bool:
    """Sentences over data alone, which must be right though nobody reads them first: templates."""
    facts = use_case.facts_from == "structured-data" and _data_alone(use_case)
    unread = strict(use_case) and use_case.reviewer == "none"
    return use_case.outputs[0] == "text" and facts and one_answer(use_case) and unread


def predicts(use_case: UseCase) -> bool:
    """A learned function of a source: pairs show the one right answer, and nobody looks at it as a
    picture or listens to it."""
    source = role_of(use_case, "source") and not prompted(use_case)
    value = use_case.outputs[0] in ("3d", "table", "time-series") and use_case.training_pairs
    return task_of(use_case) == "transform" and source and value and one_answer(use_case)


def _data_alone(use_case: UseCase) -> bool:
    return bool(use_case.inputs) and all(one.modality in STRUCTURED for one in use_case.inputs)


def faithful(use_case: UseCase) -> bool:
    """A source is changed in one right way, its structure is kept, and errors matter."""
    kept = use_case.must_keep in KEPT and role_of(use_case, "source")
    changed = task_of(use_case) in ("transform", "complete") and not prompted(use_case)
    return kept and changed and one_answer(use_case) and strict(use_case)


def measures(use_case: UseCase) -> bool:
    """What comes out will be read as a measurement: values are kept, or no error is tolerated."""
    exact = use_case.must_keep == "spectrum" or use_case.error_tolerance == "zero"
    return faithful(use_case) and exact


def renders(use_case: UseCase) -> bool:
    """Pictures or shapes of given data or of a given model, which must be right or vary by menu."""
    shown = use_case.outputs[0] in ("image", "video", "3d")
    given = any(one.modality in ("table", "3d") and one.role == "source" for one in use_case.inputs)
    free = prompted(use_case) or input_of(use_case, "image", "video")
    sourced = use_case.facts_from in ("structured-data", "exact-source")
    right = strict(use_case) or use_case.deterministic or sourced or use_case.scope != "free"
    made = task_of(use_case) in ("create", "transform") and one_answer(use_case)
    return shown and given and not free and right and made
