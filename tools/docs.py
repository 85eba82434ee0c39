"""Generated pages: docs/rules/, docs/intake.md, docs/cli.md.

python -m tools.docs            write them
python -m tools.docs --check    exit 1 and name those that are out of date
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent


def pages() -> dict[Path, str]:
    """Every generated page by its path."""
    from advisor.intake import intake_markdown
    from advisor.rules.docs import rule_pages

    made = {
        ROOT / "docs" / "intake.md": intake_markdown(),
        ROOT / "docs" / "cli.md": cli_markdown(),
    }
    made |= {ROOT / "docs" / "rules" / name: text for name, text in rule_pages().items()}
    return made


def cli_markdown() -> str:
    """The help text of every command."""
    from advisor.cli import cli

    parts = ["# The command line\n\nMade from the program itself by `make docs`.\n"]
    for name, command in _commands(cli, ""):
        context = click.Context(command, info_name=f"advisor {name}", max_content_width=96)
        context.terminal_width = 96
        parts.append(f"## advisor {name}\n\n```\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command by its words, those of groups after the group itself."""
    for name, command in sorted(group.commands.items()):
        yield path + name, command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path}{name} ")


def main() -> int:
    stale = []
    for path, text in pages().items():
        current = path.read_text(encoding="utf-8") if path.is_file() else None
        if current == text:
            continue
        stale.append(path.relative_to(ROOT))
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if "--check" in sys.argv and stale:
        print(f"out of date: {', '.join(map(str, stale))}: run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
