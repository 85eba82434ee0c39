"""The parts of a made-up record that decide and cost add: all invented, one of each kind."""

from __future__ import annotations

from typing import Any

from advisor.assessment import (
    Accuracy,
    ChoiceFlip,
    Composite,
    CompositePart,
    Gate,
    HeldOut,
    LockedRule,
    Overtaker,
    Pilot,
    PilotMeasure,
    Readiness,
    Robustness,
    Roof,
    Route,
    TornadoBar,
)
from advisor.cost.money import (
    BreakEven,
    Carbon,
    Crossing,
    Driver,
    Money,
    PriceAge,
    Spread,
    UnitCosts,
    Way,
)
from advisor.cost.record import LoadCurve, Scaling, UnderLoad
from advisor.figure import Basis, Figure

MADE_UP = "made up for tests"


def figure(value: float, unit: str, basis: Basis = Basis.assumed) -> Figure:
    return Figure(
        value=value, low=value * 0.8, high=value * 1.3, unit=unit, basis=basis, source=MADE_UP
    )


def money() -> Money:
    """Two ways that cross, one driver that matters and one that does not."""
    volumes = [143.0, 1430.0, 14_300.0, 143_000.0]
    return Money(
        candidate="quick-sampler-xl on card-48",
        unit_costs=UnitCosts(
            per_generation=figure(0.0061, "USD/generation"),
            per_item=figure(0.0063, "USD/output"),
            per_1000_items=figure(6.3, "USD/1000 outputs"),
            per_minute_of_audio=None,
            per_second_of_video=None,
            per_month=figure(2742, "USD/month"),
            per_run=figure(32_904, "USD"),
            run_months=Figure.exact(12, "months", Basis.assumed, MADE_UP),
            upfront=None,
        ),
        spread=Spread(
            draws=2048,
            seed=7,
            usd_per_month=figure(2742, "USD/month"),
            usd_per_item=figure(0.0063, "USD/output"),
            chance_in_month_budget=0.37,
            chance_in_item_budget=None,
            drivers=[
                Driver(name="latency", words="seconds per request", range=figure(1.41, "s"),
                       rank_correlation=0.93, share=0.86),
                Driver(name="price", words="price per instance-hour",
                       range=figure(1.86, "USD/instance-hour"), rank_correlation=0.1, share=0.01),
            ],
        ),
        price_age=PriceAge(days=88, limit_days=60, stale=True, stale_market=True,
                           sentence="The cost rests on a price 88 days old: confirm it."),
        carbon=Carbon(kwh_per_month=figure(236, "kWh/month"),
                      kg_co2_per_month=figure(91, "kg CO2/month"), grid="testland",
                      note="idle time is not counted"),
        break_even=BreakEven(
            volumes_per_day=volumes,
            ways=[way("rented", "testcloud x1", [1359, 1359, 2742, 27_420]),
                  way("hosted", "testvendor picture-small", [13.5, 135, 1349, 13_490])],
            crossings=[Crossing(cheaper_below="testvendor picture-small",
                                cheaper_above="testcloud x1",
                                volume_per_day=figure(29_300, "outputs/day"),
                                note="as far as the grid goes")],
            never=[],
        ),
        notes=["not in any total: storage, which nobody stated"],
    )  # fmt: skip


def way(kind: str, label: str, usd: list[float]) -> Way:
    return Way(
        kind=kind,  # type: ignore[arg-type]
        label=label,
        usd_per_month=usd,
        usd_per_month_low=[one * 0.8 for one in usd],
        usd_per_month_high=[one * 1.3 for one in usd],
        source=MADE_UP,
        stale=kind == "rented",
        note="another model: quality is not compared" if kind == "hosted" else "",
    )


def under_load() -> UnderLoad:
    return UnderLoad(
        replicas=2,
        spare_replicas=1,
        p50_s=figure(1.47, "s"),
        p95_s=figure(1.83, "s"),
        p99_s=figure(2.39, "s"),
        wait_p95_s=figure(0.42, "s"),
        method="closed form",
        accuracy="within 10 % of simulation",
    )


def scaling() -> Scaling:
    return Scaling(model_load_s=figure(17, "s"), start_s=figure(317, "s"))


