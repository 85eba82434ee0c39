"""Price lists beside the shipped ones: fetched again from their sources, or the client's own.

Each lies in a folder of its own under ADVISOR_HOME/prices and is laid over the shipped catalog, so
that one bad source never blocks another and deleting a folder undoes it.
"""

from advisor.pricelists.clientlist import import_list
from advisor.pricelists.refresh import Refreshed, refresh
from advisor.pricelists.sources import SOURCES

__all__ = ["SOURCES", "Refreshed", "import_list", "refresh"]
