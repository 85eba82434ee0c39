"""What a report says, for whom, and that it says the same each time."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
from itertools import pairwise

import pytest
import yaml

from advisor.assessment import Assessment
from advisor.cli import cli
from advisor.figure import Basis
from advisor.report import render_html, render_markdown, render_pdf, words
from advisor.report.data import report_doc
from advisor.report.doc import Table, plain
from advisor.report.numbers import value_text
from advisor.report.sections.audit import all_figures
from advisor.report.sections.plan import workload_options
from advisor.report.view import View
from advisor.usecase import parse_use_case
from tests.report.reading import Page
from tests.report.sample import SAMPLES, figure, go, html_of, no_go, non_generative

ONE_PROCESS = """
import hashlib
from advisor.figure import Basis
from advisor.report import render_html, render_markdown, render_pdf
from tests.report.sample import go
answer = go()
for made in (render_html(answer).encode(), render_pdf(answer), render_markdown(answer).encode()):
    print(hashlib.sha256(made).hexdigest())
"""


def digests(answer: Assessment) -> list[str]:
    made = (render_html(answer).encode(), render_pdf(answer), render_markdown(answer).encode())
    return [hashlib.sha256(one).hexdigest() for one in made]


def test_the_same_record_gives_the_same_bytes_twice_and_in_another_process() -> None:
    first = digests(go())
    assert digests(go()) == first
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LANG": "C"}
    other = subprocess.run(
        [sys.executable, "-c", ONE_PROCESS], env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert other.stdout.split() == first


@pytest.mark.parametrize("name", SAMPLES)
def test_a_record_read_back_from_json_gives_the_same_document(name: str) -> None:
    answer = SAMPLES[name]()
    assert report_doc(Assessment.model_validate_json(answer.model_dump_json())) == report_doc(
        answer
    )


def test_stated_and_assumed_are_told_apart() -> None:
    stated, confirm = _tables(go(), "requirements")
    assumed = _tables(go(), "defaults")[0]
    asked, left = ({row[0].text for row in one.rows} for one in (stated, assumed))
    assert {"Time limit", "Volume (items a day)"} <= asked
    assert "Licence needed" in left and not asked & left
    assert {row[0].text for row in confirm.rows} <= left


def test_the_assumption_that_decides_feasibility_is_the_first_to_confirm() -> None:
    confirm = _tables(go(), "requirements")[1]
    assert confirm.rows[0][0].text == "Licence needed" and "no-go" in confirm.rows[0][2].text


def test_rules_without_an_answer_stand_with_the_question_that_unlocks_them() -> None:
    locked = _tables(go(), "audit")[-1]
    assert [cell.text for cell in locked.rows[0]] == [
        "How many people have trained generators?", "1", "TEA101",
    ]  # fmt: skip


def test_the_audit_counts_every_figure_of_the_record() -> None:
    counts = _tables(go(), "audit")[0]
    total = sum(int(row[3].text.replace(",", "")) for row in counts.rows)
    assert total == len(list(all_figures(go()))) > 100


def test_a_price_that_is_too_old_is_said_on_the_first_page_and_in_the_audit() -> None:
    assert "88 days old" in Page(html_of("go")).text.split("Leading options")[0]
    assert "too old to quote" in _tables(go(), "audit")[1].caption


def test_a_draw_that_never_loses_is_not_called_certain() -> None:
    answer = go()
    assert answer.robustness is not None
    share = answer.robustness.share.model_copy(update={"value": 1.0, "high": 1.0})
    sure = answer.robustness.model_copy(update={"share": share, "overtaken_by": []})
    text = _plainly(answer.model_copy(update={"robustness": sure}))
    assert "in each of 1,000 draws" in text


def _tables(answer: Assessment, section: str) -> list[Table]:
    found = next(one for one in report_doc(answer).sections if one.id == section)
    return [block for block in found.blocks if isinstance(block, Table)]


def test_every_barred_family_stands_with_the_code_and_sentence_that_barred_it() -> None:
    text = Page(html_of("go")).text
    for family in go().families:
        for finding in family.findings:
            if finding.severity == "bar":
                assert finding.code in text and family.name in text
                if family.status == "barred":
                    assert finding.sentence in text


def test_every_section_has_something_to_say_in_every_kind_of_answer() -> None:
    for make in SAMPLES.values():
        for section in report_doc(make()).sections:
            assert section.blocks, section.id


def test_the_limit_that_is_crossed_is_likely_and_not_certain_on_the_first_page() -> None:
    texts = " ".join(Page(html_of("go")).text.split()[:150])
    assert "likely, not certain (" in texts


def test_measured_figures_take_and_predicted_ones_should_take() -> None:
    answer = go()
    assert "should take 1.8 s" in _plainly(answer)
    first = answer.candidates[0]
    measured = first.model_copy(update={"response_s": figure(1.85, "s", Basis.measured)})
    told = _plainly(answer.model_copy(update={"candidates": [measured, *answer.candidates[1:]]}))
    assert "takes 1.9 s" in told and "should take 1.9 s" not in told


def _plainly(answer: Assessment) -> str:
    return Page(render_html(answer)).text.replace("\u00a0", " ")


def test_what_is_not_known_is_a_dash_with_a_word() -> None:
    rows = _tables(go(), "energy")[0].rows
    unpriced = next(row for row in rows if row[1].text == "Unpriced Model")
    assert [(cell.text, cell.sub) for cell in unpriced[3:]] == [("-", "not known")] * 2


def test_a_no_go_says_so_and_what_would_make_it_feasible() -> None:
    text = _plainly(no_go())
    assert "No go as specified" in text and "let a person check each output" in text
    assert "ACC101" in text


def test_an_answer_without_a_generator_states_no_cost_and_no_time() -> None:
    page = _plainly(non_generative())
    assert "because nothing is run" in page and "USD per 1,000" not in page


def test_leading_options_are_of_different_models_as_far_as_there_are() -> None:
    view = View(go())
    assert [one.rank for one in view.leading] == [1, 3, 4, 5, 6]
    assert [one.rank for one in view.shown] == [1, 2, 3, 4, 5, 6, 7]


def test_the_printed_use_case_asks_the_same_question_again() -> None:
    answer = go()
    section = next(one for one in report_doc(answer).sections if one.id == "reproduce")
    lines = next(block.lines for block in section.blocks if block.kind == "commands")
    assert parse_use_case(yaml.safe_load("\n".join(lines))) == answer.use_case


def test_the_printed_command_repeats_the_workload() -> None:
    section = next(one for one in report_doc(go()).sections if one.id == "verify")
    commands = [
        line for block in section.blocks if block.kind == "commands" for line in block.lines
    ]
    assert commands[0] == (
        "advisor estimate quick-sampler-xl --device card-48 --width 1024 --height 1024 "
        "--steps 25 --guidance 5 --batch 1 --dtype bf16 --mode eager --json"
    )


@pytest.mark.parametrize("section", ["verify", "reproduce"])
def test_every_printed_command_is_one_that_the_program_takes(section: str) -> None:
    found = next(one for one in report_doc(go()).sections if one.id == section)
    lines = [line for b in found.blocks if b.kind == "commands" for line in b.lines]
    commands = [shlex.split(line) for line in lines if line.startswith("advisor ")]
    assert commands
    for _, name, *arguments in commands:
        # The use case file is not here: any file that exists will do.
        given = [__file__ if one == "usecase.yaml" else one for one in arguments]
        cli.commands[name].make_context(name, given)


def test_large_settings_are_written_out_in_the_command() -> None:
    first = go().candidates[0]
    long = first.workload.model_copy(update={"tokens_in": 2_000_000, "guidance": 4.5})
    options = workload_options(first.model_copy(update={"workload": long}))
    assert "--tokens-in 2000000" in options and "--guidance 4.5" in options


def test_licences_are_shown_with_doubt_where_they_are_not_confirmed() -> None:
    rows = _tables(go(), "licences")[0].rows
    assert rows[0][2].text == "on conditions" and "not confirmed" in rows[0][4].sub
    assert (
        next(row for row in rows if row[0].text == "One Pass Model")[1].sub == "not in the record"
    )


def test_reading_order_is_one_heading_level_after_another() -> None:
    levels = [int(tag[1]) for tag in Page(html_of("go")).tags if tag in ("h1", "h2", "h3")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_tables_have_captions_and_scoped_heads_and_pictures_have_words() -> None:
    page = Page(html_of("go"))
    assert page.tags.count("caption") == page.tags.count("table") > 10
    heads = [value for tag, name, value in page.attributes if (tag, name) == ("th", "scope")]
    assert len(heads) == page.tags.count("th")
    words = [value for tag, name, value in page.attributes if (tag, name) == ("div", "aria-label")]
    assert len(words) == page.tags.count("figure") == 8 and all(words)


def test_text_of_a_document_is_one_clean_line() -> None:
    assert plain(" a\u202e\tb\n\x00c\u200b ") == "a b c"


@pytest.mark.parametrize("name", SAMPLES)
def test_ids_on_the_page_are_unique(name: str) -> None:
    ids = [value for _, key, value in Page(html_of(name)).attributes if key == "id"]
    assert len(ids) == len(set(ids))


def test_a_no_go_has_no_section_about_running_and_no_prices() -> None:
    doc = report_doc(no_go())
    left = {"options", "latency", "memory", "cost", "energy", "licences", "plan", "verify"}
    assert not left & {section.id for section in doc.sections}
    body = [section.number for section in doc.sections if section.number.isdigit()]
    assert body == [str(number) for number in range(1, len(body) + 1)]
    assert any("Latency by stage and under load" in text for text in doc.texts())


def test_a_go_beside_a_failed_gate_waits_for_it_and_says_why() -> None:
    answer = go()
    failed = [gate for gate in answer.gates if gate.status == "failed"]
    assert len(failed) == 1
    doc = report_doc(answer)
    assert doc.verdict.endswith("once 1 failed gate is settled") and doc.tone == "caution"
    first = " ".join(str(block) for block in doc.executive)
    assert failed[0].question in first
    open_gates = [gate.model_copy(update={"status": "open"}) for gate in answer.gates]
    calm = report_doc(answer.model_copy(update={"gates": open_gates}))
    assert "settled" not in calm.verdict


def test_where_buying_wins_the_price_of_the_api_heads_page_one() -> None:
    answer, api = go(), go().apis[0]
    assert answer.route is not None
    route = answer.route.model_copy(
        update={
            "kind": "buy-hosted-api",
            "provider": api.provider,
            "api_model": api.model,
            "conditions": ["Measure its response."],
        }
    )
    doc = report_doc(answer.model_copy(update={"route": route}))
    cards = next(block.items for block in doc.executive if block.kind == "kpis")
    assert cards[0].value.split()[0] == value_text(
        api.usd_per_output.times(1000, "USD/1000 outputs")
    )
    assert [card.value for card in cards].count("-") == 1  # no price list says how long it takes
    assert "Measure its response." in " ".join(doc.texts())


def test_a_class_of_waiting_names_the_time_it_was_judged_by() -> None:
    use_case = parse_use_case(
        {"title": "t", "outputs": ["text"], "latency": {"experience": "interactive"}}
    )
    assert words.time_kind(use_case) == "until the first output"
    assert "1 s until the first output" in words.limit_text(use_case, 1.0)
