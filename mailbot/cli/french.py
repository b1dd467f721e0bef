"""The help in French, and how a command line ends: typer writes its own few words in English."""

from __future__ import annotations

import inspect
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from mailbot.cli import wrong_use

HELP = "Cette aide."
WIDEST = 120  # columns: longer lines are tiresome to read
WORDS = {
    "ARGUMENTS_PANEL_TITLE": "Arguments",
    "OPTIONS_PANEL_TITLE": "Options",
    "COMMANDS_PANEL_TITLE": "Commandes",
    "ERRORS_PANEL_TITLE": "Erreur",
    "DEFAULT_STRING": "[sinon : {}]",
    "ENVVAR_STRING": "[variable : {}]",
    "REQUIRED_LONG_STRING": "[obligatoire]",
}


def _speak() -> None:
    """Only when help is shown: it brings the drawing of tables with it, which a daemon does not need."""
    from typer import rich_utils

    for name, word in WORDS.items():
        setattr(rich_utils, name, word)


class Command(TyperCommand):
    """One command; its help ends with examples (`epilog`)."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = HELP
        return option

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _speak()
        super().format_help(ctx, formatter)


class Group(TyperGroup):
    """A command with others below it."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """As typer's, but what it would say itself is said in French. Wrong use: 2; broken off with Ctrl-C or Ctrl-D: 130, 1."""
        alone = extra.pop("standalone_mode", True)
        extra["standalone_mode"] = False
        if not alone:
            return super().main(*args, **extra)
        try:
            code = super().main(*args, **extra)
        except TyperException as error:
            ctx = getattr(error, "ctx", None)
            if type(error).__name__ != "NoArgsIsHelpError":  # the help was shown
                for line in wrong_use.lines(error.format_message(), ctx):
                    typer.echo(line, err=True)
            sys.exit(error.exit_code)
        except typer.Abort:
            typer.echo("\nInterrompu.", err=True)
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = HELP
        return option

    def format_help(self, ctx: Any, _formatter: Any) -> None:
        """Its commands, in the frame that typer would draw: what typer draws with takes longer to load than to read."""
        known = [self.get_command(ctx, name) for name in self.list_commands(ctx)]
        rows = [(c.name or "", _first_lines(c)) for c in known if c is not None and not c.hidden]
        width = min(shutil.get_terminal_size().columns, WIDEST)
        typer.echo(f"\n Usage : {ctx.command_path} COMMANDE [OPTIONS]\n")
        for line in textwrap.wrap(self.help or "", width - 2):
            typer.echo(f" {line}")
        typer.echo("\n" + "\n".join(_framed("Options", [("--help", HELP)], width)))
        typer.echo("\n".join(_framed("Commandes", rows, width)) + "\n")
        for line in textwrap.wrap(self.epilog or "", width - 2):
            typer.echo(f" {line}")


def _first_lines(command: Any) -> str:
    """What a list says of a command: the first paragraph of its help."""
    return " ".join(inspect.cleandoc(command.help or "").partition("\n\n")[0].split())


def _framed(title: str, rows: Sequence[tuple[str, str]], width: int) -> list[str]:
    column = max((len(name) for name, _ in rows), default=0)
    top = f"╭─ {title} "
    lines = [top + "─" * (width - len(top) - 1) + "╮"]
    for name, told in rows:
        for n, line in enumerate(textwrap.wrap(told, width - column - 6) or [""]):
            lines.append(f"│ {name if n == 0 else '':{column}}  {line}".ljust(width - 1) + "│")
    return [*lines, "╰" + "─" * (width - 2) + "╯"]
