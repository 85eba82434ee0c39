"""advisor prices refresh: good, broken, slow and absurd answers of a server on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor.catalog import Catalog, load_catalog
from advisor.cli import cli
from advisor.cost.offers import offers_for
from advisor.errors import DataError
from advisor.pricelists import SOURCES, Refreshed, refresh
from advisor.pricelists.fetch import fetch
from advisor.pricelists.refresh import list_file
from advisor.pricelists.sources import (
    ANY,
    Quote,
    commit_date,
    gcp_prices,
    go_prices,
    litellm_prices,
    nebius_prices,
    skypilot_prices,
)
from tests.pricelists.server import serving

TODAY = date(2026, 11, 28)
AWS = SOURCES["aws"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    return tmp_path


def aws_file(change: Callable[[str, float], float | None] = lambda _, usd: usd,
             dated: str = "2026-11-20") -> str:  # fmt: skip
    """The generated Go file as it is published, at the catalog's prices or changed ones."""
    regions: dict[str, dict[str, float]] = {}
    for row in load_catalog().prices:
        if row.provider == "aws" and row.on_demand_usd_per_hour is not None:
            usd = change(row.instance, row.on_demand_usd_per_hour)
            if usd is not None:
                regions.setdefault(row.region, {})[row.instance] = usd
    lines = [f"// generated at {dated}T13:23:24Z for us-east-1", ""]
    lines += ["var InitialOnDemandPricesAWS = map[string]map[ec2types.InstanceType]float64{"]
    for region, table in regions.items():
        lines += [f"\t// {region}", f'\t"{region}": {{', "\t\t// some family"]
        lines += ["\t\t" + " ".join(f'"{name}": {usd:f},' for name, usd in table.items()), "\t},"]
    return "\n".join([*lines, "}"])


def refreshed(text: str | bytes, **options: object) -> Refreshed:
    with serving({"/list": text}) as address:
        return refresh(AWS, load_catalog(), TODAY, url=f"{address}/list", **options)  # type: ignore[arg-type]


def price_of(instance: str) -> float | None:
    rows = [row for row in load_catalog().prices if row.instance == instance]
    return rows[0].on_demand_usd_per_hour


def test_a_good_answer_is_laid_over_the_shipped_prices_and_says_what_changed() -> None:
    before = load_catalog()
    done = refreshed(aws_file(lambda name, usd: usd * 1.1 if name == "g5.xlarge" else usd))
    assert [change.what for change in done.changes] == ["aws g5.xlarge us-east-1 on-demand"]
    assert done.changes[0].after == pytest.approx(1.1066)
    assert load_catalog().version != before.version
    assert price_of("g5.xlarge") == pytest.approx(1.1066)
    row = next(row for row in load_catalog().prices if row.instance == "g5.xlarge")
    assert row.as_of == date(2026, 11, 20)
    assert "fetched 2026-11-28" in row.source


def test_what_an_instance_is_stays_as_it_was_reviewed() -> None:
    def facts(catalog: Catalog) -> set[tuple[object, ...]]:
        return {
            (row.instance, row.device, row.gpu_count, row.region)
            for row in catalog.prices
            if row.provider == "aws"
        }

    before = facts(load_catalog())
    refreshed(aws_file())
    assert facts(load_catalog()) == before


def test_an_instance_of_eight_is_priced_whole_and_its_share_follows() -> None:
    refreshed(aws_file(lambda name, usd: 60.0 if name == "p5.48xlarge" else usd))
    offers = offers_for(load_catalog(), "h100-sxm", TODAY, ("on-demand",))
    (eight,) = [
        one for one in offers if one.instance == "p5.48xlarge" and one.region == "us-east-1"
    ]
    assert (eight.usd_per_hour, eight.usd_per_gpu_hour) == (60.0, 7.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html>not found</html>", "does not say when it was generated"),
        (aws_file(dated="2026-01-01"), "older than the known 2026-11-20"),
        (aws_file(dated="2027-02-01"), "in the future"),
        (aws_file(lambda name, usd: None if name.startswith("g") else usd), "format may have"),
        (aws_file(lambda name, usd: 3.5 * usd if name == "g5.xlarge" else usd), "allow-change"),
        (aws_file(lambda name, usd: usd / 3.5 if name == "p5.48xlarge" else usd), "p5.48xlarge"),
        (aws_file(lambda name, usd: 4000.0 if name == "p5.48xlarge" else usd), "not plausible"),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
)  # fmt: skip
def test_a_bad_answer_is_refused_and_the_list_that_was_there_stays(
    text: str | bytes, said: str
) -> None:
    refreshed(aws_file())
    kept = list_file("aws").read_bytes()
    with pytest.raises(DataError, match=said):
        refreshed(text)
    assert list_file("aws").read_bytes() == kept


