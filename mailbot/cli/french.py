"""The help in French: typer writes its own few words in English."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

HELP = "Cette aide."
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

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = HELP
        return option

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _speak()
        super().format_help(ctx, formatter)
