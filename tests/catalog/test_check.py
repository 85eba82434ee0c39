"""The invariants hold for every shipped entry, and each finds what it is there to find."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.catalog import Catalog, load_catalog
from advisor.catalog import table_invariants as tables
from advisor.catalog.check import Report, check_catalog, entry_findings
from advisor.catalog.invariants import corner_workloads
from advisor.catalog.skeleton import write_skeleton
from advisor.errors import AdvisorError, InputError
from advisor.paths import data_dir
from advisor.plan import plan
from tests.catalog.shipped import CATALOG

SHIPPED = data_dir("catalog")
needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs torch")
ENTRIES = [
    (kind, name) for kind in ("families", "components", "models") for name in getattr(CATALOG, kind)
]


@pytest.mark.parametrize(("kind", "name"), ENTRIES, ids=[f"{k} {n}" for k, n in ENTRIES])
def test_nothing_is_wrong_with_a_shipped_entry(kind: str, name: str) -> None:
    assert [str(finding) for finding in entry_findings(CATALOG, kind, name)] == []


def test_nothing_is_wrong_with_the_shipped_tables_and_files() -> None:
    report = check_catalog(CATALOG)
    assert [str(finding) for finding in report.findings] == []
    assert report.counts["devices"] >= 76
    assert report.counts["models"] == len(CATALOG.models)


def test_corners_are_both_ends_of_every_axis_that_its_step_reaches() -> None:
    corners = dict(corner_workloads(CATALOG.models["sdxl-base-1.0"]))
    assert corners["at its defaults"] == {}
    assert {"at width 512", "at width 2048", "at steps 1", "at steps 1000"} <= corners.keys()
    svd = CATALOG.models["svd-xt"]
    for _, asked in corner_workloads(svd):
        assert plan(svd, svd.workload(**asked))


# ---------------------------------------------------------------- what is found, and where


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder of a user's own with one whole model and component."""
    write_skeleton(CATALOG, "my-vae", "taesd", tmp_path)
    for file in tmp_path.rglob("*.yaml"):
        file.write_text(file.read_text().replace("TODO", "our own report"))
    return tmp_path


def checked(folder: Path) -> Report:
    return check_catalog(Catalog(SHIPPED, folder), folder)


def test_a_whole_entry_has_no_findings(mine: Path) -> None:
    report = checked(mine)
    assert report.findings == []
    assert (report.counts["models"], report.counts["components"]) == (1, 1)


SPOILED: list[tuple[str, str, str, str]] = [
    ("unknown component", "component: my_vae}", "component: your_vae}", "no component 'your_vae'"),
    ("unknown entry", "entry: decode", "entry: deocde", "has no entry 'deocde': it has decode"),
    ("stage twice", "- name: decode", "- name: encode", "the stage 'encode' is given twice"),
    ("unknown symbol", "h: height // 8", "h: heigth // 8", "names an unknown 'heigth'"),
    ("not whole", "h: height // 8", "h: height / 7", "not a whole number"),
    ("only at an end", "h: height // 8", "h: 8 // (height - 64)", "at height 64: "),
    ("default outside", "default: 512, min: 64", "default: 32, min: 64", "32 is outside its range"),
    ("no axis", "  width: {", "  wide: {", "axes.wide: is not an axis: known are width"),
    ("output missing", "output:\n", "notes: |\n", "output: is missing"),
    ("trace point", "width: 256", "width: 255", "trace_points.0: width 255 does not suit"),
    ("debug axis", "debug_axes: {width", "debug_axes: {frames", "debug_axes.frames: is not an"),
    ("to do", "name: our own report", "name: TODO", "name: still says TODO"),
    ("conditions", "commercial: unknown", "commercial: conditional", "licence.conditions: is miss"),
    ("no source", "sources: [", "# sources: [", "sources: is missing: add it"),
    ("yaml", "stages:\n", "stages: [\n", "is not valid YAML"),
    ("unknown field", "native_dtype", "natvie_dtype", "natvie_dtype: is not a known field"),
]


@pytest.mark.parametrize(("_", "old", "new", "says"), SPOILED, ids=[row[0] for row in SPOILED])
def test_what_is_wrong_with_a_model_is_found_with_its_line(
    mine: Path, _: str, old: str, new: str, says: str
) -> None:
    file = mine / "models" / "my-vae.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    found = [finding for finding in checked(mine).findings if says in finding.text]
    assert found, [str(finding) for finding in checked(mine).findings]
    assert found[0].file == str(file)
    assert 1 <= found[0].line <= len(text.splitlines())
    assert "\n" not in str(found[0])


