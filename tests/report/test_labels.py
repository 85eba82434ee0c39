"""Fixed words stand in one file: another language's file changes them all, and must be whole."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from advisor.errors import InputError
from advisor.paths import data_dir
from advisor.report import render_html, render_markdown, render_pdf
from advisor.report.comparison import comparison_doc
from advisor.report.labels import label, read_labels, speaking
from tests.report.reading import Page, pdf_text
from tests.report.sample import go, no_go

ENGLISH = data_dir("reports") / "labels" / "en.yaml"
CODE = Path(__file__).resolve().parents[2] / "advisor"
# Calls of the document whose words must come from a labels file, and their arguments.
WORDED = {"Column": "label", "Section": "title", "Kpi": "label", "Subheading": "text"}
CONVERTED = ("report/data.py", "report/comparison.py", "report/portfolio.py",
             "report/sections/case.py", "report/sections/changed.py")  # fmt: skip


def marked(node: object) -> object:
    """A made-up language: every word in brackets."""
    if isinstance(node, dict):
        return {key: marked(value) for key, value in node.items()}
    return node if node == "en" else f"«{node}»"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    file = tmp_path / "xx.yaml"
    data = marked(yaml.safe_load(ENGLISH.read_text(encoding="utf-8")))
    assert isinstance(data, dict)
    data["language"] = "eo"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return file


def test_another_language_labels_the_page(other: Path) -> None:
    page = Page(render_html(go(), language=other))
    assert ("html", "lang", "eo") in page.attributes
    for key in ("page.contents", "section.cost", "section.glossary", "meta.as_of", "page.footer"):
        assert f"«{label(key)}»" in page.text
        assert not re.search(rf"(?<!«){re.escape(label(key))} (?!\w)", page.text[:300])


def test_another_language_labels_pdf_and_markdown(other: Path) -> None:
    for text in (pdf_text(render_pdf(go(), language=other)), render_markdown(go(), language=other)):
        assert "«Contents»" in text and "«Requirements as understood»" in " ".join(text.split())


def test_every_head_of_a_comparison_is_in_the_other_language(other: Path) -> None:
    with speaking(other):
        doc = comparison_doc([("a.json", go()), ("b.json", no_go())])
    for section in doc.sections:
        assert section.title.startswith("«")


def test_after_a_report_in_another_language_the_words_are_english_again(other: Path) -> None:
    with speaking(other):
        assert label("page.contents") == "«Contents»"
    assert label("page.contents") == "Contents"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data["page"].pop("contents"), r"lacks page.contents \(1 in all\)"),
        (lambda data: data.update(more="x"), "has the unknown more"),
        (lambda data: data["page"].update(contents=7), "page.contents is no text"),
        (lambda data: data["page"].update(contents=""), "page.contents is no text"),
    ],
)
def test_a_labels_file_that_is_not_whole_is_refused(tmp_path: Path, change, said: str) -> None:  # type: ignore[no-untyped-def]
    data = yaml.safe_load(ENGLISH.read_text(encoding="utf-8"))
    change(data)
    file = tmp_path / "xx.yaml"
    file.write_text(yaml.safe_dump(data))
    with pytest.raises(InputError, match=said):
        read_labels(file)


def test_no_html_template_holds_words_of_its_own() -> None:
    for file in (data_dir("reports") / "html").glob("*.j2"):
        text = re.sub(r"(?s)\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", file.read_text(encoding="utf-8"))
        words = re.sub(r"(?s)<[^>]*>", " ", text)
        assert not re.findall(r"[^\W\d_]{2,}", words), file.name
        spoken = re.findall(r'(?:aria-label|title|alt)="([^"]*)"', text)
        assert not [one for one in spoken if re.search(r"[^\W\d_]", one)], file.name


def test_no_pdf_template_holds_words_of_its_own() -> None:
    for file in (data_dir("reports") / "typst").glob("*.typ"):
        code = re.sub(r"(?m)//.*$", "", file.read_text(encoding="utf-8"))
        found = {one for one in re.findall(r'"([^"\n]*)"', code) if re.match(r"[A-Z][a-z]", one)}
        assert found <= {"Inter", "DejaVu Sans", "DejaVu Sans Mono"}, file.name


@pytest.mark.parametrize("name", CONVERTED)
def test_no_head_is_written_where_documents_are_built(name: str) -> None:
    for call in ast.walk(ast.parse((CODE / name).read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        wanted = WORDED.get(call.func.id)
        for given in call.keywords:
            if given.arg == wanted and isinstance(given.value, ast.Constant):
                assert len(str(given.value.value)) <= 1, f"line {call.lineno}: {given.value.value}"


def test_every_key_that_code_asks_for_is_there_and_every_key_is_asked_for() -> None:
    keys = set(read_labels("en"))
    sources = [*CODE.rglob("*.py"), *data_dir("reports").rglob("*.j2"),
               *data_dir("reports").rglob("*.typ")]  # fmt: skip
    text = "\n".join(file.read_text(encoding="utf-8") for file in sources)
    asked = set(re.findall(r"""\blabel\(["']([\w.-]+)["']""", text))
    assert asked <= keys
    families = ("section.", "compared.")  # asked for by a name put together
    unused = [key for key in keys - asked if f'"{key}"' not in text]
    assert [key for key in unused if not key.startswith(families)] == []
