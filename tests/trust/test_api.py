"""Several threads and several processes give the same bytes as one alone."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from hypothesis import given, settings

from advisor import assess
from advisor.errors import InputError
from advisor.usecase import UseCase, read_use_case
from tests.trust.generate import use_cases
from tests.trust.whole import ASKED_BACK, faults

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 23)
EXAMPLES = ("ticket-routing", "molecule-candidates")

ALONE = """
import hashlib, json, sys
from datetime import date
from advisor import assess, read_use_case
made = {name: assess(read_use_case(f"examples/{name}.yaml"), as_of=date(2026, 11, 23),
                     flips=False).model_dump_json() for name in sys.argv[1:]}
print(json.dumps({name: hashlib.sha256(text.encode()).hexdigest() for name, text in made.items()}))
"""


def digest(name: str) -> str:
    use_case = read_use_case(ROOT / "examples" / f"{name}.yaml")
    text = assess(use_case, as_of=TODAY, flips=False).model_dump_json()
    return hashlib.sha256(text.encode()).hexdigest()


def test_four_threads_and_four_processes_answer_as_one_alone() -> None:
    """Processes differ in their hash seeds and ask in other orders, so in the state of caches."""
    orders = [EXAMPLES[turn:] + EXAMPLES[:turn] for turn in range(4)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ALONE, *order],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(seed)},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, order in enumerate(orders)
    ]
    with ThreadPoolExecutor(4) as pool:
        threads = list(pool.map(digest, EXAMPLES * 2))
    alone = {name: digest(name) for name in EXAMPLES}
    assert dict(zip(EXAMPLES * 2, threads, strict=True)) == alone
    assert threads[: len(EXAMPLES)] == threads[len(EXAMPLES) :]
    for process in running:
        out, _ = process.communicate()
        assert process.returncode == 0 and json.loads(out) == alone


@given(use_cases())
@settings(max_examples=6, deadline=None, derandomize=True)
def test_any_valid_use_case_is_answered_whole(use_case: UseCase) -> None:
    """Six of them; benchmarks/soak.py asks thousands. A price nobody knows is asked for."""
    try:
        answer = assess(use_case, as_of=TODAY, flips=False)
    except InputError as error:
        assert ASKED_BACK in str(error)
    else:
        assert faults(answer) == []
