"""The shipped claims: all there, each checked by its function, with sources, the page current."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor.catalog import load_catalog
from advisor.claims import REGISTRY, check_claims, claims_page, load_claims
from advisor.claims.bench import Bench
from advisor.claims.compute import in_pixels
from advisor.claims.pages import claim_section
from advisor.claims.record import ClaimResult
from advisor.cli import cli
from advisor.errors import UnknownName
from advisor.plan import plan
from advisor.tracestore import trace_store

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 11, 25)
PAGE = ROOT / "docs" / "claims.md"
IDS = (
    "latent-compute diffusion-steps consumer-latency steps-quality gan-latency gan-fid gan-training"
    " vae-smooth vae-latent adapter-data latent-diffusion-efficiency ar-audio-slow codec-tokens"
    " video-compute video-cost sds-cost asset-cleanup choice-table llm-default"
).split()
# Seconds each, because they answer whole use cases or run models.
SLOW = ("choice-table", "llm-default", "codec-tokens", "sds-cost")
CHEAP = [name for name in IDS if name not in SLOW]


def page_day() -> date:
    found = re.search(r"--as-of (\d{4}-\d\d-\d\d)", PAGE.read_text(encoding="utf-8"))
    assert found is not None
    return date.fromisoformat(found[1])


@pytest.fixture(scope="module")
def results() -> dict[str, ClaimResult]:
    return {one.id: one for one in check_claims(CHEAP, as_of=page_day())}


def test_every_claim_of_the_article_is_carried_and_has_a_function() -> None:
    assert [claim.id for claim in load_claims().claims] == IDS
    assert sorted(REGISTRY) == sorted(IDS)


def test_an_unknown_claim_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="gan-latency"):
        check_claims(["gan-latncy"])


@pytest.mark.parametrize("name", CHEAP)
def test_every_figure_says_what_it_is_made_from(name: str, results: dict[str, ClaimResult]) -> None:
    one = results[name]
    figures = [check.figure for check in one.checks] + [number.figure for number in one.numbers]
    assert all(figure.source and figure.unit for figure in figures if figure is not None)
    assert all(check.why for check in one.checks)


@pytest.mark.parametrize("name", CHEAP)
def test_the_page_says_what_the_check_says_now(name: str, results: dict[str, ClaimResult]) -> None:
    assert claim_section(results[name]) in PAGE.read_text(encoding="utf-8"), (
        f"docs/claims.md is old: run advisor claims --write --as-of {page_day()}"
    )


def test_the_page_has_every_claim_once() -> None:
    headings = re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == IDS


def test_a_page_of_the_same_results_is_the_same(results: dict[str, ClaimResult]) -> None:
    again = check_claims(["gan-fid", "diffusion-steps"], as_of=page_day())
    first = [results["gan-fid"], results["diffusion-steps"]]
    assert claims_page(first, page_day()) == claims_page(again, page_day())


def test_the_command_prints_one_json_document() -> None:
    done = CliRunner().invoke(cli, ["claims", "gan-fid", "--json", "--as-of", "2026-11-25"])
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)
    assert data["as_of"] == "2026-11-25"
    assert data["claims"][0]["checks"][0]["figure"]["basis"] == "published"


def test_writing_the_page_refuses_single_claims() -> None:
    done = CliRunner().invoke(cli, ["claims", "gan-fid", "--write"])
    assert "leave the ids out" in str(done.exception)


def test_a_shorter_list_of_cards_changes_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = load_catalog().device("rtx-5090")
    monkeypatch.setattr(Bench, "devices", lambda self, *segments: [fast])
    one = check_claims(["consumer-latency"], as_of=DAY)[0]
    assert one.verdict == "does not hold"  # SD 1.5 is faster than 2 s there


def test_in_pixels_the_denoiser_is_asked_at_one_position_per_pixel_and_no_vae() -> None:
    pixels = in_pixels(load_catalog().models["sd-1.5"])
    stages = plan(pixels, pixels.workload())
    assert dict(stages[-1].symbols)["h"] == 512
    assert "sd_vae_4ch" not in {stage.component for stage in stages}


@pytest.mark.torch
def test_the_extrapolated_trace_in_pixels_is_the_one_that_torch_gives() -> None:
    from advisor.trace import trace_call

    catalog = load_catalog()
    component = catalog.components["sd15_unet"]
    symbols = {"h": 512, "w": 512, "n": 77}
    stored = trace_store(catalog).call_trace(component, "step", symbols)
    traced = trace_call(component, "step", symbols, stored.key)
    assert stored.flops == pytest.approx(traced.flops, rel=1e-6)
    assert stored.peak_activation_bytes == pytest.approx(traced.peak_activation_bytes, rel=0.05)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["codec-tokens", "sds-cost"])
def test_what_is_run_here_really_runs(name: str) -> None:
    one = check_claims([name], as_of=DAY)[0]
    measured = [c for c in one.checks if c.figure is not None and c.figure.basis == "measured"]
    assert measured
    assert all(check.outcome == "holds" for check in measured)


def test_without_torch_what_would_be_run_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    one = check_claims(["codec-tokens"], as_of=DAY)[0]
    assert one.verdict == "cannot be checked here"
    assert "torch" in one.checks[0].why
    assert one.numbers  # what needs no torch is still told