def decided() -> dict[str, Any]:
    """Fields of an Assessment that follow from searching and drawing."""
    return {
        "money": money(),
        "route": Route(kind="run-it", sentence="Run it.", provider="testvendor",
                       api_model="picture-small", own_usd_per_output=figure(0.0063, "USD/output"),
                       api_usd_per_output=figure(0.0031, "USD/output", Basis.priced)),
        "robustness": Robustness(
            draws=1000, seed=3, share=figure(0.617, "share"), family_share=0.91, nothing_left=0.02,
            overtaken_by=[Overtaker(family="gan", model="one-pass-model",
                                    share=figure(0.233, "share"))],
            varied=["prices by a factor of 1.1 (judgement)"],
        ),
        "choice_flips": [ChoiceFlip(field="licence", current="commercial", to="no-pretrained",
                                    steps=2, changes="feasibility", becomes="no-go",
                                    sentence="With a licence: no-pretrained, it is no-go.")],
        "flip_summary": "Another answer with no pre-trained model.",
        "tornado": [
            bar("width_px", "px", 512, 2048, 0.0027, 0.0249),
            bar("service time", "s", 1.1, 1.8, 0.0063, 0.0063),
        ],
        "composites": [Composite(
            id="rank", name="Many candidates, ranked", complete=False,
            parts=[CompositePart(purpose="draw them", family="gan", model="one-pass-model",
                                 device="card-48", per_item=4, latency_s=figure(0.18, "s"),
                                 usd_per_output=figure(0.0017, "USD/output")),
                   CompositePart(purpose="score them", family="non-generative", model=None,
                                 device=None, per_item=1, latency_s=None, usd_per_output=None,
                                 note="not estimated")],
            latency_s=figure(0.18, "s"), usd_per_item=figure(0.0017, "USD/output"),
            sentence="At least 180 ms one after the other.", source=MADE_UP)],
        "readiness": [Readiness(area="data", score=0.45, level="partly", reasons=["few examples"],
                                missing=["Are they labelled?"])],
        "gates": [Gate(id="time", question="Does the response hold?", status="open",
                       evidence="predicted only"),
                  Gate(id="data", question="Are the data at hand?", status="failed",
                       evidence="few examples")],
        "pilot": Pilot(measures=[PilotMeasure(what="share of acceptable pictures", samples=82,
                                              pass_mark="at most 10 of 82 unacceptable",
                                              statistics="binomial")],
                       sentence="A pilot of 82 outputs."),
        "accuracy": Accuracy(kind="eager mode", source=MADE_UP, groups=[
            HeldOut(left_out="the device and the model", rows=217, median_error=0.087,
                    p90_error=0.237, bias=-0.0507, inside=0.949)]),
        "roof": Roof(device="card-48", dtype="bf16", peak_tflops=181.05, bandwidth_gb_s=864,
                     power_w=350, source=MADE_UP),
        "load_curve": LoadCurve(
            gpus=2, planned_requests_per_s=0.4965, requests_per_s=[0.1, 0.7, 1.2],
            utilisation=[0.07, 0.49, 0.85], p95_s=[1.41, 1.72, 3.94], p95_s_low=[1.1, 1.3, 2.2],
            p95_s_high=[1.9, 3.1, None]),
        "locked_rules": [LockedRule(code="TEA101", title="Training without experience",
                                    reason="experience is not stated",
                                    field="team_generative_engineers",
                                    question="How many people have trained generators?")],
        "digests": {"use case": "0123456789abcdef", "catalog": "0123456789ab",
                    "prices": "fedcba9876543210", "profiles": "00112233aabbccdd"},
    }  # fmt: skip


def bar(name: str, unit: str, low: float, high: float, cheap: float, dear: float) -> TornadoBar:
    return TornadoBar(
        input=name,
        unit=unit,
        low=low,
        high=high,
        ends="the 90 % interval" if unit == "s" else "half and double (judgement)",
        usd_per_output_at_low=cheap,
        usd_per_output_at_high=dear,
        margin_at_low=1.4,
        margin_at_high=0.9,
        swing=max(dear / cheap, 1.4 / 0.9),
    )
