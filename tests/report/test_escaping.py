"""Hostile text stays text: no new element or attribute, nothing evaluated, nothing loaded."""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from advisor.report import render_html, render_markdown, render_pdf
from advisor.report.brand import read_brand
from advisor.report.doc import BrandMark
from tests.report.poison import asked_in_full, poisoned
from tests.report.reading import Page, pdf_text
from tests.report.sample import go, html_of, no_go

CORPUS = (
    "<script>window.__pwned=1</script>",
    "</script><script>window.__pwned=1</script>",
    "<img src=x onerror=window.__pwned=1>",
    "<svg/onload=window.__pwned=1>",
    "<svg><script>window.__pwned=1</script></svg>",
    '"><img src=x onerror=window.__pwned=1>',
    "'><img src=x onerror=window.__pwned=1>",
    '" onmouseover="window.__pwned=1',
    "' onfocus='window.__pwned=1' autofocus='",
    "</style><script>window.__pwned=1</script>",
    "</title><script>window.__pwned=1</script>",
    "<!--<script>window.__pwned=1</script>-->",
    "--><script>window.__pwned=1</script>",
    "]]><script>window.__pwned=1</script>",
    "<iframe src=javascript:window.__pwned=1>",
    "<a href=javascript:window.__pwned=1>x</a>",
    "<base href=http://evil.example/>",
    "<meta http-equiv=refresh content=0;url=http://evil.example/>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    "<object data=http://evil.example/>",
    "<embed src=http://evil.example/>",
    "<form action=http://evil.example/><input autofocus>",
    "<details open ontoggle=window.__pwned=1>",
    "<math><mtext></mtext><mglyph><svg><mtext><style><path id=</style><img src=x>",
    "<foreignObject><body onload=window.__pwned=1></foreignObject>",
    "<text x=1><tspan>t</tspan></text>",
    "{{ 7*7 }}{% for x in range(3) %}x{% endfor %}{# c #}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "${7*7} #{7*7} <%= 7*7 %>",
    '#eval("7*7") #read("/etc/passwd") #include "x" $x^2$ [b] *b* _i_ @ref <label>',
    "\\u{41} \\n \\ // comment /* c */ = Heading - item + item",
    "&lt;script&gt; &amp;#x3C; &#60;script&#62; %3Cscript%3E",
    "\x00\x08\x0b\x1f\x7f\x9f zero \u200b\u200d\u202e\u2066 width \ufeff",
    "line\nbreak\r\nand\ttab\u2028sep",
    "漢字 العربية עברית 😀 \u202e \U0001f9d1\u200d\U0001f680 ﷽ \ue000",
    "| a | b |\n|---|---|\n# h1\n```\ncode\n```\n[x](javascript:alert(1)) ![i](http://evil.example/i)",
    "http://evil.example/?q=1 www.evil.example @everyone #1 <http://evil.example>",
    '=HYPERLINK("http://evil.example") +1 -1 @SUM(1) ~~s~~ `c` **b** __b__',
    "url(http://evil.example/i) expression(alert(1)) @import 'x'; } body { display: none",
    "A" * 150,
)
SVG_ALLOWED = {"g", "path", "rect", "line", "text", "circle", "tspan", "defs", "clippath", "title"}


def cycled(start: int) -> Callable[[str], str]:
    """Each distinct text becomes the next payload of the corpus (equal texts stay equal)."""
    given: dict[str, str] = {}

    def replace(text: str) -> str:
        if text not in given:
            payload = CORPUS[(start + len(given)) % len(CORPUS)]
            given[text] = f"{payload} {len(given)}"
        return given[text]

    return replace


def harmless() -> Callable[[str], str]:
    given: dict[str, str] = {}
    return lambda text: given.setdefault(text, f"plain {len(given)}")


@dataclass(frozen=True)
class Made:
    """A poisoned record, rendered."""

    html: str
    markdown: str
    page: Page


@functools.cache
def hostile_made(start: int) -> Made:
    answer = poisoned(go(), cycled(start))
    html = render_html(answer)
    return Made(html, render_markdown(answer), Page(html))


@functools.cache
def plain_page() -> Page:
    return Page(render_html(poisoned(go(), harmless())))


@pytest.fixture(params=[0, 20])
def hostile(request: pytest.FixtureRequest) -> Made:
    return hostile_made(request.param)


def test_each_text_of_the_corpus_is_put_somewhere() -> None:
    seen: list[str] = []

    def look(text: str) -> str:
        seen.append(text)
        return text

    poisoned(poisoned(go(), cycled(0)), look)
    for payload in CORPUS:
        assert any(text.startswith(payload) for text in seen), payload


