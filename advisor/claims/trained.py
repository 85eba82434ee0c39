"""Claims checked on small models that were really trained: benchmarks/small_training.

The runs are stored with their settings, versions and day; here they are only read and counted.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from advisor.claims.bench import Bench, figure, stored
from advisor.claims.record import Claim, Evidence, Number
from advisor.figure import Basis, Figure

FILE = "small_training.json"
KINDS = ("gan", "vae", "diffusion")
MISSING = "benchmarks/results/small_training.json lacks runs: python -m benchmarks.small_training"
# Student's t for a 90 % interval of a mean of n values, by n.
T90 = {2: 6.314, 3: 2.920, 4: 2.353, 5: 2.132, 10: 1.833, 20: 1.729, 50: 1.677}


class Runs:
    """The stored runs."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.about: dict[str, Any] = data["about"]
        self.runs: dict[str, dict[str, Any]] = data["runs"]
        self.day = date.fromisoformat(max(run["made_on"] for run in self.runs.values()))
        versions = self.about["versions"]
        self.source = (
            f"{self.about['data'].split(' (')[0]}, {len(self.about['seeds'])} seeds, torch"
            f" {versions['torch']}, {FILE}"
        )

    def of(self, *words: object) -> list[dict[str, Any]]:
        """Runs whose names begin with these words."""
        wanted = [str(word) for word in words]
        return [run for name, run in self.runs.items() if name.split(" ")[: len(wanted)] == wanted]

    def complete(self) -> bool:
        seeds, rates = len(self.about["seeds"]), len(self.about["learning_rates"])
        asked = {"grid": 3 * seeds * rates, "steps": seeds, "latent": seeds, "anomaly": 10 * seeds}
        return all(len(self.of(kind)) == count for kind, count in asked.items())

    def mean(self, values: Iterable[float], unit: str) -> Figure:
        """A mean over runs with its 90 % interval."""
        listed = list(values)
        middle, error = statistics.fmean(listed), half_width(listed)
        low, high = middle - error, middle + error
        if unit in ("share", "AUROC"):
            low, high = max(low, 0.0), min(high, 1.0)
        return figure(
            middle,
            unit,
            Basis.measured,
            f"{self.source}, {len(listed)} runs",
            low,
            high,
            self.day,
        )

    def counted(self, value: float, unit: str, low: float, high: float) -> Figure:
        return figure(value, unit, Basis.measured, self.source, low, high, self.day)

    def best_rate(self, kind: str) -> float:
        """The learning rate with the lowest mean distance to the data."""
        rates: Sequence[float] = self.about["learning_rates"]

        def distance(rate: float) -> float:
            found = [run.get("frechet", math.inf) for run in self.of("grid", kind, f"{rate:g}")]
            return statistics.fmean(found)

        return min(rates, key=distance)

    def best(self, kind: str) -> list[dict[str, Any]]:
        return self.of("grid", kind, f"{self.best_rate(kind):g}")


def half_width(values: Sequence[float]) -> float:
    """Half of the 90 % interval of a mean."""
    if len(values) < 2:
        return 0.0
    t = T90[max(n for n in T90 if n <= len(values))]
    return t * statistics.stdev(values) / math.sqrt(len(values))


def load_runs() -> Runs | None:
    """The stored runs; None where they are not there or not all made."""
    data = stored(FILE)
    runs = Runs(data) if data and data["runs"] else None
    return runs if runs is not None and runs.complete() else None


def not_made(claim: Claim) -> Evidence:
    return Evidence(
        {check.id: MISSING for check in claim.checks}, "The training runs are not stored here."
    )


def difference(one: Figure, other: Figure) -> Figure:
    """one - other; independent means, so half-widths add in squares."""
    value = one.value - other.value
    width = math.hypot(one.high - one.low, other.high - other.low) / 2
    return figure(
        value, one.unit, Basis.measured, one.source, value - width, value + width, one.as_of
    )


