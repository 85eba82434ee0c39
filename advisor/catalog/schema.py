"""What a catalog entry may say. Strict: an unknown field, or a missing source, is an error."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults; ruff sees that only where BaseModel is
from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from advisor.catalog.base import Entry as Entry
from advisor.catalog.base import Identifier as Identifier
from advisor.catalog.base import Sourced as Sourced
from advisor.catalog.base import Text as Text
from advisor.catalog.hosted import Hosted
from advisor.errors import InputError
from advisor.expr import Expression, evaluate
from advisor.workload import ALWAYS, Workload

PER_GPU_TOLERANCE = 0.01  # sources round the price per GPU

FAMILY_IDS = (
    "llm",
    "image-diffusion",
    "few-step-diffusion",
    "gan",
    "vae",
    "codec-lm",
    "audio-ar",
    "audio-diffusion",
    "parallel-tts",
    "neural-codec",
    "video-diffusion",
    "video-ar",
    "frame-interpolation",
    "3d-feedforward",
    "point-diffusion",
    "3d-sds",
    "structure-diffusion",
    "non-generative",
)

Mechanism = Literal[
    "iterative-denoising", "single-pass", "autoregressive", "codec-lm", "score-distillation"
]

# What a use case may ask for and a model may make. One vocabulary for both.
Modality = Literal[
    "text",
    "code",
    "label",
    "table",
    "image",
    "mask",
    "speech",
    "music",
    "effects",
    "video",
    "3d",
    "sequence",
    "time-series",
    "action",
]

Control = Literal[
    "prompt",
    "class",
    "layout",
    "pose",
    "depth",
    "inpainting",
    "image-to-image",
    "style-reference",
    "subject",
    "sliders",
    "melody",
    "properties",
    "determinism",
    "camera",
    "driving-motion",
    "voice",
    "grammar",
]


class Family(Entry):
    """A way to generate, as practitioners name it: the card a reader gets, and traits for rules."""

    id: Identifier
    name: Text
    mechanism: Mechanism | None  # None: nothing is generated
    summary: Text
    how_it_works: Text
    strengths: list[Sourced] = Field(min_length=1)
    weaknesses: list[Sourced] = Field(min_length=1)
    control: list[Control]
    control_notes: Text
    training: Sourced
    maturity: Literal["research", "pilot", "production"]
    maturity_notes: Sourced
    failure_modes: list[Sourced] = Field(min_length=1)
    outputs: list[Modality] = Field(min_length=1)
    inputs: list[Modality]
    traits: list[str] = []  # words that rules read, see catalog/README.md
    sources: list[Text] = Field(min_length=1)


class Component(Entry):
    """One torch module of a published architecture, at full size and in a tiny debug flavour.

    `config` are constructor arguments; lists become tuples unless `tuples` is false. `debug` is
    laid over `config` and gives the same code at a size that runs in milliseconds on a CPU.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,80}$")]
    library: Literal["diffusers", "transformers", "local"]
    class_name: Text
    config_class: str | None = None
    config: dict[str, Any] = {}
    debug: dict[str, Any] = {}
    tuples: bool = True
    parameters: int = Field(gt=0)  # exact, unique tensors, of the full flavour
    buffers: int = Field(0, ge=0)
    published_parameters: PublishedCount | None = None
    entries: dict[str, EntryPoint] = Field(min_length=1)
    tiling: dict[str, Tiling] = {}  # entry -> how the library tiles it when asked to
    slicing: list[str] = []  # entries that the library can run on one item of a batch at a time
    sources: list[Text] = Field(min_length=1)
    notes: str = ""


class TiledSize(Entry):
    """One tiled size: tiles of `tile` that start every `stride`; expressions, `c.x` the config."""

    tile: Expression
    stride: Expression


class Tiling(Entry):
    """How a library cuts a call into overlapping tiles and blends what they give.

    sizes: the two sizes that are cut, rows first. scale: output pixels per input pixel. planes:
    output values per pixel. passes: calls of the inner network per tile. joins: times that
    tiles are blended and joined. part: that network. defaults: fields that expressions read and
    that the configuration leaves to the library.
    """

    sizes: dict[str, TiledSize] = Field(min_length=2, max_length=2)
    scale: Expression
    planes: Expression
    passes: Expression = 1
    joins: Expression = 1
    part: Text = "decoder"
    defaults: dict[str, float] = {}
    source: Text


