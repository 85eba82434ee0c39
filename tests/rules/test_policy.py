"""A client's policy and own rules change what is asked, and bad ones are one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.decide import decide
from advisor.errors import AdvisorError, InputError
from advisor.rules import Finding, all_rules
from advisor.rules.harness import case, prove
from advisor.rules.own import rules_in
from advisor.rules.policy import Policy, installed_policy, load_policy, shipped_policy
from advisor.usecase import parse_use_case
from tests.decide import fakes

OWN = """
from advisor.rules import NotApplicable
from advisor.rules.build import family_rule
from advisor.rules.reading import has_trait


@family_rule(
    "ACM101", "No sampler in our shop", "bar", "integration",
    detection="Pictures are made; the family samples.", why="The shop cannot run one.",
    remedy="One pass.", source="Acme engineering, 2026",
)
def no_sampler(rule, use_case, family):
    if use_case.outputs[0] != "image":
        return NotApplicable("no pictures")
    if not has_trait(family, "many-step", "few-step"):
        return None
    return rule.says(f"{family.name} samples.")
"""
PICTURES = parse_use_case({"title": "Pictures", "outputs": ["image"], "error_tolerance": "medium"})


def folder(at: Path, text: str = OWN, name: str = "acme.py") -> Path:
    place = at / "rules"
    place.mkdir(exist_ok=True)
    (place / name).write_text(text)
    return place


def policy_file(at: Path, text: str) -> Path:
    file = at / "policy.yaml"
    file.write_text(text)
    return file


def family_under(policy: Policy) -> str:
    answer = decide(
        PICTURES, catalog=fakes.catalog(), as_of=fakes.DAY, sources=fakes.sources(), policy=policy
    )
    assert all(note in answer.warnings for note in policy.notes)
    return answer.family


def test_an_own_rule_is_asked_like_a_shipped_one(tmp_path: Path) -> None:
    assert family_under(shipped_policy()) == "image-diffusion"
    assert family_under(load_policy(folder(tmp_path))) not in (
        "image-diffusion",
        "few-step-diffusion",
    )


def test_an_own_rule_passes_the_same_harness(tmp_path: Path) -> None:
    (own,) = rules_in(folder(tmp_path))
    prove(
        own,
        fires=case({"outputs": ["image"]}, family="image-diffusion"),
        silent=case({"outputs": ["image"]}, family="gan"),
        aside=case({"outputs": ["text"]}, family="llm"),
    )
    with pytest.raises(AssertionError, match="ACM101 should keep silent"):
        prove(
            own,
            fires=case({"outputs": ["image"]}, family="image-diffusion"),
            silent=case({"outputs": ["image"]}, family="image-diffusion"),
            aside=None,
        )


def test_a_policy_changes_severity_weight_and_criteria(tmp_path: Path) -> None:
    text = """
name: Acme
criteria: {cost: 2.0}
rules:
  LIC102: {severity: bar, reason: legal wants no conditions}
  MOD104: {weight: 1, reason: we like what is new}
  LAT111: {disabled: true, reason: our GPUs are idle anyway}
