"""Reading a catalog folder: what is broken says where, what lies over replaces."""

import shutil
from pathlib import Path

import pytest

from advisor.catalog import Catalog, load_catalog
from advisor.errors import AdvisorError, DataError, InputError, UnknownName
from advisor.paths import data_dir

SHIPPED = data_dir("catalog")
FAMILY = (SHIPPED / "families" / "gan.yaml").read_text(encoding="utf-8")
DEVICES = (SHIPPED / "devices.csv").read_text(encoding="utf-8").splitlines()
T4 = next(row for row in DEVICES if row.startswith("t4,"))


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        place = tmp_path / name.replace("__", "/").replace("_csv", ".csv").replace("_yaml", ".yaml")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return tmp_path


def family_error(tmp_path: Path, text: str) -> str:
    catalog = Catalog(folder(tmp_path, families__gan_yaml=text))
    with pytest.raises(AdvisorError) as caught:
        _ = catalog.families["gan"]
    message = str(caught.value)
    assert "gan.yaml" in message
    assert "\n" not in message
    assert len(message) < 600
    return message


def line_of(text: str, start: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.startswith(start))


def test_a_missing_source_is_named_with_the_line_of_its_statement(tmp_path: Path) -> None:
    source = line_of(FAMILY, "    source:")
    lines = FAMILY.splitlines()
    message = family_error(tmp_path, "\n".join(lines[: source - 1] + lines[source:]))
    assert "strengths.0.source: is missing" in message
    assert f"line {line_of(FAMILY, 'strengths:') + 1}:" in message


def test_a_missing_field_of_the_card_is_named(tmp_path: Path) -> None:
    message = family_error(tmp_path, FAMILY.replace("maturity: production\n", ""))
    assert "line 1: maturity: is missing" in message


def test_an_unknown_field_is_named_with_its_line(tmp_path: Path) -> None:
    message = family_error(tmp_path, FAMILY + "colour: red\n")
    assert f"line {len(FAMILY.splitlines()) + 1}: colour: is not a known field" in message


def test_an_id_that_differs_from_the_file_name_is_refused(tmp_path: Path) -> None:
    assert "differs from the file name" in family_error(
        tmp_path, FAMILY.replace("id: gan", "id: nag")
    )


def test_a_word_outside_the_vocabulary_is_named_with_its_line(tmp_path: Path) -> None:
    message = family_error(tmp_path, FAMILY.replace("  - video\n", "  - film\n", 1))
    assert f"line {line_of(FAMILY, '  - video')}: outputs" in message


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    assert "line 2: aliases" in family_error(tmp_path, bomb)


def test_truncated_yaml_is_refused(tmp_path: Path) -> None:
    assert "not valid YAML" in family_error(tmp_path, FAMILY[: FAMILY.index("source: 'rec") + 12])


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "3"])
def test_an_entry_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    assert "must be a mapping" in family_error(tmp_path, text)


def device_error(tmp_path: Path, *rows: str) -> str:
    catalog = Catalog(folder(tmp_path, devices_csv="\n".join(rows) + "\n"))
    with pytest.raises(DataError) as caught:
        _ = catalog.devices
    assert "devices.csv, line " in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("number", ["fast", "nan", "inf", "-3", "0", "1e999"])
def test_a_bad_number_is_named_with_its_line(tmp_path: Path, number: str) -> None:
    assert T4.count(",320,") == 1
    message = device_error(tmp_path, DEVICES[0], T4.replace(",320,", f",{number},"))
    assert "line 2: bandwidth_gb_s: " in message


def test_a_device_given_twice_is_refused(tmp_path: Path) -> None:
    assert "line 3: 't4' is given twice" in device_error(tmp_path, DEVICES[0], T4, T4)


def test_a_row_of_the_wrong_length_is_refused(tmp_path: Path) -> None:
    assert "cells under" in device_error(tmp_path, DEVICES[0], T4 + ",more")


def test_a_column_given_twice_is_refused(tmp_path: Path) -> None:
    assert "column is given twice" in device_error(tmp_path, DEVICES[0] + ",id", T4 + ",t4")