def steps_quality(bench: Bench, claim: Claim) -> Evidence:
    """Distance to the data by step count, two samplers, over seeds."""
    runs = load_runs()
    if runs is None:
        return not_made(claim)
    numbers, told, early, late = [], [], [], []
    for sampler in ("ddim", "ddpm"):
        curve = step_curve(runs, sampler)
        early += gains(curve, 1, 50)
        late += gains(curve, 50, 1000)
        best = min(curve.values(), key=lambda one: one.value)
        enough = next(n for n, one in sorted(curve.items()) if one.value <= best.high)
        told.append(f"{sampler.upper()} stops paying at {enough} steps")
        numbers += [
            Number(label=f"distance to the data, {sampler.upper()}, {n} steps", figure=one)
            for n, one in sorted(curve.items())
        ]
        numbers.append(
            Number(
                label=f"steps from which {sampler.upper()} is within the error of its best",
                figure=runs.counted(enough, "steps", enough, enough),
            )
        )
    return Evidence(
        {
            "up-to-50": runs.counted(share(early), "share", share(early), share(early)),
            "beyond-50": runs.counted(share(late), "share", share(late), share(late)),
        },
        f"On small pictures, {sum(early)} of {len(early)} increases up to 50 steps brought samples"
        f" closer to the data by more than the error, and {sum(late)} of {len(late)} beyond 50;"
        f" {' and '.join(told)}.",
        numbers,
        ["A small model on 8 x 8 digits: where it stops paying differs for large models."],
    )


def step_curve(runs: Runs, sampler: str) -> dict[int, Figure]:
    """Mean Frechet distance by step count."""
    made = runs.of("steps")
    counts = [int(name.split(" ")[1]) for name in made[0] if name.startswith(f"{sampler} ")]
    return {n: runs.mean((run[f"{sampler} {n}"]["frechet"] for run in made), "FD") for n in counts}


def gains(curve: dict[int, Figure], first: int, last: int) -> list[bool]:
    """For each increase within first..last: did the mean fall below the earlier interval?"""
    counts = [n for n in sorted(curve) if first <= n <= last]
    return [curve[b].value < curve[a].low for a, b in pairwise(counts)]


def share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)


def collapsed(run: dict[str, Any], classes: float, modes: float) -> bool:
    """Not finite, or samples that leave out more classes or modes than allowed."""
    if not run["finite"]:
        return True
    return bool(run["class_coverage"] < classes or run["mode_coverage"] < modes)


def gan_training(bench: Bench, claim: Claim) -> Evidence:
    """Collapse, diversity, unsteadiness and sensitivity to the learning rate, by kind."""
    runs = load_runs()
    if runs is None:
        return not_made(claim)
    limits = claim.fact("collapse_classes").value, claim.fact("collapse_modes").value
    lost = {
        kind: runs.mean((float(collapsed(r, *limits)) for r in runs.of("grid", kind)), "share")
        for kind in KINDS
    }
    diverse = {kind: runs.mean((r["recall"] for r in runs.best(kind)), "share") for kind in KINDS}
    unsteady = {kind: runs.mean(map(swing, runs.best(kind)), "share") for kind in KINDS}
    spread = {kind: rate_spread(runs, kind) for kind in KINDS}
    worse = max(("vae", "diffusion"), key=lambda kind: lost[kind].value)
    shaky = max(unsteady["vae"].value, unsteady["diffusion"].value)
    touchy = max(spread["vae"], spread["diffusion"])
    return Evidence(
        {
            "collapse": difference(lost["gan"], lost[worse]),
            "less-diverse-than-diffusion": difference(diverse["diffusion"], diverse["gan"]),
            "less-diverse-than-vae": difference(diverse["vae"], diverse["gan"]),
            "instability": unsteady["gan"].times(1 / shaky, "times"),
            "sensitivity": runs.counted(
                spread["gan"] / touchy, "times", spread["gan"] / touchy, spread["gan"] / touchy
            ),
        },
        f"Over seeds and learning rates {lost['gan'].value:.0%} of GAN runs collapsed, against"
        f" {lost['vae'].value:.0%} of VAE and {lost['diffusion'].value:.0%} of diffusion runs. At"
        f" each kind's best rate, samples of the GAN cover {diverse['gan'].value:.0%} of the real"
        f" pictures (VAE {diverse['vae'].value:.0%}, diffusion"
        f" {diverse['diffusion'].value:.0%}).",
        [
            *(Number(label=f"collapsed runs, {k}", figure=v) for k, v in lost.items()),
            *(
                Number(label=f"real pictures covered (recall), {k}", figure=v)
                for k, v in diverse.items()
            ),
            *(
                Number(label=f"swing of the distance late in training, {k}", figure=v)
                for k, v in unsteady.items()
            ),
            *(
                Number(
                    label=f"worst over best learning rate, {k}",
                    figure=runs.counted(v, "times", v, v),
                )
                for k, v in spread.items()
            ),
            *(
                Number(
                    label=f"distance to the data at the best rate ({runs.best_rate(k):g}), {k}",
                    figure=runs.mean((r["frechet"] for r in runs.best(k)), "FD"),
                )
                for k in KINDS
            ),
        ],
        [
            "A plain GAN as first published, without later stabilisers; a collapsed run holds under"
            f" {limits[0]:.0%} of the classes or {limits[1]:.0%} of {runs.about['modes']} modes."
        ],
    )


