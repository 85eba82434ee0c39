"""Where the rules come from: recorded public decisions by case id, and R-numbers.

An R-number is one general relation that was read out of the cases named beside it; a rule of this
package cites R-numbers, and `source_of` writes them with the first public source of each case.
"""

from __future__ import annotations

CASES: dict[str, str] = {
    "A01": "https://arxiv.org/abs/1711.10433",
    "A02": "https://arxiv.org/abs/1905.09263",
    "A03": "https://hivebook.wiki/wiki/piper-fast-local-neural-text-to-speech",
    "A07": "https://machinelearning.apple.com/research/personal-voice",
    "A08": "https://arxiv.org/abs/2410.00037",
    "A10": "OpenAI, Navigating the challenges and opportunities of synthetic voices, March 2024",
    "A12": "https://research.google/blog/improving-audio-quality-in-duo-with-waveneteq/",
    "A13": "https://ai.googleblog.com/2021/02/lyra-new-very-low-bitrate-codec-for.html",
    "A15": "https://magenta.withgoogle.com/magenta-realtime",
    "A17": "https://arxiv.org/abs/2402.04825",
    "D01": "https://arxiv.org/abs/1803.01229",
    "D02": "https://arxiv.org/abs/2405.01872",
    "D04": "https://arxiv.org/abs/2305.07644",
    "D06": "https://arxiv.org/abs/2108.04978",
    "D10": "https://arxiv.org/abs/2312.15796",
    "D11": "https://doi.org/10.1038/s41586-021-03854-z",
    "D13": "https://arxiv.org/abs/2506.18484",
    "D15": "https://arxiv.org/abs/1802.03903",
    "D16": (
        "https://aior.com/community/threads/"
        "padim-patchcore-efficientad-which-anomaly-model-actually-wins-on-your-line.95/latest"
    ),
    "D17": "https://arxiv.org/abs/2307.08700",
    "D18": "https://doi.org/10.1038/s41587-019-0224-x",
    "D20": "https://doi.org/10.1038/s41586-023-06415-8",
    "D22": "https://www.roboticscenter.ai/blog/act-diffusion-policy-when-to-use-which",
    "D23": "https://www.roboticscenter.ai/blog/act-diffusion-policy-when-to-use-which",
    "G01": "https://research.google/blog/bringing-3d-shoppable-products-online-with-generative-ai/",
    "G03": "https://research.google/blog/bringing-3d-shoppable-products-online-with-generative-ai/",
    "G04": "https://arxiv.org/abs/2408.00653",
    "G05": "https://arxiv.org/abs/2212.08751",
    "G07": "https://digitalcommons.lindenwood.edu/faculty-research-papers/813",
    "G10": "https://arxiv.org/abs/2209.14988",
    "I01": (
        "https://research.google/blog/"
        "from-massive-models-to-mobile-magic-the-tech-behind-youtube-real-time-generative-ai-effects/"
    ),
    "I02": "https://fritz.ai/training-a-tiny-pix2pix-gan-for-snapchat/",
    "I03": (
        "https://engineering.fb.com/2016/11/08/android/"
        "delivering-real-time-ai-in-the-palm-of-your-hand/"
    ),
    "I05": "coverage of SnapGen++ (pulse.bot news item)",
    "I06": "https://arxiv.org/abs/2312.12491",
    "I09": "https://tryondiffusion.github.io/",
    "I10": "Pinterest Engineering: Pinterest Canvas",
    "I12": (
        "https://sysdesign-wiki.pages.dev/patterns/fine-tuned-model-per-product-category/"
        " (digest of an Instacart engineering post)"
    ),
    "I16": "https://centerconsulting.com/ai-library/milestones/2023-adobe-firefly",
    "I17": "AWS machine-learning blog: personalised avatar with SageMaker",
    "I18": "The Verge, August 2025, interview with the Pixel camera team",
    "I19": "https://arxiv.org/abs/2311.18082",
    "I21": "https://www.nvidia.com/en-us/geforce/news/nvidia-dlss-2-0-a-big-leap-in-ai-rendering/",
    "I23": "https://arxiv.org/abs/1909.04538",
    "I25": "https://arxiv.org/abs/2109.15102",
    "I28": "AWS re:Invent 2025 session AIM373 (transcript digest)",
    "T01": "https://arxiv.org/abs/1906.00080",
    "T02": (
        "https://careers.doordash.com/blog/large-language-modules-based-dasher-support-automation/"
    ),
    "T03": "https://bbcnewslabs.co.uk/news/2019/salco-ge/",
    "T04": "https://arxiv.org/abs/2405.08704",
    "T06": "https://jeffdrakos.com/blog/most-of-your-ai-problems-dont-need-an-llm/",
    "T10": "https://zenml.io/llmops-database (Airtrain talk, healthcare case)",
    "T13": (
        "https://multithreaded.stitchfix.com/blog/2023/03/06/"
        "expert-in-the-loop-generative-ai-at-stitch-fix/"
    ),
    "T15": "https://zenml.io/llmops-database/large-scale-test-framework-migration-using-llms",
    "T16": "Moffatt v. Air Canada, 2024 BCCRT 149",
    "T18": "https://qsr.pro/articles/voice-ai-drive-thru-85-percent-accuracy-not-good-enough",
    "V01": "https://arxiv.org/abs/2407.03168",
    "V04": (
        "https://arstechnica.com/gadgets/2020/11/"
        "nvidia-used-neural-networks-to-improve-video-calling-bandwidth-by-10x/"
    ),
    "V05": "https://www.fxguide.com/fxfeatured/actually-using-sora/",
    "V07": "Netflix Q2 2025 earnings interview",
    "V08": "https://www.thewrap.com/lionsgate-runway-ai-deal-ip-model-concerns",
    "V09": "The Decoder / Wall Street Journal reporting, March-April 2026",
    "V10": "https://research.google/blog/large-motion-frame-interpolation/",
    "V13": "https://arxiv.org/abs/2408.14837",
}

