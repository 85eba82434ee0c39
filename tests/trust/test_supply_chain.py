"""Nothing in our code runs what it reads or downloads; a lint over the syntax trees."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = [f for d in ("advisor", "benchmarks", "tools") for f in sorted((ROOT / d).rglob("*.py"))]
CODE.append(ROOT / "app.py")

CALLS = {  # never, anywhere
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "pickle.load", "pickle.loads",
    "pickle.Unpickler", "marshal.load", "marshal.loads", "shelve.open", "dill.load", "joblib.load",
    "torch.load", "torch.hub.load", "torch.jit.load", "pandas.read_pickle", "pd.read_pickle",
    "subprocess.getoutput", "subprocess.getstatusoutput", "yaml.unsafe_load", "yaml.full_load",
}  # fmt: skip
ONLY_IN = {  # where each is looked after, and why
    "yaml.load": {"advisor/files.py"},  # with the safe loader, after the scan
    "yaml.safe_load": set(),
    "urllib.request.urlopen": set(),
    "urllib.request.build_opener": {"advisor/pricelists/fetch.py"},
    # rules of one's own are code that the user names (docs/rules)
    "importlib.util.spec_from_file_location": {"advisor/rules/own.py"},
    "from_pretrained": set(),  # models are built from configurations; weights are a local folder
}  # fmt: skip
IMPORTS = {"pickle", "marshal", "shelve", "dill", "joblib", "requests", "httpx", "aiohttp",
           "ftplib", "telnetlib", "smtplib", "xmlrpc", "huggingface_hub"}  # fmt: skip


def faults(text: str, name: str) -> Iterator[str]:
    """What a source text does that it may not, with its line."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            yield from (f"{name}:{node.lineno} {what}" for what in _call(node, called, name))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            named = {module.split(".")[0], *(one.name.split(".")[0] for one in node.names)}
            if isinstance(node, ast.ImportFrom):
                named = {module.split(".")[0]}
            for bad in sorted(named & IMPORTS):
                yield f"{name}:{node.lineno} imports {bad}"


def _call(node: ast.Call, called: str, name: str) -> Iterator[str]:
    if called in CALLS:
        yield f"calls {called}"
    for what, allowed in ONLY_IN.items():
        if (called == what or called.endswith(f".{what}")) and name not in allowed:
            yield f"calls {what}"
    for keyword in node.keywords:
        value = keyword.value
        on = isinstance(value, ast.Constant) and value.value is True
        if keyword.arg in ("shell", "trust_remote_code", "allow_pickle") and not _false(value):
            yield f"gives {keyword.arg}={'True' if on else ast.unparse(value)}"


def _false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


@pytest.mark.parametrize("file", CODE, ids=lambda f: f.name)
def test_no_code_runs_what_it_reads(file: Path) -> None:
    name = file.relative_to(ROOT).as_posix()
    assert list(faults(file.read_text(encoding="utf-8"), name)) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "import torch\ntorch.load('x')",
        "eval('1')",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "AutoModel.from_pretrained('x')",
        "AutoModel.from_config(c, trust_remote_code=flag)",
        "np.load(f, allow_pickle=True)",
        "import yaml\nyaml.load(t, Loader=yaml.Loader)",
        "import urllib.request\nurllib.request.urlopen('http://x')",
    ],
)
def test_the_lint_sees(text: str) -> None:
    assert list(faults(text, "advisor/x.py"))


def test_templates_escape_and_are_never_made_from_text() -> None:
    """jinja2 escapes by default only names that end in .html; from_string would run user text."""
    for file in CODE:
        text = file.read_text(encoding="utf-8")
        assert "from_string" not in text, file
        if "jinja2" not in text:
            continue
        for made in re.findall(r"Environment\((.*?)\n\s*\)", text, re.DOTALL):
            assert "autoescape=True" in made and "StrictUndefined" in made, file


def test_every_pinned_package_is_pinned_to_one_version() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(r"[A-Za-z0-9._\[\]-]+==[0-9][A-Za-z0-9.+!-]*", line), line


def test_the_lock_holds_a_hash_for_every_package() -> None:
    lines = (ROOT / "requirements.lock").read_text().replace("\\\n", " ").splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert len(packages) > 20
    for line in packages:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==\S+(\s+--hash=sha256:[0-9a-f]{64})+\s*", line), line


def test_an_audit_that_saw_no_data_does_not_say_audited() -> None:
    """Here pip-audit is not installed or has no network: the exit code says so too."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.audit", "--index", "http://127.0.0.1:9"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 3, done.stdout + done.stderr
    assert "not audited" in done.stdout and "no known" not in done.stdout.lower()
