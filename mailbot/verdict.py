"""Message + what the desk knows → exactly one Verdict, with the reason (spec §2).

The order of the questions is the rule: the first that answers gives the verdict. A doubtful mail from a person is a complaint.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailbot.config import Config
from mailbot.desk import Case, Desk
from mailbot.identity import Author, domain_of
from mailbot.message import Message
from mailbot.message.limits import RECEIVED
from mailbot.reading import Reading

VERDICTS = (
    "complaint",
    "follow-up",
    "staff-command",
    "staff-note",
    "survey-answer",
    "direct-answer",
    "auto-reply",
    "bounce",
    "list",
    "spam-suspect",
    "own",
    "duplicate",
    "before-start",
    "held",
    "quarantined",
)

# Two of these in a first mail that names no training of ours: somebody sells something (spec §2, cold prospecting).
PROSPECTING = (
    "first page of google",
    "seo services",
    "search engine optim",
    "backlink",
    "website ranking",
    "domain authority",
    "guest post",
    "lead generation",
    "referencement naturel",
    "premiere page de google",
    "generation de leads",
    "prospects qualifies",
    "nos services vous permettent",
    "je me permets de vous contacter afin de vous presenter",
    "book a call",
    "quick call this week",
    "demo gratuite",
    "devis gratuit",
    "offre exceptionnelle",
)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The one verdict of a mail. `waiting`: a human has to say; `case`: the file it belongs to, if any."""

    kind: str
    reason: str
    case: Case | None = None
    waiting: bool = False
    question: str = (
        ""  # what a human is asked: "flood" | "spam" | "forward" | "colleague" | "code" (its owner) | "loop"
    )
    from_registered: bool = False  # a follow-up that comes from the file's registered address


def judge(
    message: Message, reading: Reading, desk: Desk, author: Author, config: Config, *, commanded: bool = False
) -> Verdict:
    """The verdict of a readable mail. `commanded`: a tag stands in it that was not in the mail it answers."""
    for ask in (_ours_already, _machine, _borrowed_code, _staff, _joins, _suspect, _flood):
        verdict = ask(message, reading, desk, author, config, commanded)
        if verdict:
            return verdict
    return Verdict(kind="complaint", reason=_why_complaint(reading, desk))


def _why_complaint(reading: Reading, desk: Desk) -> str:
    if reading.references and not desk.cited:
        return f"message d’une personne ; référence citée inconnue ({reading.references[0]})"
    if desk.cited:
        return f"message d’une personne ; référence citée non vérifiée ({desk.cited[0].number})"
    return "message d’une personne, qui ne se rattache à aucun dossier"


def _ours_already(
    message: Message, reading: Reading, desk: Desk, author: Author, config: Config, commanded: bool
) -> Verdict | None:
    if desk.own:
        return Verdict(kind="own", reason="son Message-ID est celui d’une lettre que nous avons écrite")
    if desk.incoming.received_at < desk.start:
        return Verdict(kind="before-start", reason="reçu avant la mise en service")
    if desk.duplicate_of is not None:
        return Verdict(kind="duplicate", reason=f"même courrier que le message {desk.duplicate_of}, remis deux fois")
    return None


def _machine(
    message: Message, reading: Reading, desk: Desk, author: Author, config: Config, commanded: bool
) -> Verdict | None:
    if message.received_count > RECEIVED:
        return Verdict(kind="quarantined", reason=f"boucle : plus de {RECEIVED} relais", waiting=True, question="loop")
    case = desk.threaded or (desk.reported[0].case if desk.reported else None)
    cited = next((c for c in desk.cited if author.addr and author.addr in (c.complainant_addr, *c.party)), None)
    failed = [r for r in message.reports if r.action in ("failed", "delayed", "delivered", "relayed", "expanded")]
    if failed and (message.automatic or desk.reported or is_no_reply(author.addr)):  # a person may well attach a report
        return Verdict(
            kind="bounce", reason=f"avis de remise : {failed[0].action} {failed[0].status}".strip(), case=case
        )
    if author.addr in _forms(config):
        return None
    if message.automatic and not (_doubtful(message, desk) and cited is None):
        return Verdict(kind="auto-reply", reason=message.automatic[0], case=case or cited)
    if _is_list(message, config) and (author.person or not joined(desk, author)):
        return Verdict(kind="list", reason=message.listed[0])
    return None


def _borrowed_code(
    message: Message, reading: Reading, desk: Desk, author: Author, config: Config, commanded: bool
) -> Verdict | None:
    """A colleague's code from an address that is not on the list is never a complaint (spec §6); a complainant's mail is his."""
    owner = config.person(desk.code_owner) if desk.code_owner and author.person is None else None
    if owner is None or not owner.active or any(c.complainant_addr == author.addr for c in desk.named):
        return None
    return Verdict(kind="held", reason=f"code de {owner.name} vu depuis {author.addr}", question="code")


