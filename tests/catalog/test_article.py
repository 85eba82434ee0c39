"""Every system that the founding article names is an entry of the catalog, or a field of one."""

import pytest

from advisor.catalog import Model
from tests.catalog.shipped import CATALOG

# Named in the article -> the models that stand for it.
ENTRIES = {
    "GPT-4": ["gpt-4"],
    "Claude": ["claude-4.5"],
    "Gemini": ["gemini-2.5", "gemini-3.5-flash"],
    "Llama": ["llama-3.1-8b", "llama-3.1-70b"],
    "Stable Diffusion": ["sd-1.5", "sdxl-base-1.0", "sd3-medium", "sd3.5-large"],
    "DALL-E 3": ["dall-e-3"],
    "Imagen": ["imagen", "imagen-3"],
    "Midjourney": ["midjourney"],
    "StyleGAN": ["stylegan-1024", "stylegan2-1024"],
    "StyleGAN3": ["stylegan3-t-1024", "stylegan3-r-1024"],
    "BigGAN": ["biggan-deep-128", "biggan-deep-256", "biggan-deep-512"],
    "GigaGAN": ["gigagan"],
    "pix2pix": ["pix2pix-256"],
    "CycleGAN": ["cyclegan-resnet9"],
    "ESRGAN": ["esrgan-x4", "real-esrgan-x4plus"],
    "VAE for images": ["sd-vae-ft", "conv-vae-64"],
    "VAE for molecules": ["chemvae-zinc", "moses-vae", "jt-vae"],
    "VAE for anomalies": ["donut-anomaly-vae"],
    "VAE for compression": ["sd-vae-ft", "vq-vae-2017", "flux-vae-16ch"],
    "WaveNet": ["wavenet-mol"],
    "SoundStorm": ["soundstorm"],
    "AudioLDM": ["audioldm2"],
    "Stable Audio": ["stable-audio-open-1.0", "stable-audio-2"],
    "EnCodec": ["encodec-24khz", "encodec-48khz"],
    "SoundStream": ["soundstream"],
    "Sora": ["sora"],
    "Gen-2": ["runway-gen-2", "runway-gen-4.5"],
    "Stable Video Diffusion": ["svd-xt"],
    "autoregressive video": ["magi-1"],
    "frame interpolation": ["rife", "film"],
    "Point-E": ["point-e-40m", "point-e-300m", "point-e-1b"],
    "Shap-E": ["shap-e-text", "shap-e-image"],
    "DreamFusion": ["dreamfusion-sds"],
    "NeRF": ["nerf-mlp"],
}
# Named in the article -> the word that its models bear in their name, where it is one.
NAMED_SO = [
    *("GPT-4", "Claude", "Gemini", "Llama", "Stable Diffusion", "DALL-E 3", "Imagen"),
    *("Midjourney", "StyleGAN", "StyleGAN3", "BigGAN", "GigaGAN", "pix2pix", "CycleGAN", "ESRGAN"),
    *("WaveNet", "SoundStorm", "AudioLDM", "Stable Audio", "EnCodec", "SoundStream", "Sora"),
    *("Stable Video Diffusion", "Point-E", "Shap-E", "DreamFusion", "NeRF"),
]
FAMILIES = {"autoregressive video": "video-ar", "frame interpolation": "frame-interpolation"} | {
    name: "vae" for name in ENTRIES if name.startswith("VAE")
}
ADAPTATIONS = {"DreamBooth": "dreambooth", "LoRA": "lora-image"}


def plain(text: str) -> str:
    return text.replace(" ", "").replace("-", "").casefold()


@pytest.mark.parametrize("system", ENTRIES)
def test_a_system_of_the_article_has_its_entries(system: str) -> None:
    assert set(ENTRIES[system]) <= set(CATALOG.models)


@pytest.mark.parametrize("system", NAMED_SO)
def test_an_entry_of_a_named_system_bears_its_name(system: str) -> None:
    for name in ENTRIES[system]:
        assert plain(system) in plain(CATALOG.models[name].name)


@pytest.mark.parametrize("system", FAMILIES)
def test_a_kind_of_system_is_the_family_of_its_entries(system: str) -> None:
    for name in ENTRIES[system]:
        assert CATALOG.models[name].family == FAMILIES[system]


@pytest.mark.parametrize("method", ADAPTATIONS)
def test_an_adaptation_of_the_article_is_in_the_table_of_adaptations(method: str) -> None:
    assert method in CATALOG.adaptations[ADAPTATIONS[method]].name


def encoders(model: Model) -> set[str]:
    classes = {CATALOG.components[part.component].class_name for part in model.components}
    return {"CLIP" for name in classes if name.startswith("CLIPText")} | {
        "T5" for name in classes if name.startswith("T5Encoder")
    }


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        ("sd-1.5", {"CLIP"}),
        ("sdxl-base-1.0", {"CLIP"}),
        ("sd3.5-large", {"CLIP", "T5"}),
        ("flux1-dev", {"CLIP", "T5"}),
        ("pixart-sigma", {"T5"}),
    ],
)
def test_the_text_encoders_of_the_article_are_components_of_models(
    model: str, wanted: set[str]
) -> None:
    assert encoders(CATALOG.models[model]) == wanted
