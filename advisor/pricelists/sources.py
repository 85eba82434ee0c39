"""Where prices are fetched again, and how each file is read.

A source prices the offers that the catalog already holds of its provider: what an instance is (its
GPUs, memory, device) stays as it was reviewed. Quirks of each file: facts/hardware_prices.md, 5.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from advisor.errors import DataError

ANY = ""  # a quote that holds in every region


@dataclass(frozen=True, slots=True)
class Quote:
    """USD per hour of a whole instance; None = not in the file."""

    on_demand: float | None
    spot: float | None = None


@dataclass(frozen=True)
class Feed:
    """What a file said. quotes: by (instance, region); units: USD by (provider, model, unit, size).

    as_of: the date inside the file; None where it has none.
    """

    as_of: date | None
    quotes: Mapping[tuple[str, str], Quote] = field(default_factory=dict)
    units: Mapping[tuple[str, str, str, str], float] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """One file in the network."""

    name: str
    url: str
    parse: Callable[[str], Feed]
    table: Literal["prices", "api_prices"] = "prices"
    date_url: str | None = None  # says when the file last changed, where it does not say so itself
    max_bytes: int = 8 * 1024 * 1024
    licence: str = ""
    has_spot: bool = True  # False: the file never holds spot prices
    min_found: float = 0.7  # a smaller share of the known offers means that the format has changed


def _number(value: Any, where: str) -> float | None:
    """A price above 0; None for an empty cell or 0, which stands for "none" in these files."""
    if value in (None, ""):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"{where} has {str(value)[:40]!r} for a price") from None
    if not 0 <= number < 1e6:
        raise DataError(f"{where} has {number:g} for a price")
    return number or None


_GENERATED = re.compile(r"// generated at (\d{4}-\d\d-\d\d)T")
_GO_REGION = re.compile(r'^\s*(?:initialOnDemandPrices\[)?"([a-z0-9-]+)"\]?(?::| =).*\{\s*$')
_GO_PRICE = re.compile(r'"([^"\s][^"]*)":\s*([0-9.]+),')


def go_prices(text: str) -> Feed:
    """Generated Go of the two Karpenter providers: one map of instance to price per region."""
    dated = _GENERATED.search(text)
    if dated is None:
        raise DataError("the file does not say when it was generated")
    quotes: dict[tuple[str, str], Quote] = {}
    region = None
    for line in text.splitlines():
        opened = _GO_REGION.match(line)
        if opened:
            region = opened[1]
        elif region is not None:
            for instance, price in _GO_PRICE.findall(line):
                quotes[instance, region] = Quote(_number(price, f"{region} {instance}"))
    try:
        return Feed(date.fromisoformat(dated[1]), quotes)
    except ValueError:
        raise DataError(f"the file says that it was generated on {dated[1]}") from None


def gcp_prices(text: str) -> Feed:
    """JSON: prices -> region -> on_demand and spot -> instance -> USD per hour."""
    try:
        regions = json.loads(text)["prices"]
        quotes = {
            (instance, region): Quote(
                _number(price, instance), _number(tables.get("spot", {}).get(instance), instance)
            )
            for region, tables in regions.items()
            for instance, price in tables["on_demand"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataError("the file is not the expected JSON of regions and prices") from None
    return Feed(None, quotes)


_SKYPILOT = {"InstanceType", "Price", "SpotPrice", "Region"}


def skypilot_prices(text: str) -> Feed:
    """A SkyPilot catalogue: one row per instance and region. The cheapest region stands for ANY."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if not set(rows.fieldnames or ()) >= _SKYPILOT:
        raise DataError(f"the file lacks the columns {', '.join(sorted(_SKYPILOT))}")
    quotes: dict[tuple[str, str], Quote] = {}
    for row in rows:
        instance, where = row["InstanceType"], f"line {rows.line_num}"
        if not instance or row["Region"] is None:
            raise DataError(f"{where} is not a row of instance and region")
        quote = Quote(_number(row["Price"], where), _number(row["SpotPrice"], where))
        for key in ((instance, row["Region"]), (instance, ANY)):
            known = quotes.get(key)
            if known is None or (quote.on_demand or 1e9) < (known.on_demand or 1e9):
                quotes[key] = quote
    return Feed(None, quotes)


def nebius_prices(text: str) -> Feed:
    """As SkyPilot's; the catalog names sizes without CPUs: the cheapest of a GPU size counts."""
    quotes: dict[tuple[str, str], Quote] = {}
    for (instance, _), quote in skypilot_prices(text).quotes.items():
        size = re.match(r"gpu-.+?_\d+gpu", instance)
        key = (size[0] if size else instance, ANY)
        known = quotes.get(key)
        if known is None or (quote.on_demand or 1e9) < (known.on_demand or 1e9):
            quotes[key] = quote
    return Feed(None, quotes)


