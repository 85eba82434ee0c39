"""What a measurement was made of: a point's specification, its key and its hash. Needs no torch."""

from __future__ import annotations

import ast
import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Component, Model

# Raise when what is measured, or how, changes: older points are then measured again.
PROFILER_VERSION = 2

_COMPONENT_PARTS = {"id", "library", "class_name", "config_class", "config", "debug", "tuples"}
_ENTRY_PARTS = {"method", "positional", "inputs"}
_STAGE_PARTS = {"name", "component", "entry", "calls", "batch", "symbols"}


class PointSpec(BaseModel):
    """What to measure. Goes to the child process as JSON.

    purpose: `measure` times the stages, `fit` only runs each once (does it fit?), `train` times a
    training step of the heaviest stage.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    workload: Workload
    device: str = "cpu"  # torch's name
    flavour: str = "full"
    purpose: Literal["measure", "fit", "train"] = "measure"
    end_to_end: bool = False
    count_flops: bool = True
    seconds_per_stage: float = 5.0
    seed: int = 0
    catalog_dir: str | None = None
    weights: str | None = None  # a folder of the user's own weights; random without

    @property
    def key(self) -> str:
        """Names the configuration within a model's profile."""
        parts = [self.workload.describe(), self._steering()]
        parts.append("" if self.flavour == "full" else self.flavour)
        parts.append("" if self.purpose == "measure" else self.purpose)
        parts.append("whole" if self.end_to_end else "")
        parts.append("own weights" if self.weights else "")
        return ", ".join(part for part in parts if part)

    def _steering(self) -> str:
        """Guidance that `describe()` leaves out because it changes nothing for a reader."""
        guidance = self.workload.guidance
        return f"guidance {guidance:g}" if guidance is not None and guidance <= 1 else ""


def made_from(model: Model, catalog: Catalog) -> str:
    """Hash of what decides a model's measurements: stages, components, local code, this version.

    Prose, sources and quality figures of the catalog entry do not change it.
    """
    parts = sorted({part.component for part in model.components})
    content = [
        PROFILER_VERSION,
        model.symbols,
        [stage.model_dump(mode="json", include=_STAGE_PARTS) for stage in model.stages],
        {part.role: part.component for part in model.components},
        [_component(catalog.components[name]) for name in parts],
    ]
    return digest(content)


def digest(content: Any) -> str:
    """A short hash of JSON content."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _component(component: Component) -> Any:
    data = component.model_dump(mode="json", include=_COMPONENT_PARTS)
    data["entries"] = {
        name: entry.model_dump(mode="json", include=_ENTRY_PARTS)
        for name, entry in component.entries.items()
    }
    if component.library == "local":
        data["code"] = _local_code(component.class_name)
    return data


@lru_cache(maxsize=256)
def _local_code(class_name: str) -> str:
    """Hash of the file that defines a local module, its comments and layout left out."""
    from advisor.reference.modules import MODULES

    file = MODULES.get(class_name)
    if file is None:
        return ""
    folder = Path(__file__).resolve().parents[1] / "reference" / "modules"
    text = (folder / f"{file}.py").read_text(encoding="utf-8")
    return digest(ast.dump(ast.parse(text)))
