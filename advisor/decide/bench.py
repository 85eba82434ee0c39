"""The bench: models set up on devices for one use case, each estimate made once and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from advisor.decide.fit import Fit, batched, fit
from advisor.decide.knobs import varied
from advisor.decide.places import Place, place_of, widened
from advisor.decide.reads import makes_output, only_codes, reads_inputs
from advisor.decide.recall import Recall
from advisor.errors import CannotEstimate
from advisor.estimator.predictions import glance
from advisor.limits import frame_limit_s, is_batch
from advisor.rules.policy import Policy, installed_policy

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device, Model
    from advisor.cost.record import Offer, OfferKind, ServingCost
    from advisor.decide.sources import Sources
    from advisor.estimator.record import Estimate
    from advisor.usecase import UseCase
    from advisor.workload import Workload

# Of all devices, those worth a costing: the cheapest per request, and the fastest.
CHEAPEST, FASTEST = 4, 2
# Use-case fields that shape workloads and places: a change in them means estimating anew.
SHAPING = (
    "outputs",
    "inputs",
    "task",
    "width_px",
    "height_px",
    "duration_s",
    "fps",
    "tokens_in",
    "tokens_out",
    "vertices",
    "endless",
    "placement",
    "devices",
    "data_boundary",
)
# Fields that costs depend on, besides the estimate and the offer.
COSTING = (
    "volume_per_day",
    "peak_factor",
    "peak_concurrent",
    "arrivals",
    "latency",
    "samples_per_input",
    "takes_per_item",
    "reject_rate",
    "terms",
    "review_minutes_per_item",
    "cleanup_minutes_per_item",
    "reviewer",
)


@dataclass(frozen=True)
class Option:
    """A model, set up, on a device, at a price (None: no price is known or needed)."""

    model: Model
    fit: Fit
    device: Device
    proxy: bool
    seconds: float  # of a request, and whether it fits: known before the estimate's record is made
    fits: bool
    make: Callable[[], Estimate]
    offer: Offer | None

    @cached_property
    def estimate(self) -> Estimate:
        return self.make()

    @cached_property
    def id(self) -> str:
        many = f" x{self.fit.slots}" if self.fit.slots > 1 else ""
        return f"{self.model.id}{many} on {self.device.id}" + (
            f" ({self.offer.id})" if self.offer else ""
        )


@dataclass(frozen=True)
class Unready:
    """A model that could not be set up, and why."""

    model: Model
    reason: str


class Bench:
    """Options by family, kept between the many runs of a flip search.

    `search`: more variants of the first use case will be asked about, so what rules say is kept.
    """

    def __init__(
        self,
        catalog: Catalog,
        sources: Sources,
        policy: Policy | None = None,
        search: bool = True,
    ) -> None:
        self.catalog, self.sources = catalog, sources
        self.policy = policy or installed_policy()
        self._options: dict[tuple[str, str], tuple[list[Option], list[Unready]]] = {}
        self._costs: dict[tuple[str, str], ServingCost] = {}
        self._places: dict[str, Place] = {}
        self._estimates: dict[str, Mapping[str, Estimate]] = {}
        self.recall = Recall() if search else None
        self._asked: tuple[UseCase, str, str] | None = None
        self._quotes: dict[tuple[str, tuple[str, ...]], list[Offer]] = {}

    def under(self, policy: Policy) -> Bench:
        """The same bench, estimates and costs included, under other rules."""
        other = copy(self)
        other.policy = policy
        other.recall = None if self.recall is None else Recall()
        return other

    def options(
        self, family: str, use_case: UseCase, only: frozenset[str] = frozenset()
    ) -> tuple[list[Option], list[Unready]]:
        """All options of one family for this use case, and the models that have none.

        `only`: no other models need be set up (where these are new sizes, that saves estimates).
        """
        shape = self._keys(use_case)[0]
        if (family, shape) in self._options:
            return self._options[family, shape]
        key = (family, f"{sorted(only)} {shape}" if only else shape)
        if key not in self._options:
            self._options[key] = self._prepare(family, use_case, shape, only)
        return self._options[key]

    def on_device(self, device: str) -> Bench:
        """The same bench with the options of one device alone, without estimating anew."""
        return _OnDevice(self, device)

    def _keys(self, use_case: UseCase) -> tuple[str, str]:
        """Keys of what options and costs depend on; asked for again and again of one use case."""
        if self._asked is None or self._asked[0] is not use_case:
            shape = _shape(use_case)
            self._asked = (use_case, shape, _print(use_case, COSTING) + shape)
        return self._asked[1], self._asked[2]

    def cost(self, option: Option, use_case: UseCase) -> ServingCost | None:
        """What serving this option costs; None without an offer."""
        if option.offer is None:
            return None
        key = (option.id, self._keys(use_case)[1])
        if key not in self._costs:
            self._costs[key] = self.sources.serving(
                option.estimate,
                use_case,
                option.offer,
                option.fit.outputs_per_request,
                option.fit.slots,
            )
        return self._costs[key]

    def _prepare(
        self, family: str, use_case: UseCase, shape: str, only: frozenset[str]
    ) -> tuple[list[Option], list[Unready]]:
        if shape not in self._places:
            self._places[shape] = place_of(use_case, self.catalog)
        place = self._places[shape]
        options: list[Option] = []
        unready: list[Unready] = []
        for model in self.catalog.models_of(family):
            if model.hosted is not None:
                continue  # a service is compared by its price (advisor/cost/apis.py), not served
            if only and model.id not in only:
                continue
            reason = _unsuitable(model, use_case, place)
            if reason is None:
                try:
                    options += self._options_of(model, use_case, place)
                except CannotEstimate as error:
                    reason = str(error)
            if reason is not None:
                unready.append(Unready(model, reason))
        return options, unready

    def _options_of(self, model: Model, use_case: UseCase, place: Place) -> list[Option]:
        alone = fit(use_case, model)
        single = self._estimated(model, alone.workload, place)
        options: list[Option] = []
        for fitted in batched(alone, model, use_case, shared=not place.client):
            made = self._estimated(model, fitted.workload, place)
            for device in place.devices:
                if device.id not in made:
                    continue
                glanced = glance(made, device.id)
                make = _maker(made, single, device.id, fitted.slots, place.proxy)
                for offer in self._offers(device, use_case, place):
                    options.append(
                        Option(model, fitted, device, place.proxy, *glanced, make, offer)
                    )
        return options

    def _estimated(self, model: Model, workload: Workload, place: Place) -> Mapping[str, Estimate]:
        key = f"{model.id} {workload!r} {[device.id for device in place.devices]}"
        if key not in self._estimates:
            self._estimates[key] = self.sources.estimates(model, place.devices, workload)
        return self._estimates[key]

    def _quoted(self, device: str, kinds: tuple[OfferKind, ...]) -> list[Offer]:
        if (device, kinds) not in self._quotes:
            self._quotes[device, kinds] = self.sources.offers(device, kinds)
        return self._quotes[device, kinds]

    def _offers(self, device: Device, use_case: UseCase, place: Place) -> list[Offer | None]:
        """One offer per kind that makes sense; spot only where nobody waits.

        A kind with nothing but old or undated prices is left out while another kind has a fresh
        one: nobody should recommend a device for a price that may be gone.
        """
        if place.client:
            return [self.sources.client_offer(device.id)]
        kinds = tuple(kind for kind in place.kinds if kind != "spot" or is_batch(use_case))
        offers = self._quoted(device.id, kinds)
        first: dict[str, Offer] = {}
        for offer in offers:
            if offer.market in ("list", "own"):
                first.setdefault(offer.kind, offer)
        fresh = [offer for offer in first.values() if not offer.stale]
        if first:
            return [*(fresh or first.values())]
        if place.kinds == ("owned",):
            return [None]  # on one's own site a device counts even where no price is known
        return []


class _OnDevice(Bench):
    """A bench on which one device stands: what naming it in the use case would leave."""

    def __init__(self, whole: Bench, device: str) -> None:
        super().__init__(whole.catalog, whole.sources, whole.policy)
        self.recall, self._whole, self._device = whole.recall, whole, device

    def options(
        self, family: str, use_case: UseCase, only: frozenset[str] = frozenset()
    ) -> tuple[list[Option], list[Unready]]:
        options, unready = self._whole.options(family, varied(use_case, devices=[]), only)
        return [option for option in options if option.device.id == self._device], unready

    def cost(self, option: Option, use_case: UseCase) -> ServingCost | None:
        return self._whole.cost(option, use_case)


def _maker(
    made: Mapping[str, Estimate],
    single: Mapping[str, Estimate],
    device: str,
    slots: int,
    proxy: bool,
) -> Callable[[], Estimate]:
    """Makes an option's estimate when its turn comes."""

    def make() -> Estimate:
        estimate = made[device]
        if slots > 1:
            estimate = _joining(estimate, single[device])
        return _stand_in(estimate) if proxy else estimate

    return make


