from __future__ import annotations

import pytest

from advisor.catalog import Catalog, Device, load_catalog
from advisor.estimator import Rates, load_rates


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="session")
def rates(catalog: Catalog) -> Rates:
    return load_rates(catalog)


@pytest.fixture(scope="session")
def a100(catalog: Catalog) -> Device:
    return catalog.device("a100-sxm-80")