def test_a_large_change_is_accepted_after_a_look() -> None:
    wild = aws_file(lambda name, usd: 3.5 * usd if name == "g5.xlarge" else usd)
    assert len(refreshed(wild, allow_change=True).changes) == 1


def test_an_answer_that_drips_is_given_up_in_time() -> None:
    with serving({}) as address, pytest.raises(DataError, match=r"within 0\.3 s"):
        fetch(f"{address}/slow", 1000, timeout_s=0.3)


@pytest.mark.parametrize(
    ("path", "said"),
    [("/missing", "answered 404"), ("/large", "larger than"), ("/away", "not an https address")],
)
def test_an_answer_that_is_none_is_one_sentence(path: str, said: str) -> None:
    with serving({"/large": "x" * 5000}) as address, pytest.raises(DataError, match=said):
        fetch(address + path, 1024)


def test_nobody_there_is_one_sentence() -> None:
    with serving({}) as address:
        pass
    with pytest.raises(DataError, match="cannot be read"):
        fetch(address, 1000, timeout_s=5)


@pytest.mark.parametrize("url", ["http://prices.example/list", "file:///etc/passwd", "list.csv"])
def test_only_https_is_fetched_beyond_this_machine(url: str) -> None:
    with pytest.raises(DataError, match="not an https address"):
        fetch(url, 1000)


def test_the_command_says_what_changed_as_one_document() -> None:
    changed = aws_file(lambda name, usd: usd * 2 if name == "g6.xlarge" else usd)
    with serving({"/list": changed}) as address:
        result = CliRunner().invoke(
            cli, ["prices", "refresh", "aws", "--url", f"{address}/list", "--json"]
        )
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["failed"] == {}
    (change,) = document["refreshed"][0]["changes"]
    assert change["after"] == pytest.approx(2 * change["before"])


def test_the_command_exits_6_when_a_source_fails_and_says_why() -> None:
    with serving({}) as address:
        result = CliRunner().invoke(cli, ["prices", "refresh", "aws", "--url", f"{address}/none"])
    assert result.exit_code == 6
    assert "answered 404" in result.stderr
    assert not list_file("aws").exists()


def test_every_source_prices_a_provider_that_the_catalog_holds() -> None:
    catalog = load_catalog()
    providers = {row.provider for row in catalog.prices}
    for source in SOURCES.values():
        assert source.table == "api_prices" or source.name in providers
        assert source.url.startswith("https://") and source.licence


def test_karpenters_azure_file_is_read() -> None:
    text = """
    // generated at 2026-06-18T14:34:50Z
    func init() {
    \t// eastus
    \tinitialOnDemandPrices["eastus"] = map[string]float64{
    \t\t"Standard_NC4as_T4_v3":   0.526000,
    \t\t"Standard_NC40ads_H100_v5": 6.980000,
    \t}
    """
    feed = go_prices(text)
    assert feed.as_of == date(2026, 6, 18)
    assert feed.quotes["Standard_NC40ads_H100_v5", "eastus"] == Quote(6.98)


def test_karpenters_gcp_file_is_read_with_spot() -> None:
    feed = gcp_prices(
        '{"prices": {"us-central1": {"on_demand": {"g2-standard-4": 0.7068, "n1": 0.1},'
        ' "spot": {"g2-standard-4": 0.3973}}}}'
    )
    assert feed.quotes["g2-standard-4", "us-central1"] == Quote(0.7068, 0.3973)
    assert feed.quotes["n1", "us-central1"] == Quote(0.1, None)


SKY = """InstanceType,AcceleratorName,AcceleratorCount,vCPUs,Price,Region,GpuInfo,SpotPrice
gpu_8x_v100,V100,8.0,92.0,6.32,us-east-1,"{'Gpus': [], 'x': 1}",
gpu-h100-sxm_1gpu-16vcpu-200gb,H100,1,16,2.95,eu-north1,"{}",1.25
gpu-h100-sxm_1gpu-32vcpu-400gb,H100,1,16,3.95,eu-north1,"{}",0.00
"""


def test_skypilots_table_is_read_and_zero_is_no_spot_price() -> None:
    feed = skypilot_prices(SKY)
    assert feed.quotes["gpu_8x_v100", ANY] == Quote(6.32, None)
    assert feed.quotes["gpu-h100-sxm_1gpu-32vcpu-400gb", "eu-north1"] == Quote(3.95, None)


