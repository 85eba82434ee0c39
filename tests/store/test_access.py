"""Signing in: wrong passwords, unverified addresses and strangers get nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from advisor.errors import InputError
from advisor.store.access import Access, AccessRules, hash_password, read_access
from advisor.store.errors import AccessRefused

PASSWORD = "correct horse battery"
HASH = f"scrypt${'A' * 22}==${'A' * 43}="  # of the right form; no password has it


@pytest.fixture(scope="module")
def rules() -> AccessRules:
    teams = [
        {"name": "north", "password": hash_password(PASSWORD)},
        {"name": "south", "password": hash_password(PASSWORD)},
    ]
    return AccessRules.model_validate({"mode": "password", "teams": teams})


OIDC = AccessRules.model_validate(
    {
        "mode": "oidc",
        "teams": [
            {"name": "north", "members": ["Ana@example.com"]},
            {"name": "south", "members": ["@example.com", "@south.example.org"]},
        ],
    }
)


def claims(**changed: Any) -> dict[str, Any]:
    given = {"iss": "https://id", "sub": "7", "email": "ben@example.com", "email_verified": True}
    return {**given, "name": "Ben", **changed}


def test_a_team_signs_in_with_its_password(rules: AccessRules) -> None:
    access = rules.sign_in("north", PASSWORD, "Ana")
    assert access == Access(owner="team:north", person="Ana")
    assert rules.sign_in("south", PASSWORD).person == "south"


@pytest.mark.parametrize(
    ("team", "password"),
    [("north", "wrong"), ("north", ""), ("nobody", PASSWORD), ("", ""), ("north", "\ud800\0")],
)
def test_a_wrong_team_or_password_is_refused_in_the_same_words(
    rules: AccessRules, team: str, password: str
) -> None:
    with pytest.raises(AccessRefused, match=r"^the team or its password is wrong: try again$"):
        rules.sign_in(team, password)


def test_the_same_password_has_two_hashes_and_a_short_one_none() -> None:
    assert hash_password(PASSWORD) != hash_password(PASSWORD)
    with pytest.raises(InputError, match="12 characters"):
        hash_password("short")


def test_an_address_that_is_listed_comes_before_its_domain() -> None:
    assert OIDC.of_claims(claims(email="ANA@example.com")).owner == "team:north"
    assert OIDC.of_claims(claims()).owner == "team:south"


@pytest.mark.parametrize(
    "changed",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email": "ana@example.com.evil.org"},
        {"email": "ana"},
        {"email": None},
        {"email": ["ana@example.com"]},
        {"sub": ""},
        {"iss": None},
    ],
)
def test_who_is_unverified_or_unlisted_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(AccessRefused):
        OIDC.of_claims(claims(**changed))


def test_people_without_a_team_may_work_alone_where_the_file_says_so() -> None:
    rules = AccessRules.model_validate({"mode": "oidc", "unlisted": "own"})
    owners = {
        rules.of_claims(claims(iss=issuer, sub=subject)).owner
        for issuer in ("https://a", "https://b")
        for subject in ("1", "2")
    }
    assert len(owners) == 4
    assert all(owner.startswith("person:") for owner in owners)


def test_claims_do_not_sign_in_to_password_mode_nor_passwords_to_oidc(rules: AccessRules) -> None:
    with pytest.raises(AccessRefused):
        rules.of_claims(claims())
    with pytest.raises(AccessRefused):
        OIDC.sign_in("north", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mode: open", "mode"),
        ("mode: password", "no team"),
        ("mode: oidc", "no team"),
        ("mode: password\nteams: [{name: a}]", "needs a password"),
        ("mode: password\nteams: [{name: a, password: secret}]", "password"),
        (f"mode: password\nteams: [{{name: a, password: x{HASH}}}]", "password"),
        ("mode: oidc\nteams: [{name: a}, {name: a}]", "'a' is given twice"),
        ("mode: oidc\nteams: [{name: a, members: [x@y.z, X@y.z]}]", "'x@y.z' is given twice"),
        ("mode: oidc\nteams: [{name: '../a'}]", "name"),
        ("mode: oidc\nunlisted: own\nextra: 1", "extra"),
    ],
)
def test_an_access_file_that_cannot_be_right_is_refused(
    tmp_path: Path, text: str, reason: str
) -> None:
    file = tmp_path / "access.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=reason) as caught:
        read_access(str(file))
    assert "\n" not in str(caught.value)


def test_without_a_file_one_person_works_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADVISOR_ACCESS", raising=False)
    assert read_access() is None


def test_a_key_of_three_thousand_letters_does_not_make_the_message_long(tmp_path: Path) -> None:
    file = tmp_path / "access.yaml"
    file.write_text(f"mode: oidc\nteams:\n- {{name: a, {'a' * 3000}: 1}}\n")
    with pytest.raises(InputError) as refused:
        read_access(file)
    assert len(str(refused.value)) < 300 + len(str(file))
