"""The shipped catalog alone, without whatever the user has laid over it."""

from advisor.catalog import Catalog
from advisor.paths import data_dir

CATALOG = Catalog(data_dir("catalog"))
