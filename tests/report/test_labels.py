"""Fixed words stand in one file: another language's file changes them all, and must be whole."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from advisor.errors import InputError
from advisor.paths import data_dir
from advisor.report import render_html, render_markdown, render_pdf
from advisor.report.comparison import comparison_doc
from advisor.report.data import report_doc
from advisor.report.doc import ReportDoc
from advisor.report.labels import label, read_labels, speaking
from tests.report.reading import Page, pdf_text
from tests.report.sample import SAMPLES, go, no_go

ENGLISH = data_dir("reports") / "labels" / "en.yaml"
CODE = Path(__file__).resolve().parents[2] / "advisor"
# Calls whose words must come from a labels file, and the arguments that hold them.
WORDED = {
    "Column": ("label",), "Section": ("title",), "Kpi": ("label",), "Subheading": ("text",),
    "Entry": ("label",), "Table": ("caption",), "Commands": ("label",), "Callout": ("title",),
    "Cell": ("text", "sub"), "X": ("title",), "Y": ("title",), "Color": ("title",),
    "Shape": ("title",), "StrokeDash": ("title",),
}  # fmt: skip
BUILT = ("Cell",)  # what else is built from figures may be a sentence
WORD = re.compile(r"[^\W\d_]{2,}")


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


def written(node: ast.expr, built: bool) -> list[str]:
    """The words that an argument has in code: constants, both arms of a choice, f-strings."""
    if isinstance(node, ast.IfExp):
        return written(node.body, built) + written(node.orelse, built)
    if isinstance(node, ast.BoolOp):
        return [one for value in node.values for one in written(value, built)]
    parts = node.values if isinstance(node, ast.JoinedStr) and not built else [node]
    found = [one.value for one in parts if isinstance(one, ast.Constant)]
    return [one for one in found if isinstance(one, str) and WORD.search(one)]


@pytest.mark.parametrize(
    "file", sorted((CODE / "report").rglob("*.py")), ids=lambda file: file.stem
)
def test_no_label_is_written_where_documents_are_built(file: Path) -> None:
    for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        for given in call.keywords:
            if given.arg in WORDED.get(name, ()):
                assert written(given.value, name in BUILT) == [], f"line {given.value.lineno}"


def test_the_test_notices_a_label_in_code() -> None:
    for text in ("'Cost'", "f'Cost of {x}'", "'Cost' if x else label('y')", "x or 'Cost'"):
        assert written(ast.parse(text, mode="eval").body, built=False)
    assert not written(ast.parse("f'{x}: {y}'", mode="eval").body, built=False)


def heads(doc: ReportDoc) -> Iterator[str]:
    """All labels of a document: heads, captions, names of cards, entries and columns."""
    yield doc.report
    yield doc.verdict
    yield from (one.label for one in doc.meta)
    yield from (one.title for one in doc.sections)
    for block in doc.blocks():
        yield from (getattr(block, name) for name in ("caption", "label") if hasattr(block, name))
        if block.kind == "subheading":
            yield block.text
        if block.kind == "callout":
            yield block.title
        if block.kind == "table":
            yield from (column.label for column in block.columns)
        if block.kind in ("kpis", "keyvalues"):
            yield from (one.label for one in block.items)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_label_of_a_report_is_in_the_other_language(other: Path, name: str) -> None:
    with speaking(other):
        said = list(heads(report_doc(SAMPLES[name]())))
    assert len(said) > 60
    assert [one for one in said if WORD.search(one) and "«" not in one] == []


def test_every_key_that_code_asks_for_is_there_and_every_key_is_asked_for() -> None:
    keys = set(read_labels("en"))
    sources = [*CODE.rglob("*.py"), *data_dir("reports").rglob("*.j2"),
               *data_dir("reports").rglob("*.typ")]  # fmt: skip
    text = "\n".join(file.read_text(encoding="utf-8") for file in sources)
    asked = set(re.findall(r"""\blabel\(\s*["']([\w.-]+)["']""", text))
    assert asked <= keys
    built = re.findall(r"""\blabel\(f["']([\w-]+)\.\{""", text)  # by a name put together
    families = tuple(f"{one}." for one in [*built, *re.findall(r"""\bgroup\(["'](\w+)""", text)])
    unused = [key for key in keys - asked if f'"{key}"' not in text]
    assert [key for key in unused if not key.startswith(families)] == []
