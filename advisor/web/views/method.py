"""Method: how an answer comes about, what its words mean, and how far to trust it."""

from __future__ import annotations

import streamlit as st

from advisor import load_catalog
from advisor.figure import Basis
from advisor.report.doc import Bullets, Entry, KeyValues, Paragraph, Subheading
from advisor.report.words import BASES, glossary
from advisor.rules import all_rules
from advisor.web import blocks

_STEPS = (
    "What is asked becomes a use case: fields with units. A field that nobody states has a "
    "default, which is listed as assumed.",
    "Families and models that make the output become options on devices at dated prices.",
    "Each option is estimated stage by stage from its traced operations, or takes a measurement of "
    "this very workload where there is one.",
    "Rules judge. A hard rule that is violated bars an option, with the number that bars it. "
    "Nothing that is barred disappears.",
    "What is left is costed at the stated volume with its queue, and ordered by criteria with "
    "shown weights.",
    "The engine is run again under other limits, volumes and budgets: these are the flip points.",
)
_LIMITS = (
    "An interval of 90 % comes from how far earlier predictions were off; Profiles and accuracy "
    "shows how often it holds.",
    "Quality tiers, weights and thresholds are judgements, and marked as such.",
    "Prices age. Each carries its date; an old one is said to be old.",
    "No model is run to make an answer, and no language model writes any of its sentences.",
)


def show() -> None:
    """The method on one page."""
    known = load_catalog()
    st.title("Method")
    blocks.show(
        Paragraph(
            text="Every sentence is from a rule, a measurement, a prediction or a dated price.",
            tone="lead",
        ),
        Subheading(text="From question to answer"),
        Bullets(items=list(_STEPS)),
        Subheading(text="How a stage is timed"),
        Paragraph(
            text="The time of a stage is the larger of host and device time. Device time "
            "sums, over operations, the largest of arithmetic at a reachable rate, memory traffic "
            "at a reachable bandwidth, and the least time of a kernel. Peak memory is weights, "
            "the largest set of tensors alive at once, workspace and context."
        ),
        blocks.table(
            "Evidence, best first: each figure carries its shape and word",
            [("Shape", 0.5), ("Word", 1), ("Meaning", 4)],
            [[BASES[basis][1], BASES[basis][0], BASES[basis][2]] for basis in Basis],
            header=1,
            below="The weakest evidence on the way to a figure is the evidence of the figure.",
        ),
        Subheading(text="How far to trust it"),
        Bullets(items=list(_LIMITS)),
        Subheading(text="What this program holds"),
        KeyValues(
            items=[
                Entry(
                    label="Families and models",
                    value=f"{len(known.families)} and {len(known.models)}",
                ),
                Entry(label="Devices", value=str(len(known.devices))),
                Entry(
                    label="Cloud prices, hosted-API prices",
                    value=f"{len(known.prices)}, {len(known.api_prices)}",
                ),
                Entry(label="Rules", value=str(len(all_rules()))),
                Entry(label="Catalog version", value=known.version),
            ]
        ),
        Subheading(text="Words"),
        KeyValues(items=[Entry(label=word, value=text) for word, text in glossary()]),
        level=2,
    )
