"""The story that the demo plays: its cast, its settings, and the mails they write, byte for byte."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path

from mailbot.demo import enclosures

DESK = "reclamations@ief.example"
AUTHSERV_ID = "mx.ief.example"
PASSWORD = "demo"  # noqa: S105 – every account of the demo has it: nothing but this machine can reach them


@dataclass(frozen=True, kw_only=True)
class Character:
    """Somebody of the story. `proven`: writes through an account, so our provider vouches for the address."""

    name: str
    addr: str
    part: str  # who that is, in a few words of French
    proven: bool = True


BO = Character(name="Bo Martin", addr="bo.martin@ief.example", part="responsable du traitement")
ANN = Character(name="Ann Leroy", addr="ann.leroy@ief.example", part="responsable qualité, direction")
DAN = Character(name="Dan Petit", addr="dan.petit@ief.example", part="administrateur")
CARL = Character(name="Carl Petit", addr="carl@courriel.example", part="stagiaire")
OPALE = Character(name="Opale – gestion", addr="gestion@opco-opale.example", part="OPCO, financeur", proven=False)
MARC = Character(name="Marc O'Leary", addr="marc.oleary@letters.example", part="stagiaire anglophone")
NADIA = Character(name="Nadia Benali", addr="nadia@courriel.example", part="stagiaire")
JULES = Character(name="Jules Ferrand", addr="jules.ferrand@boite.example", part="apprenti")

STAFF = (BO, ANN, DAN)
COMPLAINANTS = (CARL, OPALE, MARC)
LATECOMERS = (NADIA, JULES)  # who writes with `mailbot demo send`
CAST = (*COMPLAINANTS, *STAFF, *LATECOMERS)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A mail that somebody of the story wrote."""

    by: Character
    raw: bytes
    message_id: str
    files: tuple[tuple[str, str], ...] = ()  # (name, SHA-256)
    envelope_from: str | None = None  # "" = null sender (RFC 5321 §4.5.5); None = the author's address
    language: str = "fr"


def configuration(*, imap_port: int, smtp_port: int, since: datetime, data_dir: Path) -> str:
    """The configuration file (TOML) of the story's organisation; `since` is aware."""
    path = str(data_dir).replace("\\", "\\\\").replace('"', '\\"')
    people = "\n".join(
        f'[[staff]]\nname = "{p.name}"\naddresses = ["{p.addr}"]\nroles = [{roles}]\n'
        for p, roles in ((BO, '"staff"'), (ANN, '"quality", "direction"'), (DAN, '"admin"'))
    )
    return f'''# Réglages de la démonstration : écrits par « mailbot demo », pour cette machine seulement.
mode = "live"
data_dir = "{path}"

[organisation]
name = "Institut Exemple Formation"
phone = "06 39 98 00 12"
postal_address = "12 rue des Lilas, 28000 Chartres"
domains = ["ief.example"]
privacy_contact = "donnees@ief.example"

[mailbox]
address = "{DESK}"
host = "127.0.0.1"
port = {imap_port}
security = "none"
password = "{PASSWORD}"
authserv_id = "{AUTHSERV_ID}"
since = {since.isoformat(timespec="seconds")}
poll_seconds = 5

[smtp]
host = "127.0.0.1"
port = {smtp_port}
security = "none"
password = "{PASSWORD}"

[calendar]
timezone = "Europe/Paris"
territory = "metropole"

[assignment]
default = "{BO.addr}"

[[trainings]]
name = "Excel perfectionnement"
words = ["excel"]

[[trainings]]
name = "PowerPoint"
words = ["powerpoint"]

{people}'''


def carl(now: datetime) -> Written:
    """A trainee, in French, from a telephone, with a PDF and a photograph."""
    mail = blank(CARL, "Porte fermée le jour de la formation Excel perfectionnement", now)
    mail.set_content(
        "Bonjour,\n\n"
        "J’ai fait 80 km pour rien : à l’heure de la convocation, porte fermée, personne, et aucun message.\n"
        "Je vous joins la convocation et une photo de l’entrée.\n\n"
        "Je souhaite être remboursé de mes frais de route et connaître la nouvelle date.\n\n"
        "Carl Petit\n06 39 98 12 34\n\nEnvoyé de mon iPhone\n"
    )
    summons = enclosures.pdf(
        "CONVOCATION", "Formation Excel perfectionnement", "Rendez-vous à 9 h, 12 rue des Lilas, Chartres"
    )
    return written(
        CARL,
        mail,
        ("convocation.pdf", "application/pdf", summons),
        ("porte-fermée.png", "image/png", enclosures.closed_door()),
    )


def opale(now: datetime) -> Written:
    """A funding body, in the HTML of an office client, which its provider does not vouch for."""
    mail = blank(OPALE, "Dossier 4471-B – certificat de réalisation manquant – règlement suspendu", now)
    mail.set_content(
        "Madame, Monsieur,\n\n"
        "Malgré deux relances, le certificat de réalisation du dossier 4471-B ne nous est pas parvenu.\n"
        "Le règlement de votre facture est suspendu.\n\n"
        "Nous vous demandons de nous transmettre le certificat de réalisation signé.\n\n"
        "Le service gestion – Opale, opérateur de compétences\n"
    )
    mail.add_alternative(
        "<html><body style='font-family:Calibri,sans-serif'><p>Madame, Monsieur,</p>"
        "<p>Malgré deux relances, le <b>certificat de réalisation</b> du dossier 4471-B ne nous est pas parvenu.<br>"
        "<span style='color:#c00000'>Le règlement de votre facture est suspendu.</span></p>"
        "<p>Nous vous demandons de nous transmettre le certificat de réalisation signé.</p>"
        "<p>Le service gestion – Opale, opérateur de compétences</p></body></html>",
        subtype="html",
    )
    state = enclosures.pdf("Opale – dossier 4471-B", "Pièces reçues : convention, facture", "Manque : certificat")
    return written(OPALE, mail, ("état des pièces 4471-B.pdf", "application/pdf", state))


