"""A model at a workload becomes stages by arithmetic, and a bad workload one sentence."""

from __future__ import annotations

import pytest

from advisor.catalog import load_catalog
from advisor.errors import CannotEstimate, InputError
from advisor.plan import plan

CATALOG = load_catalog()
RUNNABLE = [model for model in CATALOG.models.values() if model.runnable]


def calls(model: str, **axes: float) -> dict[str, tuple[int, int]]:
    entry = CATALOG.models[model]
    return {stage.name: (stage.calls, stage.batch) for stage in plan(entry, entry.workload(**axes))}


def test_guidance_doubles_the_batch_of_the_denoiser_and_steps_are_its_calls() -> None:
    assert calls("sdxl-base-1.0", steps=25, guidance=5.0)["denoise"] == (25, 2)
    assert calls("sdxl-base-1.0", steps=25, guidance=1.0)["denoise"] == (25, 1)


def test_a_request_of_several_runs_every_stage_at_that_batch() -> None:
    assert calls("sdxl-base-1.0", batch=4, guidance=5.0)["denoise"][1] == 8
    assert calls("sdxl-base-1.0", batch=4)["decode"][1] == 4


def test_latent_sizes_follow_the_picture() -> None:
    model = CATALOG.models["sdxl-base-1.0"]
    stages = plan(model, model.workload(width=768, height=512))
    (denoise,) = (stage for stage in stages if stage.name == "denoise")
    assert dict(denoise.symbols)["w"] == 96 and dict(denoise.symbols)["h"] == 64


def test_a_language_model_prefills_once_and_decodes_the_rest_at_the_mean_context() -> None:
    model = CATALOG.models["llama-3.1-8b"]
    stages = {s.name: s for s in plan(model, model.workload(tokens_in=1000, tokens_out=200))}
    assert stages["prefill"].calls == 1 and dict(stages["prefill"].symbols) == {"n": 1000}
    decode = next(stage for name, stage in stages.items() if name != "prefill")
    assert decode.calls == 199 and dict(decode.symbols) == {"k": 1100}


@pytest.mark.parametrize("model", RUNNABLE, ids=lambda model: model.id)
def test_every_runnable_model_plans_at_its_default_and_stored_workloads(model: object) -> None:
    for axes in ({}, *model.trace_points):  # type: ignore[attr-defined]
        stages = plan(model, model.workload(**axes))  # type: ignore[arg-type,attr-defined]
        assert stages and all(stage.calls > 0 and stage.batch > 0 for stage in stages)


def test_a_model_that_cannot_run_says_why() -> None:
    model = next(m for m in CATALOG.models.values() if not m.runnable)
    with pytest.raises(CannotEstimate, match="has no reference implementation"):
        plan(model, model.workload())


@pytest.mark.parametrize(
    ("axes", "says"),
    [
        ({"width": 515}, "try 512 or 520"),
        ({"steps": 0}, "outside what sd-1.5 can do: 1 to"),
        ({"frames": 8}, "sd-1.5 has no frames: its settings are width, height, steps, guidance"),
        ({"guidance": float("nan")}, "outside what"),
        ({"batch": 0}, "batch is '0'"),
    ],
)
def test_a_workload_the_model_cannot_do_is_refused_with_what_it_can(
    axes: dict[str, float], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        CATALOG.models["sd-1.5"].workload(**axes)
