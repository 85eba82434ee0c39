"""The intake questions: which fields answer them, and why they change the answer.

The form, the starting file (`advisor new`), the list of assumptions and docs/intake.md are all made
from this one table. Source of the questions: facts/decision-rules.md section (b), drawn from 116
studied decisions.
"""

from __future__ import annotations

from dataclasses import dataclass

GROUPS = (
    "What",
    "Truth and checking",
    "How fast and how much",
    "Where",
    "Control",
    "Data and rights",
    "The answer itself",
    "Integration and people",
)


@dataclass(frozen=True)
class Question:
    """One question, the fields that hold its answer, and what it decides."""

    number: int
    group: str
    text: str
    fields: tuple[str, ...]
    why: str
    ask_first: bool = False


QUESTIONS: tuple[Question, ...] = (
    Question(1, "What", "What comes out?", ("outputs",), "Selects the candidate families.", True),
    Question(
        2,
        "What",
        "What goes in, and which input must the output follow?",
        ("inputs",),
        "A paired image calls for a translator, driving motion for a key-point generator.",
    ),
    Question(
        3,
        "What",
        "Must something new be made, or only completed, filled between, transformed or selected?",
        ("task",),
        "Selecting, labelling and copying need no generator at all.",
        True,
    ),
    Question(
        4,
        "Truth and checking",
        "What tolerance is there for a wrong or invented output, what is the worst that one does, "
        "and where do facts come from?",
        ("error_tolerance", "harm", "facts_from", "wording_enumerable", "closed_label_set"),
        "No tolerance without a check rules out free generation.",
        True,
    ),
    Question(
        5,
        "Truth and checking",
        "Who or what checks each output before it takes effect?",
        ("reviewer", "review_minutes_per_item"),
        "A test that runs by itself re-opens generation; a person turns a no-go into a go.",
        True,
    ),
    Question(
        6,
        "How fast and how much",
        "What is the time limit, and for what?",
        ("latency",),
        "The strongest veto. First output, per frame, per item or total matters as much as "
        "the number.",
        True,
    ),
    Question(
        7,
        "What",
        "Is one output a piece of known length, or an endless stream?",
        ("duration_s", "endless"),
        "Endless and steerable needs a model that works in chunks.",
    ),
    Question(
        8,
        "Where",
        "Where does it run, on which devices, and does it share them with rendering?",
        ("placement", "devices", "shares_device_with_rendering"),
        "Small devices rule out large and many-step models.",
        True,
    ),
    Question(
        9,
        "Where",
        "How much memory is there, download included?",
        ("memory_limit_mb",),
        "Below 100 MB only small one-pass networks are left.",
    ),
    Question(
        10,
        "Where",
        "May data leave the device or the site?",
        ("data_boundary",),
        "Rules out hosted models.",
        True,
    ),
    Question(
        11,
        "How fast and how much",
        "What volume a day, and how high is the peak?",
        ("volume_per_day", "peak_factor", "peak_concurrent", "arrivals"),
        "Above a million items a day, distilled models or none at all.",
    ),
    Question(
        12,
        "How fast and how much",
        "What may it cost, and on which terms (currency, wages, discounts, own hardware)?",
        ("budget_usd_per_item", "budget_usd_per_month", "terms"),
        "Consumer video usually fails here.",
    ),
    Question(
        13,
        "What",
        "How large is one output (and its input)?",
        (
            "width_px",
            "height_px",
            "fps",
            "sample_rate_hz",
            "tokens_in",
            "tokens_out",
            "vertices",
        ),
        "Decides whether video and 3D are feasible, and what text costs.",
    ),
    Question(
        14,
        "Control",
        "One fixed effect, a menu, or a free prompt?",
        ("scope",),
        "A fixed effect can be distilled into a small network.",
    ),
    Question(
        15,
        "Control",
        "What must stay untouched?",
        ("must_keep",),
        "Masked pixels mean inpainting and pasting back; wording means quoting.",
    ),
    Question(
        16,
        "Control",
        "Which controls are needed?",
        ("controls",),
        "Several continuous properties call for a latent that can be steered.",
    ),
    Question(
        17,
        "Control",
        "How many examples are there of each subject, style or voice?",
        ("subject_examples",),
        "3 to 30 suit an adapter; 150 sentences suit a voice.",
    ),
    Question(
        18,
        "Data and rights",
        "What training data is there, paired, aligned, labelled?",
        ("training_examples", "training_pairs", "training_misalignment_px", "training_labels"),
        "Thirty examples rule out training from scratch; misaligned pairs ruin translators.",
    ),
    Question(
        19,
        "Data and rights",
        "Under which licence may a pre-trained model be used?",
        ("licence",),
        "Bars checkpoints, and now and then a whole family.",
    ),
    Question(
        20,
        "The answer itself",
        "One best answer, varied options, or calibrated probabilities?",
        ("answer_style", "samples_per_input"),
        "Calibrated spread needs a stochastic generator.",
    ),
    Question(
        21,
        "The answer itself",
        "Are several answers equally right?",
        ("several_valid_answers",),
        "Then models that average are wrong.",
    ),
    Question(
        22,
        "The answer itself",
        "Must the same input give the same output?",
        ("deterministic",),
        "Favours one-pass and seeded pipelines, and templates.",
    ),
    Question(
        23,
        "Data and rights",
        "Will synthetic data be shared, about how many persons, under which formal bound?",
        ("sharing", "training_persons", "privacy_epsilon"),
        "Calls for a test against copying, or for a statistical synthesiser.",
    ),
    Question(
        24,
        "Data and rights",
        "Does it imitate real persons, voices or protected works?",
        ("likeness",),
        "Third parties without consent are a stop.",
    ),
    Question(
        25,
        "Integration and people",
        "Which runtime must it fit into?",
        ("runtime",),
        "A late veto: operation lists, engine meshes, audio hosts.",
    ),
    Question(
        26,
        "Integration and people",
        "How much clean-up is affordable, and how many takes per accepted item?",
        ("cleanup_minutes_per_item", "takes_per_item", "reject_rate"),
        "No clean-up rules out generated 3D assets and story video.",
    ),
    Question(
        27,
        "Integration and people",
        "Can the team train models?",
        ("team_gpu_weeks", "team_generative_engineers"),
        "Adversarial and from-scratch training need both time and experience.",
    ),
    Question(
        28,
        "Integration and people",
        "When must it be live, and must somebody have shipped it before?",
        ("horizon_months", "needs_precedent"),
        "Rejects families that exist only as demonstrations.",
    ),
)

