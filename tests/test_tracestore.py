"""The store of traces: what is stored is used, what is not is derived and says so."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog import Catalog, load_catalog
from advisor.errors import CannotEstimate, DataError
from advisor.plan import plan
from advisor.tracestore import TraceStore, _through, read_traces, trace_store, write_traces
from advisor.workload import Workload

CATALOG = load_catalog()
WHOLE = st.integers(0, 10**9)
POINTS = st.lists(
    st.tuples(st.integers(1, 10**5), WHOLE),
    min_size=2,
    max_size=3,
    unique_by=lambda point: point[0],
)


def close(found: float, wanted: float, share: float = 0.02) -> bool:
    return abs(found - wanted) <= share * wanted


def test_the_stored_trace_of_a_default_workload_is_used_as_it_is() -> None:
    model = CATALOG.models["sdxl-base-1.0"]
    store = TraceStore(CATALOG)
    for stage in plan(model, model.workload()):
        trace = store.stage_trace(stage)
        assert trace.note == ""
        assert trace.batch == stage.batch


def test_sdxl_has_its_published_flops_per_step() -> None:
    model = CATALOG.models["sdxl-base-1.0"]
    denoise = next(s for s in plan(model, model.workload()) if s.name == "denoise")
    assert denoise.batch == 2
    assert TraceStore(CATALOG).stage_trace(denoise).flops == 2 * 6_761_236_398_080


HELD_OUT = [
    ("sdxl-base-1.0", "denoise", {"width": 640, "height": 896}),
    ("sd-1.5", "denoise", {"width": 384, "height": 384}),
    ("flux1-dev", "denoise", {"width": 1280, "height": 1280}),
    ("sd3.5-medium", "denoise", {"width": 640, "height": 640}),
    ("sd-1.5", "decode", {"width": 448, "height": 448}),
    ("llama-3.1-8b", "prefill", {"tokens_in": 3000}),
    ("llama-3.1-8b", "decode", {"tokens_in": 5000, "tokens_out": 300}),
    ("qwen3-30b-a3b", "decode", {"tokens_in": 600, "tokens_out": 300}),
]


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "stage_name", "axes"), HELD_OUT)
def test_a_derived_trace_is_within_two_percent_of_the_traced_one(
    name: str, stage_name: str, axes: dict[str, int]
) -> None:
    pytest.importorskip("torch")
    from advisor.trace import trace_call

    model = CATALOG.models[name]
    stage = next(s for s in plan(model, model.workload(**axes)) if s.name == stage_name)
    component, symbols = CATALOG.components[stage.component], dict(stage.symbols)
    store = TraceStore(CATALOG)
    assert stage.key not in store.stored(component.id), "not held out: choose another size"
    derived = store.call_trace(component, stage.entry, symbols)
    real = trace_call(component, stage.entry, symbols, stage.key)
    assert derived.note.startswith(("interpolated", "extrapolated"))
    assert close(derived.flops, real.flops)
    assert close(derived.bytes_moved, real.bytes_moved)
    assert close(derived.peak_activation_bytes, real.peak_activation_bytes)
    assert derived.launches == real.launches


@given(WHOLE, WHOLE, WHOLE, st.lists(st.integers(1, 500), min_size=4, max_size=4, unique=True))
def test_three_points_fix_what_is_fixed_in_proportion_and_squared(
    fixed: int, line: int, square: int, sizes: list[int]
) -> None:
    def value(size: int) -> int:
        return fixed + line * size + square * size**2

    *stored, wanted = sizes
    found = _through([(size, value(size)) for size in stored], wanted)
    assert found == pytest.approx(value(wanted), rel=1e-6, abs=10)


@given(WHOLE, st.integers(0, 10**6), st.integers(1, 500), st.integers(1, 500), st.integers(1, 500))
def test_two_points_fix_what_grows_in_proportion(
    fixed: int, line: int, first: int, second: int, wanted: int
) -> None:
    if first == second:
        return
    points = [(size, fixed + line * size) for size in (first, second)]
    assert _through(points, wanted) == pytest.approx(fixed + line * wanted, rel=1e-6, abs=10)


@given(POINTS, st.integers(1, 10**6))
def test_nothing_derived_is_negative(points: list[tuple[float, int]], size: int) -> None:
    assert _through(points, size) >= 0


@given(POINTS)
def test_a_stored_size_gives_its_stored_value(points: list[tuple[float, int]]) -> None:
    for size, value in points[:2]:
        assert _through(points, size) == pytest.approx(value, rel=1e-9, abs=1)


def one_trace_only(tmp_path: Path) -> Catalog:
    """A catalog in which the VAE has a single stored decode."""
    source = CATALOG.folders[0]
    for kind in ("components", "models"):
        shutil.copytree(source / kind, tmp_path / kind)
    calls = read_traces(source / "traces" / "sd_vae_4ch.json")
    kept = [calls["decode h=64 w=64"]]
    write_traces(tmp_path / "traces" / "sd_vae_4ch.json", "sd_vae_4ch", "hash", kept)
    return Catalog(tmp_path)


def test_with_one_stored_size_the_nearest_is_scaled_and_says_so(tmp_path: Path) -> None:
    catalog = one_trace_only(tmp_path)
    store = TraceStore(catalog)
    component = catalog.components["sd_vae_4ch"]
    derived = store.call_trace(component, "decode", {"h": 96, "w": 96})
    assert derived.note == "scaled 2.25 times from the stored trace 'decode h=64 w=64'"
    assert derived.flops > 2.2 * store.call_trace(component, "decode", {"h": 64, "w": 64}).flops


def test_without_any_trace_nothing_is_invented(tmp_path: Path) -> None:
    catalog = one_trace_only(tmp_path)
    with pytest.raises(CannotEstimate, match="no trace of sd_vae_4ch at 'encode height=8 width=8'"):
        TraceStore(catalog).call_trace(
            catalog.components["sd_vae_4ch"], "encode", {"height": 8, "width": 8}
        )


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_on_demand_tracing_is_exact_and_kept_for_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    component = CATALOG.components["taesd"]
    traced = TraceStore(CATALOG, on_demand=True).call_trace(component, "decode", {"h": 9, "w": 7})
    assert traced.note == ""
    assert list((tmp_path / "cache" / "traces").glob("taesd-*.json"))
    import advisor.trace

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("traced again")

    monkeypatch.setattr(advisor.trace, "trace_call", refuse)
    again = TraceStore(CATALOG, on_demand=True).call_trace(component, "decode", {"h": 9, "w": 7})
    assert again == traced


def test_a_file_survives_writing_and_reading(tmp_path: Path) -> None:
    calls = read_traces(CATALOG.folders[0] / "traces" / "taesd.json")
    file = tmp_path / "traces" / "taesd.json"
    write_traces(file, "taesd", "hash", list(calls.values()))
    assert read_traces(file) == calls
    before = file.read_bytes()
    write_traces(file, "taesd", "hash", list(reversed(calls.values())))
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"schema": 99}', '{"schema": 1, "calls": 3}']
)
def test_a_broken_file_is_one_sentence_with_a_remedy(tmp_path: Path, content: str) -> None:
    file = tmp_path / "broken.json"
    file.write_text(content)
    with pytest.raises(DataError, match=r"broken\.json"):
        read_traces(file)


def test_stored_traces_need_no_torch() -> None:
    code = (
        "import sys; from advisor.catalog import load_catalog; from advisor.plan import plan;"
        "from advisor.tracestore import trace_store; c = load_catalog();"
        "m = c.models['llama-3.1-8b']; s = trace_store(c);"
        "print(sum(s.stage_trace(x).flops * x.calls for x in plan(m, m.workload(tokens_in=77))));"
        "assert 'torch' not in sys.modules"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(ran.stdout) > 10**12


def test_the_workload_of_a_batch_scales_the_stage() -> None:
    model = CATALOG.models["taesd"]
    store = trace_store(CATALOG)
    one, four = (
        [store.stage_trace(s).flops for s in plan(model, Workload(**{**_axes(), "batch": n}))]
        for n in (1, 4)
    )
    assert four == [4 * flops for flops in one]


def _axes() -> dict[str, int]:
    return {"width": 512, "height": 512}


def test_calls_that_one_size_cannot_explain_are_not_interpolated() -> None:
    """LTX-2 with fewer pixels and a longer sound track: through both, copies fell below nothing."""
    model = CATALOG.models["ltx-2"]
    workload = model.workload(width=768, height=512, frames=481)
    denoise = next(s for s in plan(model, workload) if s.name == "denoise")
    ops = TraceStore(CATALOG).stage_trace(denoise).ops
    assert all(op.read_bytes >= op.weight_bytes and op.flops >= 0 for op in ops)


@given(
    fixed=WHOLE, slope=st.integers(1, 10**6), bend=st.integers(0, 1000), share=st.floats(0.01, 1)
)
def test_below_the_smallest_size_a_sum_of_powers_keeps_its_own_value(
    fixed: int, slope: int, bend: int, share: float
) -> None:
    def value(size: float) -> int:
        return round(fixed + slope * size + bend * size**2)

    size = 1000 * share
    found = _through([(n, value(n)) for n in (1000, 2000, 4000)], size)
    assert close(found, value(size), 0.001)


def test_frames_of_which_the_first_is_cheaper_still_cost_something_when_they_are_few() -> None:
    frames = [(11, 8 * 10 + 1), (21, 8 * 20 + 1), (31, 8 * 30 + 1)]
    assert _through(frames, 1.2) > 0
    assert _through(frames, 2) >= 8 + 1


def test_a_tiny_video_far_below_the_stored_sizes_reads_its_weights_and_does_work() -> None:
    """Found by the soak, seed 3090: a few frames of 256 x 448 pixels took no time at all."""
    model = CATALOG.models["ltx-video-2b"]
    load = model.workload(width=256, height=448, frames=9)
    for stage in plan(model, load):
        trace = TraceStore(CATALOG).stage_trace(stage)
        assert trace.flops > 0
        assert all(op.read_bytes >= op.weight_bytes for op in trace.ops)