def marc(now: datetime) -> Written:
    """An English speaker, praise and two complaints mixed."""
    mail = blank(MARC, "Feedback on the PowerPoint course", now)
    mail.set_content(
        "Hi all,\n\n"
        "First of all, well done to the trainer, she was great. Two things though: we started at 9:40 on both days, so\n"
        "we lost more than an hour, and the vegetarian lunch box had tuna in it, although I had told you beforehand.\n"
        "I attach what I had ordered.\n\n"
        "I would like a short catch-up session online.\n\n"
        "Have a good one!\nMarc O'Leary\n"
    )
    order = enclosures.pdf("Lunch order", "Marc O'Leary: vegetarian, both days")
    return written(MARC, mail, ("lunch order.pdf", "application/pdf", order), language="en")


def out_of_office(answered: bytes, now: datetime) -> Written:
    """Marc's absence message, answering the acknowledgement by itself (RFC 3834)."""
    letter = BytesHeaderParser(policy=SMTP).parsebytes(answered)
    mail = blank(MARC, f"Automatic reply: {letter['Subject']}", now)
    mail["In-Reply-To"] = mail["References"] = str(letter["Message-ID"]).strip()
    mail["Auto-Submitted"] = "auto-replied"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content("I am away and will read my mail next week. For anything urgent please ring the office.\n\nMarc\n")
    return written(MARC, mail, language="en")


def bounce(answered: bytes, now: datetime) -> Written:
    """A delivery report (RFC 3464): a member of Opale's shared address left; the acknowledgement was passed on to her."""
    letter = BytesHeaderParser(policy=SMTP).parsebytes(answered)
    daemon = Character(name="Mail Delivery System", addr="mailer-daemon@opco-opale.example", part="serveur d’Opale")
    mail = blank(daemon, "Undelivered Mail Returned to Sender", now)
    mail["Auto-Submitted"] = "auto-replied"
    head = str(mail).encode().replace(b"\r\n", b"\n").rstrip(b"\n").decode()
    raw = f"""{head}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_opale_report"

--=_opale_report
Content-Type: text/plain; charset=us-ascii

I could not deliver your message to one of the members of gestion@opco-opale.example.

<l.garnier@opco-opale.example>: 550 5.1.1 User unknown

--=_opale_report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.opco-opale.example

Final-Recipient: rfc822; l.garnier@opco-opale.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--=_opale_report
Content-Type: text/rfc822-headers

From: {DESK}
To: {OPALE.addr}
Message-ID: {str(letter["Message-ID"]).strip()}

--=_opale_report--
"""
    message_id = str(mail["Message-ID"])
    return Written(by=daemon, raw=raw.replace("\n", "\r\n").encode(), message_id=message_id, envelope_from="")


def one_more(now: datetime, rng: random.Random) -> Written:
    """One more complaint, for `mailbot demo send`; who writes about what is drawn by `rng`."""
    who = rng.choice(LATECOMERS)
    subject, text, name = rng.choice(
        (
            (
                "Matériel en panne pendant la formation",
                "Trois postes sur dix ne démarraient pas : j’ai partagé un écran pendant deux jours.\n"
                "Je souhaite refaire la partie pratique sur un poste qui marche.",
                "liste des postes.pdf",
            ),
            (
                "Facture payée deux fois",
                "La facture de ma formation a été prélevée deux fois, le relevé est joint.\n"
                "Je vous demande le remboursement du second prélèvement.",
                "relevé.pdf",
            ),
            (
                "Attestation jamais reçue",
                "J’ai terminé la formation depuis six semaines et je n’ai toujours pas mon attestation.\n"
                "Je voudrais la recevoir par retour de mail.",
                "feuille d’émargement.pdf",
            ),
        )
    )
    mail = blank(who, f"{subject} ({rng.randrange(100, 1000)})", now)
    mail.set_content(f"Bonjour,\n\n{text}\n\nCordialement,\n{who.name}\n")
    drawn = enclosures.pdf(subject, who.name, f"Référence {rng.randrange(10**6):06d}")
    return written(who, mail, (name, "application/pdf", drawn))


def stamped(raw: bytes, addr: str) -> bytes:
    """The mail as our provider hands it in when it vouches for the author: its result on top (RFC 8601 §4)."""
    domain = addr.rpartition("@")[2]
    line = f"Authentication-Results: {AUTHSERV_ID};\r\n\tdmarc=pass header.from={domain}\r\n"
    return line.encode() + raw


def since(now: datetime) -> datetime:
    """From when the daemon takes mails: a little early, because INTERNALDATE knows no fractions of a second."""
    return now - timedelta(minutes=1)


def blank(by: Character, subject: str, now: datetime) -> EmailMessage:
    """A mail to the desk, still without its text."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f'"{by.name}" <{by.addr}>'
    mail["To"] = DESK
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=by.addr.rpartition("@")[2])
    return mail


def written(by: Character, mail: EmailMessage, *files: tuple[str, str, bytes], language: str = "fr") -> Written:
    """The mail with these files, as it leaves its author."""
    for name, kind, data in files:
        maintype, _, subtype = kind.partition("/")
        mail.add_attachment(data, maintype=maintype, subtype=subtype, filename=name)
    return Written(
        by=by,
        raw=mail.as_bytes(),
        message_id=str(mail["Message-ID"]),
        files=tuple((name, hashlib.sha256(data).hexdigest()) for name, _, data in files),
        language=language,
    )