def _doubtful(message: Message, desk: Desk) -> bool:
    """A subject like « Absence du bureau » alone, on a mail that answers nothing of ours, may be a person's."""
    return not desk.threaded and all(sign.startswith("Objet : ") for sign in message.automatic)


def _is_list(message: Message, config: Config) -> bool:
    """One weak sign is not a list: who mails through a big sender gets a Feedback-ID."""
    strong = [sign for sign in message.listed if not sign.lower().startswith("feedback-id")]
    return bool(strong) and not _own_list(message, config)


def _own_list(message: Message, config: Config) -> bool:
    """Headers of our own groups do not make a list (spec §2)."""
    ours = {a.replace("@", ".") for a in config.own_addresses}
    return any(a.strip("<>").lower().replace("@", ".") in ours for a in message.list_addresses)


def _forms(config: Config) -> frozenset[str]:
    return frozenset(a.lower() for a in config.intake.forms)


def _staff(
    message: Message, reading: Reading, desk: Desk, author: Author, config: Config, commanded: bool
) -> Verdict | None:
    from_box = author.addr in config.own_addresses
    if author.person is None and not author.own_domain and not (from_box and desk.incoming.folder == "sent"):
        return None
    if author.addr in _forms(config) or (from_box and desk.incoming.folder != "sent"):
        return None
    if desk.incoming.folder == "junk" and not author.proven_staff:
        return None  # of junk only proven staff counts as staff (spec §2)
    own = _own_complaint(desk, author)
    if own:
        return Verdict(
            kind="follow-up",
            reason="réponse de la personne elle-même dans son dossier",
            case=own,
            from_registered=True,
        )
    answered = _answered(desk)
    if answered:
        return Verdict(
            kind="direct-answer", reason=f"{author.addr} a répondu au réclamant, la boîte en copie", case=answered
        )
    how = "prouvé" if author.proof.passed else f"non prouvé : {author.proof.evidence}"
    if author.person and commanded:
        return Verdict(kind="staff-command", reason=f"commande de {author.person.name} ({how})")
    known = desk.threaded or desk.same_thread or (desk.cited[0] if desk.cited else None)
    if message.forwarded and not _about(known, message):
        return _forward(author, how)
    if known and author.person:
        return Verdict(kind="staff-note", reason=f"message de {author.person.name} ({how})", case=known)
    if known and message.strict_from:
        return Verdict(kind="staff-note", reason=f"message d’un collègue hors liste ({how})", case=known)
    if known:
        return Verdict(
            kind="held", reason=f"auteur ambigu, du domaine de la maison ({how})", waiting=True, question="ambiguous"
        )
    return Verdict(
        kind="held", reason=f"message d’un collègue sans référence ({how})", waiting=True, question="colleague"
    )


def _about(known: Case | None, message: Message) -> bool:
    """A forward of the file's own complainant adds to that file; any other is somebody's complaint."""
    sender = message.forwarded.sender if message.forwarded else None
    return known is not None and sender is not None and sender.addr.lower() == known.complainant_addr


def _forward(author: Author, how: str) -> Verdict:
    if author.proven_staff:
        return Verdict(kind="complaint", reason=f"transmis par {author.addr} ({how})")
    return Verdict(kind="held", reason=f"transfert d’un collègue ({how})", waiting=True, question="forward")


def _own_complaint(desk: Desk, author: Author) -> Case | None:
    if desk.threaded and desk.threaded.complainant_addr == author.addr == desk.threaded_to:
        return desk.threaded
    return next((c for c in desk.cited if c.complainant_addr == author.addr), None)


def _answered(desk: Desk) -> Case | None:
    """The file whose complainant this mail is addressed to: the one of the thread, else the newest that is open."""
    numbers = {c.number: c for c in desk.addressed}
    for hint in (desk.threaded, desk.same_thread, *desk.cited):
        if hint and hint.number in numbers:
            return hint
    still_open = [c for c in desk.addressed if c.stage != "closed"]
    return still_open[0] if still_open else None


def _joins(
    message: Message, reading: Reading, desk: Desk, author: Author, config: Config, commanded: bool
) -> Verdict | None:
    case = desk.threaded
    if case and desk.threaded_kind == "survey" and case.complainant_addr == author.addr:
        return Verdict(kind="survey-answer", reason="répond à l’enquête", case=case, from_registered=True)
    found = joined(desk, author)
    if found and found.case and found.from_registered and _survey_tap(message, found.case):
        return Verdict(kind="survey-answer", reason="répond à l’enquête", case=found.case, from_registered=True)
    return (_flooded(desk, author, config) or found) if found else None


