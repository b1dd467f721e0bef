"""The commands that tell what can be set: config explain, config reference, config example."""

from __future__ import annotations

import typer

from mailbot.cli.french import Command, Group
from mailbot.cli.shared import NOT_DONE, AsJson, app, fail, show_json

settings = typer.Typer(cls=Group, help="Les réglages : un seul, tous, ou le fichier à remplir.", no_args_is_help=True)
app.add_typer(settings, name="config")


@settings.command("explain", cls=Command, epilog="Exemple : mailbot config explain mailbox.junk")
def explain(key: str, as_json: AsJson = False) -> None:
    """Ce que veut dire une clé de la configuration."""
    from difflib import get_close_matches

    from mailbot.config import reference

    found = reference.explain(key)
    if found is None:
        near = get_close_matches(key, [e.key for e in reference.entries()], n=3, cutoff=0.4)
        fail(NOT_DONE, f"Aucune clé « {key} »." + (f" Peut-être : {', '.join(near)}." if near else ""))
    if as_json:
        show_json(vars(found))
    else:
        typer.echo(f"{found.key} ({found.kind} ; sinon : {found.default})\n{found.words}".replace("`", ""))


@settings.command("reference", cls=Command, epilog="Exemple : mailbot config reference > configuration.md")
def reference_() -> None:
    """Toutes les clés, en Markdown."""
    from mailbot.config import reference

    typer.echo(reference.page(), nl=False)


@settings.command("example", cls=Command, epilog="Exemple : mailbot config example > mailbot.toml")
def example() -> None:
    """Le fichier de configuration commenté, à remplir."""
    from mailbot.config import reference

    typer.echo(reference.example(), nl=False)
