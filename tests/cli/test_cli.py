"""The command line keeps its contracts: exit codes, one JSON document, one-sentence errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor.cli import cli, main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "product-photos.yaml"


def advisor(*arguments: object, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "advisor", *map(str, arguments)],
        input=stdin,
        text=True,
        capture_output=True,
        timeout=120,
    )


def json_of(*arguments: object) -> object:
    result = advisor(*arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_the_commands_are_the_ones_in_the_contract() -> None:
    assert sorted(cli.commands) == [
        "assess",
        "audit",
        "calibrate",
        "catalog",
        "claims",
        "compare",
        "devices",
        "doctor",
        "estimate",
        "explain",
        "generate",
        "new",
        "portfolio",
        "prices",
        "profile",
        "profiles",
        "rules",
        "saved",
        "schema",
        "serving",
        "trace",
        "training",
        "web",
    ]


def test_every_command_has_help_that_begins_with_a_sentence() -> None:
    for command in cli.commands.values():
        assert command.help and command.help.split("\n\n")[0].strip().endswith(".")


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['advisor', '--help']\n"
        "from advisor.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'pandas', 'numpy', 'torch', 'streamlit', 'altair', 'pydantic', 'yaml', 'rich',\n"
        "         'sqlalchemy', 'alembic'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stderr.strip() == "[]"


def test_assessing_imports_neither_torch_nor_the_web() -> None:
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "advisor", "assess", str(EXAMPLE)],
        capture_output=True,
        text=True,
    )
    imported = {line.rsplit("|", 1)[-1].strip() for line in result.stderr.splitlines()}
    assert result.returncode == 0
    assert not imported & {"torch", "diffusers", "transformers", "streamlit", "pandas", "altair"}


def test_assess_prints_an_answer_with_its_assumptions_and_data_version() -> None:
    out = advisor("assess", EXAMPLE, "--as-of", "2026-11-23").stdout
    for label in ("Answer", "Verdict", "Assumed", "Data       catalog"):
        assert label in out


def test_assess_gives_the_same_bytes_for_the_same_input_and_date() -> None:
    first, second = (
        advisor("assess", EXAMPLE, "--as-of", "2026-11-23", "--json").stdout for _ in range(2)
    )
    assert first == second


def test_assess_reads_standard_input() -> None:
    result = advisor("assess", "-", "--json", stdin=EXAMPLE.read_text())
    assert result.returncode == 0
    assert json.loads(result.stdout)["use_case"]["title"]


def test_estimate_prints_figures_in_the_form_of_the_contract() -> None:
    data = json_of("estimate", "sdxl-base-1.0", "--device", "a100-sxm-80", "--steps", "25")
    assert isinstance(data, dict)
    for name in ("latency_s", "peak_memory_gib", "energy_j"):
        figure = data[name]
        assert set(figure) == {"value", "low", "high", "unit", "basis", "source", "as_of"}
        assert figure["low"] <= figure["value"] <= figure["high"]
    assert data["parameters"] == 123060480 + 694659840 + 2567463684 + 83653863
    assert {stage["name"] for stage in data["stages"]} >= {"denoise", "decode"}


def test_trace_prints_stages_with_flops_bytes_launches_and_live_peak() -> None:
    data = json_of("trace", "sdxl-base-1.0")
    assert isinstance(data, dict)
    (denoise,) = (stage for stage in data["stages"] if stage["name"] == "denoise")
    assert denoise["flops_per_call"] == 2 * 6761236398080  # the guidance pair
    assert denoise["launches"] > 0 and denoise["bytes"] > 0 and denoise["live_peak_bytes"] > 0


def test_catalog_json_lists_families_and_models_with_the_contract_fields() -> None:
    data = json_of("catalog")
    assert isinstance(data, dict)
    assert len(data["families"]) == 18
    fields = {"id", "name", "family", "mechanism", "parameters", "runnable", "licence"}
    assert all(fields <= set(model) for model in data["models"])


@pytest.mark.parametrize("command", ["devices", "prices", "rules", "doctor", "schema"])
def test_lookups_print_one_json_document(command: str) -> None:
    arguments = [command] if command == "schema" else [command, "--json"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)


BAD: list[tuple[list[str], int, str]] = [
    (["estimate", "sdxl", "--device", "l4"], 3, "unknown model 'sdxl': did you mean"),
    (["estimate", "sd-1.5", "--device", "h10"], 3, "unknown device 'h10': did you mean h100"),
    (["estimate", "sd-1.5", "--device", "l4", "--steps", "-1"], 3, "outside what sd-1.5 can do"),
    (["estimate", "sd-1.5", "--device", "l4", "--guidance", "nan"], 3, "outside what"),
    (["estimate", "sd-1.5", "--device", "l4", "--guidance", "inf"], 3, "outside what"),
    (["estimate", "sd-1.5", "--device", "l4", "--batch", "0"], 3, "greater than or equal to 1"),
    (["estimate", "sd-1.5", "--device", "l4", "--frames", "9"], 3, "sd-1.5 has no frames"),
    (["estimate", "sd-1.5"], 2, "Missing option '--device'"),
    (["catalog", "--family", "gans"], 3, "unknown family 'gans': did you mean gan"),
    (["prices", "l44"], 3, "unknown device 'l44'"),
    (["rules", "LAT999"], 3, "unknown rule 'LAT999'"),
    (["assess", "/nowhere.yaml"], 3, "cannot read '/nowhere.yaml'"),
    (["assess", "x.yaml", "--as-of", "soon"], 3, ""),
    (["audit"], 2, "give --measurements FILE or --decisions PATH"),
]


@pytest.mark.parametrize(("arguments", "code", "says"), BAD)
def test_bad_input_is_one_sentence_with_its_exit_code(
    arguments: list[str],
    code: int,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["advisor", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    streams = capsys.readouterr()
    assert left.value.code == code
    assert says in streams.err
    assert "Traceback" not in streams.err
    assert streams.out == ""


BOMB = "a: &a [x,x]\nb: &b [*a,*a]\n"
FILES = {
    "truncated": ("title: x\noutputs: [image", "is not valid YAML"),
    "bomb": (BOMB, "aliases"),
    "huge": ("title: " + "x" * 300_000, "larger than 256 KiB"),
    "deep": ("[" * 5000, "nested deeper"),
    "binary": (b"\xff\xfe\x00", "not UTF-8"),
    "unknown-field": ("title: x\noutputs: [image]\nspeed: 3\n", "line 3: unknown field 'speed'"),
    "negative": ("title: x\noutputs: [image]\nvolume_per_day: -4\n", "line 3: volume_per_day"),
    "infinite": (
        "title: x\noutputs: [image]\nvolume_per_day: .inf\n",
        "line 3: volume_per_day is inf",
    ),
    "unit": ("title: x\noutputs: [image]\nlatency: {limit_ms: 2 furlong}\n", "ms, s, min"),
    "list": ("- 1\n", "is not a use case"),
}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_bad_use_case_file_writes_nothing(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content, says = FILES[name]
    file = tmp_path / "case.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    out = tmp_path / "report.html"
    monkeypatch.setattr(sys, "argv", ["advisor", "assess", str(file), "--html", str(out)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 3
    assert says in capsys.readouterr().err
    assert not out.exists()


def test_an_existing_report_is_kept_unless_forced(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("mine")
    result = advisor("assess", EXAMPLE, "--html", out)
    assert result.returncode == 3 and "exists" in result.stderr
    assert out.read_text() == "mine"


def test_check_exits_4_on_a_no_go() -> None:
    assert advisor("assess", ROOT / "examples" / "legal-text.yaml", "--check").returncode == 4


def test_a_catalog_entry_without_its_source_is_named_with_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    (folder / "models").mkdir(parents=True)
    text = (ROOT / "catalog" / "models" / "sd-1.5.yaml").read_text()
    (folder / "models" / "sd-1.5.yaml").write_text(text.split("\nsources:")[0] + "\n")
    result = advisor("catalog", "sd-1.5", "--catalog", folder)
    assert result.returncode == 6
    assert "sources: is missing" in result.stderr and "sd-1.5.yaml" in result.stderr
