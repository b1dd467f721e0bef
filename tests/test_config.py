"""The settings: one frozen record, or every mistake at once with its key, its line and how to mend it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot import workdays
from mailbot.config import Config, Mistakes, load
from mailbot.config.checks.words import is_address
from mailbot.config.lines import find
from mailbot.config.mistakes import all_keys, is_array, model_of
from mailbot.config.secret_keys import SECRETS

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
PASSWORD = {"MAILBOT_MAILBOX_PASSWORD": "sésame"}
SMALL = """\
data_dir = "data"
[organisation]
name = "Formation Exemple"
[mailbox]
address = "reclamations@formation.example"
host = "imap.formation.example"
[smtp]
host = "smtp.formation.example"
[[staff]]
name = "Ann"
addresses = ["ann@formation.example"]
roles = ["staff", "quality", "direction", "admin"]
[[staff]]
name = "Bo"
addresses = ["Bo@Formation.example", "bo@perso.example"]
"""


def written(folder: Path, text: str, mode: int = 0o640) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def read(folder: Path, text: str, environ: Mapping[str, str] = PASSWORD) -> Config:
    return load(written(folder, text), environ=environ)


def mistakes(folder: Path, text: str, environ: Mapping[str, str] = PASSWORD) -> dict[str, str]:
    """key → « line: what | mend », of a text that must not load."""
    with pytest.raises(Mistakes) as caught:
        read(folder, text, environ)
    return {m.key: f"{m.line}: {m.what} | {m.mend}" for m in caught.value.found}


def swapped(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new, 1)


# -- what a right file gives -----------------------------------------------------------------------


@pytest.mark.sqlite("where the file lies when no setting says it")
def test_a_small_file_is_enough(tmp_path: Path) -> None:
    config = read(tmp_path, SMALL)
    assert config.mode == "live"
    assert config.imap_user == config.smtp_user == "reclamations@formation.example"
    assert config.from_name == "Formation Exemple"
    assert config.signature == "Service réclamations"
    assert config.database_url == f"sqlite:///{tmp_path}/data/mailbot.db"
    assert config.own_addresses == {"reclamations@formation.example"}
    assert config.calendar.send_until == time(18, 30)


def test_people_are_found_by_any_of_their_addresses_whatever_the_case(tmp_path: Path) -> None:
    config = read(tmp_path, SMALL)
    bo = config.person("BO@formation.EXAMPLE")
    assert bo is not None
    assert bo.name == "Bo"
    assert config.person("bo@perso.example") == bo
    assert config.person("carl@example.example") is None
    assert [p.name for p in config.people_with("staff")] == ["Ann", "Bo"]
    assert [p.name for p in config.people_with("admin")] == ["Ann"]


def test_an_inactive_person_is_known_but_holds_no_role(tmp_path: Path) -> None:
    config = read(tmp_path, SMALL + "active = false\n")
    assert config.person("bo@perso.example") is not None
    assert [p.name for p in config.people_with("staff")] == ["Ann"]


def test_the_calendar_is_handed_to_workdays_whole(tmp_path: Path) -> None:
    text = SMALL + (
        '[calendar]\nterritory = "La Réunion"\nworking_days = ["mon", "sat"]\nworked_holidays = [2026-05-25]\n'
        "[[calendar.closures]]\nfirst = 2026-12-24\nlast = 2026-12-31\n"
    )
    assert read(tmp_path, text).workdays == workdays.Calendar(
        territory="reunion",
        working_days=frozenset({0, 5}),
        worked_holidays=frozenset({date(2026, 5, 25)}),
        closures=(workdays.Closure(date(2026, 12, 24), date(2026, 12, 31)),),
    )


def test_the_neighbours_at_a_public_provider_are_not_colleagues(tmp_path: Path) -> None:
    assert read(tmp_path, SMALL).own_domains == frozenset()
    config = read(tmp_path, swapped('Exemple"', 'Exemple"\ndomains = ["Formation.example"]'))
    assert config.own_domains == {"formation.example"}


def test_a_server_without_account_needs_no_password(tmp_path: Path) -> None:
    config = read(tmp_path, swapped("[smtp]", '[smtp]\nuser = "-"'))
    assert config.smtp_user == ""


def test_settings_never_change(tmp_path: Path) -> None:
    config = read(tmp_path, SMALL)
    with pytest.raises(ValueError, match="frozen"):
        config.mode = "essai"  # type: ignore[misc]


def test_windows_editors_may_save_it(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load(path, environ=PASSWORD).organisation.name == "Formation Exemple"


def test_paths_are_told_from_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "lettres").mkdir()
    config = read(tmp_path, SMALL + '[texts]\nfolder = "lettres"\n')
    assert config.texts.folder == tmp_path / "lettres"
    assert config.data_dir == tmp_path / "data"


# -- secrets ---------------------------------------------------------------------------------------


def test_secrets_are_looked_for_in_four_places_in_order(tmp_path: Path) -> None:
    text = swapped("[smtp]", 'password = "file"\n[smtp]')
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    environ: dict[str, str] = {}

    def found(**more: str) -> str:
        environ.update(more)
        config = load(written(tmp_path, text), environ=environ)
        assert config.smtp.password == config.mailbox.password  # same account
        return config.mailbox.password.get_secret_value()

    assert found() == "file"
    (tmp_path / "secrets.toml").write_text('[mailbox]\npassword = "beside"\n')
    (tmp_path / "secrets.toml").chmod(0o600)
    assert found() == "beside"
    (tmp_path / "pw").write_text("variable file\n")
    assert found(MAILBOT_MAILBOX_PASSWORD_FILE=str(tmp_path / "pw")) == "variable file"
    assert found(MAILBOT_MAILBOX_PASSWORD="variable") == "variable"
    (credentials / "mailbox.password").write_text("systemd")
    assert found(CREDENTIALS_DIRECTORY=str(credentials)) == "systemd"


@pytest.mark.parametrize("key", SECRETS)
def test_every_secret_can_come_from_systemd_and_from_the_environment(key: tuple[str, ...], tmp_path: Path) -> None:
    value = "postgresql://ann:pw@db.example/x" if key == ("database", "url") else "https://alarm.example/x"
    text = SMALL + '[alarm.smtp]\nhost = "smtp.autre.example"\nuser = "a@autre.example"\npassword = "x"\n[oauth]\n'
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / ".".join(key)).write_text(value)
    by_variable = load(written(tmp_path, text), environ={**PASSWORD, SECRETS[key]: value})
    by_systemd = load(written(tmp_path, text), environ=PASSWORD, credentials=tmp_path / "credentials")
    for config in (by_variable, by_systemd):
        held: object = config
        for part in key:
            held = getattr(held, part)
        assert getattr(held, "get_secret_value", lambda held=held: held)() == value


def test_a_missing_secret_tells_the_three_ways(tmp_path: Path) -> None:
    found = mistakes(tmp_path, SMALL, {})
    assert list(found) == ["mailbox.password"]
    for way in ("LoadCredential=mailbox.password:", "MAILBOT_MAILBOX_PASSWORD_FILE", "secrets.toml"):
        assert way in found["mailbox.password"]


def test_another_account_for_sending_needs_its_own_password(tmp_path: Path) -> None:
    text = swapped("[smtp]", '[smtp]\nuser = "sender"')
    assert list(mistakes(tmp_path, text)) == ["smtp.password"]
    assert read(tmp_path, text, {**PASSWORD, "MAILBOT_SMTP_PASSWORD": "x"}).smtp.password.get_secret_value() == "x"


def test_no_secret_is_ever_printed(tmp_path: Path) -> None:
    text = swapped("[smtp]", 'password = "s3cr3t"\n[smtp]') + (
        '[alarm]\nwebhook = "https://a.example/s3cr3t"\n[database]\nurl = "postgresql://u:s3cr3t@db.example/x"\n'
    )
    config = read(tmp_path, text, {})
    assert "s3cr3t" not in repr(config)
    assert "s3cr3t" not in str(config)
    with pytest.raises(Mistakes) as caught:
        load(written(tmp_path, text + "s3cr3t = 1\nhost = {}\n".replace("s3cr3t", "oops"), 0o644), environ={})
    assert "s3cr3t" not in f"{caught.value} {caught.value!r}"
    assert {m.key for m in caught.value.found} >= {"mailbox.password", "alarm.webhook", "database.url"}


def test_secrets_beside_must_not_be_open_to_others(tmp_path: Path) -> None:
    file = tmp_path / "secrets.toml"
    file.write_text('[mailbox]\npassword = "x"\n[smtp]\nhost = "y"\n')
    for mode, wrong in ((0o600, False), (0o640, False), (0o644, True), (0o660, True)):
        file.chmod(mode)
        found = mistakes(tmp_path, SMALL, {})
        assert ("secrets.toml" in found) is wrong, oct(mode)
        assert "que des secrets" in found["secrets.toml.smtp.host"]


def test_a_password_in_a_file_open_to_everyone_is_a_mistake(tmp_path: Path) -> None:
    text = swapped("[smtp]", 'password = "x"\n[smtp]')
    with pytest.raises(Mistakes) as caught:
        load(written(tmp_path, text, 0o644), environ={})
    [mistake] = caught.value.found
    assert (mistake.key, mistake.line) == ("mailbox.password", 7)
    assert "chmod 640" in mistake.mend


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_secret_file_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "pw"
    if content is not None:
        file.write_bytes(content)
    assert (
        "ne se lit pas" in mistakes(tmp_path, SMALL, {"MAILBOT_MAILBOX_PASSWORD_FILE": str(file)})["mailbox.password"]
    )


# -- the file itself -------------------------------------------------------------------------------


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(Mistakes, match="n’existe pas"):
        load(tmp_path / "none.toml", environ={})
    with pytest.raises(Mistakes, match="ne se lit pas"):
        load(tmp_path, environ={})


def test_a_file_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    path.write_bytes("# réclamation".encode("latin-1"))
    with pytest.raises(Mistakes, match="UTF-8"):
        load(path, environ={})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("host = imap.example", "guillemets droits"),
        ('host = "imap.example', "guillemet"),
        ("send_from = 08:00", "08:00:00"),
        ("send_from = 8h30", "08:00:00"),
        ('host = "a"\nhost = "b"', "deux fois"),
        ("une phrase", "Écrivez clé = valeur"),
        ("bavardage", "Écrivez clé = valeur"),
        ('x = ["a"', "liste"),
        ("[mailbox]\n[mailbox]", "deux fois"),
        ('path = "C:\\certs"', "barre oblique"),
    ],
)
def test_a_syntax_error_is_told_in_french_with_its_line(line: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(Mistakes) as caught:
        read(tmp_path, f"# first\n{line}\n")
    [mistake] = caught.value.found
    assert said in f"{mistake.what} {mistake.mend}"
    assert mistake.line in range(2, 5)


# -- every key: missing, wrong type, unknown -------------------------------------------------------


def test_every_mistake_is_named_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        SMALL.replace('host = "imap', 'hots = "imap')
        .replace("roles =", "rolls =")
        .replace('name = "Formation Exemple"', "")
        + '[calendar]\ndays = 0\nsend_from = "8"\ntimezone = "Europe/Pari"\n[calandar]\n'
    )
    with pytest.raises(Mistakes) as caught:
        read(tmp_path, text, {})
    assert [(m.line, m.key) for m in caught.value.found] == [
        (2, "organisation.name"),
        (4, "mailbox.host"),
        (4, "mailbox.password"),
        (6, "mailbox.hots"),
        (12, "staff[1].rolls"),
        (17, "calendar.days"),
        (18, "calendar.send_from"),
        (19, "calendar.timezone"),
        (20, "calandar"),
    ]
    assert str(caught.value).startswith(
        f"{tmp_path}/config.toml : 9 erreurs à corriger.\n- ligne 2, organisation.name :"
    )


REQUIRED = [
    ("[organisation]\n", "organisation"),
    ('name = "Formation Exemple"\n', "organisation.name"),
    ('address = "reclamations@formation.example"\n', "mailbox.address"),
    ('host = "imap.formation.example"\n', "mailbox.host"),
    ('host = "smtp.formation.example"\n', "smtp.host"),
    ('name = "Bo"\n', "staff[2].name"),
    ('addresses = ["ann@formation.example"]\n', "staff[1].addresses"),
]


@pytest.mark.parametrize(("gone", "key"), REQUIRED)
def test_a_missing_key_is_named(gone: str, key: str, tmp_path: Path) -> None:
    found = mistakes(tmp_path, swapped(gone, ""))
    assert "manque" in found[key]


@pytest.mark.parametrize(("gone", "key"), [r for r in REQUIRED if "=" in r[0]])
def test_a_key_left_empty_is_named(gone: str, key: str, tmp_path: Path) -> None:
    empty = "[]" if "addresses" in gone else '""'
    found = mistakes(tmp_path, swapped(gone, f"{gone.split('=')[0]}= {empty}\n"))
    assert "vide" in found[key]


def test_tables_that_are_missing_are_named(tmp_path: Path) -> None:
    found = mistakes(tmp_path, "")
    assert set(found) == {"organisation", "mailbox", "smtp", "staff"}
    assert "[[staff]]" in found["staff"]


LEAVES = [key for key in all_keys() if model_of(key) is None]


def wrapped(key: tuple[str | int, ...], value: str) -> str:
    """A whole file in which that key has that value, everything else absent."""
    text = ""
    for n in range(1, len(key)):
        text += f"[[{'.'.join(map(str, key[:n]))}]]\n" if is_array(key[:n]) else ""
    if text:
        return f"{text}{key[-1]} = {value}\n"
    return ".".join(map(str, key)) + f" = {value}\n"


@pytest.mark.parametrize("key", LEAVES, ids=".".join)
def test_a_value_of_the_wrong_type_is_named_for_every_key(key: tuple[str, ...], tmp_path: Path) -> None:
    for value in ("3.5", "[[1]]", '{ "é" = 1 }'):
        found = mistakes(tmp_path, wrapped(key, value), {})
        named = [k for k in found if re.sub(r"\[\d+\]", "", k).startswith(".".join(key))]
        assert named, (value, found)
        assert not any("manque" in found[k] for k in named)


@pytest.mark.parametrize("key", LEAVES, ids=".".join)
def test_a_misspelt_key_is_named_and_the_right_one_proposed(key: tuple[str, ...], tmp_path: Path) -> None:
    found = mistakes(tmp_path, wrapped((*key[:-1], key[-1] + "x"), '"a"'))
    name = next((k for k in found if re.sub(r"\[\d+\]", "", k) == ".".join(key) + "x"), None)
    assert name, found
    assert f"« {key[-1]} »" in found[name]
    assert found[name].startswith(tuple("123"))


def test_a_number_between_quotes_is_not_a_number(tmp_path: Path) -> None:
    found = mistakes(tmp_path, swapped("[smtp]", 'port = "993"\n[smtp]'))
    assert found == {"mailbox.port": "7: un nombre entier est attendu | Écrivez port = 10, sans guillemets ni virgule"}


def test_a_key_in_the_wrong_table_is_sent_to_the_right_one(tmp_path: Path) -> None:
    found = mistakes(tmp_path, swapped("[smtp]", '[smtp]\njunk = "Spam"'))
    assert "[mailbox]" in found["smtp.junk"]


def test_one_pair_of_brackets_too_few_is_explained(tmp_path: Path) -> None:
    text = SMALL[: SMALL.index("[[staff]]")] + '[staff]\nname = "Ann"\n'
    assert "[[staff]]" in mistakes(tmp_path, text)["staff"]


@pytest.mark.parametrize(
    ("table", "line", "key"),
    [
        ("mailbox", "port = 0", "mailbox.port"),
        ("mailbox", "port = 70000", "mailbox.port"),
        ("mailbox", "poll_seconds = 1", "mailbox.poll_seconds"),
        ("mailbox", "poll_seconds = 1800", "mailbox.poll_seconds"),
        ("mailbox", 'security = "ssl"', "mailbox.security"),
        ("calendar", "days = 0", "calendar.days"),
        ("calendar", "days = 61", "calendar.days"),
        ("calendar", 'working_days = ["lundi"]', "calendar.working_days[1]"),
        ("intake", 'prefix = "Réc"', "intake.prefix"),
        ("intake", "max_mb = 151", "intake.max_mb"),
        ("intake.flood", "per_sender = -1", "intake.flood.per_sender"),
        ("mailbox", "since = 2026-09-01", "mailbox.since"),
    ],
)
def test_a_value_out_of_range_is_named(table: str, line: str, key: str, tmp_path: Path) -> None:
    heading = f"[{table}]\n"
    text = swapped(heading, f"{heading}{line}\n") if heading in SMALL else f"{SMALL}{heading}{line}\n"
    assert list(mistakes(tmp_path, text)) == [key]


# -- contradictions --------------------------------------------------------------------------------

BOX, SMTP, BO = "[mailbox]\n", "[smtp]\n", 'name = "Bo"\n'
CONTRADICTIONS = [
    (BOX, 'file_into = "inbox"', "mailbox.file_into", "mailbox.folder"),
    (BOX, 'junk = "A"\nfile_into = "A"', "mailbox.file_into", "mailbox.junk"),
    (BOX, 'junk = "INBOX"', "mailbox.junk", "mailbox.folder"),
    (BOX, 'junk = "A"\nsent = "A"', "mailbox.sent", "mailbox.junk"),
    (BOX, "since = 2026-09-01T08:00:00", "mailbox.since", "fuseau"),
    (BOX, 'security = "none"', "mailbox.security", "en clair"),
    (BOX, 'security = "starttls"', "mailbox.security", "port 993"),
    (BOX, 'addresses = ["Réclamations <a@b.example>"]', "mailbox.addresses[1]", "pas une adresse"),
    (BOX, 'addresses = ["ann@formation.example"]', "staff[1].addresses[1]", "adresse des réclamations"),
    (BOX, 'ca_file = "none.pem"', "mailbox.ca_file", "n’existe pas"),
    (SMTP, 'security = "none"', "smtp.security", "en clair"),
    (SMTP, "port = 465", "smtp.security", "port 465"),
    (SMTP, 'from_name = "a\\nBcc: b@c.example"', "smtp.from_name", "retour à la ligne"),
    (BO, 'substitute = "bo@perso.example"', "staff[2].substitute", "se remplace elle-même"),
    (BO, 'substitute = "who@formation.example"', "staff[2].substitute", "l’adresse de personne"),
    (BO, "roles = []", "staff[2].roles", "vide"),
    ("", '[assignment]\ndefault = "who@formation.example"', "assignment.default", "l’adresse de personne"),
    (
        "",
        '[[assignment.rules]]\nto = "who@f.example"\nwords = ["a"]',
        "assignment.rules[1].to",
        "l’adresse de personne",
    ),
    ("", '[[assignment.rules]]\nto = "bo@perso.example"', "assignment.rules[1]", "aucun critère"),
    (
        "",
        '[[assignment.rules]]\nto = "bo@perso.example"\ntrainings = ["X"]',
        "assignment.rules[1].trainings[1]",
        "« X »",
    ),
    ("", '[referents]\ndisability = "who@f.example"', "referents.disability", "l’adresse de personne"),
    ("", '[referents]\ndata_protection = "who@f.example"', "referents.data_protection", "l’adresse de personne"),
    ("", '[[trainings]]\nname = "A"\n[[trainings]]\nname = "a"', "trainings[2].name", "deux fois"),
    ("", '[words]\ndanger = ["chute", " "]', "words.danger[2]", "mot vide"),
    ("", '[[trainings]]\nname = "A"\nwords = ["*"]', "trainings[1].words[1]", "mot vide"),
    ("", '[calendar]\ntimezone = "Paris"', "calendar.timezone", "Europe/Paris"),
    ("", '[calendar]\ntimezone = "Europe"', "calendar.timezone", "Europe/Paris"),
    ("", '[calendar]\nterritory = "bretagne"', "calendar.territory", "metropole"),
    ("", "[calendar]\nworking_days = []", "calendar.working_days", "aucun jour"),
    ("", '[calendar]\nworking_days = ["mon", "mon"]', "calendar.working_days", "deux fois"),
    ("", "[calendar]\nsend_from = 19:00:00", "calendar.send_until", "avant de commencer"),
    ("", '[calendar]\nsend_from = "08:00:00+02:00"', "calendar.send_from", "fuseau"),
    ("", "[calendar]\ndigest_at = 07:00:00", "calendar.digest_at", "hors des heures"),
    (
        "",
        "[calendar]\nworked_holidays = [2026-05-25]\nextra_holidays = [2026-05-25]",
        "calendar.worked_holidays",
        "25/05/2026",
    ),
    (
        "",
        "[[calendar.closures]]\nfirst = 2026-12-31\nlast = 2026-12-24",
        "calendar.closures[1]",
        "finit avant de commencer",
    ),
    ("", "[[calendar.closures]]\nfirst = 2026-12-24\nlast = 2027-12-31", "calendar.closures[1]", "d’affilée"),
    ("", '[intake]\nforms = ["ann@formation.example"]', "intake.forms[1]", "[[staff]]"),
    ("", '[intake]\nfunders = ["@opco.example"]', "intake.funders[1]", "pas un domaine"),
    ("", '[intake]\nfunders = ["a.example"]\npublic_domains = ["A.example"]', "intake.funders[1]", "public_domains"),
    ("", '[texts]\nfolder = "none"', "texts.folder", "pas un dossier"),
    ("", '[texts]\naccent = "bleu"', "texts.accent", "pas une couleur"),
    ("", '[texts]\naccent = "#12345"', "texts.accent", "pas une couleur"),
    ("", '[texts]\naccent = "#ffcc00"', "texts.accent", "contraste 1,5"),
    ("", '[texts]\nlogo = "none.png"', "texts.logo", "n’existe pas"),
    ("", '[database]\nurl = "mysql://db.example/x"', "database.url", "postgresql://"),
    ("", '[alarm]\nwebhook = "http://alarm.example/x"', "alarm.webhook", "https://"),
    ("", '[alarm.smtp]\nhost = "smtp.b.example"', "alarm.smtp.user", "autre compte"),
    ("", '[alarm.smtp]\nhost = "smtp.b.example"\nuser = "a@b.example"', "alarm.smtp.password", "nulle part"),
    ("", '[alarm.smtp]\nhost = "smtp.b.example"\nuser = "-"', "alarm.from_address", "manque"),
    (
        "",
        '[alarm.smtp]\nhost = "SMTP.formation.example"\nuser = "reclamations@formation.example"\npassword = "x"',
        "alarm.smtp",
        "en même temps",
    ),
    ("", '[oauth]\nprovider = "microsoft"\nclient_id = "x"', "oauth.tenant", "vide"),
    ("", '[oauth]\nprovider = "microsoft"\ntenant = "https://x/"\nclient_id = "x"', "oauth.tenant", "sans https://"),
    ("", '[oauth]\nprovider = "microsoft"\ntenant = "x"', "oauth.client_id", "vide"),
    (
        "",
        '[oauth]\nprovider = "microsoft"\nflow = "application"\ntenant = "x"\nclient_id = "x"',
        "oauth.client_secret",
        "nulle part",
    ),
    ("", '[oauth]\nprovider = "google"\nclient_id = "x"', "oauth.client_secret", "nulle part"),
    ("", '[oauth]\nprovider = "google"\nflow = "application"', "oauth.service_account", "vide"),
    (
        "",
        '[oauth]\nprovider = "google"\nflow = "application"\nservice_account = "none.json"',
        "oauth.service_account",
        "n’existe pas",
    ),
]


@pytest.mark.parametrize(("after", "lines", "key", "said"), CONTRADICTIONS, ids=[c[1] for c in CONTRADICTIONS])
def test_a_contradiction_is_named(after: str, lines: str, key: str, said: str, tmp_path: Path) -> None:
    text = swapped(after, f"{after}{lines}\n") if after else f"{SMALL}{lines}\n"
    found = mistakes(tmp_path, text)
    assert list(found) == [key]
    assert said in found[key]


def test_an_address_belongs_to_one_person(tmp_path: Path) -> None:
    found = mistakes(tmp_path, swapped("bo@perso.example", "ANN@formation.example"))
    assert "staff[1].addresses[1]" in found["staff[2].addresses[2]"]


@pytest.mark.parametrize("role", ["quality", "direction", "admin"])
def test_each_role_is_held_by_someone_active(role: str, tmp_path: Path) -> None:
    assert f"n’a le rôle {role}" in mistakes(tmp_path, swapped(f', "{role}"', ""))["staff"]


def test_files_are_not_handed_to_someone_who_left(tmp_path: Path) -> None:
    text = SMALL + 'active = false\n[assignment]\ndefault = "bo@perso.example"\n'
    assert "plus active" in mistakes(tmp_path, text)["assignment.default"]


def test_closures_that_follow_each_other_are_one(tmp_path: Path) -> None:
    half = "[[calendar.closures]]\nfirst = 2026-0{}-01\nlast = 2026-0{}-30\n"
    assert read(tmp_path, SMALL + half.format(1, 4)).workdays.closures
    assert "calendar.closures[2]" in mistakes(tmp_path, SMALL + half.format(1, 4) + half.format(4, 9))


def test_a_server_of_this_machine_needs_no_encryption(tmp_path: Path) -> None:
    for host in ("localhost", "127.0.0.1", "::1"):
        text = swapped('host = "imap.formation.example"', f'host = "{host}"\nport = 143\nsecurity = "none"')
        assert read(tmp_path, text).mailbox.host == host


@pytest.mark.parametrize("host", ["https://imap.example", "imap.example:993", "imap example", "-a.example", "imap"])
def test_a_server_is_named_without_port_nor_scheme(host: str, tmp_path: Path) -> None:
    assert list(mistakes(tmp_path, swapped("imap.formation.example", host))) == ["mailbox.host"]


def test_nothing_is_concluded_from_a_wrong_key(tmp_path: Path) -> None:
    """The assignee may stand in the list that could not be read: it is not called a stranger."""
    text = swapped('addresses = ["Bo@Formation.example", "bo@perso.example"]', "addresses = 3")
    found = mistakes(tmp_path, text + '[assignment]\ndefault = "bo@perso.example"\n')
    assert list(found) == ["staff[2].addresses"]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("bo@formation.example", True),
        ("b.o+c_d@a-b.example", True),
        ("bo@localhost", False),
        ("bo@é.example", False),
        (".bo@a.example", False),
        ("bo@@a.example", False),
        ("bo@a..example", False),
        ("a b@c.example", False),
        ("<bo@a.example>", False),
        ("bo@a.example\n", False),
        ("b" * 65 + "@a.example", False),
        ("", False),
    ],
)
def test_addresses_are_written_plainly(text: str, right: bool) -> None:
    assert is_address(text) is right


def test_lines_are_found_in_tables_arrays_and_dotted_keys() -> None:
    text = 'a = """\n[no]\nb = 1\n"""\n"c" = 2\n[t]\nd.e = 3\n[[u]]\nf = [\n  1,\n]\n[[u]]\n[u.v]\ng = 4\n[[u.w]]\n'
    found = find(text)
    assert found[("c",)] == 5
    assert found[("t", "d", "e")] == 7
    assert (found[("u",)], found[("u", 0, "f")], found[("u", 1)]) == (8, 9, 12)
    assert (found[("u", 1, "v", "g")], found[("u", 1, "w", 0)]) == (14, 15)
    assert ("b",) not in found


# -- config.example.toml ---------------------------------------------------------------------------


def filled() -> str:
    text = EXAMPLE.read_text(encoding="utf-8")
    for empty, value in (
        ('name = ""  # à remplir : le nom', 'name = "Formation Exemple"  #'),
        ('address = ""  # à remplir', 'address = "reclamations@formation.example"  #'),
        ('host = ""  # à remplir : le serveur IMAP', 'host = "imap.formation.example"  #'),
        ('host = ""  # à remplir : le serveur d’envoi', 'host = "smtp.formation.example"  #'),
        ('name = ""  # à remplir : prénom', 'name = "Ann"  #'),
        ("addresses = []  # à remplir", 'addresses = ["ann@formation.example"]  #'),
    ):
        assert text.count(empty) == 1, empty
        text = text.replace(empty, value)
    return text


def unfolded(text: str) -> str:
    return re.sub(r"^#(?=[\[a-z])", "", text, flags=re.MULTILINE)


def test_the_example_loads_once_its_few_values_are_filled(tmp_path: Path) -> None:
    assert len(re.findall("à remplir :", EXAMPLE.read_text(encoding="utf-8"))) == 6
    assert read(tmp_path, filled()).organisation.name == "Formation Exemple"


def test_the_example_left_as_it_is_names_what_to_fill(tmp_path: Path) -> None:
    found = mistakes(tmp_path, EXAMPLE.read_text(encoding="utf-8"))
    assert set(found) == {
        "organisation.name",
        "mailbox.address",
        "mailbox.host",
        "smtp.host",
        "staff[1].name",
        "staff[1].addresses",
    }


def test_the_values_of_the_example_are_the_defaults(tmp_path: Path) -> None:
    small = SMALL[: SMALL.index('[[staff]]\nname = "Bo"')].replace('data_dir = "data"', 'mode = "essai"')
    assert read(tmp_path, filled()) == read(tmp_path, small)


def test_the_example_names_every_key_and_no_other() -> None:
    named = {re.sub(r"\[\d+\]", "", k) for k in keys_in(tomllib.loads(unfolded(filled())))}
    known = {".".join(k) for k in all_keys()}  # type: ignore[arg-type]
    assert named - {k for k in named if k.startswith("words.")} == known


def keys_in(value: object, at: str = "") -> list[str]:
    if isinstance(value, list):
        return [k for inner in value for k in keys_in(inner, at)]
    if isinstance(value, dict):
        here = [f"{at}.{name}".lstrip(".") for name in value]
        return here + [k for name, inner in value.items() for k in keys_in(inner, f"{at}.{name}".lstrip("."))]
    return []


def test_the_example_with_everything_switched_on_loads(tmp_path: Path) -> None:
    for name in ("autorite.pem", "google.json", "lettres"):
        (tmp_path / name).mkdir() if name == "lettres" else (tmp_path / name).touch()
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x09\0\0\0\x09" + b"IEND\xaeB`\x82")
    config = read(tmp_path, unfolded(filled()).replace("alarme.example/…", "alarme.example/x"))
    assert config.assignment.rules[0].to == "bo@formation-exemple.example"
    assert config.alarm.smtp is not None


def test_every_key_of_the_example_is_explained_beside_or_above() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").split("\n")
    keys = [(n, line) for n, line in enumerate(lines) if re.match(r"[a-z_]+ = ", line)]
    assert len(keys) > 50
    assert [line for n, line in keys if "  # " not in line and not lines[n - 1].startswith("# ")] == []


EXAMPLE_LINES = unfolded(filled()).split("\n")
VALUES = ["", "nan", "-1", "{}", "[[]]", "[{ a = 1 }]", "1e400", "true", '"\\u0000"', "2026-01-01", '[""]', "[0, 1]"]


@settings(deadline=None)
@given(
    damage=st.lists(st.tuples(st.integers(0, len(EXAMPLE_LINES) - 1), st.sampled_from([None, *VALUES])), max_size=8),
    tail=st.text(alphabet='[]"=#a.\n\\', max_size=12),
)
def test_no_damaged_file_is_anything_but_a_list_of_mistakes(
    damage: list[tuple[int, str | None]], tail: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = list(EXAMPLE_LINES)
    for n, value in damage:
        lines[n] = "" if value is None else f"{lines[n].split('=')[0]}= {value}"
    folder = tmp_path_factory.getbasetemp()
    with pytest.raises(Mistakes) as caught:  # the files that the example names are not there
        read(folder, "\n".join(lines) + tail)
    assert caught.value.found