def test_a_published_count_that_disagrees_needs_a_reason(mine: Path) -> None:
    file = mine / "components" / "my_vae.yaml"
    count = "published_parameters: {value: 9000000, source: a card}\n"
    file.write_text(file.read_text() + count)
    assert any("is not the 2,445,063" in finding.text for finding in checked(mine).findings)


def test_an_input_that_cannot_be_sized_is_found(mine: Path) -> None:
    file = mine / "components" / "my_vae.yaml"
    file.write_text(file.read_text().replace("[b, 4, h, w]", "[b, 4, h, wide]"))
    assert any("input x: expression 'wide'" in f.text for f in checked(mine).findings)


def test_files_that_are_not_read_are_named(mine: Path) -> None:
    (mine / "model").mkdir()
    (mine / "model" / "x.yaml").write_text("id: x\n")
    (mine / "models" / "y.yml").write_text("id: y\n")
    stray = [finding.file for finding in checked(mine).findings if "is not read" in finding.text]
    assert stray == [str(mine / "model" / "x.yaml"), str(mine / "models" / "y.yml")]


HEAD = "provider,instance,device,gpu_count,region,on_demand_usd_per_hour,as_of,as_of_text,source,"
PRICES = HEAD + "confidence\n"
GOOD = "us,box,l4,1,here,1.0,2026-11-20,2026-11-20,our contract,contract\n"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (GOOD.replace("l4", "l44"), "device 'l44' is not in devices.csv"),
        (GOOD.replace(",1.0,", ",900,"), "900 USD per GPU-hour is not plausible"),
        (GOOD.replace(",1.0,", ",free,"), "on_demand_usd_per_hour"),
        (GOOD.replace(",contract", ",sure"), "confidence 'sure' is not one of"),
        (GOOD.replace("2026-11-20,2026-11-20", ",2026-11-20"), "as_of is empty where, and only"),
        (GOOD + GOOD, "two prices of 2026-11-20"),
    ],
)
def test_what_is_wrong_with_a_price_is_found_with_its_line(mine: Path, row: str, says: str) -> None:
    (mine / "prices.csv").write_text(PRICES + GOOD.replace("box", "other") + row)
    (finding,) = checked(mine).findings
    assert says in finding.text
    assert finding.line == 2 + len(row.splitlines())


def test_all_broken_rows_are_reported_and_not_only_the_first(mine: Path) -> None:
    rows = [GOOD.replace("box", f"box{n}").replace(",1.0,", ",-1,") for n in range(3)]
    (mine / "prices.csv").write_text(PRICES + "".join(rows))
    assert [finding.line for finding in checked(mine).findings] == [2, 3, 4]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"fp8_tflops": 3000.0}, "fp8_tflops is above 2.03 times"),
        ({"memory_gib": 48000.0}, "memory_gib 48000 is not a device's: it is in GiB"),
        ({"confidence": "certain"}, "confidence 'certain' is not one of"),
    ],
)
def test_what_is_wrong_with_a_device_is_found(change: dict[str, object], says: str) -> None:
    device = CATALOG.devices["l40s"]
    assert list(tables.device_faults(device)) == []
    (sentence,) = tables.device_faults(device.model_copy(update=change))
    assert says in sentence


# ---------------------------------------------------------------- a new entry


def test_a_new_entry_says_what_is_to_be_looked_up_and_is_whole_otherwise(tmp_path: Path) -> None:
    files = write_skeleton(CATALOG, "my-xl", "sdxl-base-1.0", tmp_path)
    assert [file.name for file in files] == ["my-xl.yaml", "my_xl.yaml"]
    findings = checked(tmp_path).findings
    assert findings
    assert all("still says TODO" in finding.text for finding in findings)
    model = Catalog(SHIPPED, tmp_path).models["my-xl"]
    assert model.component_of("denoiser") == "my_xl"
    assert model.tier is None and model.released is None and model.quality == []


def test_a_new_entry_has_a_comment_over_every_part_that_needs_one(tmp_path: Path) -> None:
    text = write_skeleton(CATALOG, "my-xl", "sdxl-base-1.0", tmp_path)[0].read_text()
    for field in ("licence", "components", "axes", "stages", "output", "sources"):
        assert re.search(rf"^# .+\n{field}:", text, flags=re.MULTILINE), field


