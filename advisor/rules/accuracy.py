"""What happens when an output is wrong or invented, and who or what would notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.limits import AUDIO, VISUAL, WRITTEN, limit_s
from advisor.rules.base import NotApplicable, Outcome, Rule
from advisor.rules.build import family_rule, use_case_rule
from advisor.rules.meaning import needs_exact_labels, prompted, quotes, strict, words_alone
from advisor.rules.newness import computes, settled, templated
from advisor.rules.reading import (
    JUDGED,
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


@family_rule(
    "ACC101",
    "Zero tolerance and nobody checks",
    "bar",
    "accuracy",
    detection=(
        "error_tolerance is zero, reviewer is none and the task is not compress or in-between; "
        "the family invents content."
    ),
    why="A sampler gives no guarantee; one unseen error is one too many.",
    remedy="A person or an automatic test that checks each output, or verbatim retrieval.",
    based_on=("R01", "R10"),
)
def unchecked_invention(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.error_tolerance != "zero" or use_case.reviewer != "none":
        return NotApplicable("some error is tolerated, or outputs are checked")
    if not has_trait(family, "invents-content"):
        return None
    return rule.says(f"{family.name} can invent, no error is tolerated, and nobody checks.")


@family_rule(
    "ACC102",
    "Wording can be listed",
    "for",
    "accuracy",
    weight=3,
    detection="Text whose wordings can all be listed; the family generates nothing.",
    why="Templates put every number where it belongs and can be read in full before launch.",
    remedy="None needed.",
    based_on=("R02",),
)
def templates(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not makes(use_case, *WRITTEN):
        return NotApplicable("no text is asked for")
    if is_generative(family):
        return NotApplicable("the family generates")
    if not use_case.wording_enumerable:
        return None
    return rule.says("All wordings can be listed: fill in templates, or choose among them.")


@family_rule(
    "ACC103",
    "Grounded in a trusted text base",
    "condition",
    "accuracy",
    verdict_cap="go-with-guardrails",
    detection=(
        "Text with low or zero tolerance and no automatic test; facts come from a text base or an "
        "exact source."
    ),
    why="Ungrounded text drifts from the base; the check has to be cheaper than the answer.",
    remedy="Retrieve, answer from what was retrieved, test the answer, fall back to a person.",
    source="https://arxiv.org/abs/2005.11401 (retrieval makes text more factual)",
    based_on=("R03",),
)
def grounding(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not makes(use_case, "text") or not has_trait(family, "invents-content"):
        return NotApplicable("no text is invented")
    tested = use_case.reviewer == "automatic-test"
    if use_case.error_tolerance not in ("low", "zero") or tested:
        return NotApplicable("errors are tolerated, or a test finds them")
    if use_case.facts_from not in ("text-base", "exact-source"):
        return None
    return rule.says(
        "Answer only from retrieved passages, test each answer against them and fall back to a "
        "person when the test fails."
    )


@family_rule(
    "ACC104",
    "An automatic test exists",
    "for",
    "accuracy",
    weight=2,
    detection="reviewer is automatic-test; the family writes text or code and invents.",
    why="Compilers, tests and schemas catch errors for free: retry until the test passes.",
    remedy="None needed.",
    based_on=("R04",),
)
def verifier(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.reviewer != "automatic-test":
        return NotApplicable("no automatic test checks the output")
    if not makes(use_case, *WRITTEN) or not has_trait(family, "invents-content"):
        return None
    return rule.says("An automatic test checks each output: retry until it passes.")


@use_case_rule(
    "ACC105",
    "Acts on free words, unattended, at a cost per error",
    "condition",
    "accuracy",
    verdict_cap="no-go",
    detection=(
        "A spoken request comes in (no recording to be written down) and text, a table, a label or "
        "an action goes out, or words alone lead to an action; stated low or zero tolerance, "
        "reviewer none, and no closed label set."
    ),
    why=(
        "Recorded unattended ordering by voice reached about 85 % of orders, with a refund for "
        "each of the others."
    ),
    remedy="A person who takes over on doubt (reviewer: human), or a read-back that is confirmed.",
    source=(
        "Presto Automation, filing with the SEC, November 2023: a person intervened in "
        "over 70 % of spoken orders"
    ),
    based_on=("R05",),
)
def unattended_orders(rule: Rule, use_case: UseCase) -> Outcome:
    heard = any(i.modality == "speech" and i.role == "prompt" for i in use_case.inputs)
    told = makes(use_case, "action") and words_alone(use_case) and bool(use_case.inputs)
    if not (heard or told) or task_of(use_case) != "create":
        return NotApplicable("nothing is spoken to it, and no words lead to an action")
    acts = use_case.outputs[0] in ("text", "table", "label", "action", "code")
    unchecked = strict(use_case) and use_case.reviewer == "none"
    if not acts or not unchecked or use_case.closed_label_set:
        return None
    return rule.says("Free words are acted on unattended, and each error costs.")


@family_rule(
    "ACC106",
    "A closed label set does not need a writer",
    "against",
    "accuracy",
    weight=3,
    detection=(
        "closed_label_set, or labels asked for with at least 1,000 labelled examples; generates."
    ),
    why="A generator spends seconds and money on what a classifier does in milliseconds.",
    remedy="Train a classifier on the labels; keep the generator for the first labels.",
    based_on=("R06",),
)
def writer_for_labels(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not is_generative(family):
        return NotApplicable("the family generates nothing")
    labelled = use_case.training_labels and use_case.training_examples >= 1000
    closed = use_case.closed_label_set or (use_case.outputs[0] in JUDGED and labelled)
    if not closed:
        return None
    return rule.says(f"The answers are a fixed list; {family.name} would write what can be chosen.")


@family_rule(
    "ACC107",
    "Labels at machine pace",
    "bar",
    "accuracy",
    detection="A closed label set within 50 ms per item; the family makes token after token.",
    why="A sequential generator takes longer than that for its first token under load.",
    remedy="A classifier.",
    based_on=("R06",),
)
def labels_at_pace(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seconds = limit_s(use_case)
    if seconds is None or not (use_case.closed_label_set or use_case.outputs[0] in JUDGED):
        return NotApplicable("no labels under a time limit")
    if seconds > 0.05 or not has_trait(family, "sequential"):
        return None
    return rule.says(f"{family.name} is too slow for a label in {seconds * 1e3:.0f} ms.")


@family_rule(
    "ACC108",
    "Labels must be exact",
    "bar",
    "accuracy",
    detection=(
        "Pictures are made together with labels or masks, with zero or low tolerance; the family "
        "invents content."
    ),
    why="A learned generator does not know exactly what it drew; a renderer does.",
    remedy="Render; use the generator only to vary what the labels do not cover.",
    based_on=("R10",),
)
def exact_labels(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not needs_exact_labels(use_case):
        return NotApplicable("no pictures with exact labels are asked for")
    if not has_trait(family, "invents-content"):
        return None
    return rule.says(
        f"{family.name} cannot say exactly what it drew, and the labels must be exact."
    )


@family_rule(
    "ACC109",
    "Rendering knows its labels",
    "for",
    "accuracy",
    weight=3,
    detection="Pictures with exact labels or masks; the family generates nothing.",
    why="What is rendered from a model is labelled by it, even where nobody can see.",
    remedy="None needed.",
    based_on=("R10",),
)
def rendering(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not needs_exact_labels(use_case):
        return NotApplicable("no pictures with exact labels are asked for")
    if is_generative(family):
        return None
    return rule.says("Rendering gives pictures and their labels from the same scene.")


@family_rule(
    "ACC110",
    "The output will be read as evidence",
    "condition",
    "accuracy",
    verdict_cap="go-with-guardrails",
    detection=(
        "A picture is transformed or completed from a source picture whose geometry, spectrum or "
        "alignment must be kept, tolerance below high, not live; the family invents content."
    ),
    why="Added detail looks measured; people will read it as if it were.",
    remedy="Keep the original beside it, exclude people and critical classes, mark provenance.",
    based_on=("R46",),
)
def read_as_evidence(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seconds = limit_s(use_case)
    source = role_of(use_case, "source") and input_of(use_case, "image", "video")
    if not makes(use_case, "image") or not source:
        return NotApplicable("no picture is made from a source picture")
    kept = use_case.must_keep in ("geometry", "spectrum", "alignment")
    live = seconds is not None and seconds <= 0.1
    if not kept or live or use_case.error_tolerance == "high":
        return None
    if not has_trait(family, "invents-content"):
        return None
    return rule.says("Keep the original, exclude critical classes and mark what was added.")


@family_rule(
    "ACC111",
    "Each output is approved by a person",
    "condition",
    "accuracy",
    verdict_cap="go-with-human-review",
    detection=(
        "reviewer is human; content is created, completed or written, or pictures, sound or 3D "
        "are transformed without their geometry, spectrum or alignment to be kept; the family "
        "invents content and the answer is no calibrated ensemble and no data set to be shared."
    ),
    why="The review is part of the product: without it the tolerance would not hold.",
    remedy="Plan the review minutes per item; show few, ranked candidates.",
    based_on=("R52", "R59"),
)
def approved_by_person(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.reviewer != "human" or use_case.answer_style == "calibrated":
        return NotApplicable("no person approves each output")
    if use_case.sharing != "no":
        return NotApplicable("a data set is released once, not output by output")
    exact = use_case.must_keep in ("geometry", "spectrum", "alignment")
    made = task_of(use_case) in ("create", "complete") or use_case.outputs[0] in WRITTEN
    shown = use_case.outputs[0] in VISUAL | AUDIO | {"3d"} - JUDGED
    changed = task_of(use_case) == "transform" and shown and not exact
    if not (made or changed) or not has_trait(family, "invents-content"):
        return None
    minutes = use_case.review_minutes_per_item
    says = f" ({minutes:g} min each)" if minutes else ""
    return rule.says(
        f"A person approves each output before it takes effect{says}.", minutes=minutes
    )


@family_rule(
    "ACC112",
    "Free text with costly errors and no check",
    "condition",
    "accuracy",
    verdict_cap="go-with-guardrails",
    detection=(
        "Text, stated low tolerance, reviewer none, no text base; the family invents content."
    ),
    why="Nothing stands between an invented sentence and its effect.",
    remedy="Test answers automatically, keep to scripted goals, offer a person.",
    based_on=("R03", "R05"),
)
def unchecked_text(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not makes(use_case, "text") or not has_trait(family, "invents-content"):
        return NotApplicable("no text is invented")
    if not stated(use_case, "error_tolerance") or use_case.error_tolerance != "low":
        return NotApplicable("no low tolerance is stated")
    if use_case.reviewer != "none" or use_case.facts_from in ("text-base", "exact-source"):
        return None
    return rule.says("Test answers automatically, keep to scripted goals and offer a person.")


@use_case_rule(
    "ACC113",
    "An authored answer that must not be wrong, without a check",
    "condition",
    "accuracy",
    verdict_cap="no-go",
    detection=(
        "Free-form text or code is made with zero tolerance, reviewer none, and it is neither "
        "selected or quoted (wording of a source kept) nor filled in: wordings that can be listed "
        "count only over data, as choosing among them for free words over a text base can be "
        "wrong as well."
    ),
    why="No author is right every time; a company is held to what its assistant says.",
    remedy="Quote the source verbatim (task: select), list the wordings, or add a reviewer.",
    based_on=("R01",),
)
def authored_without_check(rule: Rule, use_case: UseCase) -> Outcome:
    if use_case.outputs[0] not in WRITTEN:
        return NotApplicable("no free-form text is asked for")
    unchecked = use_case.error_tolerance == "zero" and use_case.reviewer == "none"
    advises = prompted(use_case) and use_case.facts_from == "text-base"
    filled = use_case.wording_enumerable and not advises
    fixed = filled or quotes(use_case) or computes(use_case) or templated(use_case)
    free = task_of(use_case) != "select" and not fixed
    if not unchecked or not free or use_case.closed_label_set:
        return None
    return rule.says("Text is authored or chosen, no error is tolerated, and nobody checks it.")


@use_case_rule(
    "ACC115",
    "Facts told freely, and nothing holds them to a source",
    "condition",
    "accuracy",
    verdict_cap="no-go",
    detection=(
        "Stated low tolerance, reviewer none. Either the facts have an exact source and are "
        "retold in free words, sound or pictures (not selected, quoted, filled in, computed or "
        "rendered); or text is created from words alone and facts_from is stated as nowhere."
    ),
    why=(
        "A model's memory is no source, and a free retelling drifts from one; whoever publishes it "
        "answers for it. Services that did so were withdrawn within days."
    ),
    remedy="Ground it (facts_from), quote (task: select), or have a person or a test check it.",
    source=(
        "https://arxiv.org/abs/2311.14648 (calibrated models must invent rare facts; recalled); "
        "https://www.centerconsulting.com/ai-library/stories/galactica"
    ),
)
def told_freely(rule: Rule, use_case: UseCase) -> Outcome:
    said = stated(use_case, "error_tolerance") and use_case.error_tolerance == "low"
    if not said or use_case.reviewer != "none":
        return NotApplicable("no low tolerance is stated, or somebody checks")
    fixed = use_case.wording_enumerable or use_case.closed_label_set or settled(use_case)
    if fixed or task_of(use_case) not in ("create", "transform", "complete"):
        return None
    if use_case.facts_from == "exact-source" and use_case.outputs[0] not in JUDGED:
        return rule.says("An exact source is retold freely, and nobody compares the two.")
    memory = stated(use_case, "facts_from") and use_case.facts_from == "nowhere"
    asked = task_of(use_case) == "create" and not role_of(
        use_case, "source", "knowledge", "context"
    )
    if memory and asked and use_case.outputs[0] == "text":
        return rule.says("Facts come from the model's memory, and nobody checks them.")
    return None


@use_case_rule(
    "ACC116",
    "Harm to persons or their rights, and no person in between",
    "condition",
    "accuracy",
    verdict_cap="no-go",
    detection=(
        "harm is persons or rights and no person reviews: a no-go where words or actions are made "
        "or chosen for somebody's own words or nothing checks them; at most a person's review "
        "where an automatic test stands in between. Quoted, computed and filled-in answers are "
        "exempt."
    ),
    why=(
        "Advice to people at risk, official and legal statements and words in somebody's name take "
        "effect before anybody can mend them; services without staff behind them were closed."
    ),
    remedy="Put a person between the output and its effect (reviewer: human), or quote verbatim.",
    source="benchmarks/decisions_unseen/UT10.yaml, UT07.yaml and the sources named there",
)
def harm_unchecked(rule: Rule, use_case: UseCase) -> Outcome:
    if use_case.harm not in ("persons", "rights") or use_case.reviewer == "human":
        return NotApplicable("no harm to persons or rights is stated, or a person reviews")
    exact = quotes(use_case) or computes(use_case) or templated(use_case)
    if exact or not makes(use_case, *WRITTEN, "speech", "action", "table"):
        return None
    found = rule.says(f"A wrong output does harm to {use_case.harm}, and no person is in between.")
    if use_case.reviewer == "automatic-test":
        return found.model_copy(update={"verdict_cap": "go-with-human-review"})
    return found


@family_rule(
    "ACC114",
    "Zero tolerance speaks against invention",
    "against",
    "accuracy",
    weight=2,
    detection="error_tolerance is zero and outputs are checked; the family invents content.",
    why="Every invented item is a rejected item: review time grows with them.",
    remedy="A family that reproduces, selects or renders.",
    based_on=("R01", "R02"),
)
def invention_at_zero(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.error_tolerance != "zero" or use_case.reviewer == "none":
        return NotApplicable("tolerance is not zero, or nobody checks")
    if not has_trait(family, "invents-content"):
        return None
    return rule.says(f"{family.name} invents, and every invented item will be rejected.")
