"""How well the rules agree with recorded decisions, and with variants that were invented.

    python benchmarks/decisions.py [PATH ...]      # default: recorded, variants, unseen

Per set: the misses with the rules that decided them, and totals beside both baselines. Ends with
one JSON line. decisions/ holds recorded public decisions, each with its source, their use cases
filled in from the neutral fields only; decisions_variants/ holds JUDGEMENTS, invented to try the
rules on wordings nobody fitted them to; decisions_unseen/ recorded decisions that taught general
findings after their first run. decisions_unseen2/ is held out: name it to run it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from advisor.auditor.decisions import audit_decisions
from advisor.cli.decisions import show_decisions

HERE = Path(__file__).resolve().parent
SETS = ("decisions", "decisions_variants", "decisions_unseen")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path)
    options = parser.parse_args()
    paths = options.paths or [HERE / name for name in SETS if (HERE / name).is_dir()]
    totals = {}
    for path in paths:
        result = audit_decisions(path)
        print(f"\n{path.name}")
        show_decisions(result)
        totals[path.name] = result["totals"]
    print(json.dumps(totals))


if __name__ == "__main__":
    main()
