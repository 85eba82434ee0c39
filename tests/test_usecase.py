"""UseCase: strict, with units; errors are one sentence that names field, value and range."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import InputError
from advisor.files import parse_json, parse_yaml
from advisor.intake import QUESTIONS, template
from advisor.usecase import UseCase, dump_yaml, parse_use_case, read_use_case, use_case_schema

MINIMAL: dict[str, Any] = {"title": "Photos", "outputs": ["image"]}


def parsed(**fields: Any) -> UseCase:
    return parse_use_case({**MINIMAL, **fields})


def refused(**fields: Any) -> str:
    with pytest.raises(InputError) as caught:
        parsed(**fields)
    return str(caught.value)


def test_only_title_and_outputs_are_required() -> None:
    assert parsed().title == "Photos"
    assert "'title' is missing" in _error({"outputs": ["image"]})
    assert "'outputs' is missing" in _error({"title": "x"})


def _error(data: Any) -> str:
    with pytest.raises(InputError) as caught:
        parse_use_case(data)
    return str(caught.value)


def test_every_field_left_out_is_assumed_and_none_that_was_stated() -> None:
    assumed = parsed(volume_per_day=50.0).assumed()
    assert "volume_per_day" not in assumed
    assert assumed["placement"] == "cloud"


def test_every_field_belongs_to_exactly_one_of_the_28_questions() -> None:
    fields = [name for question in QUESTIONS for name in question.fields]
    assert [question.number for question in QUESTIONS] == list(range(1, 29))
    assert sorted(fields) == sorted(
        set(UseCase.model_fields) - {"title", "description", "priorities"}
    )


def test_the_starting_file_is_a_valid_use_case() -> None:
    data, lines = parse_yaml(template())
    assert parse_use_case(data, "template", lines).outputs == ["image"]


def test_every_commented_line_of_the_starting_file_is_valid_on_its_own() -> None:
    tried = set()
    for line in template().splitlines():
        text = line.removeprefix("# ")
        if line.startswith("# ") and text.split(":")[0] in UseCase.model_fields:
            data, _ = parse_yaml(text)
            parse_use_case({**MINIMAL, **data})
            tried |= set(data)
    assert tried == set(UseCase.model_fields) - {"title", "description", "outputs"}


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("2 s", 2000), ("2000 ms", 2000), ("2s", 2000), ("1.5 min", 90_000), ("1 h", 3.6e6)],
)
def test_a_time_with_its_unit_equals_the_same_milliseconds(text: str, milliseconds: float) -> None:
    assert parsed(latency={"limit_ms": text}).latency.limit_ms == milliseconds


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"placment": "cloud"}, "unknown field 'placment': did you mean placement"),
        ({"placement": "moon"}, "placement is 'moon': use one of phone"),
        ({"volume_per_day": -1}, "greater than or equal to 0.01"),
        ({"volume_per_day": float("nan")}, "finite number"),
        ({"volume_per_day": float("inf")}, "finite number"),
        ({"volume_per_day": True}, "valid number"),
        ({"volume_per_day": "1_0"}, "valid number"),
        ({"latency": {"limit_ms": "2 parsecs"}}, "ms, s, min"),
        ({"latency": {"limit_ms": 5, "experience": "live"}}, "not both"),
        ({"width_px": 512}, "give width_px and height_px together"),
        ({"outputs": ["img"]}, "outputs.0 is 'img': use one of text"),
        ({"outputs": []}, "at least 1 item"),
        ({"priorities": ["cost", "cost"]}, "twice"),
        ({"title": ""}, "at least 1 character"),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence(fields: dict[str, Any], says: str) -> None:
    message = refused(**fields)
    assert says in message
    assert "\n" not in message


def test_an_error_names_the_line_of_the_field(tmp_path: Any) -> None:
    file = tmp_path / "case.yaml"
    file.write_text("title: x\noutputs: [image]\nlatency:\n  limit_ms: -3\n")
    with pytest.raises(InputError, match=r"case\.yaml, line 4: latency\.limit_ms is '-3'"):
        read_use_case(file)


@given(
    volume=st.floats(0.01, 1e10),
    peak=st.floats(1, 1000),
    tokens=st.none() | st.integers(1, 200_000),
    tolerance=st.sampled_from(["zero", "low", "medium", "high"]),
    title=st.text(min_size=1, max_size=200).filter(lambda t: t.isprintable()),
)
def test_yaml_and_json_give_back_an_equal_use_case(
    volume: float, peak: float, tokens: int | None, tolerance: str, title: str
) -> None:
    case = parsed(
        volume_per_day=volume,
        peak_factor=peak,
        tokens_out=tokens,
        error_tolerance=tolerance,
        title=title,
    )
    from_yaml = parse_use_case(parse_yaml(dump_yaml(case))[0])
    from_json = parse_use_case(parse_json(case.model_dump_json(exclude_unset=True)))
    assert from_yaml == case == from_json
    assert from_yaml.assumed() == case.assumed()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(field=st.sampled_from(sorted(UseCase.model_fields)), value=JSON)
def test_any_value_in_any_field_is_accepted_or_an_input_error(field: str, value: Any) -> None:
    try:
        case = parse_use_case({**MINIMAL, field: value})
    except InputError as error:
        assert "\n" not in str(error).strip()
    else:
        json.dumps(case.model_dump(mode="json"), allow_nan=False)


def test_the_json_schema_requires_title_and_outputs_and_allows_nothing_unknown() -> None:
    schema = use_case_schema()
    assert schema["required"] == ["title", "outputs"]
    assert schema["additionalProperties"] is False
