"""The rest of the table: control to team, and the rules over use cases."""

from __future__ import annotations

from tests.rules.table import (
    ACTION,
    CLIP,
    DIALOGUE,
    FAMILY_ROWS,
    IMAGE,
    LIVE,
    MUSIC,
    SCAN,
    SHARED,
    SPEECH,
    TABLE,
    TEXT,
    THREE_D,
    VIDEO,
    Fields,
    Row,
    given,
    limit,
)

MOLECULE: Fields = {"outputs": ["sequence"]}
TARGET: Fields = {"outputs": ["sequence"], "inputs": [given("3d", "target-structure")]}
LOCKED: Fields = IMAGE | {"must_keep": "masked-pixels"}
DRIVEN: Fields = LIVE | {"inputs": [given("image", "subject"), given("video", "driving-motion")]}
FACES: Fields = SCAN | {"must_keep": "masked-pixels", "training_persons": 5000}
FORMAL: Fields = TABLE | {"sharing": "share-with-formal-privacy"}
ENGINE: Fields = THREE_D | {"runtime": "game-engine"}
NOVICES: Fields = IMAGE | {"team_generative_engineers": 0}
EXPERTS: Fields = IMAGE | {"team_generative_engineers": 3}
MILLIONS: Fields = IMAGE | {"volume_per_day": 5e6}

MORE_ROWS: dict[str, Row] = {
    "CTL101": Row("vae", MOLECULE | {"controls": ["properties"]}, MOLECULE, IMAGE),
    "CTL102": Row("structure-diffusion", TARGET, TARGET, MOLECULE, silent_family="vae"),
    "CTL103": Row("llm", TARGET, TARGET, MOLECULE, silent_family="structure-diffusion"),
    "CTL104": Row("image-diffusion", LOCKED, LOCKED, IMAGE, silent_family="vae"),
    "CTL105": Row("vae", LOCKED, LOCKED, IMAGE, silent_family="image-diffusion"),
    "CTL106": Row(
        "image-diffusion",
        IMAGE | {"inputs": [given("image", "subject"), given("image", "layout")]},
        IMAGE | {"inputs": [given("image", "subject"), given("image", "layout")]},
        IMAGE,
        silent_family="gan",
    ),
    "CTL107": Row("gan", DRIVEN, DRIVEN, LIVE, silent_family="few-step-diffusion"),
    "CTL108": Row("few-step-diffusion", DRIVEN, DRIVEN, LIVE, silent_family="gan"),
    "CTL109": Row("llm", TEXT | {"controls": ["sliders"]}, TEXT | {"controls": ["prompt"]}, TEXT),
    "CTL110": Row("gan", IMAGE, IMAGE, IMAGE | {"scope": "fixed"}, silent_family="image-diffusion"),
    "CTL111": Row("parallel-tts", SPEECH | {"must_keep": "wording"}, SPEECH, DIALOGUE),
    "CTL112": Row("codec-lm", SPEECH | {"must_keep": "wording"}, SPEECH, DIALOGUE),
    "CTL113": Row(
        "gan",
        IMAGE | {"deterministic": True},
        IMAGE | {"deterministic": True},
        IMAGE,
        silent_family="image-diffusion",
    ),
    "CTL114": Row(
        "image-diffusion",
        IMAGE | {"deterministic": True},
        IMAGE | {"deterministic": True},
        IMAGE,
        silent_family="gan",
    ),
    "CTL115": Row(
        "few-step-diffusion",
        ACTION | limit(50),
        ACTION | limit(50),
        ACTION | limit(500),
        silent_family="vae",
    ),
    "PRV102": Row("non-generative", FORMAL, FORMAL, TABLE, silent_family="gan"),
    "PRV103": Row("gan", FORMAL, FORMAL, TABLE, silent_family="non-generative"),
    "PRV104": Row("gan", SHARED, SHARED | {"training_persons": 90_000}, IMAGE),
    "PRV105": Row("image-diffusion", SHARED, SHARED, IMAGE, silent_family="gan"),
    "PRV106": Row("gan", SHARED, SHARED, IMAGE, silent_family="image-diffusion"),
    "PRV107": Row("gan", FACES, FACES, SCAN, silent_family="image-diffusion"),
    "PRV108": Row(
        "parallel-tts",
        SPEECH | {"data_boundary": "offline", "subject_examples": 150},
        SPEECH | {"data_boundary": "offline", "subject_examples": 3},
        SPEECH,
    ),
    "SAF103": Row(
        "video-diffusion",
        VIDEO | {"likeness": "consented", "reviewer": "human"},
        VIDEO | {"reviewer": "human"},
        IMAGE,
    ),
    "LIC106": Row(
        "image-diffusion",
        IMAGE | {"licence": "licensed-data"},
        IMAGE | {"licence": "licensed-data"},
        IMAGE,
        silent_family="non-generative",
    ),
    "QUA106": Row(
        "image-diffusion",
        IMAGE | {"answer_style": "calibrated", "samples_per_input": 20},
        IMAGE | {"answer_style": "calibrated", "samples_per_input": 20},
        SCAN | {"answer_style": "calibrated"},
        silent_family="gan",
    ),
    "QUA107": Row(
        "non-generative",
        IMAGE | {"several_valid_answers": True},
        IMAGE | {"several_valid_answers": True},
        IMAGE,
        silent_family="gan",
    ),
    "QUA108": Row(
        "llm", TEXT | {"reviewer": "human"}, TEXT | {"reviewer": "human"}, TEXT, "non-generative"
    ),
    "QUA109": Row("vae", IMAGE, IMAGE, MOLECULE, silent_family="gan"),
    "QUA110": Row(
        "image-diffusion",
        IMAGE | {"priorities": ["quality"]},
        IMAGE | {"priorities": ["quality"]},
        IMAGE | {"priorities": ["cost"]},
        silent_family="gan",
    ),
    "CST104": Row("gan", MILLIONS, MILLIONS, IMAGE, silent_family="image-diffusion"),
    "CST105": Row("image-diffusion", MILLIONS, MILLIONS, IMAGE, silent_family="gan"),
    "CST106": Row(
        "video-diffusion", VIDEO | {"takes_per_item": 50}, VIDEO | {"takes_per_item": 3}, VIDEO
    ),
    "MAT101": Row(
        "3d-sds",
        THREE_D | {"needs_precedent": True},
        THREE_D | {"needs_precedent": True},
        THREE_D,
        silent_family="3d-feedforward",
    ),
    "MAT102": Row(
        "3d-sds", THREE_D, THREE_D | {"horizon_months": 24.0}, THREE_D, "", "3d-feedforward"
    ),
    "INT102": Row("3d-feedforward", ENGINE, ENGINE | {"cleanup_minutes_per_item": 0.0}, THREE_D),
    "INT103": Row(
        "audio-diffusion",
        CLIP | {"runtime": "audio-host"},
        CLIP | {"runtime": "audio-host"},
        MUSIC,
        silent_family="codec-lm",
    ),
    "INT104": Row("video-diffusion", VIDEO | {"duration_s": 90.0}, VIDEO, IMAGE),
    "TEA101": Row("gan", NOVICES, EXPERTS, IMAGE),
    "TEA102": Row("image-diffusion", NOVICES, EXPERTS, IMAGE),
    "TEA103": Row(
        "gan", LIVE | {"scope": "fixed"}, LIVE | {"scope": "free"}, LIVE, "", "few-step-diffusion"
    ),
}
ROWS: dict[str, Row] = FAMILY_ROWS | MORE_ROWS