def test_an_open_quote_is_refused(tmp_path: Path) -> None:
    assert "not valid CSV" in device_error(tmp_path, DEVICES[0], T4 + '"')


def test_an_empty_cell_is_unknown_and_not_zero(tmp_path: Path) -> None:
    catalog = Catalog(folder(tmp_path, devices_csv=f"{DEVICES[0]}\n{T4}\n"))
    assert catalog.devices["t4"].bf16_tflops is None
    assert catalog.devices["t4"].host_bus == "PCIe 3.0 x16"


def test_a_layer_adds_devices_and_replaces_those_of_the_same_id(tmp_path: Path) -> None:
    faster = T4.replace(",320,", ",400,")
    new = T4.replace("t4,", "t4-mine,", 1)
    catalog = Catalog(SHIPPED, folder(tmp_path, devices_csv=f"{DEVICES[0]}\n{faster}\n{new}\n"))
    assert catalog.devices["t4"].bandwidth_gb_s == 400
    assert catalog.devices["t4-mine"].bandwidth_gb_s == 320
    assert catalog.devices["l4"] == Catalog(SHIPPED).devices["l4"]


PRICE_COLUMNS = (
    "provider,instance,device,gpu_count,region,on_demand_usd_per_hour,as_of,as_of_text,source,"
    "confidence"
)


def test_a_layer_replaces_the_dated_prices_of_one_offer_only(tmp_path: Path) -> None:
    mine = "aws,g6.xlarge,l4,1,us-east-1,0.5,2026-11-20,2026-11-20,our contract,contract"
    catalog = Catalog(SHIPPED, folder(tmp_path, prices_csv=f"{PRICE_COLUMNS}\n{mine}\n"))
    before = Catalog(SHIPPED).prices
    assert len(catalog.prices) == len(before)
    rows = [p for p in catalog.prices if (p.provider, p.instance) == ("aws", "g6.xlarge")]
    assert [row.on_demand_usd_per_hour for row in rows] == [0.5]
    assert sum(p.provider == "aws" for p in catalog.prices) == sum(
        p.provider == "aws" for p in before
    )


def test_a_layer_replaces_a_family_card(tmp_path: Path) -> None:
    text = FAMILY.replace("name: Generative adversarial network", "name: Ours")
    catalog = Catalog(SHIPPED, folder(tmp_path, families__gan_yaml=text))
    assert catalog.families["gan"].name == "Ours"
    assert catalog.families["vae"].name == "Variational autoencoder"


def test_the_home_folder_and_the_given_folder_are_laid_over_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, given = tmp_path / "home", tmp_path / "given"
    for number, place in enumerate((home / "catalog", given), start=400):
        folder(place, devices_csv=f"{DEVICES[0]}\n{T4.replace(',320,', f',{number},')}\n")
    monkeypatch.setenv("ADVISOR_HOME", str(home))
    assert load_catalog().devices["t4"].bandwidth_gb_s == 400
    assert load_catalog(given).devices["t4"].bandwidth_gb_s == 401


def test_the_version_changes_with_the_data_and_only_with_it(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(SHIPPED, copy, ignore=shutil.ignore_patterns("traces", "models"))
    first = Catalog(copy).version
    assert Catalog(copy).version == first
    (copy / "notes.txt").write_text("x")
    assert Catalog(copy).version == first
    (copy / "devices.csv").write_text(DEVICES[0] + "\n")
    assert Catalog(copy).version != first


def test_a_folder_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match="no catalog folder at /nowhere"):
        load_catalog("/nowhere")
    with pytest.raises(DataError, match="no catalog folder"):
        Catalog(Path("/nowhere"))


def test_an_unknown_entry_names_the_nearest_ones() -> None:
    with pytest.raises(UnknownName, match="unknown family 'image-difusion': did you mean image-"):
        _ = Catalog(SHIPPED).families["image-difusion"]


def test_an_entry_is_read_only_when_asked_for(tmp_path: Path) -> None:
    broken = folder(tmp_path, families__gan_yaml="{", families__vae_yaml="{")
    catalog = Catalog(SHIPPED, broken)
    assert catalog.families["llm"].id == "llm"
    assert "gan" in catalog.families
    with pytest.raises(AdvisorError):
        _ = catalog.families["gan"]
