"""Published measurements of exactly one model, device and workload, from catalog/published.csv.

The table is made from the measurement file by `python -m benchmarks.published`, which reads each
row's settings; only rows that state every setting are in it. Later catalog layers add rows.
"""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from advisor.errors import DataError
from advisor.estimator.record import Published
from advisor.files import read_bounded
from advisor.workload import Workload

if TYPE_CHECKING:
    from advisor.catalog import Catalog
    from advisor.estimator.record import Estimate

NAME = "published.csv"
MAX_BYTES = 4 * 1024 * 1024
COLUMNS = "id,model,device,workload,measured,value,scope,framework,trust,source,plain".split(",")


def published_of(catalog: Catalog, estimate: Estimate) -> list[Published]:
    """What others measured of the estimate's model, device and workload; most trusted first."""
    found = []
    for folder in catalog.folders:
        file = folder / NAME
        if file.is_file():
            table = _table(file, file.stat().st_mtime_ns)
            rows = table.get((estimate.model, estimate.device), [])
            found += [row for workload, row in rows if workload == estimate.workload]
    return sorted(found, key=lambda one: (one.trust, one.id))


Table = dict[tuple[str, str], list[tuple[Workload, Published]]]


@lru_cache(maxsize=8)
def _table(file: Path, _changed_ns: int) -> Table:
    """The rows of a file by (model, device). DataError naming the line of a broken one."""
    table: Table = {}
    reader = csv.DictReader(io.StringIO(read_bounded(file, MAX_BYTES), newline=""))
    while True:
        try:
            row = next(reader, None)
            if row is None:
                return table
            workload = Workload.model_validate_json(row["workload"])
            fields = {name: row[name] for name in Published.model_fields}
            made = Published.model_validate(fields)
            key = row["model"], row["device"]
        except (KeyError, ValidationError, csv.Error):
            raise DataError(
                f"{file}, line {reader.line_num} is not a published measurement: run "
                "`python -m benchmarks.published`"
            ) from None
        table.setdefault(key, []).append((workload, made))
