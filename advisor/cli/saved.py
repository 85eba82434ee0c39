"""`advisor saved`: the store of assessments, for whoever runs it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli.common import json_option, print_json, print_table
from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.store.assessments import Assessments
    from advisor.store.core import Store


@click.group()
@click.option("--owner", default="local", show_default=True, help="Whose work, as team:NAME.")
@click.pass_context
def saved(context: click.Context, owner: str) -> None:
    """Saved assessments: list, show, move, archive, check and back up.

    The store is advisor.db under ADVISOR_HOME, or the database that ADVISOR_DATABASE_URL names.
    """
    context.obj = owner


@contextlib.contextmanager
def _store() -> Iterator[Store]:
    from advisor.store import open_store

    store = open_store()
    try:
        yield store
    finally:
        store.close()


@contextlib.contextmanager
def _work(owner: str) -> Iterator[Assessments]:
    from advisor.store import Access

    if not 1 <= len(owner) <= 300 or not owner.isprintable():
        raise InputError("--owner is no name: give local or team:NAME")
    with _store() as store:
        yield store.assessments(Access(owner=owner, person="command line"))


@saved.command("list")
@click.option("--search", default="", help="Only titles that hold this, in any case.")
@click.option("--archived", is_flag=True, help="Those that were archived.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option("--offset", type=click.IntRange(min=0), default=0, help="Skip this many.")
@json_option
@click.pass_obj
def list_(owner: str, search: str, archived: bool, limit: int, offset: int, as_json: bool) -> None:
    """List what is saved, latest change first."""
    with _work(owner) as work:
        page = work.page(search, archived=archived, limit=limit, offset=offset)
    if as_json:
        print_json(page)
        return
    print_table(
        ["id", "title", "version", "verdict", "family", "as of", "data", "changed", "by"],
        [
            [one.id, one.title, one.version, one.verdict, one.family, one.as_of, one.data_version,
             f"{one.updated:%Y-%m-%d %H:%M}", one.changed_by]
            for one in page.items
        ],
    )  # fmt: skip
    click.echo(f"{len(page.items)} shown of {page.total}", err=True)


@saved.command()
@click.argument("id")
@json_option
@click.pass_obj
def show(owner: str, id: str, as_json: bool) -> None:
    """Show one saved assessment and its history."""
    from advisor.catalog import load_catalog
    from advisor.decide import data_version, engine_version

    with _work(owner) as work:
        one, history = work.get(id), work.history(id)
    note = one.outdated(data_version=data_version(load_catalog()), engine_version=engine_version())
    if as_json:
        changes = [change.model_dump(mode="json") for change in history]
        print_json({**one.model_dump(mode="json"), "outdated": note, "history": changes})
        return
    click.echo(f"{one.title} (version {one.version})\n{one.headline}")
    click.echo(
        f"Verdict {one.verdict}{', imported' if one.imported else ''}. {note or ''}".rstrip()
    )
    print_table(
        ["revision", "change", "title", "by", "at"],
        [[c.number, c.kind, c.title, c.by, f"{c.created:%Y-%m-%d %H:%M}"] for c in history],
    )


@saved.command()
@click.argument("id")
@click.option("--revision", type=click.IntRange(min=1), help="An earlier one (default: latest).")
@click.option("-o", "--output", metavar="FILE", help="Write to a new file instead of stdout.")
@click.pass_obj
def export(owner: str, id: str, revision: int | None, output: str | None) -> None:
    """Write one assessment as JSON, to be imported elsewhere."""
    from advisor.files import write_atomic

    if output is not None and Path(output).exists():
        raise InputError(f"{output} exists: choose another name")
    with _work(owner) as work:
        text = work.export(id, revision)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomic(output, text)


@saved.command("import")
@click.argument("file", metavar="FILE|-")
@click.pass_obj
def import_(owner: str, file: str) -> None:
    """Save an exported assessment, or the output of `assess --json`; prints its id."""
    with _work(owner) as work:
        click.echo(work.import_text(_read(file)).id)


def _read(file: str) -> str:
    from advisor.files import read_bounded
    from advisor.store.transfer import MAX_BYTES

    if file != "-":
        return read_bounded(file, MAX_BYTES)
    try:
        return sys.stdin.buffer.read(MAX_BYTES + 1).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("standard input is not UTF-8 text: save it as UTF-8") from None


@saved.command()
@click.argument("id")
@click.pass_obj
def archive(owner: str, id: str) -> None:
    """Take an assessment off the list; its share links stop."""
    with _work(owner) as work:
        one = work.archive(id, work.get(id).version)
    click.echo(f"archived '{one.title}': `advisor saved restore {id}` brings it back", err=True)


@saved.command()
@click.argument("id")
@click.pass_obj
def restore(owner: str, id: str) -> None:
    """Put an archived assessment back on the list."""
    with _work(owner) as work:
        one = work.restore(id, work.get(id).version)
    click.echo(f"restored '{one.title}'", err=True)


@saved.command()
def check() -> None:
    """Look for damage in the store, of all owners; exit 6 where there is any."""
    with _store() as store:
        found = store.faults()
        for line in found:
            click.echo(line)
        click.echo(f"{store.name}: {len(found)} faults", err=True)
    if found:
        sys.exit(6)


@saved.command()
@click.argument("file")
def backup(file: str) -> None:
    """Copy an SQLite store to a new FILE while others work in it."""
    with _store() as store:
        click.echo(f"wrote {store.backup(file)}", err=True)


@saved.command()
def password() -> None:
    """Ask for a team's password and print the hash for the access file."""
    from advisor.store.access import hash_password

    click.echo(hash_password(click.prompt("Password", hide_input=True, err=True)))
