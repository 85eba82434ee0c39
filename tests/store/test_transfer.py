"""Export and import: what goes out comes in, and nothing else does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.assessment import Assessment
from advisor.errors import InputError
from advisor.store.assessments import Assessments
from advisor.store.core import Store
from advisor.store.transfer import MAX_BYTES, read_export
from tests.store.conftest import BEN, SAMPLE


def test_an_export_is_imported_elsewhere_whole_and_marked_as_imported(
    store: Store, work: Assessments, answer: Assessment
) -> None:
    saved = work.create(answer, "Title of ours")
    text = work.export(saved.id)
    assert text == work.export(saved.id)
    theirs = store.assessments(BEN)
    came = theirs.import_text(text)
    assert (came.title, came.version, came.imported) == ("Title of ours", 1, True)
    assert theirs.export(came.id) == text
    assert theirs.history(came.id)[0].kind == "imported"


def test_an_imported_answer_stays_marked_until_it_is_run_again(
    work: Assessments, answer: Assessment
) -> None:
    came = work.import_text(work.export(work.create(answer).id))
    came = work.rename(came.id, came.version, "New name")
    assert came.imported and work.duplicate(came.id).imported
    assert not work.save(came.id, came.version, answer).imported


def test_the_output_of_assess_is_imported_too(work: Assessments, answer: Assessment) -> None:
    came = work.import_text(SAMPLE.read_text())
    assert work.revision(came.id).answer() == answer


def exported(work: Assessments, answer: Assessment) -> dict[str, Any]:
    return json.loads(work.export(work.create(answer).id))


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("format",), "other", "not an export"),
        (("format_version",), 2, "newer Advisor"),
        (("format_version",), 0, "not an export"),
        (("format_version",), True, "not an export"),
        (("title",), "", "title"),
        (("title",), 5, "not an export"),
        (("extra",), 1, "extra"),
        (("result", "schema_version"), 99, "newer Advisor"),
        (("result", "verdict"), "maybe", "verdict"),
        (("result", "extra"), 1, "extra"),
        (("result", "tried"), "many", "tried"),
        (("request", "title"), "Another question", "not the one"),
        (("request", "task"), "create", "states other fields"),
        (("request", "nonsense"), 1, "unknown field"),
    ],
)
def test_a_changed_export_is_refused_in_one_sentence(
    work: Assessments, answer: Assessment, path: tuple[str, ...], value: object, reason: str
) -> None:
    data = exported(work, answer)
    inner = data
    for name in path[:-1]:
        inner = inner[name]
    if path == ("request", "task"):
        assert "task" not in inner or inner.pop("task")
    inner[path[-1]] = value
    with pytest.raises(InputError, match=reason) as caught:
        work.import_text(json.dumps(data))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    assert work.page().total == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        "[" * 100_000,
        '{"a":' * 5000 + "1" + "}" * 5000,
        '{"format": NaN}',
        '{"format": 1e999}',
        '{"format": "advisor-assessment", "format": "advisor-assessment"}',
        '{"format": ' + "9" * 5000 + "}",
        '{"format": "' + "x" * MAX_BYTES + '"}',
        "é" * (MAX_BYTES // 2 + 1),
        "\ud800",
        '{"format": "advisor-assessment", "title": "\\ud800"}',
        "\0",
    ],
)
def test_what_is_no_export_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read_export(text)
    assert len(str(caught.value)) < 400


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
_sample = json.loads(SAMPLE.read_text())


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200) | _json.map(json.dumps))
def test_nothing_but_input_errors_comes_out_of_any_text(text: str) -> None:
    with pytest.raises(InputError):
        read_export(text)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(_sample)), _json)
def test_a_result_with_any_field_replaced_is_read_or_refused(field: str, value: object) -> None:
    """Whatever is read can also be kept: it is a whole assessment with a title."""
    try:
        title, answer = read_export(json.dumps({**_sample, field: value}))
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert title and Assessment.model_validate_json(answer.model_dump_json()) == answer