class PublishedCount(Entry):
    """The count that a source prints; `half_width` is its rounding ("13B" is +-0.5B)."""

    value: int = Field(gt=0)
    half_width: int = Field(0, ge=0)
    source: Text
    confirmed: bool = True
    difference_reason: str = ""


class EntryPoint(Entry):
    """One way to call a component.

    `inputs` gives each argument's shape in symbols: a list of expressions is a float tensor;
    `{shape, dtype, low, high}` a typed one; `{value: x}` a constant; `{tuple: [...]}`,
    `{list: [...]}` and `{dict: {...}}` nest. `b` is the batch. `c.field` reads the configuration.
    `size` is the expression that activations grow with, used to scale a stored trace.
    `trace_on: cpu` marks calls that cannot run on the meta device; they run for real.
    """

    method: str = "forward"
    positional: list[str] = []
    inputs: dict[str, Any]
    size: Expression = 1
    trace_on: Literal["meta", "cpu"] = "meta"
    checks: list[FlopsCheck] = []


class FlopsCheck(Entry):
    """FLOPs that a call must have at given symbols (batch 1, 1 multiply-add = 2 FLOPs)."""

    at: dict[str, float]
    flops: int = Field(gt=0)
    source: Text


class Axis(Entry):
    """One adjustable quantity of a model's workload."""

    default: float
    min: float
    max: float
    multiple: int = 1
    offset: int = 0  # frames = 4k + 1 is multiple 4, offset 1
    source: Text


class StageSpec(Entry):
    """One stage of a model: a component's entry point, how often it is called, at which symbols.

    `calls` and the values of `symbols` are expressions over the workload's axes and the model's
    symbols. `batch` multiplies the request's batch (2 = classifier-free guidance pair). `loop` is
    how `generate()` repeats it; `wire` tells it where inputs come from (see reference/wire.py),
    without a wire an input is random.
    """

    name: Identifier
    component: str  # a role of the model
    entry: str
    calls: Expression = 1
    batch: Expression = 1
    symbols: dict[str, Expression] = {}
    loop: Literal["once", "denoise", "autoregress", "distil"] = "once"
    wire: dict[str, Any] = {}
    first_output: bool = True  # must it finish before the first piece of output appears?
    tile: int | None = Field(None, gt=0)  # size of a tile where it is not the component's
    upcast: bool = False  # runs in fp32 where the rest runs in fp16 (diffusers `force_upcast`)


class ModelComponent(Entry):
    """A component in its role."""

    role: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    component: str
    training_only: bool = False
    count: int = 1


class Licence(Entry):
    name: Text
    commercial: Literal["yes", "conditional", "no", "unknown"]
    conditions: str = ""
    source: Text
    confirmed: bool = True


class Quality(Entry):
    """A published quality figure. Figures of different data sets are never compared."""

    metric: Text
    value: float | None = None
    text: str = ""
    dataset: str = ""
    source: Text
    confirmed: bool = True


class Tier(Entry):
    """Quality tier from 1 (demonstration) to 5 (best of its modality in 2026): a judgement."""

    value: int = Field(ge=1, le=5)
    reason: Text


class OutputSpec(Entry):
    """What one generation gives, in symbols: the shape of the result and how to save it.

    `alphabet`: what each number of a sequence spells (marks in <>; `<eos>` ends it), or the
    elements whose scores follow the coordinates of a structure's atoms.
    """

    kind: Literal[
        "text",
        "image",
        "video",
        "audio",
        "point-cloud",
        "field",
        "sequence",
        "series",
        "structure",
    ]
    alphabet: list[str] = []
    shape: list[Expression] = []
    sample_rate_hz: int | None = None
    fps: float | None = None
    per_s: Expression | None = None  # frames or tokens per second of output, where it has them