def test_nebius_sizes_are_known_by_their_gpus_and_the_cheapest_counts() -> None:
    assert nebius_prices(SKY).quotes["gpu-h100-sxm_1gpu", ANY] == Quote(2.95, 1.25)


def test_litellms_units_become_the_catalogs() -> None:
    video, image = {"output_cost_per_second": 0.4}, {"mode": "image_generation"}
    entries = {
        "gemini/veo-3.1": {"litellm_provider": "gemini", **video},
        "vertex_ai/veo-3.1": {"litellm_provider": "vertex_ai-video-models", **video},
        "fal_ai/maker/clip": {"litellm_provider": "fal_ai", "output_cost_per_second_720p": 0.3},
        "gpt-5": {"litellm_provider": "openai", "input_cost_per_token": 1.25e-6},
        "azure/gpt-5": {"litellm_provider": "azure", "input_cost_per_token": 9e-6},
        "whisper-1": {"litellm_provider": "openai", "input_cost_per_second": 0.0001},
        "low/1024-x-1024/gpt-image-1": {
            "litellm_provider": "openai", "input_cost_per_image": 0.011, **image},
        "gpt-4o": {"litellm_provider": "openai", "input_cost_per_image": 0.007, "mode": "chat"},
    }  # fmt: skip
    units = litellm_prices(json.dumps(entries)).units
    assert units["gemini", "veo-3.1", "second of video", "default"] == 0.4
    assert units["vertex_ai", "veo-3.1", "second of video", "default"] == 0.4
    assert units["fal", "maker/clip", "second of video", "720p"] == 0.3
    assert units["openai", "gpt-5", "1M input tokens", ""] == pytest.approx(1.25)
    assert units["openai", "whisper-1", "minute of audio", ""] == pytest.approx(0.006)
    assert units["openai", "gpt-image-1", "image", "low 1024x1024"] == 0.011
    assert ("openai", "gpt-4o", "image", "default size") not in units


def test_hosted_prices_are_refreshed_where_the_map_prices_the_same_unit() -> None:
    rows = [row for row in load_catalog().api_prices if "litellm" in row.source]
    fields = {"second of video": "output_cost_per_second", "image": "output_cost_per_image",
              "1k characters": "input_cost_per_character", "minute of audio":
              "input_cost_per_second", "1M input tokens": "input_cost_per_token",
              "1M output tokens": "output_cost_per_token"}  # fmt: skip
    units = {"1k characters": 1e3, "minute of audio": 60.0, "1M input tokens": 1e6,
             "1M output tokens": 1e6}  # fmt: skip
    entries: dict[str, dict[str, object]] = {}
    for row in rows:
        size = row.quality_or_size.removeprefix("default")
        if row.unit in fields and size in ("", " size", "480p", "720p", "1080p", "4k"):
            field = fields[row.unit] + (f"_{size}" if size.endswith(("p", "4k")) else "")
            entry = entries.setdefault(f"{row.provider}/{row.model}", {})
            price = row.usd_per_unit * 2 / units.get(row.unit, 1.0)
            entry |= {"litellm_provider": row.provider, field: price}
    source = SOURCES["litellm"]
    with serving({"/map": json.dumps(entries)}) as address:
        done = refresh(source, load_catalog(), TODAY, url=f"{address}/map")
    assert done.changes and done.missing
    assert all(change.after == pytest.approx(2 * (change.before or 0)) for change in done.changes)
    assert "undated (fetched 2026-11-28)" in {row.as_of_text for row in load_catalog().api_prices}


@pytest.mark.parametrize("parse", [go_prices, gcp_prices, skypilot_prices, litellm_prices])
@pytest.mark.parametrize("text", ["", "[]", "{}x", '{"prices": 3}', '{"a": 1}', "\x00", "a,b\n1\n"])
def test_anything_else_is_a_sentence_and_never_a_crash(
    parse: Callable[[str], object], text: str
) -> None:
    try:
        parse(text)
    except DataError as error:
        assert "\n" not in str(error)


def test_the_date_of_the_newest_commit_is_read_and_anything_else_is_no_date() -> None:
    answer = '[{"commit": {"committer": {"date": "2026-11-20T03:04:05Z"}}}]'
    assert commit_date(answer) == date(2026, 11, 20)
    assert commit_date("[]") is commit_date("{}") is commit_date("<html>") is None
