"""Team mode: who gets in, whose work is seen, and what a cookie is worth."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from advisor import assess, read_use_case
from advisor.store import Access, open_store
from advisor.store.access import AccessRules, hash_password, read_access
from advisor.web import session, signin
from tests.web.conftest import ROOT, Open, shown

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def hashes() -> tuple[str, str]:
    return hash_password(PASSWORD), hash_password("another long password")


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hashes: tuple[str, str]) -> AccessRules:
    file = tmp_path / "access.yaml"
    teams = "\n".join(
        f"  - {{name: {name}, password: '{stored}'}}"
        for name, stored in zip(("north", "south"), hashes, strict=True)
    )
    file.write_text(f"mode: password\nteams:\n{teams}\n", encoding="utf-8")
    monkeypatch.setenv("ADVISOR_ACCESS", str(file))
    signin._failed.clear()
    found = read_access(str(file))
    assert found is not None
    return found


@pytest.fixture
def client(rules: AccessRules) -> TestClient:
    app = Starlette(routes=[Route("/sign-in", signin.sign_in, methods=["GET", "POST"])])
    return TestClient(app, follow_redirects=False)


def fields(**changed: str) -> dict[str, str]:
    return {"team": "north", "password": PASSWORD, "person": "Ana", **changed}


def test_the_right_password_sets_a_cookie_that_names_the_team(
    client: TestClient, rules: AccessRules
) -> None:
    answer = client.post("/sign-in", data=fields())
    assert answer.status_code == 303
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "samesite=strict" in answer.headers["set-cookie"].lower()
    found = signin.of_cookie(client.cookies[signin.COOKIE].strip('"'), rules)
    assert found == Access(owner="team:north", person="Ana")


@pytest.mark.parametrize("changed", [{"password": "wrong"}, {"team": "east"}, {"team": "south"}])
def test_a_wrong_team_or_password_sets_none(client: TestClient, changed: dict[str, str]) -> None:
    answer = client.post("/sign-in", data=fields(**changed))
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_after_five_failures_a_minute_must_pass(client: TestClient) -> None:
    for _ in range(signin.TRIES):
        client.post("/sign-in", data=fields(password="wrong"))
    assert client.post("/sign-in", data=fields()).status_code == 429


def test_a_form_of_another_site_signs_nobody_in(client: TestClient) -> None:
    headers = {"origin": "https://evil.example"}
    assert client.post("/sign-in", data=fields(), headers=headers).status_code == 403


def test_a_body_without_end_is_refused(client: TestClient) -> None:
    assert client.post("/sign-in", content=b"a" * 100_000).status_code == 403


def test_signing_out_takes_the_cookie_away(client: TestClient) -> None:
    client.post("/sign-in", data=fields())
    answer = client.post("/sign-in", data={"out": "1"})
    assert 'advisor_sign_in=""' in answer.headers["set-cookie"]


def cookie(rules: AccessRules, owner: str = "team:north", now: float | None = None) -> str:
    team = next(one for one in rules.teams if one.name == "north")
    return signin.cookie_of(Access(owner=owner, person="Ana"), team, now or time.time())


def test_a_cookie_that_was_changed_ended_or_signed_for_another_team_is_nothing(
    rules: AccessRules,
) -> None:
    good = cookie(rules)
    payload, _, mark = good.rpartition(".")
    data = json.loads(base64.urlsafe_b64decode(payload))
    forged = base64.urlsafe_b64encode(json.dumps({**data, "owner": "team:south"}).encode())
    assert signin.of_cookie(good, rules) is not None
    for bad in (
        f"{forged.decode()}.{mark}",
        good[:-1],
        cookie(rules, owner="team:south"),
        cookie(rules, now=time.time() - signin.HOURS * 3600 - 1),
        "",
        "...",
        None,
        "\x00.é",
    ):
        assert signin.of_cookie(bad, rules) is None


def test_a_changed_password_ends_every_sign_in(rules: AccessRules, hashes: tuple[str, str]) -> None:
    good = cookie(rules)
    north = rules.teams[0].model_copy(update={"password": hashes[1]})
    assert signin.of_cookie(good, rules.model_copy(update={"teams": [north]})) is None


def test_nobody_who_has_not_signed_in_sees_a_page(open_page: Open, rules: AccessRules) -> None:
    app = open_page()
    assert "Sign in to see" in shown(app)
    assert not app.text_input and not app.button


def test_a_team_reads_nothing_of_another(
    open_page: Open, rules: AccessRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = assess(read_use_case(ROOT / "examples" / "anomaly-scores.yaml"), flips=False)
    theirs = Access(owner="team:south", person="Ben")
    id = open_store().assessments(theirs).create(answer, "Secret of the south").id
    draft = open_store().drafts(theirs).save({"title": "Secret draft"}).id
    north = Access(owner="team:north", person="Ana")
    monkeypatch.setattr(session, "access", lambda: north)
    for page, parameters in (
        ("result", {"a": id}),
        ("saved", {}),
        ("compare", {"ids": f"{id}.{id}"}),
        ("new", {"draft": draft}),
        ("new", {"change": id}),
    ):
        text = shown(open_page(page, **parameters))
        assert "Secret" not in text


@pytest.mark.parametrize(
    ("claims", "owner"),
    [
        ({"email": "ana@north.example", "email_verified": True}, "team:north"),
        ({"email": "ana@north.example", "email_verified": False}, None),
        ({"email": "eve@elsewhere.example", "email_verified": True}, None),
    ],
)
def test_a_provider_lets_in_whom_the_access_file_lists(
    claims: dict[str, object],
    owner: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    open_page: Open,
) -> None:
    file = tmp_path / "access.yaml"
    file.write_text("mode: oidc\nteams: [{name: north, members: ['@north.example']}]\n")
    monkeypatch.setenv("ADVISOR_ACCESS", str(file))

    class User:
        @staticmethod
        def to_dict() -> dict[str, object]:
            return {"is_logged_in": True, "sub": "1", "iss": "https://id.example", **claims}

    monkeypatch.setattr(session.st, "user", User)
    app = open_page("saved")
    if owner is None:
        assert "belongs to no team here" in shown(app)
    else:
        assert "Nothing is saved yet" in shown(app)


@pytest.mark.parametrize(
    ("path", "closed"),
    [
        ("/", True),
        ("/saved", True),
        ("/advisor/saved", True),
        ("/shared", False),
        ("/_stcore/health", False),
        ("/static/js/index.js", False),
        ("/healthz", False),
        ("/advisor/sign-in", False),
        ("/favicon.png", False),
    ],
)
def test_only_pages_lead_to_the_sign_in(path: str, closed: bool) -> None:
    base = "/advisor" if path.startswith("/advisor") else ""
    assert signin.is_page({"type": "http", "method": "GET", "path": path}, base) is closed
