"""`advisor catalog`: lists that fit a screen, entries shown whole, entries made and checked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advisor.catalog import load, load_catalog
from advisor.cli import cli
from advisor.cli.catalog import size_of
from advisor.cli.page import WIDTH, flop_text, gib, human
from advisor.errors import InputError, UnknownName

CATALOG = load_catalog()
PAGES = ["sdxl-base-1.0", "gigagan", "gpt-4o", "llama-3.1-8b", "svd-xt", "gan", "sdxl_unet"]


def catalog(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["catalog", *map(str, arguments)])


def listed(*arguments: object) -> set[str]:
    result = catalog(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return {model["id"] for model in json.loads(result.stdout)["models"]}


def text(*arguments: object) -> str:
    result = catalog(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


# ---------------------------------------------------------------- the list


def test_the_list_fits_100_columns_and_names_every_model_once() -> None:
    lines = text().splitlines()
    assert max(map(len, lines)) <= WIDTH
    rows = [line.split()[0] for line in lines if line.startswith("  ")]
    assert sorted(row for row in rows if row != "model") == sorted(CATALOG.models)


def test_models_stand_under_their_family_small_before_large() -> None:
    shown = text("--family", "llm", "--runnable")
    order = ["gpt2-small", "qwen2.5-0.5b", "llama-3.1-8b", "llama-3.1-70b"]
    places = [shown.index(f"  {name} ") for name in order]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("arguments", "inside", "outside"),
    [
        (("--family", "gan"), "stylegan2-1024", "sd-1.5"),
        (("--output", "speech"), "bark", "sd-1.5"),
        (("--input", "image"), "svd-xt", "gpt2-small"),
        (("--licence", "no"), "stylegan2-1024", "qwen3-8b"),
        (("--max-parameters", "1B"), "gpt2-small", "sdxl-base-1.0"),
        (("--min-parameters", "20B"), "llama-3.1-70b", "sdxl-base-1.0"),
        (("--runnable",), "sd-1.5", "gigagan"),
        (("--search", "WORKHORSE"), "sdxl-base-1.0", "gpt2-small"),
    ],
)
def test_a_filter_keeps_what_fits_and_drops_the_rest(
    arguments: tuple[str, ...], inside: str, outside: str
) -> None:
    found = listed(*arguments)
    assert inside in found
    assert outside not in found


def test_filters_are_taken_together_and_unknown_sizes_are_not_small() -> None:
    both = listed("--family", "gan", "--max-parameters", "20M")
    assert both == listed("--family", "gan") & listed("--max-parameters", "20M")
    assert "gigagan" not in both


def test_an_unknown_modality_and_a_size_in_words_are_refused() -> None:
    assert isinstance(catalog("--output", "picture").exception, UnknownName)
    with pytest.raises(InputError, match="write it as 3B or 350M"):
        size_of("large")
    assert (size_of("3B"), size_of("350m"), size_of("1,500")) == (3e9, 350e6, 1500)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (640, "640"),
        (58_150, "58.1K"),
        (999_960_000, "1.00B"),
        (70_553_706_496, "70.6B"),
    ],
)
def test_counts_have_three_digits_and_a_unit(value: int | None, shown: str) -> None:
    assert human(value) == shown


def test_work_and_memory_have_units_that_suit() -> None:
    assert flop_text(6_761_236_398_080) == "6.76 TFLOP"
    assert gib(12.94) == "12.9 GiB"
    assert gib(0.0045) == "4.61 MiB"


# ---------------------------------------------------------------- one entry


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_100_columns_and_begins_with_name_and_id(name: str) -> None:
    lines = text(name).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert name in lines[0]


def test_a_model_is_shown_whole() -> None:
    shown = " ".join(text("sdxl-base-1.0").split())
    for fact in (
        "2,567,463,684",  # exact parameters of the denoiser
        "3,468,837,867",  # and of all that serve
        "13.5 TFLOP 676 TFLOP",  # per call, in all
        "CreativeML Open RAIL++-M",
        "use restrictions",
        "512 to 2,048",
        "h100-sxm",
        "rtx-4090",
        "jetson-agx-orin-64",
        "datasheet",
        "? judgement of the catalog's authors",
    ):
        assert fact in shown, fact


def test_the_devices_of_a_page_show_what_estimate_says() -> None:
    from advisor.estimator import estimate
    from advisor.report.numbers import interval_text

    result = estimate("sdxl-base-1.0", "rtx-4090", catalog=CATALOG)
    line = next(line for line in text("sdxl-base-1.0").splitlines() if "rtx-4090" in line)
    assert interval_text(result.latency_s) in line
    assert interval_text(result.peak_memory_gib) in line


def test_a_hosted_model_shows_its_provider_and_dated_prices() -> None:
    shown = " ".join(text("gpt-4o").split())
    assert "provider openai" in shown
    rows = CATALOG.prices_of(CATALOG.models["gpt-4o"])
    assert rows
    for row in rows:
        assert f"{row.model} {row.usd_per_unit:g} {row.unit}" in shown
        assert row.as_of_text in shown


def test_a_model_that_is_not_run_says_why() -> None:
    model = CATALOG.models["gigagan"]
    assert str(model.not_runnable)[:40] in " ".join(text("gigagan").split())


def test_a_family_and_a_component_are_shown_whole() -> None:
    family = text("gan")
    card = CATALOG.families["gan"]
    for said in [*card.strengths, *card.weaknesses, *card.failure_modes]:
        assert said.text[:40] in " ".join(family.split())
    component = text("sdxl_unet")
    assert "transformer_layers_per_block" in component
    assert "sdxl-base-1.0, sdxl-turbo" in component


def test_a_name_may_stand_before_or_after_the_options() -> None:
    assert json.loads(text("taesd", "--json")) == json.loads(text("--json", "taesd"))


def test_an_unknown_entry_names_near_models_families_and_components() -> None:
    assert "sdxl_unet" in str(catalog("sdxl_une").exception)


def test_a_page_is_made_without_torch_and_pandas() -> None:
    script = (
        "import sys; sys.argv = ['advisor', 'catalog', 'sdxl-base-1.0']\n"
        "from advisor.cli import main\n"
        "main()\n"
        "print(sorted({'torch', 'pandas', 'diffusers'} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stderr.strip() == "[]"


# ---------------------------------------------------------------- new and check


def test_new_then_check_names_what_is_to_do_and_exits_3(tmp_path: Path) -> None:
    made = catalog("new", "my-vae", "--dir", tmp_path)
    assert made.stdout.split() == [
        str(tmp_path / "models" / "my-vae.yaml"),
        str(tmp_path / "components" / "my_vae.yaml"),
    ]
    result = catalog("check", tmp_path, "--json")
    assert result.exit_code == 3
    findings = json.loads(result.stdout)["findings"]
    assert findings and all("TODO" in finding["text"] for finding in findings)
    assert all(finding["line"] > 0 for finding in findings)


def test_check_exits_0_where_nothing_is_wrong(tmp_path: Path) -> None:
    assert catalog("check", tmp_path).exit_code == 0


def test_new_writes_into_the_home_folder_unless_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    assert catalog("new", "my-vae").exit_code == 0
    assert (tmp_path / "catalog" / "models" / "my-vae.yaml").is_file()
    load._load_catalog.cache_clear()  # a command line starts afresh
    assert "my-vae" in listed()


def test_generate_saves_every_item_and_never_over_a_file(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    arguments = ["generate", "taesd", "--batch", "2", "--out", str(tmp_path / "made.png")]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert sorted(file.name for file in tmp_path.iterdir()) == ["made-1.png", "made-2.png"]
    again = CliRunner().invoke(cli, arguments)
    assert isinstance(again.exception, InputError)
    assert "made-1.png exists" in str(again.exception)