# Rules over the use case alone: fires, silent, not applicable.
USE_CASE_ROWS: dict[str, tuple[Fields, Fields, Fields | None]] = {
    "ACC105": (
        TEXT | {"inputs": [given("speech")], "error_tolerance": "low"},
        TEXT | {"inputs": [given("speech")], "error_tolerance": "low", "reviewer": "human"},
        TEXT,
    ),
    "ACC113": (
        TEXT | {"error_tolerance": "zero"},
        TEXT | {"error_tolerance": "zero", "task": "select"},
        IMAGE,
    ),
    "ACC115": (
        TEXT | {"error_tolerance": "low", "facts_from": "nowhere"},
        TEXT | {"error_tolerance": "low", "facts_from": "text-base"},
        TEXT | {"error_tolerance": "high", "facts_from": "nowhere"},
    ),
    "ACC116": (
        TEXT | {"harm": "persons"},
        IMAGE | {"harm": "persons"},
        TEXT | {"harm": "money"},
    ),
    "CST107": (
        TEXT | {"reviewer": "human", "review_minutes_per_item": 10.0, "volume_per_day": 1e5},
        TEXT | {"reviewer": "human", "review_minutes_per_item": 10.0, "volume_per_day": 100.0},
        TEXT | {"reviewer": "human"},
    ),
    "DAT108": (
        VIDEO | {"licence": "no-pretrained", "training_examples": 20_000},
        VIDEO | {"licence": "no-pretrained", "training_examples": 20_000_000},
        VIDEO,
    ),
    "DAT111": (
        SCAN | {"training_pairs": True, "training_misalignment_px": 9.0, "must_keep": "alignment"},
        SCAN | {"training_pairs": True, "must_keep": "alignment"},
        SCAN,
    ),
    "PRV101": (TEXT | {"data_boundary": "offline"}, TEXT, None),
    "SAF101": (SPEECH | {"likeness": "third-party"}, SPEECH, TEXT | {"likeness": "third-party"}),
    "SAF102": (
        SPEECH | {"likeness": "consented"},
        SPEECH | {"likeness": "third-party"},
        SPEECH,
    ),
    "CST103": (
        VIDEO | {"volume_per_day": 500_000.0},
        VIDEO | {"volume_per_day": 500_000.0, "budget_usd_per_item": 2.0},
        IMAGE,
    ),
    "QUA111": (VIDEO | {"duration_s": 5400.0}, VIDEO | {"duration_s": 60.0}, IMAGE),
    "INT101": (
        ENGINE | {"cleanup_minutes_per_item": 0.0},
        ENGINE | {"cleanup_minutes_per_item": 30.0},
        IMAGE,
    ),
}
