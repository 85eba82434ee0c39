"""A user's own weights: loaded from safetensors alone, checked before anything is loaded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

from advisor.catalog import load_catalog  # noqa: E402
from advisor.errors import InputError  # noqa: E402
from advisor.reference.build import build  # noqa: E402
from advisor.reference.generate import generate  # noqa: E402
from advisor.reference.weights import Weights  # noqa: E402

CATALOG = load_catalog()
SD = "sd-1.5"
FOLDERS = {"unet": "sd15_unet", "vae": "sd_vae_4ch", "text_encoder": "clip_l_text"}
USUAL = "diffusion_pytorch_model.safetensors"


def tensors(component: str, seed: int = 7) -> dict[str, Any]:
    module = build(CATALOG.components[component], "debug", seed=seed)
    return {name: tensor.clone().contiguous() for name, tensor in module.state_dict().items()}


def save(file: Path, content: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    safetensors.save_file(content, str(file))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as diffusers writes it, of weights drawn under another seed."""
    folder = tmp_path_factory.mktemp("weights")
    for name, component in FOLDERS.items():
        usual = "model.safetensors" if name == "text_encoder" else USUAL
        save(folder / name / usual, tensors(component))
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def test_weights_from_a_folder_change_the_picture_and_are_those_in_the_files(saved: Path) -> None:
    random = generate(SD, catalog=CATALOG).data
    own = generate(SD, catalog=CATALOG, weights=saved).data
    assert not np.array_equal(random, own)
    assert np.array_equal(own, generate(SD, catalog=CATALOG, weights=saved).data)
    module = build(CATALOG.components["sd15_unet"], "debug")
    Weights(saved, CATALOG.models[SD]).load(CATALOG.components["sd15_unet"], module)
    wanted = tensors("sd15_unet")
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in module.state_dict().items())


def test_the_weights_that_are_random_anyway_give_the_same_picture(tmp_path: Path) -> None:
    """Loading goes through the same modules: nothing else about the run changes."""
    for name, component in FOLDERS.items():
        save(tmp_path / f"{name}.safetensors", tensors(component, seed=0))
    own = generate(SD, catalog=CATALOG, weights=tmp_path).data
    assert np.array_equal(own, generate(SD, catalog=CATALOG).data)


def test_half_precision_files_are_loaded_in_the_modules_own_type(folder: Path) -> None:
    save(folder / "vae" / USUAL, {k: v.half() for k, v in tensors("sd_vae_4ch").items()})
    module = build(CATALOG.components["sd_vae_4ch"], "debug")
    Weights(folder, CATALOG.models[SD]).load(CATALOG.components["sd_vae_4ch"], module)
    assert {tensor.dtype for tensor in module.parameters()} == {torch.float32}


def test_a_sharded_set_is_loaded_through_its_index(folder: Path) -> None:
    whole = generate(SD, catalog=CATALOG, weights=folder).data
    shard(folder / "unet", tensors("sd15_unet"))
    assert np.array_equal(generate(SD, catalog=CATALOG, weights=folder).data, whole)


def shard(place: Path, content: dict[str, Any]) -> dict[str, str]:
    names = sorted(content)
    files = ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors"]
    where = {name: files[number % 2] for number, name in enumerate(names)}
    (place / USUAL).unlink()
    for file in files:
        save(place / file, {n: content[n] for n in names if where[n] == file})
    index = {"metadata": {}, "weight_map": where}
    (place / f"{USUAL}.index.json").write_text(json.dumps(index))
    return where


def test_a_model_of_one_component_has_its_file_in_the_folder_itself(tmp_path: Path) -> None:
    save(tmp_path / "model.safetensors", tensors("gpt2_small", seed=3))
    own = generate("gpt2-small", catalog=CATALOG, weights=tmp_path)
    assert own.data.shape == generate("gpt2-small", catalog=CATALOG).data.shape


def test_names_without_the_classs_base_prefix_are_understood(tmp_path: Path) -> None:
    """The published GPT-2 file says wte.weight where the class says transformer.wte.weight."""
    stored = {name.removeprefix("transformer."): t for name, t in tensors("gpt2_small", 3).items()}
    stored.pop("lm_head.weight")  # tied to the embedding: one of them is enough
    save(tmp_path / "model.safetensors", stored)
    module = build(CATALOG.components["gpt2_small"], "debug")
    Weights(tmp_path, CATALOG.models["gpt2-small"]).load(CATALOG.components["gpt2_small"], module)
    assert torch.equal(module.state_dict()["lm_head.weight"], stored["wte.weight"])


