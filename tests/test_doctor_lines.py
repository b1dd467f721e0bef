"""Every line of `mailbot check`: what turns it red or orange, and the advice that it then gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cast
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_letters_each import HOUSE

from mailbot.config import AlarmRoad, Calendar, Closure, Config, Mediator, Organisation, Person, Smtp
from mailbot.config.mistakes import Mistake
from mailbot.doctor import domain, files, of_mistakes, post, register, settings, summary, tokens
from mailbot.doctor.finding import Finding, lines
from mailbot.letters import House
from mailbot.names import Unanswered, ask
from mailbot.oauth import Access, NoToken, Tokens
from mailbot.store.ledger import Ledger

NOW = cast.NOON
ME = Person(name="Eva Seule", addresses=("eva@ief.example",), roles=("staff", "quality", "direction", "admin"))


def says(**records: str) -> Callable[[str, str], tuple[str, ...]]:
    """A DNS that holds these TXT records and nothing else; « __ » in a name is a dot."""
    held = {name.replace("__", "."): text for name, text in records.items()}
    return lambda name, kind: tuple(held[name].split("|")) if name in held and kind == "TXT" else ()


def mute(name: str, kind: str) -> tuple[str, ...]:
    raise Unanswered("LifetimeTimeout")


def staffed(*people: Person) -> Config:
    return cast.config(staff=people, assignment={})


def closed(first: str, last: str) -> Config:
    closure = Closure(first=date.fromisoformat(first), last=date.fromisoformat(last))
    return cast.config(calendar=Calendar(closures=(closure,)))


def on_calendar(**changes: Any) -> Config:
    return cast.config(calendar=Calendar(**changes))


def named(name: str) -> Config:
    return cast.config(organisation=Organisation(name=name))


def roads(**changes: Any) -> Config:
    return cast.config(alarm=AlarmRoad(**changes))


PARIS = ZoneInfo("Europe/Paris")


def asked(answer: Access | NoToken) -> Tokens:
    """Tokens whose provider gives that answer."""

    def renew() -> Access:
        if isinstance(answer, NoToken):
            raise answer
        return answer

    return Tokens(renew, lambda: NOW)


ALONE = Person(name="Bo Martin", addresses=(cast.BO,))
GONE = Person(name="Guy Parti", addresses=("guy@ief.example",), active=False)
QUALITY = Person(name="Ann Leroy", addresses=(cast.ANN,), roles=("quality", "direction", "admin"), substitute=cast.BO)
SAME = Smtp(host="127.0.0.1", user="alarme@ief.example")
OTHER = Smtp(host="smtp.autre.example", user="alarme@autre.example")

# line, its judgement, the state, a word of what it says, a word of its advice
ROWS: list[tuple[str, Callable[[], Finding], str, str, str]] = [
    ("boîte closed", lambda: of_mistakes([Mistake(key="mailbox.host", line=3, what="cette clé manque", mend="Ajoutez-la")])[0],
     "red", "ligne 3, mailbox.host", "Ajoutez-la"),
    ("MOVE", lambda: post.capabilities(frozenset({"IDLE"}), into="Traités"), "orange", "Traités", "mailbox.file_into"),
    ("IDLE", lambda: post.capabilities(frozenset({"MOVE"}), into=""), "orange", "ne prévient pas", "poll_seconds"),
    ("capabilities", lambda: post.capabilities(frozenset({"MOVE", "IDLE"}), into="Traités"), "green", "prévient", ""),
    ("junk", lambda: post.chosen("INBOX", None, "Sent"), "orange", "indésirables : aucun", "mailbox.junk"),
    ("sent", lambda: post.chosen("INBOX", "Junk", None), "orange", "envoyés : aucun", "mailbox.sent"),
    ("folders", lambda: post.chosen("INBOX", "Junk", "Sent"), "green", "Sent", ""),
    ("sender", lambda: post.sender(cast.BOX, "550 5.7.1 no"), "red", "550 5.7.1", "le compte d’envoi"),
    ("round trip lost", lambda: post.round_trip(False, asked=True, left=True, folder="INBOX"),
     "red", "pas arrivé", "autres dossiers"),
    ("round trip not left", lambda: post.round_trip(False, asked=True, left=False, folder="INBOX"),
     "orange", "non vérifié", "réparez d’abord l’envoi"),
    ("round trip not asked", lambda: post.round_trip(False, asked=False, left=False, folder="INBOX"),
     "orange", "non vérifié", "--no-send"),
    ("learnt", lambda: post.learn("mx.a", [("b.example", "mx.a"), ("c.example", "mx.a")], ""),
     "orange", "AR sont réduits", 'authserv_id = "mx.a"'),
    ("outside only", lambda: post.learn("", [("b.example", "mx.a"), ("c.example", "mx.a")], ""),
     "orange", "dehors seulement", "confirmer « mx.a »"),
    ("one outside sender is no proof", lambda: post.learn("", [("b.example", "mx.a")], ""), "orange", "non vérifié", "du dehors"),
    ("two names", lambda: post.learn("mx.a", [("b.example", "mx.b")], ""), "orange", "mx.a, mx.b", "demandez"),
    ("nothing to learn from", lambda: post.learn(None, [], ""), "orange", "AR sont réduits", "faites écrire"),
    ("another name", lambda: post.learn("mx.a", [("b.example", "mx.a")], "mx.z"), "red", "pas « mx.z »", "corrigez"),
    ("right name", lambda: post.learn(None, [("b.example", "mx.a")], "MX.A"), "green", "mx.a", ""),
    ("name without mail", lambda: post.learn(None, [], "mx.a"), "green", "pour comparer", ""),
    ("no SPF", lambda: domain.spf("ief.fr", says()), "red", "n’en a pas", "v=spf1"),
    ("two SPF", lambda: domain.spf("ief.fr", says(ief__fr="v=spf1 -all|v=spf1 ~all")), "red", "en a 2", "un seul"),
    ("SPF for all", lambda: domain.spf("ief.fr", says(ief__fr="v=spf1 +all")), "red", "permet à tous", "-all"),
    ("SPF open", lambda: domain.spf("ief.fr", says(ief__fr="v=spf1 mx")), "orange", "ne conclut pas", "~all"),
    ("SPF", lambda: domain.spf("ief.fr", says(ief__fr="autre chose|v=spf1 mx -all")), "green", "publié", ""),
    ("no DMARC", lambda: domain.dmarc("ief.fr", says()), "red", "n’en a pas", "_dmarc.ief.fr"),
    ("two DMARC", lambda: domain.dmarc("ief.fr", says(_dmarc__ief__fr="v=DMARC1; p=none|v=DMARC1; p=reject")),
     "red", "en a 2", "un seul"),
    ("DMARC none", lambda: domain.dmarc("ief.fr", says(_dmarc__ief__fr="v=DMARC1; p=none")), "orange", "p=none", "quarantine"),
    ("DMARC above", lambda: domain.dmarc("mail.ief.fr", says(_dmarc__ief__fr="v=DMARC1; p=reject")), "green", "ief.fr", ""),
    ("no DKIM", lambda: domain.dkim("ief.fr", says()), "orange", "non vérifié", "activez DKIM"),
    ("DKIM unpublished", lambda: domain.dkim("ief.fr", says(), "s9"), "red", "signées s9", "publiez la clé"),
    ("DKIM revoked", lambda: domain.dkim("ief.fr", says(google___domainkey__ief__fr="v=DKIM1; p=")), "red", "révoquée", "activez"),
    ("DKIM", lambda: domain.dkim("ief.fr", says(s9___domainkey__ief__fr="v=DKIM1; p=MII"), "s9"), "green", "s9", ""),
    ("clock of long ago", lambda: settings.clock(datetime(2000, 1, 1, tzinfo=UTC)), "red", "01/01/2000", "timedatectl"),
    ("clock back", lambda: settings.clock(NOW, last_written=NOW + timedelta(hours=1)), "red", "a reculé", "timedatectl"),
    ("clock off", lambda: settings.clock(NOW, server=NOW - timedelta(minutes=17)), "red", "17 minutes", "timedatectl"),
    ("clock", lambda: settings.clock(NOW, last_written=NOW, server=NOW), "green", "23/11/2026", ""),
    ("zone", lambda: settings.zone(on_calendar(territory="reunion"), NOW), "orange", "outre-mer", "Indian/Reunion"),
    ("holidays", lambda: settings.holidays(on_calendar(worked_holidays=(date(2027, 3, 3),)), NOW),
     "orange", "03/03/2027", "worked_holidays"),
    ("holiday worked", lambda: settings.holidays(on_calendar(worked_holidays=(date(2027, 5, 8),)), NOW), "green", "douze mois", ""),
    ("closures", lambda: settings.closures(closed("2026-08-01", "2026-08-15"), NOW), "orange", "passées", "calendar.closures"),
    ("closure ahead", lambda: settings.closures(closed("2026-12-24", "2027-01-03"), NOW), "green", "24/12/2026", ""),
    ("period", lambda: settings.period(closed("2026-11-24", "2026-12-20"), NOW), "orange", "donnerait", "fermetures"),
    ("roles", lambda: settings.roles(staffed(ALONE)), "orange", "quality, direction", "[[staff]]"),
    ("substitute", lambda: settings.substitutes(staffed(ALONE, QUALITY)), "orange", "Bo Martin", "substitute"),
    ("substitute gone", lambda: settings.substitutes(staffed(
        ALONE.model_copy(update={"substitute": GONE.addresses[0]}), QUALITY, GONE)), "orange", "Bo Martin", "active"),
    ("alone", lambda: settings.substitutes(staffed(ME)), "green", "une seule personne", ""),
    ("mediator", lambda: settings.mediator(cast.config()), "orange", "aucun", "[mediator]"),
    ("mediator unreachable", lambda: settings.mediator(cast.config(mediator=Mediator(name="M"))), "orange", "M", "mediator.site"),
    ("second road", lambda: settings.second_road(roads()), "orange", "aucune", "[alarm]"),
    ("second road, same server", lambda: settings.second_road(roads(smtp=SAME)), "orange", "même serveur", "autre fournisseur"),
    ("second road elsewhere", lambda: settings.second_road(roads(smtp=OTHER)), "green", "réglée", ""),
    ("words", lambda: settings.words(named("[nom de l’organisme]")), "red", "organisation.name", "les vôtres"),
    ("words XXX", lambda: settings.words(named("Institut XXX")), "red", "organisation.name", "les vôtres"),
    ("disk", lambda: files.disk(12), "red", "12 Mo", "faites de la place"),
    ("migrations", lambda: register.schema("0001", "0002"), "orange", "0001", "relancez le service"),
    ("schema", lambda: register.schema("", "0002"), "green", "0002", ""),
    ("token over", lambda: tokens.look(asked(NoToken("permission retirée", "mailbot login", permanent=True)), PARIS),
     "red", "retirée", "mailbot login"),
    ("token later", lambda: tokens.look(asked(NoToken("pas de réponse", "attendez", permanent=False)), PARIS),
     "orange", "réponse", "attendez"),
    ("token", lambda: tokens.look(asked(Access("a", NOW + timedelta(hours=1))), PARIS), "green", "se renouvelle", ""),
    ("no token", lambda: tokens.look(None, PARIS), "green", "mot de passe", ""),
]  # fmt: skip


@pytest.mark.parametrize(("judge", "state", "text", "mend"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_each_line_says_how_it_is_and_what_to_do(
    judge: Callable[[], Finding], state: str, text: str, mend: str
) -> None:
    found = judge()
    assert (found.state, text in found.text, mend in found.mend) == (state, True, True), found
    assert bool(found.mend) == (state != "green"), "advice where something is to be done, and only there"


def test_without_network_the_three_lines_of_the_domain_are_unverified() -> None:
    found = domain.look("ief.fr", mute)
    assert [(f.what, f.state, f.text.startswith("non vérifié")) for f in found] == [
        (what, "orange", True) for what in ("SPF", "DKIM", "DMARC")
    ]


def test_the_domain_of_a_public_provider_is_the_providers_affair() -> None:
    assert {f.state for f in domain.look("gmail.com", mute, public=True)} == {"green"}


def test_names_that_no_public_dns_knows_are_never_asked() -> None:
    with pytest.raises(Unanswered, match="réservé"):
        ask("_dmarc.ief.example", "TXT")


@pytest.mark.parametrize(
    ("header", "selector"),
    [
        (b"DKIM-Signature: v=1; d=ief.example;\r\n s=s9; b=abc\r\nFrom: a@b\r\n", "s9"),
        (b"DKIM-Signature: v=1; d=autre.example; s=x\r\nDKIM-Signature: v=1; s=S2; d=IEF.example\r\n", "s2"),
        (b"DKIM-Signature: v=1; d=autre.example; s=x\r\n", ""),
        (b"From: a@b\r\n", ""),
    ],
)
def test_the_key_that_signed_our_own_mail_is_read_from_it(header: bytes, selector: str) -> None:
    assert post.signed_by(header, "ief.example") == selector


@given(st.binary(max_size=400))
def test_no_header_makes_the_check_stumble(noise: bytes) -> None:
    assert isinstance(post.signed_by(b"DKIM-Signature:" + noise, "ief.example"), str)


# -- files -----------------------------------------------------------------------------------------


def test_a_secret_that_every_account_may_read_is_red_and_named(tmp_path: Path) -> None:
    file = tmp_path / "mot-de-passe"
    file.write_text("x")
    file.chmod(0o600)
    environ = {"MAILBOT_MAILBOX_PASSWORD_FILE": str(file)}
    assert settings.secrets(cast.config(), environ, {}).state == "green"
    file.chmod(0o644)
    found = settings.secrets(cast.config(), environ, {})
    assert (found.state, found.mend) == ("red", f"chmod o-rwx {file}")


@pytest.mark.sqlite("the rights of the file")
def test_a_register_that_every_account_may_read_is_red_unless_its_folder_is_closed(tmp_path: Path) -> None:
    (tmp_path / "mailbot.db").touch(0o644)
    (tmp_path / "mailbot.db").chmod(0o644)
    config = cast.config(data_dir=tmp_path)
    tmp_path.chmod(0o700)
    assert settings.secrets(config, {}, files.watched(config)).state == "green"
    tmp_path.chmod(0o755)
    assert settings.secrets(config, {}, files.watched(config)).text.endswith("registre")
    tmp_path.chmod(0o700)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return replace(HOUSE, texts_folder=tmp_path)


def test_a_register_that_the_desk_makes_itself_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    config = cast.config(data_dir=tmp_path / "data")
    made = Ledger(config.database_url)
    made.upgrade()
    made.close()
    assert settings.secrets(config, {}, files.watched(config)).state == "green"
    tmp_path.chmod(0o700)


def test_a_text_of_ones_own_with_a_fault_is_red_and_names_file_and_line(house: House) -> None:
    assert house.texts_folder is not None
    (house.texts_folder / "fr").mkdir()
    (house.texts_folder / "fr" / "receipt.txt").write_text("Objet : x\n\nBonjour {{ prenom }}\n", encoding="utf-8")
    found = files.texts(house)
    assert (found.state, "fr/receipt.txt, ligne 3" in found.text, "mailbot preview" in found.mend) == (
        "red",
        True,
        True,
    )


# -- all of them -----------------------------------------------------------------------------------


def test_the_lines_are_counted_and_quiet_leaves_out_what_is_green() -> None:
    found = [Finding(what="a", state="green", text="bien"), Finding(what="b", state="red", text="mal", mend="mieux")]
    assert summary(found) == "1 verte, 0 orange, 1 rouge"
    assert lines(found, colour=False, quiet=True) == ["✗ b : mal → mieux"]
