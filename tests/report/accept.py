"""Accept the reports as they are rendered now as the new gold files (see tests/report/gold.py)."""

from __future__ import annotations

import sys
from datetime import date

from advisor.paths import data_dir
from tests.report.gold import EXAMPLES, REAL, all_gold

AS_OF = date(2026, 11, 23)


def answer_examples() -> None:
    """Answer the sample use cases with the engine and data of today's checkout."""
    from advisor.pipeline import assess
    from advisor.usecase import read_use_case

    for name in EXAMPLES:
        record = assess(read_use_case(data_dir("examples") / f"{name}.yaml"), as_of=AS_OF)
        REAL.mkdir(parents=True, exist_ok=True)
        text = record.model_dump_json(indent=1) + "\n"
        (REAL / f"{name}.json").write_text(text, encoding="utf-8")


def main() -> None:
    if "--answer" in sys.argv:
        answer_examples()
    for gold in all_gold():
        for file, text in gold.rendered().items():
            old = file.read_text(encoding="utf-8") if file.exists() else None
            if old != text:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
                print(f"{'changed' if old is not None else 'new'}: {file}")


if __name__ == "__main__":
    main()
