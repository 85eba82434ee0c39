"""A client's own price list: strict columns, per GPU and per instance never confused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog import load_catalog
from advisor.cli import cli
from advisor.cost.offers import cheapest_offers
from advisor.errors import InputError, UnknownName
from advisor.pricelists import import_list
from advisor.pricelists.clientlist import COLUMNS, ClientPrice
from advisor.pricelists.refresh import list_file

TODAY = date(2026, 11, 28)
HEAD = ",".join(COLUMNS)
CATALOG = load_catalog()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    return tmp_path


def imported(folder: Path, *rows: str, head: str = HEAD) -> None:
    file = folder / "list.csv"
    file.write_text("\n".join([head, *rows, ""]))
    import_list(file, load_catalog(), TODAY)


@given(st.floats(0.1, 20), st.sampled_from([1, 2, 4, 8]))
def test_per_gpu_and_per_instance_are_the_same_offer_said_two_ways(each: float, count: int) -> None:
    found = []
    for per, usd in (("gpu", each), ("instance", each * count)):
        row = ClientPrice(device="l40s", gpu_count=count, per=per, usd_per_hour=usd, region="site",
                          provider="ours", instance="size", as_of=TODAY)  # fmt: skip
        price = row.price(CATALOG, "test")
        found.append((price.on_demand_usd_per_hour, price.usd_per_gpu_hour))
    assert found[0] == pytest.approx(found[1])
    assert found[0] == pytest.approx((each * count, each))


def test_a_clients_price_is_quoted_first_with_its_source(home: Path) -> None:
    imported(home, "l40s,1,gpu,9.5,site,ours,size,2026-11-01,frame contract 17")
    offer, *_ = cheapest_offers(load_catalog(), "l40s", TODAY, ("on-demand",))
    assert offer.usd_per_gpu_hour == 9.5
    assert offer.source == "client's price list list.csv, as given by you"
    assert "frame contract 17" in offer.notes


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("l40s,4,each,5.20,site,ours,size,2026-11-01,", "line 2: per"),
        ("l40s,4,,5.20,site,ours,size,2026-11-01,", "line 2: per"),
        ("l40s,0,gpu,5.20,site,ours,size,2026-11-01,", "line 2: gpu_count"),
        ("l40s,4,gpu,free,site,ours,size,2026-11-01,", "line 2: usd_per_hour"),
        ("l40s,4,gpu,0,site,ours,size,2026-11-01,", "line 2: usd_per_hour"),
        ("l40s,4,gpu,900,site,ours,size,2026-11-01,", "not plausible"),
        ("l40s,4,gpu,5.20,site,ours,size,soon,", "line 2: as_of"),
        ("l40s,4,gpu,5.20,site,ours,size,2027-11-01,", "in the future"),
        ("l40s,4,gpu,5.20,site,ours,size", "7 cells under 9 columns"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_nothing_is_kept(
    home: Path, row: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        imported(home, row)
    assert not list_file("client").exists()


def test_an_unknown_device_column_or_a_repeated_offer_is_refused(home: Path) -> None:
    good = "l40s,1,gpu,2.0,site,ours,size,2026-11-01,"
    with pytest.raises(UnknownName):
        imported(home, good.replace("l40s", "l41s"))
    with pytest.raises(InputError, match="twice"):
        imported(home, good, good)
    with pytest.raises(InputError, match="region: is missing"):
        imported(home, good, head=HEAD.replace("region", "place"))
    with pytest.raises(InputError, match="has no rows"):
        imported(home)


def test_the_command_imports_and_deleting_the_folder_undoes_it(home: Path) -> None:
    file = home / "list.csv"
    file.write_text(f"{HEAD}\nl40s,1,gpu,9.5,site,ours,size,2026-11-01,\n")
    result = CliRunner().invoke(cli, ["prices", "import", str(file)])
    assert result.exit_code == 0 and "1 offers of 2026-11-01" in result.output
    shown = CliRunner().invoke(cli, ["prices", "l40s", "--provider", "ours"])
    assert "9.5" in shown.output
    list_file("client").unlink()
    list_file("client").parent.rmdir()
    assert "ours" not in {row.provider for row in load_catalog().prices}
