"""The command that lets mailbot into an account without a password: login."""

from __future__ import annotations

import typer

from mailbot.cli.shared import NOT_DONE, TRY_LATER, ConfigFile, command, fail, load


@command(examples="mailbot login")
def login(config: ConfigFile = None) -> None:
    """Donne à mailbot, une fois, la permission d’ouvrir la boîte chez Microsoft 365 ou Google, sans mot de passe."""
    from mailbot import oauth

    settings = load(config)
    if not settings.oauth.provider:
        fail(NOT_DONE, "Cette boîte s’ouvre par mot de passe : il n’y a rien à faire. (oauth.provider est vide)")
    if settings.oauth.flow == "application":
        fail(NOT_DONE, "L’application a sa permission d’elle-même (oauth.flow) : « mailbot check » dit si elle suffit.")
    try:
        oauth.sign_in(settings, typer.echo, typer.prompt)
    except oauth.NoToken as error:
        fail(NOT_DONE if error.permanent else TRY_LATER, f"{error}.", error.advice)
    typer.echo("C’est fait. « mailbot check » ouvre la boîte et le confirme.")
