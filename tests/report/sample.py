"""Assessments made up for tests: plausible in shape, invented in every number.

go()              five models, seven options; an interval crosses the limit; some energy, cost and
                  prices are missing
no_go()           a use case that a rule stops, without candidates
non_generative()  an answer that nothing is run for
                  (tests.report.poison puts hostile text in every free text field of them)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date
from typing import Any

from pydantic import BaseModel

from advisor.assessment import (
    Assessment,
    Assumption,
    CandidateResult,
    Confidence,
    FamilyResult,
    FlipPoint,
    LeastChange,
    Slot,
)
from advisor.catalog.schema import Licence
from advisor.cost.record import ApiCost, CostLine, Offer, ServingCost
from advisor.estimator.record import Estimate, MemoryParts, StageEstimate
from advisor.figure import Basis, Figure
from advisor.report import render_html, render_markdown, render_pdf
from advisor.rules.base import Finding
from advisor.usecase import UseCase, parse_use_case
from advisor.workload import Workload
from tests.report import sample_parts

AS_OF = date(2031, 5, 17)
MADE_UP = "made up for tests"
HOURS = 730.5


def figure(value: float, unit: str, basis: Basis = Basis.datasheet, spread: float = 0.3) -> Figure:
    return Figure(
        value=value,
        low=value * (1 - spread / 1.7),
        high=value * (1 + spread),
        unit=unit,
        basis=basis,
        source=MADE_UP,
        as_of=AS_OF if basis is Basis.priced else None,
    )


def finding(code: str, severity: str, sentence: str, **more: Any) -> Finding:
    return Finding(
        code=code,
        title=more.pop("title", f"Title of {code}"),
        severity=severity,  # type: ignore[arg-type]
        concern=more.pop("concern", "quality"),
        sentence=sentence,
        source=MADE_UP,
        **more,
    )


def use_case() -> UseCase:
    return parse_use_case(
        {
            "title": "Catalogue pictures for a furniture shop",
            "description": "Test data: backgrounds for pieces of furniture, chosen by an editor.",
            "outputs": ["image"],
            "width_px": 1024,
            "height_px": 1024,
            "latency": {"limit_ms": "2 s"},
            "volume_per_day": 14_300,
            "reviewer": "human",
            "budget_usd_per_month": 2500,
            "controls": ["prompt", "inpainting"],
        }
    )


def assumed(of: UseCase) -> list[Assumption]:
    return [
        Assumption(field=name, value=_plain(value), question=f"What is {name}?")
        for name, value in of.assumed().items()
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def estimate(
    model: str, device: str, seconds: float, memory: float, energy: bool, basis: Basis
) -> Estimate:
    shares = {"encode": 0.04, "denoise": 0.83, "decode": 0.13}
    parts = MemoryParts(
        weights_gib=memory * 0.7,
        activations_gib=memory * 0.2,
        workspace_gib=memory * 0.06,
        context_gib=memory * 0.04,
    )
    return Estimate(
        model=model,
        device=device,
        workload=workload(),
        latency_s=figure(seconds, "s", basis),
        first_output_s=figure(seconds, "s", basis),
        peak_memory_gib=figure(memory, "GiB"),
        energy_j=figure(seconds * 210, "J") if energy else None,
        flops=int(seconds * 61e12),
        parameters=2_567_463_684,
        stages=[_stage(name, seconds * share, energy) for name, share in shares.items()],
        memory=parts,
        device_memory_gib=44.5,
        fits=memory <= 44.5,
        notes=["a note on this estimate"],
    )


def _stage(name: str, seconds: float, energy: bool) -> StageEstimate:
    return StageEstimate(
        name=name,
        component=f"component_{name}",
        calls=25 if name == "denoise" else 1,
        batch=2,
        latency_s=figure(seconds, "s"),
        energy_j=figure(seconds * 210, "J") if energy else None,
        flops=int(seconds * 61e12),
        bytes_moved=int(seconds * 4.2e11),
        launches=int(300 + seconds * 9000),
        peak_activation_gib=1.37,
        bound="compute" if name == "denoise" else "host",
        achieved_tflops=61.3,
    )


def workload() -> Workload:
    return Workload(width=1024, height=1024, steps=25, guidance=5, dtype="bf16")


def offer(device: str, usd: float, kind: str = "on-demand", stale: bool = False) -> Offer:
    return Offer(
        id=f"testcloud x1 {device} {kind}",
        kind=kind,  # type: ignore[arg-type]
        provider="testcloud",
        instance="x1",
        device=device,
        gpu_count=1,
        region="region-7",
        usd_per_hour=usd,
        usd_per_gpu_hour=usd,
        as_of=AS_OF,
        as_of_text=AS_OF.isoformat(),
        source=MADE_UP,
        confidence="invented",
        stale=stale,
        notes=[],
    )


def serving(made: Estimate, usd: float, instances: int, energy: bool) -> ServingCost:
    price = offer(made.device, usd)
    hours = Figure.exact(HOURS * instances, "instance-hours/month", Basis.datasheet, MADE_UP)
    unit = Figure.exact(usd, "USD/instance-hour", Basis.priced, MADE_UP, AS_OF)
    month = figure(HOURS * instances * usd, "USD/month", Basis.datasheet, 0.5)
    per_output = month.times(1 / (14_300 * 30.4375), "USD/output")
    return ServingCost(
        offer=price,
        batch=1,
        service_s=made.latency_s,
        peak_requests_per_s=Figure.exact(0.4965, "requests/s", Basis.assumed, MADE_UP),
        utilisation=figure(0.61, "share"),
        gpus_needed=instances,
        instances=instances,
        p95_s=figure(made.latency_s.value * 1.31, "s", Basis.assumed),
        response_s=figure(made.latency_s.value * 1.31, "s", Basis.assumed),
        usd_per_output=per_output,
        usd_per_1000_outputs=per_output.times(1000, "USD/1000 outputs"),
        usd_per_month=month,
        energy_kwh_per_month=figure(87.6, "kWh/month") if energy else None,
        lines=[
            CostLine(
                label="GPU instances, always on",
                quantity=hours,
                unit="instance-hours",
                unit_price_usd=unit,
                usd=month,
            ),
            CostLine(
                label="storage and egress: depends on the size of outputs",
                quantity=None,
                unit="GB/month",
                unit_price_usd=None,
                usd=None,
                note="nobody stated it",
            ),
        ],
        notes=["one instance would do at night"],
        under_load=sample_parts.under_load(),
        scaling=sample_parts.scaling(),
    )


def candidate(
    rank: int | None,
    model: str,
    seconds: float,
    memory: float,
    usd: float | None,
    **more: Any,
) -> CandidateResult:
    energy = more.pop("energy", True)
    basis = more.pop("basis", Basis.datasheet)
    device = more.pop("device", "card-48")
    made = estimate(model, device, seconds, memory, energy, basis)
    cost = serving(made, usd, 1 + int(seconds), energy) if usd is not None else None
    response = cost.response_s if cost is not None and cost.response_s else made.latency_s
    return CandidateResult(
        id=f"{model} on {device}",
        rank=rank,
        model=model,
        model_name=model.replace("-", " ").title(),
        family=more.pop("family", "image-diffusion"),
        tier=more.pop("tier", 3),
        workload=workload(),
        device=device,
        device_name=f"Test Card {device[-2:]}",
        estimate=made,
        cost=cost,
        response_s=response,
        limit_s=2.0,
        chance_in_limit=response.chance_at_most(2.0),
        findings=more.pop("findings", []),
        scores={"latency": 0.71, "cost": 0.52, "quality": 0.6, "control": 1.0, "risk": 0.85},
        total=0.66 - 0.01 * (rank or 9),
        licence=more.pop("licence", LICENCE),
    )


LICENCE = Licence(
    name="Test Licence 1.1",
    commercial="conditional",
    conditions="free below one million of revenue",
    source=MADE_UP,
    confirmed=False,
)


def candidates() -> list[CandidateResult]:
    condition = finding(
        "LAT102", "condition", "Likely, not certain, within the limit.", concern="latency",
        remedy="Measure it on the device.",
    )  # fmt: skip
    bar = finding("LAT101", "bar", "Should take 9.3 s where 2 s is the limit.", concern="latency")
    return [
        candidate(1, "quick-sampler-xl", 1.41, 11.3, 1.86, tier=4, findings=[condition]),
        candidate(2, "quick-sampler-xl", 1.07, 11.3, 3.47, tier=4, device="card-80"),
        candidate(3, "one-pass-model", 0.046, 2.7, 0.71, tier=2, family="gan", licence=None),
        candidate(4, "measured-model", 0.83, 8.4, 1.86, basis=Basis.measured),
        candidate(5, "unpriced-model", 1.22, 14.9, None, energy=False, tier=None),
        candidate(6, "small-sampler", 0.61, 6.2, 0.71, tier=3),
        candidate(7, "small-sampler", 0.37, 6.2, 1.86, tier=3, device="card-80"),
        candidate(None, "slow-sampler", 9.31, 31.8, 1.86, findings=[bar], tier=5),
    ]


def families() -> list[FamilyResult]:
    good = finding("MOD104", "for", "Few-step diffusion is what practice uses first.", weight=2)
    bad = finding("QUA110", "against", "Hands and small text fail now and then.", weight=1,
                  remedy="Let the editor reject them.")  # fmt: skip
    bar = finding("CTL110", "bar", "It does not follow a free prompt.", concern="control",
                  remedy="A fixed effect.")  # fmt: skip
    other = finding("MOD101", "bar", "It does not make image.", concern="modality")

    def family(name: str, status: str, score: float, found: list[Finding]) -> FamilyResult:
        return FamilyResult(
            family=name,
            name=name.replace("-", " ").capitalize(),
            status=status,  # type: ignore[arg-type]
            score=score,
            sentence=found[0].sentence if found else "Nothing speaks for or against it.",
            findings=found,
            ranked_candidates=4 if status in ("chosen", "candidate") else 0,
        )

    return [
        family("few-step-diffusion", "chosen", 0.66, [good, bad]),
        family("gan", "candidate", 0.52, []),
        family("image-diffusion", "nothing-to-run", 0.44, []),
        family("vae", "barred", 0.1, [bar]),
        family("llm", "does-not-make-this", 0.0, [other]),
    ]


def apis() -> list[ApiCost]:
    def api(model: str, usd: float, stale: bool, notes: list[str]) -> ApiCost:
        per_output = Figure.exact(usd, "USD/output", Basis.priced, MADE_UP, AS_OF)
        return ApiCost(
            provider="testvendor",
            model=model,
            modality="image",
            unit="image",
            units_per_output=Figure.exact(1, "image", Basis.asked, MADE_UP),
            quality_or_size="default size",
            usd_per_output=per_output,
            usd_per_month=per_output.times(14_300 * 30.4375, "USD/month"),
            as_of_text=AS_OF.isoformat(),
            source=MADE_UP,
            stale=stale,
            notes=notes,
        )

    note = "priced per image at 'default size'"
    return [api("picture-small", 0.0031, False, [note]), api("picture-large", 0.0427, True, [note])]


def flips() -> list[FlipPoint]:
    return [
        FlipPoint(
            field="latency",
            unit="s",
            current=2.0,
            threshold=0.183,
            direction="below",
            becomes="Gan (One Pass Model), go",
            sentence="Down at 183 ms the answer becomes Gan (One Pass Model), go.",
            factor=10.9,
        ),
        FlipPoint(
            field="volume_per_day",
            unit="items/day",
            current=14_300,
            threshold=1_260_000,
            direction="above",
            becomes="no-go",
            sentence="From 1,260,000 items a day the answer becomes no-go.",
            factor=88.1,
        ),
    ]


def go() -> Assessment:
    """A go with conditions, full of figures."""
    asked, listed = use_case(), candidates()
    return Assessment(
        use_case=asked,
        assumed=assumed(asked),
        as_of=AS_OF,
        data_version="0123456789ab",
        engine_version="9.9.9",
        headline="Catalogue pictures: build it with guardrails with few-step diffusion.",
        verdict="go-with-guardrails",
        family="few-step-diffusion",
        serve=Slot(
            family="few-step-diffusion",
            family_name="Few-step diffusion",
            candidate=listed[0].id,
            sentence="Serve with Quick Sampler Xl on Test Card 48.",
        ),
        offline=None,
        weights={"latency": 0.2, "cost": 0.25, "quality": 0.2, "control": 0.2, "risk": 0.15},
        candidates=listed,
        tried=214,
        barred=131,
        barred_by={"LAT101": 103, "LIC101": 28},
        families=families(),
        apis=apis(),
        findings=[finding("SAF101", "note", "An editor looks at each picture.")],
        conditions=["Measure it on the device. (LAT102)", "An editor releases. (SAF101)"],
        flip_points=flips(),
        confidence=Confidence(
            level="medium", reasons=["The limit holds with a chance of 70% only."]
        ),
        warnings=["The price behind the first candidate is old: confirm it before quoting."],
        **sample_parts.decided(),
    )


def no_go() -> Assessment:
    """A use case that a rule stops: no candidates, no figures."""
    asked = parse_use_case({"title": "Legal letters nobody reads", "outputs": ["text"],
                            "error_tolerance": "zero"})  # fmt: skip
    stop = finding("ACC101", "bar", "No error is tolerated and nobody checks.", concern="accuracy",
                   verdict_cap="no-go", remedy="Let a person check.")  # fmt: skip
    return go().model_copy(
        update={
            "use_case": asked,
            "assumed": assumed(asked),
            "headline": "Legal letters nobody reads: do not build this as specified.",
            "verdict": "no-go",
            "family": "not-feasible",
            "serve": None,
            "candidates": [],
            "tried": 0,
            "barred": 0,
            "barred_by": {},
            "families": [one.model_copy(update={"status": "barred"}) for one in families()],
            "apis": [],
            "findings": [stop],
            "conditions": ["Feasible as Llm, go: let a person check each output."],
            "flip_points": [],
            "warnings": [],
            **dict.fromkeys(("money", "route", "robustness", "pilot", "accuracy", "roof")),
            "load_curve": None,
            "choice_flips": [],
            "tornado": [],
            "composites": [],
            "least_changes": [
                LeastChange(
                    changes={"reviewer": "human"},
                    becomes="Llm",
                    verdict="go-with-human-review",
                    factor=1,
                    sentence="Let a person check each output.",
                )
            ],
        }
    )


def non_generative() -> Assessment:
    """An answer that needs no generator: chosen, with nothing to run."""
    asked = parse_use_case({"title": "Sorting of tickets", "outputs": ["label"],
                            "closed_label_set": True})  # fmt: skip
    chosen = families()[0].model_copy(
        update={"family": "non-generative", "name": "No generation", "ranked_candidates": 0}
    )
    return no_go().model_copy(
        update={
            "use_case": asked,
            "assumed": assumed(asked),
            "headline": "Sorting of tickets: nothing generative is needed.",
            "verdict": "go",
            "family": "non-generative",
            "serve": Slot(
                family="non-generative",
                family_name="No generation",
                candidate=None,
                sentence="Serve with a model that classifies.",
            ),
            "families": [chosen, *families()[3:]],
            "findings": [],
            "conditions": [],
            "least_changes": [],
        }
    )


SAMPLES: dict[str, Callable[[], Assessment]] = {
    "go": go,
    "no-go": no_go,
    "non-generative": non_generative,
}


@functools.cache
def html_of(name: str) -> str:
    """A sample as HTML, rendered once per test run."""
    return render_html(SAMPLES[name]())


@functools.cache
def pdf_of(name: str) -> bytes:
    return render_pdf(SAMPLES[name]())


@functools.cache
def markdown_of(name: str) -> str:
    return render_markdown(SAMPLES[name]())
