"""Reading: bounded, strict, nothing escapes but InputError. Writing: all or nothing."""

import json
import math
import os
import stat
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from advisor import files
from advisor.errors import InputError
from advisor.files import parse_json, parse_yaml, read_bounded, read_document, write_atomic

# Text that is likely to be near YAML or JSON.
marks = st.text(alphabet="[]{}:,-?&*!|>'\"#%@`~ \n\t<=.\\0123456789abceEnxyo_+TZ", max_size=80)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(st.one_of(st.text(), marks))
def test_any_text_is_yaml_or_an_input_error(text: str) -> None:
    try:
        parse_yaml(text, "file.yaml")
    except InputError as error:
        assert str(error).startswith("file.yaml")
        assert len(str(error)) < 400


@given(st.one_of(st.text(), marks))
def test_any_text_is_json_or_an_input_error(text: str) -> None:
    try:
        parse_json(text, "file.json")
    except InputError as error:
        assert "file.json" in str(error)


@given(plain)
def test_json_comes_back_as_it_was(data: Any) -> None:
    assert parse_json(json.dumps(data)) == data


@given(plain)
def test_yaml_comes_back_as_it_was(data: Any) -> None:
    assert parse_yaml(yaml.safe_dump(data, allow_unicode=False))[0] == data


@given(st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), st.integers(), min_size=1))
def test_every_key_has_its_line(data: dict[str, int]) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in data.items())
    _, lines = parse_yaml(text)
    assert {key: lines[key] for key in data} == {key: n for n, key in enumerate(data, start=1)}


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "alias bomb": (BOMB, "aliases"),
    "self reference": ("a: &a [*a]\n", "aliases"),
    "deep lists": ("[" * 200_000, "nested deeper"),
    "deep mappings": ("{a: " * 60_000, "nested deeper"),
    "deep blocks": ("- " * 100_000, "nested deeper"),
    "key twice": ("a: 1\nb: 2\na: 3\n", "line 3: 'a' is given twice"),
    "key twice below": ("a:\n  b: 1\n  b: 2\n", "line 3: 'b' is given twice"),
    "not a number": ("a: 1\nb: .nan\n", "line 2: b is nan"),
    "infinity": ("a: [1, -.inf]\n", "line 1: a.1 is -inf"),
    "no such date": ("a: 2001-99-99\n", "line 1: 2001-99-99 is not a date"),
    "tag": ("!!int\n", "tags"),
    "int tag on text": ("a: !!int x\n", "tags"),
    "python tag": ("!!python/object/apply:os.system [true]\n", "tags"),
    "binary tag": ("!!binary aGk=\n", "tags"),
    "set tag": ("!!set {a, b}\n", "tags"),
    "list as key": ("? [a, b]\n: 1\n", "not valid YAML"),
    "two documents": ("a: 1\n---\nb: 2\n", "not valid YAML"),
    "open quote": ("a: 'b\n", "not valid YAML"),
    "tab": ("a:\n\tb: 1\n", "not valid YAML"),
    "control character": ("a: \x01\n", "not valid YAML"),
    "lone surrogate": ("a: \ud800\n", "not valid YAML"),
    "huge number": ("a: " + "9" * 20_000 + "\n", "not valid YAML"),
    "colons": (":" * 200_000, ""),
    "commas": ("[" + "," * 200_000, "not valid YAML"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_refused_fast(name: str) -> None:
    text, reason = HOSTILE[name]
    start = time.process_time()
    try:
        parse_yaml(text, "x.yaml")
    except InputError as error:
        assert reason in str(error)
        assert len(str(error)) < 400
    else:
        assert not reason
    assert time.process_time() - start < 1.0


def test_anchors_dates_and_numbers_are_plain_data() -> None:
    data, _ = parse_yaml("a: &x 2026-07-20\nb: 0.5\nc: '2001-99-99'\nd: null\n")
    assert data == {"a": date(2026, 7, 20), "b": 0.5, "c": "2001-99-99", "d": None}


HOSTILE_JSON = {
    "deep": ("[" * 200_000, "nested deeper"),
    "deep objects": ('{"a":' * 100_000, "nested deeper"),
    "key twice": ('{"a": 1, "a": 2}', "'a' twice"),
    "nan": ('{"a": NaN}', "NaN"),
    "infinity": ("[-Infinity]", "-Infinity"),
    "overflow": ("[1e999]", "1e999"),
    "huge integer": ("9" * 20_000, "not valid JSON"),
    "trailing comma": ('{"a": 1,}', "line 1"),
    "empty": ("", "not valid JSON"),
    "comment": ("// x\n1", "line 1"),
}


@pytest.mark.parametrize("name", HOSTILE_JSON)
def test_hostile_json_is_refused_fast(name: str) -> None:
    text, reason = HOSTILE_JSON[name]
    start = time.process_time()
    with pytest.raises(InputError) as caught:
        parse_json(text, "x.json")
    assert reason in str(caught.value)
    assert time.process_time() - start < 1.0


def test_many_keys_are_read_in_linear_time() -> None:
    text = json.dumps({f"key{n}": n for n in range(40_000)})
    start = time.process_time()
    assert len(parse_json(text)) == 40_000
    assert time.process_time() - start < 1.0


@given(st.text(alphabet='[{"\\', max_size=60))
def test_brackets_inside_texts_do_not_count_as_nesting(text: str) -> None:
    assert parse_json(json.dumps([text * 50])) == [text * 50]


def test_json_files_have_line_numbers_too(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text('{\n "a": 1,\n "b": {\n  "c": [1, 2]}}')
    data, lines = read_document(file)
    assert data == {"a": 1, "b": {"c": [1, 2]}}
    assert (lines["a"], lines["b.c.1"]) == (2, 4)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda p: None, "cannot read"),
        (lambda p: p.mkdir(), "cannot read"),
        (lambda p: p.write_bytes(b"\xff\xfe"), "not UTF-8"),
        (lambda p: p.write_bytes(b"x" * 2000), "larger than"),
    ],
    ids=["missing", "folder", "binary", "too large"],
)
def test_what_cannot_be_read_is_an_input_error(
    tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    file = tmp_path / "case.yaml"
    make(file)
    with pytest.raises(InputError, match=reason):
        read_bounded(file, max_bytes=1024)


@pytest.mark.parametrize("path", ["a\x00b", "x" * 5000, ""])
def test_a_path_that_no_file_can_have_is_an_input_error(path: str) -> None:
    with pytest.raises(InputError):
        read_bounded(path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_document(tmp_path / "a.yaml")[0] == {"a": 1}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_written_is_read_back(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "deep" / "file.txt"
        write_atomic(file, text)
        assert file.read_bytes() == text.encode()
        assert [p.name for p in file.parent.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod", "fdopen"])
@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, fault: BaseException
) -> None:
    file = tmp_path / "kept.json"
    write_atomic(file, "old")

    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(files.os, step, fail)
    expected = InputError if isinstance(fault, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        write_atomic(file, "new")
    monkeypatch.undo()
    assert file.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["kept.json"]


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "private.json"
    write_atomic(file, "a")
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    os.chmod(file, 0o600)
    write_atomic(file, "b")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_folder_in_the_way_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    with pytest.raises(InputError, match="cannot write"):
        write_atomic(tmp_path / "here", "x")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot write"):
        write_atomic(tmp_path / "file" / "below", "x")


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_only_finite_numbers_pass(number: float) -> None:
    text = json.dumps([number])
    if math.isfinite(number):
        assert parse_json(text) == [number]
    else:
        with pytest.raises(InputError):
            parse_json(text)