RELATIONS: dict[str, tuple[str, ...]] = {
    "R01": ("T03", "T16"),
    "R02": ("T03",),
    "R03": ("T02",),
    "R04": ("T15",),
    "R05": ("T18",),
    "R06": ("T06",),
    "R07": ("D16",),
    "R08": ("D15",),
    "R09": ("D17",),
    "R10": ("I25",),
    "R11": ("D06",),
    "R12": ("D04",),
    "R13": ("I12", "I17", "D02"),
    "R14": ("D01", "D02"),
    "R15": ("V08",),
    "R16": ("I01", "I02", "I03"),
    "R17": ("I06", "V01", "V13"),
    "R18": ("I21",),
    "R19": ("I01", "I06"),
    "R20": ("I05",),
    "R21": ("I09", "I10"),
    "R22": ("A03",),
    "R23": ("A01",),
    "R24": ("A02",),
    "R25": ("A08",),
    "R26": ("A15",),
    "R27": ("A17",),
    "R28": ("A12",),
    "R29": ("A13",),
    "R30": ("A07",),
    "R31": ("A10",),
    "R32": ("T01", "T04"),
    "R33": ("T04", "T10", "A03"),
    "R34": ("D22",),
    "R35": ("D23", "D10"),
    "R36": ("D11", "D10"),
    "R37": ("G04",),
    "R38": ("G05",),
    "R39": ("G10",),
    "R40": ("G01",),
    "R41": ("G03",),
    "R42": ("G07",),
    "R43": ("I10", "I28"),
    "R44": ("I09",),
    "R45": ("D13", "I02"),
    "R46": ("I18", "I19"),
    "R47": ("V10",),
    "R48": ("V01", "V04"),
    "R49": ("I23",),
    "R50": ("D18",),
    "R51": ("D20",),
    "R52": ("V05", "V07"),
    "R53": ("V09",),
    "R54": ("I16",),
    "R55": ("V07",),
    "R56": ("I02", "G04"),
    "R57": ("D02",),
    "R58": ("V13",),
    "R59": ("I28", "T13"),
}


def source_of(*relations: str) -> str:
    """The recorded decisions behind these R-numbers, as one phrase."""
    cases = dict.fromkeys(case for relation in relations for case in RELATIONS[relation])
    cited = ", ".join(f"{case} ({CASES[case]})" if case in CASES else case for case in cases)
    return f"recorded decisions {cited}; relation {', '.join(relations)}"
