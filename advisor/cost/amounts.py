"""How many units of a hosted API's price one output takes: images, megapixels, seconds, tokens.

A length comes from the use case (asked), else from the workload it is compared with, else from a
default that is labelled assumed. Conversions between text and speech are assumed figures:

- 14 characters a second of speech, 10 to 18: 10 to 15 are typical for speech synthesis
  (coldcalculator.com, text-to-speech length), 178 words a minute were timed for one vendor's
  voices (community.openai.com/t/657893), about 18 characters a second at 6 a word.
- 4 characters a token, 3.3 to 4.5, English (api-docs.deepseek.com: 0.3 tokens a character;
  the usual rule of thumb is 4 characters a token).
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.catalog import ApiPrice
from advisor.figure import Basis, Figure, weakest
from advisor.usecase import UseCase
from advisor.workload import Workload

CHARACTERS_PER_S = (10.0, 14.0, 18.0)
CHARACTERS_PER_TOKEN = (3.3, 4.0, 4.5)
DEFAULT_SECONDS = {"video": 5.0, "tts": 10.0, "music": 30.0}  # where nothing says a length
DEFAULT_TOKENS = (500, 500)  # in, out
DEFAULT_PIXELS = (1024, 1024)  # the size that most image rows are priced at
_DEFAULT = "default length, nobody stated it"


@dataclass(frozen=True, slots=True)
class Amount:
    """Units per output with their interval, basis and source."""

    low: float
    value: float
    high: float
    basis: Basis
    source: str

    def figure(self, unit: str) -> Figure:
        return Figure(
            value=self.value,
            low=self.low,
            high=self.high,
            unit=unit,
            basis=self.basis,
            source=self.source,
        )


def _exact(value: float, basis: Basis, source: str) -> Amount:
    return Amount(value, value, value, basis, source)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Size and length of one output, with the basis of each. `lines`: height asked, of video."""

    width: int
    height: int
    pixels_basis: Basis
    seconds: float | None
    seconds_basis: Basis
    tokens_in: int
    tokens_out: int
    tokens_basis: Basis
    source: str

    @property
    def pixels_asked(self) -> bool:
        return self.pixels_basis is Basis.asked

    @property
    def lines(self) -> int | None:
        """The shorter side in pixels if somebody asked for one: vendors price by it."""
        return min(self.width, self.height) if self.pixels_asked else None

    def amount(self, row: ApiPrice) -> Amount | str:
        """Units of a row that one generation takes, or why that cannot be told."""
        if row.unit == "image":
            return _exact(1.0, Basis.asked, "one image per output")
        if row.unit == "megapixel":
            return self._megapixels()
        if row.unit in ("second of video", "minute of audio"):
            per_unit = 60.0 if row.unit == "minute of audio" else 1.0
            return self._seconds(row.modality, 1 / per_unit)
        if row.unit == "1k characters":
            return self._thousand_characters()
        if row.unit == "clip" and row.modality == "music":
            return self._clips()
        return f"priced per {row.unit}, which does not tell outputs"

    def tokens(self) -> Amount:
        total = (self.tokens_in + self.tokens_out) / 1e6
        source = f"{self.tokens_in} tokens in, {self.tokens_out} out"
        return _exact(total, self.tokens_basis, source)

    def _megapixels(self) -> Amount:
        """Vendors mean 10^6 or 2^20 pixels; the larger amount is the value."""
        pixels = self.width * self.height
        source = f"{self.width} x {self.height} pixels"
        return Amount(pixels / 2**20, pixels / 1e6, pixels / 1e6, self.pixels_basis, source)

    def _length(self, modality: str) -> tuple[float, Basis, str]:
        if self.seconds is None:
            return DEFAULT_SECONDS[modality], Basis.assumed, _DEFAULT
        return self.seconds, self.seconds_basis, self.source

    def _seconds(self, modality: str, factor: float) -> Amount:
        if modality == "tts" and self.seconds is None and self.tokens_basis is not Basis.assumed:
            text = self._characters()
            low, value, high = CHARACTERS_PER_S
            return Amount(
                text.low / high * factor,
                text.value / value * factor,
                text.high / low * factor,
                Basis.assumed,
                f"{text.source}; {value:g} characters a second of speech",
            )
        seconds, basis, source = self._length(modality)
        return _exact(seconds * factor, basis, f"{seconds:g} s per output ({source})")

    def _characters(self) -> Amount:
        """Characters of the text to be spoken, from its tokens or from the length of the speech."""
        if self.seconds is None and self.tokens_basis is not Basis.assumed:
            low, value, high = (self.tokens_in * each for each in CHARACTERS_PER_TOKEN)
            source = f"{self.tokens_in} tokens x {CHARACTERS_PER_TOKEN[1]:g} characters"
        else:
            seconds, _, told = self._length("tts")
            low, value, high = (seconds * each for each in CHARACTERS_PER_S)
            source = f"{seconds:g} s ({told}) x {CHARACTERS_PER_S[1]:g} characters a second"
        return Amount(low, value, high, Basis.assumed, source)

    def _thousand_characters(self) -> Amount:
        text = self._characters()
        return Amount(text.low / 1e3, text.value / 1e3, text.high / 1e3, Basis.assumed, text.source)

    def _clips(self) -> Amount:
        """Vendors do not state a clip's length; music longer than 30 s may need several."""
        seconds, basis, _ = self._length("music")
        most = max(1.0, seconds / DEFAULT_SECONDS["music"])
        source = f"one clip per output of {seconds:g} s; more if clips are 30 s"
        return Amount(1.0, 1.0, most, weakest([basis, Basis.assumed]), source)


