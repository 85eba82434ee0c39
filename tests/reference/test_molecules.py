"""Molecules: equivariant denoising, strings in the published alphabets, walks between latents."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import numpy as np  # noqa: E402

from advisor.catalog import load_catalog  # noqa: E402
from advisor.errors import CannotEstimate, DataError, InputError  # noqa: E402
from advisor.reference.generate import generate  # noqa: E402
from advisor.reference.latent import between, interpolate  # noqa: E402
from advisor.reference.modules.egnn import EGNNDenoiser, polynomial_betas  # noqa: E402
from advisor.reference.modules.molecule_vae import (  # noqa: E402
    MOSES_ALPHABET,
    ZINC_ALPHABET,
    MosesVAE,
)
from advisor.reference.spelling import elements, spelt, xyz  # noqa: E402
from advisor.reference.stage import Run, debug_workload  # noqa: E402
from advisor.reference.structure import structure  # noqa: E402
from tests.reference.cases.case import one_thread_and_seed  # noqa: E402, F401

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

CATALOG = load_catalog()


def rotation(seed: int = 0):  # type: ignore[no-untyped-def]
    """A random orthogonal matrix: a rotation, perhaps with a reflection."""
    drawn = torch.randn(3, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return torch.linalg.qr(drawn)[0]


def turned(molecule, matrix, shift=0.0):  # type: ignore[no-untyped-def]
    return torch.cat([molecule[..., :3] @ matrix + shift, molecule[..., 3:]], dim=-1)


def tiny_egnn() -> EGNNDenoiser:
    net = EGNNDenoiser(hidden=16, layers=3).double().eval()
    for layer in net.layers:
        layer.step[-1].weight.normal_()  # steps start small: make them felt
    return net


# The equivariant denoiser


def test_turning_and_moving_the_atoms_turns_the_prediction() -> None:
    net, molecule, time = tiny_egnn(), torch.randn(2, 7, 9).double(), torch.rand(2).double()
    matrix = rotation()
    predicted = net(molecule, time)
    torch.testing.assert_close(
        net(turned(molecule, matrix, shift=3.0), time), turned(predicted, matrix)
    )
    assert predicted[..., :3].abs().max() > 0.1


def test_atoms_have_no_order() -> None:
    net, molecule, time = tiny_egnn(), torch.randn(1, 7, 9).double(), torch.rand(1).double()
    order = torch.randperm(7)
    torch.testing.assert_close(net(molecule[:, order], time), net(molecule, time)[:, order])


def test_predicted_coordinate_noise_has_no_centre_of_gravity() -> None:
    predicted = tiny_egnn()(torch.randn(2, 7, 9).double(), torch.rand(2).double())
    assert predicted[..., :3].mean(1).abs().max() < 1e-9


def test_betas_give_edms_schedule_back() -> None:
    """Signal power of (1 - (t/T)^2)^2 with 1e-5 of noise left, clipped only near the end."""
    betas = torch.tensor(polynomial_betas(1000), dtype=torch.float64)
    power = (1 - betas).cumprod(0)
    time = torch.linspace(0, 1, 1001, dtype=torch.float64)
    expected = (1 - 2e-5) * (1 - time**2).square() + 1e-5
    torch.testing.assert_close(power[:990], expected[:990], rtol=1e-9, atol=1e-12)
    assert len(betas) == 1001
    assert betas.min() > 0 and betas.max() < 1


def test_turning_the_starting_noise_turns_the_molecule() -> None:
    """Without fresh noise on the way the whole loop is equivariant, not only one call."""
    model = CATALOG.models["edm-qm9"]
    still = model.model_copy(update={"scheduler": "DDIMScheduler"})
    noise, matrix = torch.randn(1, 6, 9), rotation().float()
    made = []
    for start in (noise, turned(noise, matrix)):
        run = Run(still, debug_workload(still), CATALOG, flavour="debug")
        made.append(structure(run, "denoise", start))
    torch.testing.assert_close(turned(made[0], matrix), made[1], rtol=1e-3, atol=1e-2)
    assert made[0].abs().max() > 1


def test_a_generated_molecule_lies_around_its_centre_and_is_read_as_xyz(tmp_path) -> None:  # type: ignore[no-untyped-def]
    output = generate("edm-qm9", points=5, steps=3, catalog=CATALOG)
    assert output.calls == {"denoise": 4}
    scale = np.abs(output.data[..., :3]).max()
    assert np.abs(output.data[..., :3].mean(1)).max() < 1e-4 * scale
    count, _, *atoms = output.save(tmp_path / "molecule.xyz").read_text().splitlines()
    assert int(count) == len(atoms) == 5
    assert {line.split()[0] for line in atoms} <= {"H", "C", "N", "O", "F"}
    first = [float(number) for number in atoms[0].split()[1:]]
    assert first == pytest.approx(output.data[0, 0, :3].tolist(), abs=1e-5)


def test_an_atom_is_the_element_with_the_highest_score() -> None:
    atoms = np.array([[0, 0, 1, 0.1, 0.9, 99], [1, 2, 3, 0.5, 0.2, 99]], np.float32)
    assert elements(atoms, ["H", "C"]) == ["C", "H"]  # the last number is the charge
    assert xyz(atoms, ["H", "C"]).splitlines()[3] == "H 1.000000 2.000000 3.000000"


# Strings


@pytest.mark.parametrize(
    ("name", "alphabet"), [("chemvae-zinc", ZINC_ALPHABET), ("moses-vae", MOSES_ALPHABET)]
)
def test_a_molecule_model_writes_characters_of_its_alphabet(name, alphabet, tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert tuple(CATALOG.models[name].output.alphabet) == alphabet
    texts = []
    for seed in range(4):
        output = generate(name, seed=seed, catalog=CATALOG)
        texts += output.strings()
        assert output.save(tmp_path / "text.txt").read_text() == texts[-1] + "\n"
    assert set("".join(texts)) <= set("".join(c for c in alphabet if len(c) == 1))
    assert any(texts)


def test_a_string_ends_at_its_end_mark() -> None:
    alphabet = ["C", "O", " ", "<eos>", "<pad>"]
    assert spelt(np.array([0, 4, 1, 2, 3, 0]), alphabet) == "CO"


def test_ids_without_an_alphabet_are_not_spelt() -> None:
    output = generate("qwen2.5-0.5b", tokens_in=4, tokens_out=3, catalog=CATALOG)
    with pytest.raises(DataError, match="no alphabet"):
        output.strings()


def test_moses_steps_equal_reading_the_whole_string() -> None:
    net = MosesVAE(hidden=8, latent=4, gru=8, gru_layers=2).eval()
    z, tokens = torch.randn(2, 4), torch.randint(26, (2, 5))
    begin = torch.full((2, 1), MOSES_ALPHABET.index("<bos>"))
    expected = net.decode(z, torch.cat([begin, tokens], dim=1))
    step = net.begin(z)
    torch.testing.assert_close(step.logits, expected[:, 0])
    for place in range(5):
        step = net.step(tokens[:, place : place + 1], step.latent, step.past_key_values)
        torch.testing.assert_close(step.logits, expected[:, place + 1])


# Walks between latents


@pytest.mark.parametrize("name", ["conv-vae-64", "sd-vae-ft", "chemvae-zinc", "moses-vae"])
def test_a_walk_starts_and_ends_at_its_latents(name: str) -> None:
    model = CATALOG.models[name]
    walk = interpolate(name, points=3, catalog=CATALOG)
    first, *_, last = interpolate(name, points=5, catalog=CATALOG)
    assert len(walk) == 3
    assert all(point.kind == model.output.kind for point in walk)
    assert np.array_equal(walk[0].data, first.data)
    assert np.array_equal(walk[2].data, last.data)


def test_nearer_latents_give_more_alike_images() -> None:
    ends = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    images = [x.data.astype(float) for x in interpolate("sd-vae-ft", ends=ends, catalog=CATALOG)]
    gaps = [np.abs(image - images[0]).mean() for image in images]
    assert gaps == sorted(gaps) and gaps[0] == 0 < gaps[1]


def test_a_spherical_walk_keeps_the_length_where_a_line_loses_it() -> None:
    first, last = torch.randn(1, 400), torch.randn(1, 400)
    first, last = first / first.norm(), last / last.norm()
    assert between(first, last, 0.5, spherical=True).norm().item() == pytest.approx(1, abs=1e-5)
    assert between(first, last, 0.5).norm() < 0.8


def test_what_has_no_latent_cannot_be_walked() -> None:
    with pytest.raises(CannotEstimate, match="no autoencoder"):
        interpolate("sd-1.5", catalog=CATALOG)
    with pytest.raises(CannotEstimate, match="no stage decodes a latent"):
        interpolate("donut-anomaly-vae", catalog=CATALOG)
    with pytest.raises(InputError, match="two points"):
        interpolate("conv-vae-64", points=1, catalog=CATALOG)
