"""One firing, one silent and one not-applicable case per rule.

A row names the family and the fields of three use cases. `None` as the third means that the rule
always has an answer for a family: it is not applicable only where there is no family to judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Fields = dict[str, Any]


def given(modality: str, role: str = "prompt") -> Fields:
    return {"modality": modality, "role": role}


def limit(ms: float, kind: str = "total") -> Fields:
    return {"latency": {"limit_ms": ms, "kind": kind}}


@dataclass(frozen=True)
class Row:
    """Three use cases for one rule; `silent_family` where the silence is another family's."""

    family: str
    fires: Fields
    silent: Fields
    na: Fields | None
    silent_family: str = ""
    na_family: str = ""


TEXT: Fields = {"outputs": ["text"]}
IMAGE: Fields = {"outputs": ["image"]}
VIDEO: Fields = {"outputs": ["video"]}
SPEECH: Fields = {"outputs": ["speech"], "inputs": [given("text")]}
MUSIC: Fields = {"outputs": ["music"]}
THREE_D: Fields = {"outputs": ["3d"]}
LABEL: Fields = {"outputs": ["label"], "inputs": [given("text", "source")]}
TABLE: Fields = {"outputs": ["table"], "inputs": [given("table", "source")]}
ACTION: Fields = {"outputs": ["action"], "inputs": [given("video", "source")]}
SCAN: Fields = {"outputs": ["image"], "inputs": [given("image", "source")], "task": "transform"}
FRAMES: Fields = {"outputs": ["video"], "inputs": [given("video", "source")], "task": "transform"}
LIVE: Fields = FRAMES | limit(33, "per-frame")
PHONE: Fields = LIVE | {"placement": "phone"}
SERIES: Fields = {"outputs": ["label"], "inputs": [given("time-series", "source")]}
DIALOGUE: Fields = {"outputs": ["speech"], "inputs": [given("speech")]}
SOUND: Fields = {"outputs": ["music"], "inputs": [given("music", "source")], "task": "transform"}
STREAM: Fields = MUSIC | {"endless": True}
CLIP: Fields = MUSIC | {"duration_s": 30.0}
EXACT: Fields = {"outputs": ["image", "mask"], "error_tolerance": "low"}
SHARED: Fields = IMAGE | {"sharing": "share", "training_persons": 300}
RENDERING: Fields = FRAMES | limit(2, "per-frame") | {"shares_device_with_rendering": True}