@pytest.mark.parametrize(
    "name", [name for name, model in CATALOG.models.items() if model.runnable][::6]
)
def test_every_runnable_model_can_be_the_pattern(name: str, tmp_path: Path) -> None:
    write_skeleton(CATALOG, "new-one", name, tmp_path)
    assert all("TODO" in finding.text for finding in checked(tmp_path).findings)


def test_nothing_is_ever_overwritten(mine: Path) -> None:
    before = {file: file.read_bytes() for file in mine.rglob("*.yaml")}
    refused: list[Callable[[], object]] = [
        lambda: write_skeleton(CATALOG, "my-vae", "taesd", mine),  # its files exist
        lambda: write_skeleton(CATALOG, "sd-1.5", "taesd", mine),  # shipped
        lambda: write_skeleton(CATALOG, "../up", "taesd", mine),  # no id
        lambda: write_skeleton(CATALOG, "mine", "gigagan", mine),  # nothing to copy
        lambda: write_skeleton(CATALOG, "mine", "tesd", mine),  # unknown
    ]
    for attempt in refused:
        with pytest.raises(InputError):
            attempt()
    assert {file: file.read_bytes() for file in mine.rglob("*.yaml")} == before


# ---------------------------------------------------------------- with torch


@needs_torch
@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_a_folder_is_built_and_run_and_faults_of_both_are_found(mine: Path) -> None:
    from advisor.reference.check import check_built

    catalog = Catalog(SHIPPED, mine)
    assert check_built(catalog, checked(mine), run=True).findings == []
    file = mine / "components" / "my_vae.yaml"
    file.write_text(file.read_text().replace("2445063", "2445064"))
    model = mine / "models" / "my-vae.yaml"
    model.write_text(model.read_text().replace("[b, 3, height, width]", "[b, 4, height, width]"))
    found = check_built(Catalog(SHIPPED, mine), checked(mine), run=True).findings
    assert [finding.file for finding in found] == [str(file), str(model)]
    assert "is 2,445,064, the module has 2,445,063" in found[0].text
    assert "the catalog says [1, 4, 64, 64]" in found[1].text


@needs_torch
@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_a_configuration_that_cannot_be_built_is_one_sentence(mine: Path) -> None:
    from advisor.reference.check import built_faults

    component = Catalog(SHIPPED, mine).components["my_vae"]
    wrong = component.model_copy(update={"config": {"no_such_argument": 3}})
    ((path, sentence),) = built_faults(wrong)
    assert path == "config"
    assert "AutoencoderTiny cannot be built from it: TypeError" in sentence


# ---------------------------------------------------------------- laid over ours


def lay_over(folder: Path) -> None:
    """A device and its price beside the model."""
    lines = (SHIPPED / "devices.csv").read_text().splitlines()
    columns = lines[0].split(",")
    device = {**CATALOG.devices["l40s"].model_dump(mode="json"), "id": "my-card", "notes": ""}
    device |= {"torch_name": "", "aliases": "", "name": "My card", "source": "its data sheet"}
    cells = ["" if device[name] is None else str(device[name]) for name in columns]
    row = ",".join(f'"{cell}"' for cell in cells)
    (folder / "devices.csv").write_text(f"{lines[0]}\n{row}\n")
    (folder / "prices.csv").write_text(PRICES + GOOD.replace("l4", "my-card"))


@needs_torch
@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_a_users_model_device_and_price_work_as_ours_do(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from advisor.estimator import estimate
    from advisor.retrace import retrace

    lay_over(mine)
    assert checked(mine).findings == []
    monkeypatch.setenv("ADVISOR_HOME", str(mine.parent / "nobody"))
    catalog = load_catalog(mine)
    assert "my-vae" in catalog.models and "sd-1.5" in catalog.models
    assert [p.on_demand_usd_per_hour for p in catalog.prices if p.device == "my-card"] == [1.0]
    with pytest.raises(AdvisorError, match="no trace of my_vae"):
        estimate("my-vae", "my-card", catalog=catalog)
    assert retrace(catalog, mine / "traces", ["my-vae"]) == ["my_vae"]
    traced = Catalog(SHIPPED, mine)
    ours = estimate("taesd", "l40s", catalog=traced)
    assert estimate("my-vae", "my-card", catalog=traced).latency_s == ours.latency_s
