"""Damaged files are named, never believed; what does not need them goes on."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.assessment import Assessment
from advisor.catalog import load_catalog
from advisor.catalog.load import Catalog
from advisor.errors import AdvisorError, DataError
from advisor.estimator import estimate
from advisor.estimator.rates import read_rates
from advisor.figure import Basis
from advisor.paths import data_dir
from advisor.profiles import all_profiles, read_profile
from advisor.store import LOCAL, open_store
from advisor.tracestore import read_traces

DEVICE, MODEL = "cpu-amd-epyc-2t", "vq-vae-2017"
ROOT = Path(__file__).resolve().parents[2]


def damages(whole: bytes, places: int) -> list[bytes]:
    """Cut at evenly spaced places, and a bit of one byte turned at others."""
    step = max(len(whole) // places, 1)
    cut = [whole[:at] for at in range(0, len(whole) - 2, step)]
    turned = [
        whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        for at in range(step // 2, len(whole), step)
    ]
    return cut + turned


def test_no_damage_to_a_profile_changes_a_number(tmp_path: Path) -> None:
    """Each is found, but for white space, which says nothing."""
    source = data_dir("profiles") / DEVICE / f"{MODEL}.json"
    file, right = tmp_path / source.name, read_profile(source)
    for data in damages(source.read_bytes(), 50):
        file.write_bytes(data)
        try:
            assert read_profile(file) == right
        except DataError as error:
            assert str(file) in str(error)


def test_a_damaged_profile_costs_a_level_of_evidence_and_the_answer_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The measurement is set aside, the prediction stands and says why; other models stay."""
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    profiles = data_dir("profiles") / DEVICE
    own = tmp_path / "profiles" / "t4"  # a device that the catalog knows
    own.mkdir(parents=True)
    for name in (MODEL, "wavenet-mol"):
        shutil.copy(profiles / f"{name}.json", own / f"{name}.json")
    kept = (own / "wavenet-mol.json").read_bytes()
    before = estimate(MODEL, "t4", dtype="fp32", width=32, height=32)
    file = own / f"{MODEL}.json"
    file.write_bytes(file.read_bytes()[:-400])
    after = estimate(MODEL, "t4", dtype="fp32", width=32, height=32)
    assert before.latency_s.basis in (Basis.measured, Basis.scaled)
    assert after.latency_s.basis is Basis.datasheet
    assert [n for n in after.notes if f"t4/{MODEL}.json are damaged, so a prediction" in n]
    assert not [n for n in before.notes if "damaged" in n]
    found = dict(all_profiles([tmp_path / "profiles"]))
    assert [f.name for f, one in found.items() if isinstance(one, DataError)] == [file.name]
    assert (own / "wavenet-mol.json").read_bytes() == kept


def test_damaged_traces_and_rates_are_refused_by_name_or_read(tmp_path: Path) -> None:
    """Cut files are always refused. They carry no checksum: a turned digit is another digit."""
    smallest = min((data_dir("catalog") / "traces").glob("*.json"), key=lambda f: f.stat().st_size)
    for source, read in ((smallest, read_traces), (data_dir("catalog") / "rates.yaml", read_rates)):
        file = tmp_path / source.name
        whole = source.read_bytes()
        places = 40 if source.suffix == ".json" else 6  # YAML is slow to read
        for data in damages(whole, places):
            file.write_bytes(data)
            try:
                read(file)
                if source.suffix == ".json":
                    assert len(data) == len(whole)
            except AdvisorError as error:
                assert str(file) in str(error)


