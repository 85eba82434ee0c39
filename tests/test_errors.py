"""Error messages are one sentence that says what to do; names are suggested, whatever was typed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import errors
from advisor.errors import AdvisorError, MissingExtra, UnknownName, suggest

KNOWN = ["a100-pcie-40", "a100-sxm-40", "h100-nvl", "h100-pcie", "h100-sxm", "rtx-4090", "t4"]


@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=20), max_size=30))
def test_any_name_gives_one_short_printable_line(name: str, known: list[str]) -> None:
    message = str(UnknownName("device", name, [k for k in known if k.isprintable()]))
    assert message.isprintable()
    assert message.startswith("unknown device '")
    assert len(message) < 500


@given(st.sampled_from(KNOWN), st.data())
def test_a_beginning_of_a_name_suggests_the_name(name: str, data: st.DataObject) -> None:
    start = name[: data.draw(st.integers(1, len(name)))]
    said = suggest(start.upper(), KNOWN)
    matches = sorted(k for k in KNOWN if k.startswith(start))
    assert all(match in said for match in matches[:4])


@given(st.sampled_from([k for k in KNOWN if len(k) > 5]), st.integers(0, 5))
def test_one_missing_letter_still_finds_the_name(name: str, position: int) -> None:
    assert "did you mean" in suggest(name[:position] + name[position + 1 :], KNOWN)


def test_names_that_begin_alike_come_before_typos() -> None:
    assert suggest("h10", KNOWN).startswith(": did you mean h100-nvl, h100-pcie, h100-sxm")


def test_without_a_near_name_the_known_ones_are_listed() -> None:
    assert suggest("zzz", KNOWN) == ": known are " + ", ".join(KNOWN)
    assert suggest("zzz", [f"device{n}" for n in range(30)]).endswith("and 22 more")
    assert suggest("zzz", []) == ": none is known"


def test_case_does_not_matter() -> None:
    assert "RTX-4090" in suggest("rtx-4091", ["RTX-4090"])


def test_a_huge_name_is_answered_at_once() -> None:
    start = time.process_time()
    message = str(UnknownName("device", "a1" * 500_000, [f"a{n}" * 20 for n in range(500)]))
    assert time.process_time() - start < 1.0
    assert len(message) < 500


def test_exit_codes_are_the_documented_ones() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.__name__: kind.exit_code for kind in kinds if issubclass(kind, AdvisorError)}
    assert codes == {
        "AdvisorError": 1,
        "InputError": 3,
        "CannotEstimate": 3,
        "UnknownName": 3,
        "DataError": 6,
        "MissingExtra": 2,
    }


def test_a_missing_extra_says_how_to_install_it() -> None:
    with pytest.raises(AdvisorError, match=r"pip install 'advisor\[profile\]'"):
        raise MissingExtra("tracing", "profile")
