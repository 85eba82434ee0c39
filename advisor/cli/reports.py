"""The options of commands that write reports, and the writing."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.report.doc import BrandMark, ReportDoc

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Targets:
    """The report files asked for, and whose name they carry."""

    html: str | None
    pdf: str | None
    markdown: str | None
    brand: BrandMark | None

    def refuse_existing(self, force: bool) -> None:
        for target in (self.html, self.pdf, self.markdown):
            if target is not None and Path(target).exists() and not force:
                raise InputError(f"{target} exists: choose another name or add --force")

    def write(self, make: Callable[[BrandMark | None], ReportDoc]) -> None:
        """All reports are rendered before the first is written: a failure leaves nothing behind."""
        from advisor.files import write_atomic

        if not (self.html or self.pdf or self.markdown):
            return
        doc = make(self.brand)
        made: list[tuple[str, str | bytes]] = []
        if self.html is not None:
            from advisor.report.html import html

            made.append((self.html, html(doc)))
        if self.pdf is not None:
            from advisor.report.pdf import pdf

            made.append((self.pdf, pdf(doc)))
        if self.markdown is not None:
            from advisor.report.markdown import markdown

            made.append((self.markdown, markdown(doc)))
        for target, content in made:
            write_atomic(target, content)
            click.echo(f"wrote {target}", err=True)


def _brand(file: str | None) -> BrandMark | None:
    if file is None:
        return None
    from advisor.report.brand import read_brand

    return read_brand(file)


def report_options(command: F) -> F:
    """--html, --pdf, --markdown, --brand, --force; the command gets them as `targets`, checked."""

    @functools.wraps(command)
    def with_targets(
        *given: Any,
        html_file: str | None,
        pdf_file: str | None,
        markdown_file: str | None,
        brand_file: str | None,
        force: bool,
        **named: Any,
    ) -> Any:
        targets = Targets(html_file, pdf_file, markdown_file, _brand(brand_file))
        targets.refuse_existing(force)
        return command(*given, targets=targets, **named)

    options = (
        click.option("--html", "html_file", metavar="FILE", help="Write the report as HTML."),
        click.option("--pdf", "pdf_file", metavar="FILE", help="Write the report as PDF."),
        click.option(
            "--markdown", "markdown_file", metavar="FILE", help="Write the report as Markdown."
        ),
        click.option(
            "--brand",
            "brand_file",
            metavar="FILE",
            help="A client's name, logo, colour and disclaimer, as YAML.",
        ),
        click.option("--force", is_flag=True, help="Overwrite files that exist."),
    )
    for option in reversed(options):
        with_targets = option(with_targets)
    return with_targets  # type: ignore[return-value]
