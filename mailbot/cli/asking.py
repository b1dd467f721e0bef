"""How `init` gets an answer: from a file of answers, or from a person, asked again until it is good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import typer

from mailbot.cli.shared import WRONG_CONFIG, fail

T = TypeVar("T")


@dataclass
class Asking:
    """The answers of a file (`given`), or of a person; a file that lacks one, or has a wrong one, ends it."""

    given: dict[str, Any] | None

    def of(
        self, key: str, question: str, check: Callable[[str], T], *, default: str | None = None, hide: bool = False
    ) -> T:
        if self.given is not None:
            said = self.given.get(key, default)
            if not isinstance(said, str):
                fail(WRONG_CONFIG, f"Réponses : « {key} » manque, ou n’est pas un texte entre guillemets.")
            try:
                return check(said)
            except ValueError as error:
                fail(WRONG_CONFIG, f"Réponses : « {key} » : {error}.")
        while True:
            said = typer.prompt(question, default=default, show_default=False, hide_input=hide)
            try:
                return check(said.strip())
            except ValueError as error:
                typer.echo(f"{error}.")


def filled(said: str) -> str:
    if not said:
        raise ValueError("Il faut une réponse")
    return said