def sizes_of(use_case: UseCase, workload: Workload | None = None) -> Sizes:
    """Size and length per output: asked, else the workload's, else assumed."""
    width, height, pixels_basis = _pixels(use_case, workload)
    seconds, seconds_basis, source = _length(use_case, workload)
    tokens_in, tokens_out, tokens_basis = _tokens(use_case, workload)
    return Sizes(
        width=width,
        height=height,
        pixels_basis=pixels_basis,
        seconds=seconds,
        seconds_basis=seconds_basis,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        tokens_basis=tokens_basis,
        source=source,
    )


def _pixels(use_case: UseCase, workload: Workload | None) -> tuple[int, int, Basis]:
    if use_case.width_px is not None and use_case.height_px is not None:
        return use_case.width_px, use_case.height_px, Basis.asked
    if workload is not None and workload.width is not None and workload.height is not None:
        return workload.width, workload.height, Basis.assumed
    return *DEFAULT_PIXELS, Basis.assumed


def _length(use_case: UseCase, workload: Workload | None) -> tuple[float | None, Basis, str]:
    if use_case.duration_s is not None:
        return use_case.duration_s, Basis.asked, "stated"
    if workload is not None and workload.seconds is not None:
        return workload.seconds, Basis.assumed, "as the candidate it is compared with"
    if workload is not None and workload.frames is not None and use_case.fps is not None:
        return workload.frames / use_case.fps, Basis.assumed, "the candidate's frames"
    return None, Basis.assumed, _DEFAULT


def _tokens(use_case: UseCase, workload: Workload | None) -> tuple[int, int, Basis]:
    """Tokens in and out; asked only where both that matter were stated."""
    asked_in, asked_out = use_case.tokens_in, use_case.tokens_out
    other_in = (workload.tokens_in if workload else None) or DEFAULT_TOKENS[0]
    other_out = (workload.tokens_out if workload else None) or DEFAULT_TOKENS[1]
    both = asked_in is not None and asked_out is not None
    spoken = asked_in is not None and "speech" in use_case.outputs
    basis = Basis.asked if both or spoken else Basis.assumed
    return asked_in or other_in, asked_out or other_out, basis