@pytest.mark.parametrize("name", ["models/dcgan-64.yaml", "devices.csv", "prices.csv"])
def test_a_damaged_catalog_file_is_named_and_the_rest_can_be_looked_up(
    name: str, tmp_path: Path
) -> None:
    layer = tmp_path / "layer"
    (layer / "models").mkdir(parents=True)
    whole = (data_dir("catalog") / name).read_bytes()
    kind = Path(name).stem if name.endswith(".csv") else "models"
    refused = 0
    for at in range(1, len(whole), max(len(whole) // 12, 1)):
        (layer / name).write_bytes(whole[:at])
        catalog = Catalog(data_dir("catalog"), layer)
        try:
            _ = getattr(catalog, kind) if kind != "models" else catalog.models["dcgan-64"]
        except AdvisorError as error:
            refused += 1
            assert str(layer / name) in str(error)
        assert catalog.models["gpt2-small"].id == "gpt2-small"
        assert len(catalog.families) == len(load_catalog().families)
    assert refused > 3


def test_a_damaged_store_is_named_or_its_answers_are_whole(tmp_path: Path) -> None:
    """Pages overwritten or cut off at 24 places: refused, found by `check`, or not in use."""
    text = (ROOT / "tests/trust/saved/assessment-1.json").read_text()
    good = tmp_path / "good.db"
    store = open_store(f"sqlite:///{good}")
    id = store.assessments(LOCAL).import_text(text).id
    right = store.assessments(LOCAL).export(id)
    store.close()
    with sqlite3.connect(good) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    whole = good.read_bytes()
    seen = {"refused": 0, "found": 0, "unused": 0}
    for turn in range(24):
        at = len(whole) * turn // 24
        noise = bytes((at + i) % 251 for i in range(200))
        data = whole[:at] if turn % 3 == 0 else whole[:at] + noise + whole[at + 200 :]
        bad = tmp_path / f"bad{turn}.db"
        bad.write_bytes(data)
        seen[_fate(bad, id, right)] += 1
    assert seen["refused"] + seen["found"] > 8, seen


def _fate(file: Path, id: str, right: str) -> str:
    """Opening, checking and reading a damaged store; raises what is no documented error."""
    try:
        store = open_store(f"sqlite:///{file}")
    except AdvisorError as error:
        assert str(file) in str(error)
        return "refused"
    try:
        faults = store.faults()
        if faults:
            return "found"
        if store.assessments(LOCAL).page().total == 0:  # cut to nothing: an empty new store
            return "unused"
        assert store.assessments(LOCAL).export(id) == right
        return "unused"
    except AdvisorError:
        return "refused"
    finally:
        store.close()


FULL_DISK = """
import json, resource, signal, sys
from datetime import date
from pathlib import Path
from advisor.assessment import Assessment
from advisor.catalog import load_catalog
from advisor.errors import AdvisorError
from advisor.files import write_atomic
from advisor.pricelists.clientlist import COLUMNS, import_list
from advisor.profiles import read_profile, write_profile
from advisor.store import LOCAL, open_store
home, profile, text = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]).read_text()
catalog, store = load_catalog(), open_store()
work, record = store.assessments(LOCAL), read_profile(profile)
first = work.import_text(text)
write_profile(home / "profiles", record)
prices = home / "mine.csv"
row = "l40s,4,instance,{},frankfurt,our-cloud,gpu.4x,2026-11-01,{}"
prices.write_text(",".join(COLUMNS) + "\\n" + row.format(5.2, "") + "\\n")
import_list(prices, catalog, date(2026, 11, 23))
prices.write_text(",".join(COLUMNS) + "\\n" + row.format(6.2, "x" * 90000) + "\\n")
write_atomic(home / "report.html", "old")
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
said = {}
def tried(name, do):
    try:
        do()
        said[name] = "wrote"
    except AdvisorError as error:
        said[name] = f"{error.exit_code} {error}"
tried("report", lambda: write_atomic(home / "report.html", "new" * 9000))
tried("profile", lambda: write_profile(home / "profiles", record))
tried("prices", lambda: import_list(prices, catalog, date(2026, 11, 23)))
tried("store", lambda: work.import_text(text))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
kept = {
    "report": (home / "report.html").read_text() == "old",
    "profile": read_profile(home / "profiles" / record.device / f"{record.model}.json") == record,
    "prices": ",5.2," in (home / "prices/client/prices.csv").read_text(),
    "store": store.faults() == [] and work.page().total == 1,
    "again": bool(work.import_text(text).id),
}
left = [f.name for f in home.rglob(".*") if f.is_file()]
print(json.dumps({"said": said, "kept": kept, "left": left}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs RLIMIT_FSIZE")
def test_a_full_disk_is_one_sentence_and_the_old_data_stay(tmp_path: Path) -> None:
    """Reports, profiles, price lists and the store, while no file may grow beyond 1 KiB."""
    profile = data_dir("profiles") / DEVICE / f"{MODEL}.json"
    saved = ROOT / "tests/trust/saved/assessment-1.json"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path), str(profile), str(saved)],
        env={**os.environ, "ADVISOR_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert all(found["kept"].values()), found
    assert found["left"] == [], found
    for name, sentence in found["said"].items():
        assert sentence[0] in "36" and "\n" not in sentence, (name, sentence)


def test_an_assessment_of_an_earlier_version_opens_or_says_what_to_do(tmp_path: Path) -> None:
    """Form 1 was written by version 0.1.0 before this change."""
    text = (ROOT / "tests/trust/saved/assessment-1.json").read_text()
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    work = store.assessments(LOCAL)
    saved = work.import_text(text)
    answer = work.revision(saved.id).answer()
    assert isinstance(answer, Assessment) and answer.headline == json.loads(text)["headline"]
    store.close()


def test_a_profile_or_trace_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    data = json.loads((data_dir("profiles") / DEVICE / f"{MODEL}.json").read_text())
    for version in (0, 99):
        file.write_text(json.dumps({**data, "schema_version": version}))
        with pytest.raises(DataError, match="measure again"):
            read_profile(file)
    file.write_text('{"schema": 0, "calls": []}')
    with pytest.raises(DataError, match="trace schema 0"):
        read_traces(file)
