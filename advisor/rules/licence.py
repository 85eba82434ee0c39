"""What licences of published models allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.rules.base import Case, NotApplicable, Outcome, Rule
from advisor.rules.build import family_rule, model_rule
from advisor.rules.reading import has_trait

if TYPE_CHECKING:
    from advisor.catalog import Family, Model
    from advisor.usecase import UseCase

CARDS = "the licence of each model in catalog/models, with its source"


@model_rule(
    "LIC101",
    "Not licensed for commercial use",
    "bar",
    "licence",
    detection="licence is commercial or licensed-data; the model's licence says no.",
    why="Serving it would breach the licence.",
    remedy="Buy a commercial licence, or train the architecture oneself.",
    source=CARDS,
)
def not_commercial(rule: Rule, case: Case, model: Model) -> Outcome:
    if case.use_case.licence not in ("commercial", "licensed-data"):
        return NotApplicable("no commercial licence is needed")
    if model.licence.commercial != "no":
        return None
    return rule.says(f"{model.name} is under {model.licence.name}: no commercial use.")


@model_rule(
    "LIC102",
    "Commercial use on conditions",
    "condition",
    "licence",
    detection="licence is commercial or licensed-data; the model's licence sets conditions.",
    why="Revenue limits, regions and use restrictions bind.",
    remedy="Have the conditions read before launch.",
    source=CARDS,
)
def on_conditions(rule: Rule, case: Case, model: Model) -> Outcome:
    if case.use_case.licence not in ("commercial", "licensed-data"):
        return NotApplicable("no commercial licence is needed")
    if model.licence.commercial != "conditional":
        return None
    detail = f": {model.licence.conditions}" if model.licence.conditions else ""
    return rule.says(f"{model.name} is under {model.licence.name}{detail}.")


@model_rule(
    "LIC103",
    "Licence not known",
    "condition",
    "licence",
    detection=(
        "licence is commercial or licensed-data; the catalog does not know the model's licence."
    ),
    why="Unknown is not yes.",
    remedy="Read the licence before relying on this model.",
    source=CARDS,
)
def not_known(rule: Rule, case: Case, model: Model) -> Outcome:
    if case.use_case.licence not in ("commercial", "licensed-data"):
        return NotApplicable("no commercial licence is needed")
    if model.licence.commercial != "unknown":
        return None
    return rule.says(f"The licence of {model.name} is not known here: {model.licence.name}.")


@model_rule(
    "LIC104",
    "Training data not shown to be licensed",
    "bar",
    "licence",
    detection="licence is licensed-data; no catalog entry states licensed training data.",
    why="Legal departments ask for provenance and indemnity; open weights come with neither.",
    remedy="Buy from a vendor with licensed data and indemnity, and audit the claim.",
    based_on=("R54",),
)
def data_not_licensed(rule: Rule, case: Case, model: Model) -> Outcome:
    if case.use_case.licence != "licensed-data":
        return NotApplicable("licensed training data is not asked for")
    if "licensed-training-data" in model.tasks:
        return None
    return rule.says(f"Nothing shows that {model.name} was trained on licensed data.")


@model_rule(
    "LIC105",
    "Published weights are not allowed",
    "bar",
    "licence",
    detection="licence is no-pretrained; the model would be used with its published weights.",
    why="Only the architecture may be taken over; it has to be trained on own data.",
    remedy="Train the architecture on own data, or allow a pre-trained model.",
    source="decision-rules Q19 (intake question)",
)
def own_weights_only(rule: Rule, case: Case, model: Model) -> Outcome:
    if case.use_case.licence != "no-pretrained":
        return NotApplicable("pre-trained models are allowed")
    return rule.says(f"{model.name} would have to be trained anew on own data.")


@family_rule(
    "LIC106",
    "Provenance and indemnity come from a vendor",
    "condition",
    "licence",
    detection="licence is licensed-data; the family invents content.",
    why="Later reporting found unlicensed items in sets sold as clean: the claim needs an audit.",
    remedy="Contract for indemnity, provenance marks and the right to audit.",
    based_on=("R54",),
)
def vendor_indemnity(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.licence != "licensed-data":
        return NotApplicable("licensed training data is not asked for")
    if not has_trait(family, "invents-content"):
        return None
    return rule.says("Contract for licensed training data, indemnity, provenance marks and audit.")