def swing(run: dict[str, Any]) -> float:
    """Standard deviation over mean of the distance at the last checkpoints."""
    return statistics.stdev(run["late"]) / statistics.fmean(run["late"])


def rate_spread(runs: Runs, kind: str) -> float:
    """Median distance at the worst learning rate over that at the best."""
    medians = [
        statistics.median(r["frechet"] for r in runs.of("grid", kind, f"{rate:g}"))
        for rate in runs.about["learning_rates"]
    ]
    return max(medians) / min(medians)


def vae_smooth(bench: Bench, claim: Claim) -> Evidence:
    """Sharpness of samples and reconstructions over that of the data."""
    runs = load_runs()
    if runs is None:
        return not_made(claim)
    real = runs.of("reference")[0]["train_sharpness"]
    names = {"laplacian_variance": "Laplacian variance", "gradient_energy": "gradient energy"}
    sharp = {
        (kind, measure): runs.mean((r[measure] / real[measure] for r in runs.best(kind)), "of data")
        for kind in KINDS
        for measure in names
    }
    back = {
        measure: runs.mean(
            (r["reconstruction"][measure] / real[measure] for r in runs.of("latent")), "of data"
        )
        for measure in names
    }
    main = "laplacian_variance"
    return Evidence(
        {
            "samples-against-gan": difference(sharp["gan", main], sharp["vae", main]),
            "samples-against-diffusion": difference(sharp["diffusion", main], sharp["vae", main]),
            "reconstructions": back[main],
        },
        f"Against real pictures, samples have {sharp['vae', main].value:.0%} (VAE),"
        f" {sharp['gan', main].value:.0%} (GAN) and {sharp['diffusion', main].value:.0%}"
        f" (diffusion) of the Laplacian variance; the VAE's reconstructions"
        f" {back[main].value:.0%}.",
        [
            *(Number(label=f"{names[m]} of samples, {k}", figure=v) for (k, m), v in sharp.items()),
            *(
                Number(label=f"{names[m]} of VAE reconstructions", figure=v)
                for m, v in back.items()
            ),
        ],
        [
            "Models of 0.1 M parameters at equal size and updates: no word on large ones.",
            "Over 100 % is noise, not detail. The VAE's decoder has a learned variance, which makes"
            " sharper pictures than a fixed one.",
        ],
    )


def vae_latent(bench: Bench, claim: Claim) -> Evidence:
    """Evenness of paths through the latent space, and AUROC of the likelihood bound."""
    runs = load_runs()
    if runs is None:
        return not_made(claim)
    paths, odd = runs.of("latent"), runs.of("anomaly")
    largest = runs.mean((r["vae"]["largest_step"] for r in paths), "times")
    nearby = runs.mean((r["vae"]["nearby"] for r in paths), "share")
    unseen = runs.mean((r["class"] for r in odd), "AUROC")
    simple = {
        kind: runs.mean((r[kind] for r in odd), "AUROC") for kind in ("noise", "inverted", "blank")
    }
    worst = min(simple, key=lambda kind: simple[kind].value)
    by_class = {c: statistics.fmean(r["class"] for r in runs.of("anomaly", c)) for c in range(10)}
    hardest = min(by_class, key=lambda c: by_class[c])
    plain = runs.mean((r["pca_class"] for r in odd), "AUROC")
    other = runs.mean((r["gan"]["largest_step"] for r in paths), "times")
    return Evidence(
        {
            "even-paths": largest,
            "nearby-points": nearby,
            "unseen-class": unseen,
            "simple-outliers": simple[worst],
        },
        f"Along paths in 20 steps the largest change of the output is {largest.value:.2g} times the"
        f" mean one (GAN {other.value:.2g}). The bound tells a class it never saw with a mean AUROC"
        f" of {unseen.value:.2f} (class {hardest}: {by_class[hardest]:.2f}; reconstruction error of"
        f" PCA: {plain.value:.2f}), and {worst} pictures with {simple[worst].value:.2f}.",
        [
            Number(label="largest change over mean change along a path, VAE", figure=largest),
            Number(label="the same, GAN", figure=other),
            Number(label="output change after moving 0.1 of the spread", figure=nearby),
            Number(
                label="rank correlation of latent and output distance",
                figure=runs.mean((r["vae"]["rank"] for r in paths), "correlation"),
            ),
            Number(label="AUROC, unseen class", figure=unseen),
            *(Number(label=f"AUROC, {kind}", figure=one) for kind, one in simple.items()),
            Number(label="AUROC of PCA reconstruction error, unseen class", figure=plain),
        ],
        ["Means over ten left-out classes and all seeds; small pictures with little background."],
    )
