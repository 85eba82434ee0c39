"""Every parser of the program, with good samples and the errors that it may raise.

    attempt(PARSERS["use case"], b"title: 1")       # "read" or "refused"; anything else is a fault

Fuzzed by tests (hypothesis, a few hundred tries), by `make torture` (minutes, thousands of tries)
and, where atheris is installed, guided by coverage (benchmarks/fuzz.py).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from pydantic import BaseModel

from advisor.arrivals import read_trace
from advisor.assessment import SCHEMA_VERSION
from advisor.auditor.recorded import read_decisions
from advisor.auditor.rows import Skipped, case_of, read_rows, select
from advisor.catalog import load_catalog
from advisor.catalog.adaptations import Adaptations
from advisor.catalog.energy import Energy
from advisor.catalog.load import Catalog, read_entry
from advisor.catalog.schema import Component, Family, Model
from advisor.errors import AdvisorError, DataError, InputError
from advisor.estimator import published
from advisor.estimator.rates import read_memory_rates, read_rates
from advisor.expr import evaluate
from advisor.files import parse_json, parse_yaml
from advisor.paths import data_dir
from advisor.pricelists.clientlist import COLUMNS, import_list
from advisor.pricelists.sources import SOURCES, commit_date
from advisor.profiles import read_calibration, read_profile
from advisor.recordfile import read_assessment
from advisor.report.brand import read_brand
from advisor.rules.policy import load_policy
from advisor.store.access import read_access
from advisor.store.transfer import read_export
from advisor.terms import device_amounts
from advisor.tracestore import read_traces
from advisor.trainstore import read_training
from advisor.usecase import parse_use_case, read_use_case

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 23)
LONGEST_MESSAGE = 1200


@dataclass(frozen=True)
class Parser:
    """`read` takes the path of a file (or its text); `errors`: the documented classes."""

    read: Callable[[Path], Any]
    samples: tuple[bytes, ...]
    errors: tuple[type[AdvisorError], ...] = (InputError, DataError)
    name: str = "file.yaml"


class Escaped(Exception):
    """A parser raised what it does not document, or said it in more than one sentence."""


def attempt(parser: Parser, data: bytes) -> str:
    """Give the bytes to the parser as a file."""
    file = _folder() / parser.name
    file.write_bytes(data)
    try:
        parser.read(file)
    except parser.errors as error:
        said = str(error)
        if "\n" in said or not said or len(said) > LONGEST_MESSAGE:
            raise Escaped(f"a message of {len(said)} characters: {said[:300]!r}") from error
        return "refused"
    except Exception as error:
        raise Escaped(f"{type(error).__name__}: {error}") from error
    return "read"


@cache
def _folder() -> Path:
    """One scratch folder a process."""
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix="advisor-fuzz-", dir=shared))


def _entry(schema: type[BaseModel]) -> Callable[[Path], Any]:
    return lambda file: read_entry(schema, file)


def _text(read: Callable[[str], Any]) -> Callable[[Path], Any]:
    return lambda file: read(file.read_text(encoding="utf-8", errors="surrogateescape"))


def _table(name: str) -> Callable[[Path], Any]:
    """A table of the catalog, in a layer over nothing."""
    attribute = name.removesuffix(".csv")
    return lambda file: list(getattr(Catalog(file.parent), attribute))


def _measurements(file: Path) -> None:
    catalog = load_catalog()
    for row in select(read_rows(file), ["value>0"]):
        try:
            case_of(row, catalog)
        except (Skipped, AdvisorError):  # skipped with a reason
            continue


def _expression(text: str) -> None:
    evaluate(text.strip(), {"n": 3, "h": 64, "w": 64, "t": 2, "k": 0, "steps": 20})


def _terms(text: str) -> None:
    parse_use_case({"title": "t", "outputs": ["image"], "terms": parse_json(text)})


def _head(path: str, lines: int = 12) -> bytes:
    file = ROOT / path
    return b"".join(file.read_bytes().splitlines(keepends=True)[:lines])


def _small(folder: str, pattern: str, count: int = 2) -> tuple[bytes, ...]:
    """The smallest files of a folder."""
    files = sorted((data_dir("catalog") / folder).glob(pattern), key=lambda f: f.stat().st_size)
    return tuple(file.read_bytes() for file in files[:count])


def _profiles(pattern: str) -> tuple[bytes, ...]:
    files = sorted(data_dir("profiles").glob(pattern), key=lambda f: f.stat().st_size)
    return tuple(file.read_bytes() for file in files[:1])


_EXAMPLES = tuple(file.read_bytes() for file in sorted((ROOT / "examples").glob("*.yaml"))[:6])
_CLIENT = (
    ",".join(COLUMNS).encode()
    + b"\nl40s,4,instance,5.20,frankfurt,our-cloud,gpu.4x,2026-11-01,frame contract 17\n"
    + b"h100-sxm,8,gpu,2.10,frankfurt,our-cloud,gpu.8h,2026-11-01,\n"
)
_ARRIVALS = b"start,requests\n" + b"".join(
    b"2026-11-02T%02d:00:00,%d\n" % (hour, hour * 3) for hour in range(24)
)
_GO = b"""// generated at 2026-11-01T00:00:00Z
var initialOnDemandPrices = map[string]map[string]float64{
 "us-east-1": {
  "g5.xlarge": 1.006, "g6.xlarge": 0.8048,
 },
}
"""
_SKY = (
    b"InstanceType,AcceleratorName,Price,SpotPrice,Region\ngpu_1x_a10,A10,0.75,,us-east-1\n"
    b"gpu-h100_1gpu-16vcpu,H100,2.95,1.25,eu-north1\n"
)
_GCP = b'{"prices": {"us-central1": {"on_demand": {"g2-standard-4": 0.7}, "spot": {}}}}'
_LITELLM = (
    b'{"dall-e-3": {"litellm_provider": "openai", "mode": "image_generation", '
    b'"output_cost_per_image": 0.04}, "low/1024-x-1024/x": {"input_cost_per_token": 1e-6}}'
)
_ACCESS = (
    b"mode: oidc\nunlisted: own\nteams:\n  - {name: north, members: [ana@example.com, '@b.com']}\n"
)
_SAVED = (ROOT / "tests/trust/saved/assessment-1.json").read_bytes()
_NOW = _SAVED.replace(b'"schema_version": 1', b'"schema_version": %d' % SCHEMA_VERSION)
_POLICY = b"name: ours\ncriteria: {cost: 2.0}\nrules: {}\n"
_BRAND = b"name: Northwind\n"
_FEEDS = {
    "go_prices": _GO,
    "gcp_prices": _GCP,
    "skypilot_prices": _SKY,
    "nebius_prices": _SKY,
    "litellm_prices": _LITELLM,
}

PARSERS: dict[str, Parser] = {
    "use case": Parser(read_use_case, _EXAMPLES, (InputError,)),
    "use case JSON": Parser(
        read_use_case,
        (b'{"title": "t", "outputs": ["image"], "latency": {"limit_ms": "2 s"}}',),
        (InputError,),
        "file.json",
    ),
    "terms": Parser(
        _text(_terms), (b'{"currency": "EUR", "units_per_usd": 0.92, "pue": 1.2}',), (InputError,)
    ),
    "prices on the command line": Parser(
        _text(lambda text: device_amounts(text.split())), (b"l4=0.55 h100-sxm=2",), (InputError,)
    ),
    "model entry": Parser(_entry(Model), _small("models", "*.yaml")),
    "component entry": Parser(_entry(Component), _small("components", "*.yaml")),
    "family entry": Parser(_entry(Family), _small("families", "*.yaml")),
    "energy": Parser(_entry(Energy), (_head("catalog/energy.yaml", 4000),)),
    "adaptations": Parser(_entry(Adaptations), (_head("catalog/adaptations.yaml", 4000),)),
    "rates": Parser(read_rates, (_head("catalog/rates.yaml", 2000),)),
    "memory rates": Parser(read_memory_rates, (_head("catalog/memory.yaml", 2000),)),
    "devices": Parser(_table("devices.csv"), (_head("catalog/devices.csv"),), name="devices.csv"),
    "prices": Parser(_table("prices.csv"), (_head("catalog/prices.csv"),), name="prices.csv"),
    "hosted prices": Parser(
        _table("api_prices.csv"), (_head("catalog/api_prices.csv"),), name="api_prices.csv"
    ),
    "published": Parser(
        lambda file: published._table(file, file.stat().st_mtime_ns),
        (_head("catalog/published.csv"),),
        name="published.csv",
    ),
    "traces": Parser(read_traces, _small("traces", "*.json", 1), name="file.json"),
    "training traces": Parser(read_training, _small("training", "*.json", 1), name="file.json"),
    "profile": Parser(read_profile, _profiles("*/[a-z]*.json"), name="file.json"),
    "calibration": Parser(read_calibration, _profiles("*/_*.json"), name="file.json"),
    "measurements": Parser(
        _measurements, (_head("benchmarks/data/measurements_calibration.csv"),), name="file.csv"
    ),
    "decisions": Parser(read_decisions, _small("../benchmarks/decisions", "*.yaml"), (InputError,)),
    "client's prices": Parser(
        lambda file: import_list(file, load_catalog(), TODAY),
        (_CLIENT,),
        (InputError,),
        "file.csv",
    ),
    "arrivals": Parser(
        read_trace, (_ARRIVALS, b"timestamp\n0\n90\n86400\n"), (InputError,), "a.csv"
    ),
    "expression": Parser(_text(_expression), (b"4 * h * w // 8 + max(n, t) * 2",)),
    "export": Parser(
        _text(read_export),
        (_SAVED, b'{"format": "advisor-assessment", "format_version": 1, "title": "t"}'),
        (InputError,),
        "file.json",
    ),
    "saved answer": Parser(read_assessment, (_NOW,), (InputError,), "a.json"),
    "access file": Parser(lambda file: read_access(str(file)), (_ACCESS,), (InputError,)),
    "brand": Parser(read_brand, (_BRAND,), (InputError,)),
    "policy": Parser(lambda file: load_policy(policy_file=file), (_POLICY,), (InputError,)),
    "commit date": Parser(
        _text(commit_date), (b'[{"commit": {"committer": {"date": "2026-11-01T00:00:00Z"}}}]',), ()
    ),
    "plain YAML": Parser(_text(parse_yaml), _EXAMPLES[:2], (InputError,)),
    "plain JSON": Parser(_text(parse_json), (b'{"a": [1, 2.5, "x", null, true]}',), (InputError,)),
    **{
        f"feed {source.parse.__name__}": Parser(
            _text(source.parse), (_FEEDS[source.parse.__name__],), (DataError,)
        )
        for source in SOURCES.values()
    },
}

# Pieces that parsers of YAML, JSON, CSV, numbers and dates are known to stumble over.
PIECES = (
    b"null", b"~", b"true", b"no", b"0x1F", b"1e999", b"-1e999", b".nan", b"NaN", b"-Infinity",
    b"1_000", b"010", b"12:30", b"2001-99-99", b"9" * 400, b"-0", b"1e-400", b"[", b"]", b"{", b"}",
    b"[" * 60, b"{a: " * 50, b"&a ", b"*a", b"<<: *a", b"!!python/object:os.system ", b"!!binary ",
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\ud800", b"\r", b"\r\n", b"\t",
    b"\xe2\x80\xa8", b'"', b"'", b",", b";", b":", b"- ", b"? ", b"|", b">", b"#", b"%", b"@", b"`",
    b"=1+1", b"../../etc/passwd", b"{{7*7}}", b"a" * 3000, b"\n---\n", b"...", b"{}", b"[]", b'""',
)  # fmt: skip


def mutated(sample: bytes, random: Random) -> bytes:
    """The sample with one to six faults: cut, doubled, swapped, bits turned, pieces put in."""
    data = sample
    for _ in range(random.randint(1, 6)):
        data = random.choice(_MUTATIONS)(data, random)
    return data[: len(sample) + 8192]


def _piece(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice(PIECES) + data[at:]


def _value(data: bytes, random: Random) -> bytes:
    """Another value behind one of the colons or commas."""
    spots = [i for i, byte in enumerate(data) if byte in b":,"]
    if not spots:
        return _piece(data, random)
    at = random.choice(spots) + 1
    end = min((i for i in (data.find(c, at) for c in (b"\n", b",", b"}")) if i >= 0), default=at)
    return data[:at] + b" " * (data[at - 1 : at] == b":") + random.choice(PIECES) + data[end:]


def _bits(data: bytes, random: Random) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randint(0, len(data))]


def _without(data: bytes, random: Random) -> bytes:
    start = random.randint(0, len(data))
    return data[:start] + data[start + random.randint(1, 40) :]


def _line_twice(data: bytes, random: Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    at = random.randrange(len(lines))
    return b"".join([*lines[: at + 1], lines[at], *lines[at + 1 :]])


def _lines_swapped(data: bytes, random: Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    a, b = random.randrange(len(lines)), random.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"".join(lines)


_MUTATIONS = (_piece, _value, _value, _bits, _cut, _without, _line_twice, _lines_swapped)
