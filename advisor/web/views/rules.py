"""Rules: every rule that judged, searchable, each with detection, reason, remedy and source."""

from __future__ import annotations

import streamlit as st

from advisor.report.doc import Entry, KeyValues, Paragraph, Subheading
from advisor.rules import CONCERNS, Rule, all_rules
from advisor.rules.docs import SCOPES, SEVERITIES
from advisor.web import blocks, session
from advisor.web.links import RulesLink, read_link, write_link

ALL = "every concern"


def show() -> None:
    """The list, or one rule whole."""
    st.title("Rules")
    link = read_link(RulesLink)
    rules = {one.code: one for one in all_rules()}
    st.session_state.setdefault("rules_search", link.search)
    st.session_state.setdefault("rules_concern", link.concern if link.concern in CONCERNS else ALL)
    st.session_state.setdefault("rules_code", link.code if link.code in rules else None)
    find, which, one = st.columns([2, 1, 2])
    search = find.text_input("Search", key="rules_search", max_chars=100)
    concern = which.selectbox("Concern", [ALL, *CONCERNS], key="rules_concern")
    found = [
        r for r in rules.values() if concern in (ALL, r.concern) and search.casefold() in _prose(r)
    ]
    codes = [r.code for r in found]
    if st.session_state["rules_code"] not in codes:
        st.session_state["rules_code"] = None
    code = one.selectbox(
        "Open a rule",
        codes,
        index=None,
        key="rules_code",
        placeholder="choose one",
        format_func=lambda c: f"{c}: {rules[c].title}",
    )
    write_link(code=code, concern=None if concern == ALL else concern, search=search)
    if code:
        _rule(rules[code])
    elif not found:
        blocks.empty("No rule says this", "Try fewer words or another concern.")
    else:
        _list(found, len(rules))


def _prose(rule: Rule) -> str:
    return f"{rule.code} {rule.title} {rule.detection} {rule.why} {rule.remedy}".casefold()


def _list(rules: list[Rule], of: int) -> None:
    blocks.show(
        blocks.table(
            f"{len(rules)} of {of} rules",
            [
                ("Rule", 0.7),
                ("Title", 2.6),
                ("When it fires, it", 1.4),
                ("Looks at", 1.5),
                ("Concern", 0.9),
            ],
            [[r.code, r.title, SEVERITIES[r.severity], SCOPES[r.scope], r.concern] for r in rules],
            below="A violated hard rule bars the option, with the number that bars it.",
        )
    )


def _rule(rule: Rule) -> None:
    st.header(session.plain(f"{rule.code}: {rule.title}"))
    effect = SEVERITIES[rule.severity]
    if rule.verdict_cap:
        effect += f"; the verdict is at best {rule.verdict_cap}"
    entries = [
        Entry(label="Looks at", value=SCOPES[rule.scope]),
        Entry(label="Concern", value=rule.concern),
        Entry(label="When it fires, it", value=effect),
    ]
    if rule.weight:
        entries.append(Entry(label="Points", value=str(rule.weight)))
    if rule.based_on:
        entries.append(Entry(label="Stands for", value=", ".join(rule.based_on)))
    parts = [
        ("Detection", rule.detection),
        ("Why", rule.why),
        ("Remedy", rule.remedy),
        ("Source", rule.source),
    ]
    blocks.show(KeyValues(items=entries))
    for title, text in parts:
        blocks.show(Subheading(text=title), Paragraph(text=text))
