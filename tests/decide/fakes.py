"""A small world to decide in: one or two models per family, estimates by a stated formula.

A model's time is its `seconds` on a device of 300 TFLOP/s, inversely scaled by the device's peak;
the interval is a factor of 1.5 to either side. Prices come from the shipped catalog.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

from advisor.catalog import Catalog, Device, Model, load_catalog
from advisor.cost.apis import api_costs
from advisor.cost.offers import cheapest_offers, client_offer
from advisor.cost.serving import serving_cost
from advisor.decide.sources import Sources
from advisor.estimator.record import Estimate, MemoryParts
from advisor.figure import Basis, Figure
from advisor.workload import Workload
from tests.rules.families import FAMILIES

DAY = date(2026, 11, 23)
REFERENCE_TFLOPS = 300.0

# id: family, inputs, outputs, controls, axes, seconds on the reference device, GiB, parameters
Row = tuple[str, str, str, str, dict[str, tuple[float, float, float]], float, float, float]
MODELS: dict[str, Row] = {
    "writer-8b": (
        "llm",
        "text code",
        "text code label",
        "prompt grammar",
        {"tokens_in": (512, 1, 100_000), "tokens_out": (256, 1, 8192)},
        3.0,
        16.0,
        8e9,
    ),
    "writer-small": (
        "llm",
        "text code",
        "text code label",
        "prompt grammar",
        {"tokens_in": (512, 1, 8192), "tokens_out": (256, 1, 2048)},
        0.2,
        0.4,
        1.2e8,
    ),
    "painter": (
        "image-diffusion",
        "text",
        "image",
        "prompt inpainting image-to-image subject",
        {"width": (1024, 256, 2048), "height": (1024, 256, 2048), "steps": (30, 1, 100)},
        4.0,
        8.0,
        3e9,
    ),
    "painter-fast": (
        "few-step-diffusion",
        "text",
        "image",
        "prompt image-to-image",
        {"width": (512, 256, 1024), "height": (512, 256, 1024), "steps": (1, 1, 4)},
        0.02,
        5.0,
        2e9,
    ),
    "translator": ("gan", "image", "image video", "image-to-image", {}, 0.0015, 0.5, 5e7),
    "chemist": ("vae", "sequence", "sequence", "properties sliders", {}, 0.01, 0.1, 4e6),
    "singer": (
        "codec-lm",
        "text",
        "music effects",
        "prompt melody",
        {"seconds": (10, 1, 30)},
        8.0,
        6.0,
        2e9,
    ),
    "reader": ("parallel-tts", "text", "speech", "voice", {"seconds": (5, 1, 60)}, 0.02, 0.5, 3e7),
    "filmer": (
        "video-diffusion",
        "text image",
        "video",
        "prompt",
        {"frames": (49, 9, 121), "width": (832, 256, 1280), "height": (480, 256, 720)},
        200.0,
        30.0,
        5e9,
    ),
    "sculptor": ("3d-feedforward", "image", "3d", "", {}, 0.4, 6.0, 4e8),
    "pointer": ("point-diffusion", "text", "3d", "prompt", {}, 30.0, 6.0, 4e8),
}


def model(name: str) -> Model:
    family, inputs, outputs, controls, axes, _, _, _ = MODELS[name]
    return Model.model_validate(
        {
            "id": name,
            "name": name.capitalize(),
            "family": family,
            "mechanism": FAMILIES[family].mechanism,
            "summary": "s",
            "inputs": inputs.split(),
            "outputs": outputs.split(),
            "tasks": ["test"],
            "controls": controls.split(),
            "licence": {"name": "MIT", "commercial": "yes", "source": "tests"},
            "tier": {"value": 3, "reason": "a test"},
            "components": [{"role": "net", "component": "none"}],
            "axes": {
                axis: {
                    "default": default,
                    "min": low,
                    "max": high,
                    "multiple": 8 if axis in ("width", "height") else 1,
                    "source": "tests",
                }
                for axis, (default, low, high) in axes.items()
            },
            "stages": [{"name": "run", "component": "net", "entry": "forward"}],
            "output": {"kind": "video", "fps": 16.0} if family == "video-diffusion" else None,
            "sources": ["tests"],
        }
    )


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    """The shipped devices and prices with the families and models of the tests."""
    made = Catalog(*load_catalog().folders)
    made.families = FAMILIES  # type: ignore[assignment]
    made.models = {name: model(name) for name in MODELS}  # type: ignore[assignment]
    return made


def figure(value: float, unit: str = "s", spread: float = 1.5) -> Figure:
    return Figure(
        value=value,
        low=value / spread,
        high=value * spread,
        unit=unit,
        basis=Basis.datasheet,
        source="a test",
    )


def estimate(
    name: str, device: Device, workload: Workload, seconds: float | None = None
) -> Estimate:
    """One estimate by the formula of this module (or of the seconds given)."""
    family, _, _, _, _, base, gib, parameters = MODELS[name]
    peak = device.peak_tflops("bf16") or 1.0
    latency = seconds if seconds is not None else base * REFERENCE_TFLOPS / peak
    first = latency * (0.1 if "streaming-chunks" in FAMILIES[family].traits else 1.0)
    return Estimate(
        model=name,
        device=device.id,
        workload=workload,
        latency_s=figure(latency),
        first_output_s=figure(first),
        peak_memory_gib=figure(gib, "GiB", 1.1),
        energy_j=None,
        flops=int(base * REFERENCE_TFLOPS * 1e12),
        parameters=int(parameters),
        stages=[],
        memory=MemoryParts(
            weights_gib=gib, activations_gib=0.0, workspace_gib=0.0, context_gib=0.0
        ),
        device_memory_gib=device.memory_gib,
        fits=gib <= device.memory_gib,
    )


def sources(shipped: Catalog | None = None) -> Sources:
    """Fake estimates, real offers and costs."""
    known = shipped or catalog()

    def estimates(
        one: Model, devices: Sequence[Device], workload: Workload
    ) -> Mapping[str, Estimate]:
        return {device.id: estimate(one.id, device, workload) for device in devices}

    return Sources(
        estimates=estimates,
        offers=lambda device, kinds: cheapest_offers(known, device, DAY, kinds),
        client_offer=client_offer,
        serving=lambda estimate, use_case, offer, outputs, slots: serving_cost(
            estimate, use_case, offer, outputs, slots=slots
        ),
        apis=lambda use_case: api_costs(known, use_case, DAY),
    )