class Model(Entry):
    """A published architecture at its published size, a hosted service or a facts-only entry."""

    id: Identifier
    name: Text
    family: Identifier
    mechanism: Mechanism | None
    summary: Text
    released: date | None = None
    released_source: Text | None = None  # where the date stands; "recalled ..." where nobody looked
    inputs: list[Modality] = Field(min_length=1)
    outputs: list[Modality] = Field(min_length=1)
    tasks: list[str] = Field(min_length=1)
    controls: list[Control] = []
    licence: Licence
    quality: list[Quality] = []
    no_quality: Text | None = None  # why there is no figure with a source
    hosted: Hosted | None = None
    tier: Tier | None = None
    components: list[ModelComponent] = []
    axes: dict[str, Axis] = {}
    symbols: dict[str, Expression] = {}
    stages: list[StageSpec] = []
    scheduler: str | None = None
    scheduler_config: dict[str, Any] = {}
    output: OutputSpec | None = None
    debug_axes: dict[str, float] = {}
    trace_points: list[dict[str, float]] = []  # further workloads whose traces are stored
    not_runnable: str | None = None  # why it has no reference implementation
    native_dtype: str = "bf16"
    sources: list[Text] = Field(min_length=1)
    notes: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Model:
        if self.family not in FAMILY_IDS:
            raise ValueError(f"family '{self.family}' is not one of {', '.join(FAMILY_IDS)}")
        if bool(self.stages) == (self.not_runnable is not None):
            raise ValueError("needs either stages or not_runnable (the reason), not both")
        if self.hosted is not None and (self.stages or self.components):
            raise ValueError("is hosted: leave out components and stages, nobody holds its weights")
        roles = {part.role for part in self.components}
        for stage in self.stages:
            if stage.component not in roles:
                raise ValueError(f"stage '{stage.name}' names role '{stage.component}', not listed")
        return self

    @property
    def runnable(self) -> bool:
        return self.not_runnable is None

    def component_of(self, role: str) -> str:
        """Component id of a role."""
        return next(part.component for part in self.components if part.role == role)

    def workload(self, **asked: Any) -> Workload:
        """The default workload with what was asked laid over it, checked against the axes.

        `batch`, `dtype`, `mode` and the variants may always be asked. Raises InputError that names
        the axis and its range.
        """
        values: dict[str, Any] = {}
        for name, axis in self.axes.items():
            wanted = asked.pop(name, None)
            values[name] = axis.default if wanted is None else self._checked(name, axis, wanted)
        extra = {key: value for key, value in asked.items() if value is not None}
        for name in extra:
            if name not in ALWAYS:
                known = ", ".join(self.axes) or "none"
                raise InputError(f"{self.id} has no {name}: its settings are {known}")
        values = {k: int(v) if float(v).is_integer() else v for k, v in values.items()}
        try:
            return Workload(**{"dtype": self.native_dtype, **values, **extra})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field, value = ".".join(map(str, first["loc"])), first["input"]
            message = first["msg"][:1].lower() + first["msg"][1:]
            raise InputError(f"{field} is '{value}' for {self.id}: {message}") from None

    def _checked(self, name: str, axis: Axis, value: float) -> float:
        if not axis.min <= value <= axis.max:
            raise InputError(
                f"{name} {value:g} is outside what {self.id} can do: {axis.min:g} to {axis.max:g}"
            )
        if axis.multiple > 1 and (value - axis.offset) % axis.multiple:
            below = (value - axis.offset) // axis.multiple * axis.multiple + axis.offset
            raise InputError(
                f"{name} {value:g} does not suit {self.id}: "
                f"try {max(below, axis.min):g} or {min(below + axis.multiple, axis.max):g}"
            )
        return value

    def symbol_values(self, workload: Workload) -> dict[str, float]:
        """All names that stage expressions may use: axes, then derived symbols in order."""
        values: dict[str, float] = dict(workload.axes())
        for name, expression in self.symbols.items():
            values[name] = evaluate(expression, values)
        return values