# Fields of LiteLLM's price map that are a price per unit of api_prices.csv, with their factor.
# Models that make images are entered with a price per image "in" or "out": it is the same thing.
_UNITS: tuple[tuple[str, str, str, float], ...] = (
    ("output_cost_per_image", "image", "default size", 1.0),
    ("input_cost_per_image", "image", "default size", 1.0),
    ("output_cost_per_second", "second of video", "default", 1.0),
    ("output_cost_per_video_per_second", "second of video", "default", 1.0),
    *(
        (f"output_cost_per_second_{size}", "second of video", size, 1.0)
        for size in ("480p", "720p", "768p", "1080p", "2k", "4k")
    ),
    ("input_cost_per_character", "1k characters", "", 1e3),
    ("input_cost_per_token", "1M input tokens", "", 1e6),
    ("output_cost_per_token", "1M output tokens", "", 1e6),
    ("input_cost_per_second", "minute of audio", "", 60.0),
)
_QUALITY = re.compile(r"(low|medium|high)/(\d+)-x-(\d+)/([^/]+)")
_PROVIDERS = {"fal_ai": "fal"}  # LiteLLM's name -> the catalog's


def litellm_prices(text: str) -> Feed:
    """LiteLLM's map of models: only fields that are a price per unit, as they stand."""
    try:
        units: dict[tuple[str, str, str, str], float] = {}
        for key, entry in json.loads(text).items():
            for unit, price in _entry(key, entry):
                units.setdefault(unit, price)
    except (ValueError, AttributeError):
        raise DataError("the file is not the expected JSON of models and prices") from None
    return Feed(None, units=units)


def _entry(key: str, entry: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str, str], float]]:
    """Units and prices of one model: "model", "provider/model" or "low/1024-x-1024/model"."""
    provider = str(entry.get("litellm_provider"))
    if provider.startswith("vertex_ai-"):  # vertex_ai-video-models and others
        provider = "vertex_ai"
    quality = _QUALITY.fullmatch(key)
    model = quality[4] if quality else key.removeprefix(f"{provider}/")
    makes_images = entry.get("mode") == "image_generation"
    for name, unit, size, factor in _UNITS:
        price = _number(entry.get(name), f"{key[:80]} {name}")
        if price is None or (name == "input_cost_per_image" and not makes_images):
            continue
        by_quality = quality if unit == "image" else None
        told = f"{by_quality[1]} {by_quality[2]}x{by_quality[3]}" if by_quality else size
        yield (_PROVIDERS.get(provider, provider), model, unit, told), price * factor


_RAW = "https://raw.githubusercontent.com"
_COMMITS = "https://api.github.com/repos/{repo}/commits?path={path}&per_page=1"


def _on_github(repo: str, branch: str, path: str, *, dated: bool = False) -> dict[str, Any]:
    commits = None if dated else _COMMITS.format(repo=repo, path=path)
    return {"url": f"{_RAW}/{repo}/{branch}/{path}", "date_url": commits}


_KARPENTER = "pkg/providers/pricing"
_SKY = "skypilot-org/skypilot-catalog"


def _sky(name: str, parse: Callable[[str], Feed] = skypilot_prices) -> Source:
    path = f"catalogs/v8/{name}/vms.csv"
    return Source(name=name, parse=parse, licence="Apache-2.0", **_on_github(_SKY, "master", path))


SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            name="aws",
            parse=go_prices,
            has_spot=False,
            licence="Apache-2.0",
            **_on_github("aws/karpenter-provider-aws", "main",
                         f"{_KARPENTER}/zz_generated.pricing_aws.go", dated=True),
        ),
        Source(
            name="azure",
            parse=go_prices,
            has_spot=False,
            licence="Apache-2.0",
            **_on_github("Azure/karpenter-provider-azure", "main",
                         f"{_KARPENTER}/zz_generated.pricing.go", dated=True),
        ),
        Source(
            name="gcp",
            parse=gcp_prices,
            licence="Apache-2.0",
            **_on_github("cloudpilot-ai/karpenter-provider-gcp", "main",
                         f"{_KARPENTER}/initial-prices.json"),
        ),
        _sky("lambda"),
        _sky("nebius", nebius_prices),
        _sky("oci"),
        Source(
            name="litellm",
            parse=litellm_prices,
            table="api_prices",
            licence="MIT",
            **_on_github("BerriAI/litellm", "main", "model_prices_and_context_window.json"),
        ),
    )
}  # fmt: skip


def commit_date(text: str) -> date | None:
    """The day of the newest commit in an answer of GitHub's commits list; None where it is none."""
    try:
        return date.fromisoformat(json.loads(text)[0]["commit"]["committer"]["date"][:10])
    except (ValueError, KeyError, IndexError, TypeError):
        return None