def _survey_tap(message: Message, case: Case) -> bool:
    """The survey's button writes a fresh mail: « [REC-2026-0042] avis », on a closed file."""
    return case.stage == "closed" and message.subject.strip().lower() == f"[{case.number}] avis".lower()


def joined(desk: Desk, author: Author) -> Verdict | None:
    """A follow-up joins by our letter's thread; by a mail of the file if its author, or who was copied or wrote there, writes;
    else by the number in the subject if it comes from such an address (spec §3)."""
    if desk.threaded:
        registered = desk.threaded.complainant_addr == author.addr
        why = "répond à une de nos lettres" if registered else "répond à une de nos lettres, d’une autre adresse"
        return Verdict(kind="follow-up", reason=why, case=desk.threaded, from_registered=registered)
    for case, why in (
        (desk.same_thread, "suite d’un courrier du dossier"),
        *((c, "cite le numéro du dossier") for c in desk.cited),
    ):
        if case and author.addr and author.addr in (case.complainant_addr, *case.party):
            registered = case.complainant_addr == author.addr
            return Verdict(kind="follow-up", reason=why, case=case, from_registered=registered)
    return None


def _suspect(
    message: Message, reading: Reading, desk: Desk, author: Author, config: Config, commanded: bool
) -> Verdict | None:
    trusted = desk.earlier_complainant or author.addr in _forms(config)
    if trusted:
        return None
    if desk.incoming.folder == "junk":
        return Verdict(kind="spam-suspect", reason="trouvé dans les indésirables", waiting=True, question="spam")
    if message.spam:
        return Verdict(kind="spam-suspect", reason=message.spam[0], waiting=True, question="spam")
    sells = _prospecting(reading)
    if sells:
        return Verdict(
            kind="spam-suspect", reason=f"démarchage : « {sells[0]} », « {sells[1]} »", waiting=True, question="spam"
        )
    return None


def _prospecting(reading: Reading) -> tuple[str, ...]:
    from mailbot.reading import fold

    if reading.training or reading.references:
        return ()
    text = fold(reading.new_text[:4000])
    found = tuple(p for p in PROSPECTING if p in text)
    return found if len(found) >= 2 else ()


def _flood(
    message: Message, reading: Reading, desk: Desk, author: Author, config: Config, commanded: bool
) -> Verdict | None:
    return _flooded(desk, author, config)


def _flooded(desk: Desk, author: Author, config: Config) -> Verdict | None:
    limits = config.intake.flood
    if limits.per_sender and desk.from_sender >= limits.per_sender:
        return Verdict(
            kind="held",
            reason=f"plus de {limits.per_sender} messages en une heure d’un même expéditeur",
            waiting=True,
            question="flood",
        )
    if limits.letters and desk.letters_in_a_day >= limits.letters:
        return Verdict(
            kind="held",
            reason=f"déjà {limits.letters} lettres automatiques à cette adresse en 24 heures : une machine répond peut-être",
            waiting=True,
            question="flood",
        )
    stamps = bool(config.mailbox.authserv_id)
    if stamps and limits.unproven and not author.proof.passed and desk.unproven >= limits.unproven:
        return Verdict(
            kind="held",
            reason=f"plus de {limits.unproven} messages en une heure d’expéditeurs non authentifiés",
            waiting=True,
            question="flood",
        )
    return None


def is_no_reply(addr: str) -> bool:
    """Addresses that tell themselves that nobody reads them."""
    local = addr.partition("@")[0].lower().replace("-", "").replace("_", "").replace(".", "")
    return local in ("noreply", "donotreply", "nepasrepondre", "noresponse", "mailerdaemon", "postmaster")


def same_company(addr: str, public: frozenset[str]) -> str:
    """The domain that makes colleagues of two writers, "" for a public mail provider's (spec §3, history)."""
    domain = domain_of(addr)
    return "" if domain in public or domain in PUBLIC_DOMAINS else domain


PUBLIC_DOMAINS = frozenset(
    "gmail.com googlemail.com outlook.com outlook.fr hotmail.com hotmail.fr live.com live.fr msn.com yahoo.com yahoo.fr ymail.com "
    "orange.fr wanadoo.fr free.fr sfr.fr neuf.fr laposte.net bbox.fr numericable.fr icloud.com me.com mac.com aol.com gmx.com "
    "gmx.fr proton.me protonmail.com pm.me tutanota.com mail.com zoho.com yandex.com mailo.com".split()
)