class Device(Entry):
    """A hardware SKU. Peaks are dense, with fp32 accumulation; None = not known or not supported.

    memory: GiB that torch can allocate. bandwidth: GB/s (10^9). power: W.
    """

    id: Identifier
    name: Text
    torch_name: str | None = None
    aliases: list[str] = []
    vendor: Text
    segment: Text  # datacenter, workstation, consumer, edge, apple, cpu
    architecture: Text
    compute_capability: str | None = None
    memory_gib: float = Field(gt=0)
    memory_gib_is_nominal: bool = False  # vendor figure, usable size not known
    bandwidth_gb_s: float = Field(gt=0)
    fp32_tflops: float | None = Field(None, gt=0)
    tf32_tflops: float | None = Field(None, gt=0)
    fp16_tflops: float | None = Field(None, gt=0)
    bf16_tflops: float | None = Field(None, gt=0)
    fp8_tflops: float | None = Field(None, gt=0)
    int8_tops: float | None = Field(None, gt=0)
    fp4_tflops: float | None = Field(None, gt=0)
    power_w: float | None = Field(None, gt=0)
    interconnect_gb_s: float | None = None
    host_bus: str | None = None
    launch_year: int | None = None
    source: Text
    confidence: Text
    notes: str = ""

    def peak_tflops(self, dtype: str) -> float | None:
        """Dense peak for a workload's dtype as the hardware runs it.

        A 16-bit type without its own units falls back to fp32 (Pascal fp16 is not tensor-core
        work; V100 and T4 have no bf16). Weight-only types compute in 16 bit.
        """
        if dtype == "fp32":
            return self.tf32_tflops or self.fp32_tflops
        if dtype in ("fp8", "int8"):
            eight = self.fp8_tflops if dtype == "fp8" else self.int8_tops
            return eight or self.peak_tflops("bf16")
        if dtype == "fp16":
            return self.fp16_tflops or self.fp32_tflops
        return self.bf16_tflops or self.fp16_tflops or self.fp32_tflops


class Price(Entry):
    """One cloud offer row: a whole instance and its per-GPU share. USD.

    `gpu_count` 0 = less than one whole GPU, or none; the notes say which. `usd_per_gpu_hour`
    repeats the on-demand price per GPU as the source prints it, and must agree with it.
    """

    provider: Text
    instance: Text
    device: Identifier | None = None
    gpu_count: int = Field(ge=0)
    vcpu: float | None = Field(None, gt=0)
    memory_gib: float | None = Field(None, gt=0)
    region: Text
    on_demand_usd_per_hour: float | None = Field(None, gt=0)
    spot_usd_per_hour: float | None = Field(None, gt=0)
    usd_per_gpu_hour: float | None = Field(None, gt=0)
    billing: str = ""
    as_of: date | None = None
    as_of_text: Text
    source: Text
    confidence: Text
    notes: str = ""

    @model_validator(mode="after")
    def _agrees(self) -> Price:
        full, spot = self.on_demand_usd_per_hour, self.spot_usd_per_hour
        each = self.usd_per_gpu_hour
        if full is None and spot is None:
            raise ValueError("needs an on-demand or a spot price: leave out a row without a price")
        if full is not None and spot is not None and spot > full:
            raise ValueError(f"spot price {spot:g} is above the on-demand price {full:g}")
        if each is not None and (
            full is None or abs(each * self.gpu_count - full) > PER_GPU_TOLERANCE * full
        ):
            raise ValueError(
                f"{each:g} per GPU x {self.gpu_count} is not the price of the instance"
            )
        return self


class ApiPrice(Entry):
    """One hosted-API price row. USD per unit."""

    provider: Text
    model: Text
    modality: Literal["image", "video", "tts", "asr", "music", "text", "embedding"]
    unit: Text
    usd_per_unit: float = Field(ge=0)
    quality_or_size: str = ""
    as_of: date | None = None
    as_of_text: Text
    deprecated_on: date | None = None
    source: Text
    confidence: Text
    notes: str = ""


Component.model_rebuild()
EntryPoint.model_rebuild()


def config_symbols(component: Component, flavour: str = "full") -> Mapping[str, Any]:
    """The configuration that `c.field` expressions read."""
    return component.config if flavour == "full" else {**component.config, **component.debug}
