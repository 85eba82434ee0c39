"""Gold files: reports as they were last accepted.

tests/report/gold/    made-up samples: every kind of block, no engine behind them
reports/samples/      real answers: NAME.json is the record, the rest is rendered from it

    make accept                                  accept all reports as they are rendered now
    python -m tests.report.accept --answer       first answer the examples anew (reports/samples)

Pictures are left out of the gold HTML: their bytes belong to a version of vl-convert.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from advisor.assessment import Assessment
from advisor.paths import data_dir
from advisor.report import render_html, render_markdown, render_pdf
from tests.report.reading import pdf_text
from tests.report.sample import SAMPLES, html_of, markdown_of, pdf_of

MADE_UP = Path(__file__).parent / "gold"
REAL = data_dir("reports") / "samples"
EXAMPLES = ("product-photos", "phone-face-filter", "legal-text")  # a go, a hard one, a no-go
SVG = re.compile(r"(?s)<svg .*?</svg>")


@dataclass(frozen=True)
class Gold:
    """One report with its three accepted files."""

    folder: Path
    name: str

    def rendered(self) -> dict[Path, str]:
        """File -> what it should hold."""
        if self.folder == MADE_UP:
            made = html_of(self.name), markdown_of(self.name), pdf_of(self.name)
        else:
            record = Assessment.model_validate_json((REAL / f"{self.name}.json").read_bytes())
            made = render_html(record), render_markdown(record), render_pdf(record)
        page, text, pdf = made
        files = {
            "html": SVG.sub("<!-- picture -->", page),
            "md": text,
            "pdf.txt": pdf_text(pdf).rstrip() + "\n",
        }
        return {self.folder / f"{self.name}.{kind}": found for kind, found in files.items()}


def all_gold() -> list[Gold]:
    """The made-up samples, then the real ones that have a record."""
    made_up = [Gold(MADE_UP, name) for name in SAMPLES]
    return made_up + [Gold(REAL, file.stem) for file in sorted(REAL.glob("*.json"))]