def test_the_older_attention_names_of_diffusers_are_understood(folder: Path) -> None:
    content = tensors("sd_vae_4ch")
    older = {name.replace("to_out.0", "proj_attn"): tensor for name, tensor in content.items()}
    for new, old in {"to_q": "query", "to_k": "key", "to_v": "value"}.items():
        older = {name.replace(new, old): tensor for name, tensor in older.items()}
    assert older.keys() != content.keys()
    save(folder / "vae" / USUAL, older)
    module = build(CATALOG.components["sd_vae_4ch"], "debug")
    Weights(folder, CATALOG.models[SD]).load(CATALOG.components["sd_vae_4ch"], module)
    assert all(torch.equal(t, content[name]) for name, t in module.state_dict().items())


# ---------------------------------------------------------------- what is refused


FIRST = "conv_in.weight"


def without(content: dict[str, Any]) -> dict[str, Any]:
    return {name: tensor for name, tensor in content.items() if name != FIRST}


SPOILED: list[tuple[str, Callable[[dict[str, Any]], dict[str, Any]], str]] = [
    ("missing", without, f"lacks tensor '{FIRST}'"),
    ("unexpected", lambda c: {**c, "more.weight": torch.zeros(1)}, "unexpected tensor 'more.w"),
    ("shape", lambda c: {**c, FIRST: torch.zeros(2, 3)}, f"'{FIRST}' has shape \\[2, 3\\], the"),
    ("kind", lambda c: {**c, FIRST: c[FIRST].to(torch.int8)}, f"'{FIRST}' is stored as I8"),
]


@pytest.mark.parametrize(("_", "spoil", "says"), SPOILED, ids=[row[0] for row in SPOILED])
def test_the_first_tensor_that_does_not_fit_is_named_before_anything_runs(
    folder: Path, _: str, spoil: Any, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(folder / "unet" / USUAL, spoil(tensors("sd15_unet")))
    monkeypatch.setattr(Weights, "load", lambda *_: pytest.fail("something was loaded"))
    with pytest.raises(InputError, match=says) as caught:
        generate(SD, catalog=CATALOG, weights=folder)
    assert "sd15_unet in" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "shard_name", ["../vae/x.safetensors", "/etc/passwd", "..\\x.safetensors", "x.bin", "a/b"]
)
def test_an_index_that_leads_elsewhere_is_refused(folder: Path, shard_name: str) -> None:
    place = folder / "unet"
    where = shard(place, tensors("sd15_unet"))
    where[next(iter(where))] = shard_name
    (place / f"{USUAL}.index.json").write_text(json.dumps({"weight_map": where}))
    with pytest.raises(InputError, match=r"which is not a .safetensors file beside it"):
        generate(SD, catalog=CATALOG, weights=folder)


def test_an_index_that_lists_what_no_file_holds_is_refused(folder: Path) -> None:
    place = folder / "unet"
    where = shard(place, tensors("sd15_unet"))
    where["ghost.weight"] = next(iter(where.values()))
    (place / f"{USUAL}.index.json").write_text(json.dumps({"weight_map": where}))
    with pytest.raises(InputError, match=r"lists 'ghost.weight', which none of its files holds"):
        generate(SD, catalog=CATALOG, weights=folder)


def test_pickled_weights_are_refused_unread(folder: Path) -> None:
    (folder / "unet" / USUAL).unlink()
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(InputError, match=r"pickled weights only .diffusion_pytorch_model.bin."):
        generate(SD, catalog=CATALOG, weights=folder)


def test_a_file_that_is_not_safetensors_is_refused(folder: Path) -> None:
    (folder / "unet" / USUAL).write_bytes(b"\xff" * 64)
    with pytest.raises(InputError, match=r"is not a .safetensors file that can be read"):
        generate(SD, catalog=CATALOG, weights=folder)


def test_a_component_without_weights_names_the_places_it_may_lie_in(folder: Path) -> None:
    shutil.rmtree(folder / "vae")
    with pytest.raises(InputError, match="no weights of sd_vae_4ch: give a sub-folder or"):
        generate(SD, catalog=CATALOG, weights=folder)


def test_several_sets_of_weights_in_one_folder_are_refused(folder: Path) -> None:
    (folder / "unet" / USUAL).rename(folder / "unet" / "one.safetensors")
    shutil.copy(folder / "unet" / "one.safetensors", folder / "unet" / "two.safetensors")
    with pytest.raises(InputError, match=r"several sets of weights \(one.safetensors, two"):
        generate(SD, catalog=CATALOG, weights=folder)


def test_a_folder_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match="no folder of weights at /nowhere"):
        generate(SD, catalog=CATALOG, weights="/nowhere")


def test_the_profiler_builds_with_the_same_weights(saved: Path) -> None:
    from advisor.profiler.identity import PointSpec
    from advisor.profiler.point import _Session
    from advisor.reference.stage import debug_workload

    workload = debug_workload(CATALOG.models[SD])
    spec = PointSpec(model=SD, workload=workload, flavour="debug", weights=str(saved))
    module = _Session(spec, CATALOG).modules["sd15_unet"]
    assert torch.equal(module.state_dict()[FIRST], tensors("sd15_unet")[FIRST])
