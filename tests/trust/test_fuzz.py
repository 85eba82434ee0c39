"""Only documented errors, in one sentence, come out of any parser; `make torture` tries more."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trust.parsers import PARSERS, Parser, attempt, mutated

REGRESSIONS: dict[str, tuple[str, bytes]] = {
    "a key that is null": ("use case", b"title: t\noutputs: [image]\n~: 1\n"),
    "a term that is null": ("use case", b"title: t\noutputs: [image]\nterms: {~: 1}\n"),
    "published rows without a model": ("published", b"workload\n{}\n"),
    "a bare carriage return": ("published", b"id,model\na\rb,c\n"),
    "a month that is none": ("feed go_prices", b"// generated at 2026-19-41T00\n"),
    "a price of 400 digits": (
        "feed gcp_prices",
        b'{"prices": {"r": {"on_demand": {"i": ' + b"9" * 400 + b"}}}}",
    ),
    "a rule of 3000 letters": ("policy", b"name: n\nrules: {" + b"a" * 3000 + b": 1}\n"),
    "an expression of two lines": ("expression", b"4 *\n* h"),
}


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A price list that is read is kept: not in the home of whoever runs the tests."""
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))


@pytest.mark.parametrize("name", PARSERS)
def test_the_samples_are_what_the_parser_reads(name: str) -> None:
    """Mutations of what is refused at once would reach nothing."""
    assert "read" in {attempt(PARSERS[name], sample) for sample in PARSERS[name].samples}


@pytest.mark.parametrize("name", PARSERS)
def test_a_damaged_file_is_read_or_refused_in_one_sentence(name: str) -> None:
    parser = PARSERS[name]
    tries = 60 if max(map(len, parser.samples)) < 4000 else 8
    for seed in range(tries):
        random = Random(seed)
        found = attempt(parser, mutated(random.choice(parser.samples), random))
        assert found in ("read", "refused"), f"seed {seed}"


@given(st.sampled_from(sorted(PARSERS)), st.binary(max_size=200) | st.text().map(str.encode))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused_in_one_sentence(name: str, data: bytes) -> None:
    assert attempt(PARSERS[name], data) in ("read", "refused")


@pytest.mark.parametrize("case", REGRESSIONS)
def test_what_once_escaped_is_refused(case: str) -> None:
    name, data = REGRESSIONS[case]
    assert attempt(PARSERS[name], data) == "refused"


def test_the_harness_sees_what_escapes() -> None:
    from tests.trust.parsers import Escaped

    with pytest.raises(Escaped, match="ZeroDivisionError"):
        attempt(Parser(lambda file: 1 / 0, (b"",)), b"")