def test_the_corpus_reaches_every_kind_of_text() -> None:
    texts = poisoned(go(), lambda text: f"MARK {text}").model_dump_json()
    assert texts.count("MARK") > 300


def test_every_text_that_a_use_case_may_hold_is_poisoned_those_of_its_terms_too() -> None:
    asked: list[str] = []

    def look(text: str) -> str:
        asked.append(text)
        return f"MARK {text}"

    found = asked_in_full(look)
    assert {"title", "description", "grid", "regions 1", "gpu_usd_per_hour key"} <= set(asked)
    dumped = json.dumps(found.model_dump(mode="json", warnings=False))
    assert dumped.count("MARK") == len(asked) >= 8


@pytest.mark.parametrize("payload", CORPUS)
def test_hostile_text_in_a_brand_file_stays_text(payload: str, tmp_path: Path) -> None:
    text = payload[:80]
    file = tmp_path / "brand.yaml"
    file.write_text(yaml.safe_dump({"name": "x" + text[:79], "disclaimer": payload}))
    brand = read_brand(file)
    page = Page(render_html(no_go(), brand=brand))
    plain = Page(html_of("no-go"))
    assert Counter(page.tags) - Counter(plain.tags) == Counter({"p": 1, "strong": 1})
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert render_markdown(no_go(), brand=brand)


def test_hostile_text_in_a_brand_file_does_not_stop_the_pdf() -> None:
    for payload in CORPUS[25:33]:
        brand = BrandMark(client="x" + payload[:79], disclaimer=payload)
        assert render_pdf(no_go(), brand=brand).startswith(b"%PDF")


def test_hostile_text_adds_no_element_to_the_page(hostile: Made) -> None:
    page, plain = hostile.page, plain_page()
    assert page.tags == plain.tags
    assert page.svg_tags <= SVG_ALLOWED


def test_hostile_text_adds_no_attribute_to_the_page(hostile: Made) -> None:
    page, plain = hostile.page, plain_page()
    assert {(tag, name) for tag, name, _ in page.attributes} <= {
        (tag, name) for tag, name, _ in plain.attributes
    } | {("text", "text-decoration")}
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


def test_hostile_text_is_not_evaluated_by_the_template(hostile: Made) -> None:
    text = hostile.page.text
    assert "{{ 7*7 }}" in text
    assert "${7*7} #{7*7}" in text


def test_hostile_text_is_not_evaluated_by_typst_and_does_not_stop_the_pdf() -> None:
    text = " ".join(pdf_text(render_pdf(poisoned(go(), cycled(0)))).split())
    assert "#eval(" in text and "$x^2$" in text
    assert "root:" not in text


def test_hostile_text_does_not_stop_a_report_without_options() -> None:
    answer = poisoned(no_go(), cycled(3))
    assert render_pdf(answer).startswith(b"%PDF") and render_html(answer)


def test_markdown_turns_hostile_text_into_no_markup(hostile: Made) -> None:
    outside = re.sub(r"(?ms)^(`{3,}).*?^\1$", "", hostile.markdown)
    assert not re.search(r"<(?!br>)[a-zA-Z/!]", outside)
    assert not re.search(r"(?<!\\)\[[^\]]*(?<!\\)\]\(", outside)
    assert "://" not in outside and not re.search(r"(?<![&\w;])@\w", outside)


def test_hostile_text_in_a_listing_does_not_end_it() -> None:
    answer = poisoned(go(), lambda _: "````\n</code><b>x</b>\n````")
    outside = re.sub(r"(?ms)^(`{3,}).*?^\1$", "", render_markdown(answer))
    assert "<b>" not in outside


def test_control_and_direction_characters_do_not_reach_a_reader(hostile: Made) -> None:
    for text in (hostile.html, hostile.markdown):
        assert not re.search(
            "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066\ufeff]", text
        )


def test_the_page_loads_nothing_and_runs_nothing(hostile: Made) -> None:
    page = hostile.page
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(
        page.tags
    )
    for tag, name, value in page.attributes:
        assert name not in ("src", "srcset", "action", "xlink:href", "background", "poster")
        if name == "href":
            assert tag == "a" and value.startswith("#")
        if "url(" in value.lower() and name != "aria-label":
            assert re.fullmatch(r"url\(#[\w-]+\)", value)
    policy = next(v for t, n, v in page.attributes if (t, n) == ("meta", "content"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_the_style_loads_nothing() -> None:
    style = re.search(r"(?s)<style>(.*?)</style>", html_of("go"))
    assert style and "url(" not in style[1] and "@import" not in style[1]