FAMILY_ROWS: dict[str, Row] = {
    "MOD101": Row("gan", TEXT, IMAGE, None),
    "MOD102": Row("llm", {"outputs": ["text", "speech"]}, {"outputs": ["text", "code"]}, TEXT),
    "MOD117": Row(
        "point-diffusion",
        THREE_D | {"inputs": [given("table")], "vertices": 5000},
        THREE_D | {"vertices": 5000},
        THREE_D,
    ),
    "MOD103": Row("non-generative", TEXT, LABEL, TEXT, na_family="llm"),
    "MOD104": Row("llm", TEXT, TEXT, None, silent_family="gan"),
    "MOD105": Row(
        "frame-interpolation",
        VIDEO | {"task": "in-between"},
        VIDEO | {"task": "in-between"},
        VIDEO,
        silent_family="video-diffusion",
    ),
    "MOD106": Row(
        "video-diffusion",
        VIDEO | {"task": "in-between"},
        VIDEO | {"task": "in-between"},
        VIDEO,
        silent_family="frame-interpolation",
    ),
    "MOD107": Row(
        "neural-codec",
        SPEECH,
        DIALOGUE | {"task": "compress"},
        SPEECH,
        na_family="codec-lm",
    ),
    "MOD108": Row("non-generative", TEXT | {"task": "select"}, LABEL, LABEL, na_family="llm"),
    "MOD109": Row("3d-feedforward", THREE_D, THREE_D | {"inputs": [given("image")]}, None),
    "MOD110": Row("gan", LIVE | {"scope": "fixed"}, LIVE | {"scope": "free"}, IMAGE),
    "MOD111": Row("parallel-tts", SPEECH, SPEECH, DIALOGUE, silent_family="codec-lm"),
    "MOD112": Row("audio-diffusion", CLIP, CLIP | {"duration_s": 300.0}, SPEECH),
    "MOD114": Row("parallel-tts", DIALOGUE, SPEECH, SPEECH, na_family="codec-lm"),
    "MOD115": Row("audio-ar", DIALOGUE, DIALOGUE, SPEECH, silent_family="codec-lm"),
    "MOD116": Row(
        "3d-feedforward",
        THREE_D | {"inputs": [given("table", "source")]},
        THREE_D | {"inputs": [given("video", "source")]},
        THREE_D | {"inputs": []},
    ),
    "MOD113": Row(
        "structure-diffusion",
        {"outputs": ["sequence"]},
        {"outputs": ["sequence"], "inputs": [given("3d", "target-structure")]},
        {"outputs": ["sequence"]},
        na_family="vae",
    ),
    "LAT103": Row("few-step-diffusion", PHONE, PHONE, LIVE, silent_family="gan"),
    "LAT104": Row("image-diffusion", LIVE, FRAMES | limit(200, "per-frame"), IMAGE),
    "LAT105": Row("gan", RENDERING, LIVE, IMAGE),
    "LAT106": Row("non-generative", RENDERING, RENDERING, LIVE, silent_family="gan"),
    "LAT107": Row("gan", LIVE | {"scope": "fixed"}, LIVE | {"scope": "free"}, IMAGE),
    "LAT108": Row("few-step-diffusion", LIVE, LIVE | {"scope": "fixed"}, IMAGE),
    "LAT109": Row("video-diffusion", LIVE, LIVE, VIDEO, silent_family="gan"),
    "LAT110": Row(
        "image-diffusion",
        IMAGE | limit(2000) | {"placement": "phone"},
        IMAGE | limit(20_000) | {"placement": "phone"},
        IMAGE | limit(2000),
    ),
    "LAT111": Row("image-diffusion", IMAGE, IMAGE, IMAGE | limit(1000), silent_family="gan"),
    "LAT112": Row(
        "codec-lm",
        SPEECH | limit(300, "first-output") | {"placement": "cpu"},
        SPEECH | limit(3000, "first-output") | {"placement": "cpu"},
        SPEECH | limit(300, "first-output"),
    ),
    "LAT126": Row(
        "neural-codec",
        SOUND | {"latency": {"experience": "live"}},
        SOUND | {"latency": {"experience": "live"}},
        SOUND,
        silent_family="codec-lm",
    ),
    "LAT113": Row(
        "parallel-tts",
        DIALOGUE | limit(200, "first-output"),
        DIALOGUE | limit(2000, "first-output"),
        SPEECH,
    ),
    "LAT114": Row(
        "codec-lm",
        DIALOGUE | limit(200, "first-output"),
        DIALOGUE | limit(200, "first-output"),
        DIALOGUE | limit(2000, "first-output"),
        silent_family="audio-ar",
    ),
    "LAT115": Row("audio-diffusion", STREAM, STREAM, MUSIC, silent_family="codec-lm"),
    "LAT116": Row("codec-lm", STREAM, STREAM, MUSIC, silent_family="audio-diffusion"),
    "LAT118": Row("vae", ACTION | limit(50), ACTION | limit(500), IMAGE),
    "LAT119": Row("3d-sds", THREE_D | limit(1000), THREE_D | limit(60_000), THREE_D),
    "LAT120": Row("3d-sds", THREE_D | limit(60_000), THREE_D | limit(7.2e6), THREE_D),
    "LAT121": Row(
        "point-diffusion",
        THREE_D | limit(90_000) | {"error_tolerance": "high"},
        THREE_D | limit(90_000) | {"error_tolerance": "low"},
        THREE_D | {"inputs": [given("image")]},
    ),
    "LAT122": Row("parallel-tts", SPEECH | limit(300), SPEECH | limit(3000), SPEECH),
    "LAT123": Row(
        "gan",
        IMAGE | limit(2000) | {"answer_style": "calibrated"},
        IMAGE | limit(20_000) | {"answer_style": "calibrated"},
        IMAGE | limit(2000),
    ),
    "LAT124": Row("video-ar", LIVE, FRAMES | limit(500, "per-frame"), VIDEO),
    "EDG103": Row("vae", SCAN | {"task": "compress"}, SCAN | {"task": "compress"}, SCAN, "gan"),
    "EDG104": Row(
        "image-diffusion",
        IMAGE | {"placement": "microcontroller"},
        IMAGE | {"placement": "microcontroller"},
        IMAGE,
        silent_family="vae",
    ),
    "EDG106": Row(
        "video-diffusion",
        VIDEO | {"placement": "phone"},
        VIDEO | {"placement": "phone"},
        VIDEO,
        silent_family="gan",
    ),
    "EDG107": Row(
        "neural-codec",
        DIALOGUE | {"task": "compress"},
        DIALOGUE | {"task": "compress"},
        SPEECH,
        silent_family="audio-diffusion",
    ),
    "EDG108": Row(
        "audio-ar",
        DIALOGUE | {"task": "complete", "duration_s": 0.1},
        DIALOGUE | {"task": "complete", "duration_s": 10.0},
        SPEECH,
    ),
    "EDG109": Row(
        "video-diffusion",
        VIDEO | {"runtime": "restricted-operations"},
        VIDEO | {"runtime": "restricted-operations"},
        VIDEO,
        silent_family="gan",
    ),
    "EDG110": Row("gan", PHONE, PHONE, LIVE, silent_family="few-step-diffusion"),
    "ACC101": Row(
        "llm",
        TEXT | {"error_tolerance": "zero", "reviewer": "none"},
        TEXT | {"error_tolerance": "zero", "reviewer": "none"},
        TEXT | {"error_tolerance": "zero", "reviewer": "human"},
        silent_family="non-generative",
    ),
    "ACC102": Row(
        "non-generative",
        TEXT | {"wording_enumerable": True},
        TEXT,
        IMAGE,
    ),
    "ACC103": Row("llm", TEXT | {"facts_from": "text-base"}, TEXT, IMAGE),
    "ACC104": Row(
        "llm",
        TEXT | {"reviewer": "automatic-test"},
        IMAGE | {"reviewer": "automatic-test"},
        TEXT,
    ),
    "ACC106": Row("llm", LABEL | {"closed_label_set": True}, LABEL, LABEL, "", "non-generative"),
    "ACC107": Row(
        "llm",
        LABEL | {"closed_label_set": True} | limit(20),
        LABEL | {"closed_label_set": True} | limit(2000),
        TEXT,
    ),
    "ACC108": Row("image-diffusion", EXACT, EXACT, IMAGE, silent_family="non-generative"),
    "ACC109": Row("non-generative", EXACT, EXACT, IMAGE, silent_family="gan"),
    "ACC110": Row("gan", SCAN | {"must_keep": "geometry"}, SCAN, IMAGE),
    "ACC111": Row(
        "image-diffusion",
        IMAGE | {"reviewer": "human"},
        SCAN | {"reviewer": "human", "must_keep": "geometry"},
        IMAGE,
    ),
    "ACC112": Row(
        "llm",
        TEXT | {"error_tolerance": "low"},
        TEXT | {"error_tolerance": "low", "reviewer": "human"},
        TEXT,
    ),
    "ACC114": Row(
        "llm",
        TEXT | {"error_tolerance": "zero", "reviewer": "human"},
        TEXT | {"error_tolerance": "zero", "reviewer": "human"},
        TEXT,
        silent_family="non-generative",
    ),
    "DAT101": Row(
        "gan", IMAGE | {"subject_examples": 20}, IMAGE | {"subject_examples": 200}, IMAGE
    ),
    "DAT102": Row(
        "image-diffusion",
        IMAGE | {"subject_examples": 20},
        IMAGE | {"subject_examples": 20},
        IMAGE,
        silent_family="gan",
    ),
    "DAT103": Row(
        "gan",
        IMAGE | {"training_examples": 200},
        IMAGE | {"training_examples": 200, "width_px": 1024, "height_px": 1024},
        IMAGE,
    ),
    "DAT104": Row(
        "non-generative",
        LABEL | {"inputs": [given("image", "source")], "training_examples": 300},
        LABEL | {"inputs": [given("image", "source")], "training_examples": 20},
        LABEL,
    ),
    "DAT105": Row("vae", SERIES, SERIES, LABEL, silent_family="gan"),
    "DAT106": Row("gan", SERIES, SERIES, IMAGE, silent_family="vae"),
    "DAT107": Row(
        "video-diffusion",
        VIDEO | {"licence": "no-pretrained", "training_examples": 20_000},
        VIDEO | {"licence": "no-pretrained", "training_examples": 50_000_000},
        VIDEO,
    ),
    "DAT109": Row(
        "gan",
        SCAN | {"training_pairs": True, "training_examples": 5000},
        SCAN | {"training_pairs": True, "training_examples": 5000, "training_misalignment_px": 9.0},
        SCAN,
    ),
    "DAT110": Row(
        "image-diffusion",
        SCAN | {"training_pairs": True, "must_keep": "alignment"},
        SCAN | {"training_pairs": True},
        SCAN,
    ),
    "DAT112": Row(
        "3d-sds",
        THREE_D | {"volume_per_day": 2.0, "reviewer": "human"},
        THREE_D | {"volume_per_day": 2000.0, "reviewer": "human"},
        THREE_D | {"inputs": [given("image")]},
    ),
    "DAT113": Row(
        "non-generative",
        THREE_D | {"inputs": [given("image", "subject")], "subject_examples": 8},
        THREE_D | {"inputs": [given("image", "subject")], "subject_examples": 1},
        THREE_D,
    ),
    "DAT114": Row(
        "video-diffusion",
        VIDEO | {"inputs": [given("image", "subject")], "subject_examples": 3},
        VIDEO | {"inputs": [given("image", "subject")], "subject_examples": 9},
        VIDEO,
    ),
    "DAT115": Row(
        "few-step-diffusion",
        ACTION | {"several_valid_answers": True},
        ACTION | {"several_valid_answers": True} | limit(50),
        ACTION,
    ),
}