def worth_costing(
    options: list[Option], keep: frozenset[tuple[str, str]] = frozenset()
) -> list[Option]:
    """Per model: the options with the cheapest request, and the fastest ones.

    `keep`: if any option is of these pairs of model and device, only those are looked at.
    """
    kept = [option for option in options if (option.model.id, option.device.id) in keep]
    if kept:
        return kept
    by_model: dict[str, list[Option]] = {}
    for option in options:
        by_model.setdefault(option.model.id, []).append(option)
    chosen: dict[str, Option] = {}
    for group in by_model.values():
        fitting = [option for option in group if option.fits] or group
        for option in sorted(fitting, key=_usd_per_request)[:CHEAPEST]:
            chosen[option.id] = option
        for option in sorted(fitting, key=lambda o: (o.seconds, o.id))[:FASTEST]:
            chosen[option.id] = option
    return list(chosen.values())


def _usd_per_request(option: Option) -> tuple[float, str]:
    hour = option.offer.usd_per_gpu_hour if option.offer else 0.0
    return option.seconds * hour, option.id


def _unsuitable(model: Model, use_case: UseCase, place: Place) -> str | None:
    if not model.runnable:
        return model.not_runnable
    if not makes_output(model, use_case):
        return f"it does not make {use_case.outputs[0]}"
    if only_codes(model) and use_case.task != "compress":
        return "it only encodes and decodes what it is given"
    if not reads_inputs(model, use_case):
        return "it reads none of the inputs that matter here"
    if not place.devices:
        return f"no device of the catalog stands for '{use_case.placement}'"
    return None


def _joining(together: Estimate, alone: Estimate) -> Estimate:
    """A request that joins a running batch: its own prompt is read alone, then all go on together.

    Its first token needs its own prompt's pass and one step of the running batch.
    """
    steps = [stage for stage in together.stages if stage.calls > 1]
    one_step = steps[-1].latency_s.times(1 / steps[-1].calls) if steps else alone.first_output_s
    return together.model_copy(update={"first_output_s": alone.first_output_s.plus(one_step)})


def _stand_in(estimate: Estimate) -> Estimate:
    return estimate.model_copy(
        update={
            "latency_s": widened(estimate.latency_s),
            "first_output_s": widened(estimate.first_output_s),
        }
    )


def _shape(use_case: UseCase) -> str:
    """A key over all that workloads and places depend on (a limit's value is not among it)."""
    live = frame_limit_s(use_case) is not None
    return f"{_print(use_case, SHAPING)} {live} {is_batch(use_case)}"


def _print(use_case: UseCase, fields: tuple[str, ...]) -> str:
    """A key over some fields of a use case."""
    return repr([getattr(use_case, name) for name in fields])