"""
    policy = load_policy(policy_file=policy_file(tmp_path, text))
    assert policy.rule("LIC102").severity == "bar" and policy.rule("MOD104").weight == 1
    assert len(policy.rules) == len(all_rules()) - 1 and policy.criteria == {"cost": 2.0}
    assert len(policy.notes) == 4 and "legal wants no conditions" in policy.notes[1]
    weights = decide(
        PICTURES, catalog=fakes.catalog(), as_of=fakes.DAY, sources=fakes.sources(), policy=policy
    ).weights
    plain = decide(PICTURES, catalog=fakes.catalog(), as_of=fakes.DAY, sources=fakes.sources())
    assert weights["cost"] > plain.weights["cost"]


def test_points_come_and_go_with_the_severity(tmp_path: Path) -> None:
    text = (
        "name: A\nrules:\n  LIC102: {severity: against, reason: r}\n"
        "  LAT111: {severity: note, reason: r}\n"
    )
    policy = load_policy(policy_file=policy_file(tmp_path, text))
    assert policy.rule("LIC102").weight == 1 and policy.rule("LAT111").weight == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: A\nrules: {LIC10: {disabled: true, reason: r}}\n", "LIC101"),
        ("name: A\nrules: {MOD101: {disabled: true, reason: r}}\n", "cannot be disabled"),
        ("name: A\nrules: {LIC102: {severity: bar}}\n", "reason"),
        ("name: A\nrules: {LIC102: {severity: fatal, reason: r}}\n", "severity"),
        ("name: A\ncriteria: {speed: 2.0}\n", "speed"),
        ("name: A\ncriteria: {cost: -1.0}\n", "factor from 0 to 10"),
        ("criteria: {cost: 1.0}\n", "name"),
        ("- 1\n", "policy"),
    ],
)
def test_a_bad_policy_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        load_policy(policy_file=policy_file(tmp_path, text))
    assert "\n" not in str(caught.value) and "policy.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OWN.replace("ACM101", "acme"), "three capitals"),
        (OWN.replace("ACM101", "LAT101"), "LAT101 is there already"),
        (OWN.replace('"Acme engineering, 2026"', '""'), "source is empty"),
        (OWN.replace('"bar"', '"for"'), "weight"),
        ("import nothing_of_this_name\n", "cannot be loaded"),
        ("x = 1\n", "no rules"),
    ],
)
def test_a_bad_folder_of_rules_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        load_policy(folder(tmp_path, text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("broken", ["return 1 / 0", "return 'text'"])
def test_an_own_rule_that_fails_is_one_sentence(tmp_path: Path, broken: str) -> None:
    text = OWN.replace('return rule.says(f"{family.name} samples.")', broken)
    with pytest.raises(AdvisorError, match="ACM101"):
        family_under(load_policy(folder(tmp_path, text)))


def test_a_folder_that_anybody_may_write_is_not_run(tmp_path: Path) -> None:
    place = folder(tmp_path, "raise SystemExit('was run')\n")
    (place / "acme.py").chmod(0o666)
    with pytest.raises(InputError, match="may be written by anybody"):
        load_policy(place)
    with pytest.raises(InputError, match="no folder of rules"):
        load_policy(tmp_path / "nowhere")


def test_nothing_but_the_command_line_names_a_folder_of_rules() -> None:
    """The web and the library run own code only where a caller hands it in."""
    package = Path(__file__).resolve().parents[2] / "advisor"
    for room in ("web", "report", "decide", "auditor"):
        for file in sorted((package / room).rglob("*.py")):
            text = file.read_text()
            assert "load_policy" not in text and "rules_in" not in text, file


def test_installed_packages_add_rules_through_the_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import EntryPoint

    import advisor.rules.own as own

    folder(tmp_path, name="acme_rules.py")
    monkeypatch.syspath_prepend(str(tmp_path / "rules"))
    points = [EntryPoint("acme", "acme_rules", own.GROUP)]
    monkeypatch.setattr(own, "entry_points", lambda group: points)
    ((where, rules),) = own.installed_rules()
    assert where.startswith("entry point acme") and [one.code for one in rules] == ["ACM101"]
    assert isinstance(
        rules[0].check(rules[0], case({"outputs": ["image"]}, family="image-diffusion")), Finding
    )
    assert {one.code for one in installed_policy().rules} >= {one.code for one in all_rules()}


@pytest.mark.parametrize("text", ["name: ours\ncolour: red\n", "name: 7\n"])
def test_a_policy_with_a_wrong_field_or_kind_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"policy\.yaml"):
        load_policy(policy_file=policy_file(tmp_path, text))


def test_an_unknown_rule_of_a_policy_names_the_nearest_in_force() -> None:
    with pytest.raises(AdvisorError, match="did you mean LAT1"):
        shipped_policy().rule("LAT10l")
