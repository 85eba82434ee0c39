"""Knowledge, read from `catalog/`: families, models, components, devices, prices.

`load_catalog()` reads the shipped folder with the user's own folders laid over it.
"""

from advisor.catalog.adaptations import Adaptation
from advisor.catalog.energy import Energy, Estimated, Grid, Purchase
from advisor.catalog.hosted import Hosted
from advisor.catalog.load import Catalog, load_catalog
from advisor.catalog.schema import (
    ApiPrice,
    Axis,
    Component,
    Device,
    EntryPoint,
    Family,
    Model,
    Price,
    StageSpec,
)

__all__ = [
    "Adaptation",
    "ApiPrice",
    "Axis",
    "Catalog",
    "Component",
    "Device",
    "Energy",
    "EntryPoint",
    "Estimated",
    "Family",
    "Grid",
    "Hosted",
    "Model",
    "Price",
    "Purchase",
    "StageSpec",
    "load_catalog",
]