_OF_FIELD = {field: question for question in QUESTIONS for field in question.fields}


def question_of(field: str) -> Question | None:
    """The question that a field of UseCase answers; None for title, description, priorities."""
    return _OF_FIELD.get(field)


def template() -> str:
    """A use case file to start from: the required fields set, every other one as a comment."""
    from advisor.usecase import UseCase

    lines = [
        "# A use case for `advisor assess`. Only title and outputs are required; what is left out",
        "# takes the default shown and is listed as assumed in the answer.",
        "title: Name it in a few words",
        'description: ""',
        "outputs: [image]",
    ]
    for group in GROUPS:
        lines += ["", f"# -- {group} " + "-" * (74 - len(group))]
        for question in (q for q in QUESTIONS if q.group == group and "outputs" not in q.fields):
            lines.append(f"# {question.text}")
            lines += [f"# {line}" for name in question.fields for line in _field(UseCase, name)]
    lines += ["", "# What weighs most, most important first: latency, cost, quality, control, risk"]
    return "\n".join([*lines, "# priorities: []", ""])


def _field(schema: type, name: str) -> list[str]:
    if name == "latency":
        return [
            "latency: {experience: interactive}  # live, interactive, queue, overnight",
            "latency: {limit_ms: 2 s, kind: total}  # first-output, per-frame, per-item, total",
        ]
    if name == "terms":
        return [
            "terms: {currency: EUR, units_per_usd: 0.92, people_usd_per_hour: 45 EUR}",
            "terms: {commitment_discount: 0.3, regions: [us-central1], run_months: 24}",
            "terms: {usd_per_kwh: 0.2, pue: 1.4, operations_usd_per_month: 500, grid: fra}",
        ]
    if name == "reject_rate":
        return ["reject_rate: {value: 0.5, low: 0.3, high: 0.7}  # or one number"]
    if name == "arrivals":
        return [
            "arrivals: {pattern: steady}  # or daily with 24 hourly_weights, or trace: FILE.csv",
            "arrivals: {burst_size: 5}  # so many items are asked for at one moment",
        ]
    if name == "inputs":
        return ["inputs: [text]  # or: [{modality: image, role: source}]"]
    import json

    field = schema.model_fields[name]  # type: ignore[attr-defined]
    return [f"{name}: {json.dumps(field.default)}{_choices(field.annotation)}"]


def _choices(annotation: object) -> str:
    from typing import Literal, get_args, get_origin

    if get_origin(annotation) is list:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is Literal:
        return f"  # {', '.join(map(str, get_args(annotation)))}"
    return ""


def intake_markdown() -> str:
    """docs/intake.md."""
    lines = [
        "# The intake questions",
        "",
        "Made from `advisor/intake.py` by `make docs`. Ask the ones marked * first: they settle",
        "most cases. A field left out takes its default and is listed as assumed.",
    ]
    for group in GROUPS:
        lines += ["", f"## {group}", "", "| | question | fields | why it changes the answer |"]
        lines += ["|---|---|---|---|"]
        for q in (q for q in QUESTIONS if q.group == group):
            star = "*" if q.ask_first else ""
            fields = ", ".join(f"`{name}`" for name in q.fields)
            lines.append(f"| Q{q.number}{star} | {q.text} | {fields} | {q.why} |")
    return "\n".join([*lines, ""])
