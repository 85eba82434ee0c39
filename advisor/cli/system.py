"""Commands about this installation: doctor, web."""

from __future__ import annotations

import importlib.util
import platform
from typing import Any

import click

from advisor.cli.common import json_option, print_json

_EXTRAS = {
    "profile": ("torch", "fvcore", "pynvml", "diffusers", "transformers"),
    "web": ("streamlit", "sqlalchemy", "alembic"),
    "cluster": ("ray",),
    "postgres": ("psycopg",),
}


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """What is installed here, which device there is, which data answers are made from."""
    report = _examine()
    if as_json:
        print_json(report)
        return
    for part, lines in report.items():
        click.echo(part)
        for name, value in lines.items():
            click.echo(f"  {name:<22}{'-' if value is None else value}")


def _examine() -> dict[str, dict[str, Any]]:
    from advisor.profiler.doctor import measurable

    return {
        "program": _program(),
        "extras": _extras(),
        "device": _device(),
        "measuring": measurable(),
        "data": _data(),
    }


def _program() -> dict[str, Any]:
    from advisor import __version__
    from advisor.paths import data_dir, home_dir

    return {
        "advisor": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "catalog folder": str(data_dir("catalog")),
        "own folder": f"{home_dir()}{'' if home_dir().is_dir() else ' (not there, not needed)'}",
    }


def _extras() -> dict[str, Any]:
    found = {}
    for extra, modules in _EXTRAS.items():
        missing = [name for name in modules if importlib.util.find_spec(name) is None]
        install = f"pip install 'advisor[{extra}]'"
        found[extra] = f"lacks {', '.join(missing)}: {install}" if missing else "installed"
    return found


def _device() -> dict[str, Any]:
    """The local device, without importing torch where there is none."""
    found: dict[str, Any] = {"processor": _processor()}
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception as error:  # no package, no driver or no permission: all mean "no GPU here"
        return {**found, "gpu": f"none found ({type(error).__name__})"}
    for index in range(pynvml.nvmlDeviceGetCount()):
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        found[f"gpu {index}"] = (
            f"{pynvml.nvmlDeviceGetName(handle)}, {memory.total / 2**30:.1f} GiB"
        )
    found["driver"] = pynvml.nvmlSystemGetDriverVersion()
    pynvml.nvmlShutdown()
    return found


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [
                line.split(":", 1)[1].strip() for line in file if line.startswith("model name")
            ]
    except OSError:
        names = []
    return f"{names[0]}, {len(names)} threads" if names else platform.processor() or "unknown"


def _data() -> dict[str, Any]:
    from advisor.catalog import load_catalog

    catalog = load_catalog()
    dates = sorted(price.as_of for price in catalog.prices if price.as_of)
    return {
        "catalog version": catalog.version,
        "families": len(catalog.families),
        "models": len(catalog.models),
        "devices": len(catalog.devices),
        "prices": len(catalog.prices),
        "hosted-API prices": len(catalog.api_prices),
        "prices dated": f"{dates[0]} to {dates[-1]}" if dates else None,
        "undated prices": sum(price.as_of is None for price in catalog.prices),
    }


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@click.option("--address", default="127.0.0.1", show_default=True)
def web(port: int, address: str) -> None:
    """Serve the web form."""
    from advisor.errors import MissingExtra

    if importlib.util.find_spec("streamlit") is None:
        raise MissingExtra("the web form", "web")
    from advisor.web.serve import serve

    serve(address, port)
