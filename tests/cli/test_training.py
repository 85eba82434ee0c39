"""`advisor training`."""

from __future__ import annotations

import json

from click.testing import CliRunner

from advisor.cli import cli


def test_training_prints_one_json_document() -> None:
    asked = "training gpt2-small --device rtx-4090 --method lora --rank 8 --json".split()
    result = CliRunner().invoke(cli, asked)
    made = json.loads(result.stdout)
    assert made["rank"] == 8 and made["fits"] is True
    assert made["step_s"]["low"] <= made["step_s"]["value"] <= made["step_s"]["high"]


def test_training_for_people_says_what_is_sampled_and_no_sampling_steps() -> None:
    result = CliRunner().invoke(cli, ["training", "gpt2-small", "--device", "rtx-4090"])
    assert "full training step" in result.output and "guidance" not in result.output
