"""The second delivery: 94 mails that answer, quote or copy what the desk wrote after the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage

from scenes import reports, texts
from scenes.first import newsletters, twice
from scenes.post import Ack, Attached, Mail, Post

PREFIXES = ("RE : ", "Re: ", "RE: ", "Rép : ", "Re : ")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the first delivery brought: the complaints, their ARs, and the assignments (by number) that staff received."""

    post: Post
    complaints: Mapping[str, Mail]
    acks: Mapping[str, Ack]
    notices: Mapping[str, str]

    def name(self, key: str) -> str:
        return str(
            message_from_bytes(self.complaints[key].letter, policy=policy.default)["From"].addresses[0].display_name
        )


def second_delivery(desk: Desk) -> list[Mail]:
    """94 mails, in the order of their arrival; the first is the newsletter that somebody removes before we see it."""
    plain = sorted(k for k in desk.complaints if k.startswith("c"))
    follow = follow_ups(desk, plain[:25])
    return [
        *newsletters(desk.post, range(16, 20)),
        *follow,
        *absent(desk, plain[:15]),
        *bounces(desk, plain),
        *copies(desk, plain[:20]),
        *notes(desk, plain[26:31]),
        *own(desk, plain[20:23]),
        *new_complaints(desk, plain),
        *twice(desk.post, follow[:6], "e"),
    ]


# -- follow-ups ----------------------------------------------------------------------------------------------------------


def follow_ups(desk: Desk, keys: list[str]) -> list[Mail]:
    """25: twelve in the thread, four by number, three after their own mail, three from another address, one in junk, two more."""
    ways = [_in_thread] * 12 + [_by_number] * 4 + [_after_own] * 3 + [_elsewhere] * 3 + [_in_junk] + [_in_thread] * 2
    return [way(desk, key, n) for n, (way, key) in enumerate(zip(ways, keys, strict=True))]


def _files(desk: Desk, n: int) -> list[Attached]:
    if n not in (0, 3, 6, 13, 20, 23):
        return []
    return [(f"pièce {n}.pdf", "application/pdf", texts.paper(f"{desk.post.salt}-suite-{n}", 2000 + n))]


def _quoted(ack: Ack, desk: Desk) -> str:
    body = message_from_bytes(ack.raw, policy=policy.default).get_body(("plain",))
    lines = body.get_content().splitlines() if body else []
    said = f"\nLe lun. 23 nov. 2026 à 09:12, IEF <{desk.post.desk}> a écrit :\n"
    return said + "".join(f"> {line}\n" for line in lines)


def _written(desk: Desk, key: str, n: int, author: str, subject: str, **more: object) -> EmailMessage:
    name = desk.name(key)
    text = texts.FOLLOW_UPS[n % len(texts.FOLLOW_UPS)].format(n=name) + str(more.pop("quoted", ""))
    return desk.post.write(
        name=name, author=author, subject=subject, text=text, files=_files(desk, n), **more  # type: ignore[arg-type]
    )  # fmt: skip


def _joined(
    desk: Desk, key: str, n: int, letter: EmailMessage, author: str, *, receipt: bool = True, folder: str = "INBOX"
) -> Mail:
    (kind, assignee) = desk.complaints[key].inside[0]
    assert kind == "assignment"
    return desk.post.send(
        letter,
        key=f"u{n:02d}",
        verdict="follow-up",
        author=author,
        about=key,
        files=_files(desk, n),
        outside=(author,) if receipt else (),
        inside=(("followup-notice", assignee),),
        folder=folder,
    )


def _in_thread(desk: Desk, key: str, n: int) -> Mail:
    ack, author = desk.acks[key], desk.complaints[key].author
    subject = PREFIXES[n % len(PREFIXES)] + ack.subject
    letter = _written(
        desk, key, n, author, subject, extra=_thread(ack.message_id), quoted=_quoted(ack, desk) if n % 2 else ""
    )
    return _joined(desk, key, n, letter, author)


def _thread(answered: str) -> tuple[tuple[str, str], ...]:
    return (("In-Reply-To", answered), ("References", answered))


def _by_number(desk: Desk, key: str, n: int) -> Mail:
    author = desk.complaints[key].author
    letter = _written(desk, key, n, author, f"Mon dossier {desk.acks[key].number} : un complément")
    return _joined(desk, key, n, letter, author)


def _after_own(desk: Desk, key: str, n: int) -> Mail:
    mail = desk.complaints[key]
    letter = _written(desk, key, n, mail.author, "J'ai oublié de préciser", extra=_thread(mail.message_id))
    return _joined(desk, key, n, letter, mail.author)


def _elsewhere(desk: Desk, key: str, n: int) -> Mail:
    """From another address of the same person: joins by thread, gets no receipt, and nor does the registered one."""
    author = f"autre.adresse{n}@{desk.post.salt}.maison.example"
    ack = desk.acks[key]
    letter = _written(desk, key, n, author, f"Re: {ack.subject}", extra=_thread(ack.message_id))
    return _joined(desk, key, n, letter, author, receipt=False)


def _in_junk(desk: Desk, key: str, n: int) -> Mail:
    ack, author = desk.acks[key], desk.complaints[key].author
    letter = _written(desk, key, n, author, f"Re: {ack.subject}", extra=_thread(ack.message_id))
    return _joined(desk, key, n, letter, author, folder="Junk")


# -- machines --------------------------------------------------------------------------------------------------------------


def absent(desk: Desk, keys: list[str]) -> list[Mail]:
    """15 absences in answer to our AR."""
    found = []
    for n, key in enumerate(keys):
        ack, author = desk.acks[key], desk.complaints[key].author
        answers = ack.message_id if n % 4 != 3 else ""
        found.append(
            reports.absence(
                desk.post, n, key=f"o{n:02d}", name=desk.name(key), author=author, subject=ack.subject, answers=answers
            )
        )
    return found


def bounces(desk: Desk, keys: list[str]) -> list[Mail]:
    """13 reports: eight ARs that failed, three delayed, one relayed, one forged (another recipient than the letter's)."""
    found = []
    for n, key in enumerate([*keys[25:33], *keys[:5]]):
        ack, mail = desk.acks[key], desk.complaints[key]
        action, status = (
            ("failed", "5.1.1") if n < 8 or n == 12 else ("delayed", "4.4.1") if n < 11 else ("relayed", "2.0.0")
        )
        about = reports.About(
            recipient="quelqu.un@ailleurs.example" if n == 12 else mail.author,
            message_id=ack.message_id,
            subject=ack.subject,
            action=action,
            status=status,
            words="550 5.1.1 User unknown" if action == "failed" else "450 4.4.1 timed out",
        )
        told = (("ack-bounced", mail.inside[0][1]),) if n < 8 else ()
        found.append(replace(reports.report(desk.post, n, about, key=f"n{n:02d}"), inside=told))
    return found


def failed_for(keys: list[str]) -> list[str]:
    """The complaints whose AR the reports above say was not delivered."""
    return keys[25:33]


# -- colleagues --------------------------------------------------------------------------------------------------------------


def copies(desk: Desk, keys: list[str]) -> list[Mail]:
    """20 answers that Bo wrote from his own client: 16 with the mailbox in Cc, two in Bcc, two from the mailbox itself."""
    return [_copy(desk, key, n) for n, key in enumerate(keys)]


def _copy(desk: Desk, key: str, n: int) -> Mail:
    post, mail, ack = desk.post, desk.complaints[key], desk.acks[key]
    author = post.at("bo") if n < 18 else post.desk
    subject = f"RE : [{ack.number}] votre message" if n % 4 == 1 else "RE : votre message"
    letter = post.write(
        name="Bo Lefort",
        author=author,
        to=mail.author,
        cc=post.desk if n < 16 else "",
        subject=subject,
        text="Bonjour,\nnous avons rétabli votre accès ce matin. Dites-moi si tout va bien.\nBo Lefort\n",
        extra=_thread(mail.message_id) if n % 2 == 0 else (),
    )
    return post.send(
        letter,
        key=f"k{n:02d}",
        verdict="direct-answer",
        author=author,
        about=key,
        inside=(("direct-answer", mail.inside[0][1]),),
        folder="INBOX" if n < 18 else "Sent",
    )


def notes(desk: Desk, keys: list[str]) -> list[Mail]:
    """Five replies of staff: three to the assignment, two by number. Nothing leaves, and the author is told so."""
    found = []
    for n, key in enumerate(keys):
        number, post = desk.acks[key].number, desk.post
        author = desk.complaints[key].inside[0][1] if n < 3 else post.at("ann")
        letter = post.write(
            name="Bo Lefort" if n < 3 else "Ann Delmas",
            author=author,
            subject=f"RE: [{number}] à voir",
            text="Vu avec le formateur, je rappelle demain.\n",
            extra=_thread(desk.notices[number]) if n < 3 else (),
        )
        inside = (("nothing-left", author),)
        found.append(
            post.send(letter, key=f"m{n:02d}", verdict="staff-note", author=author, about=key, inside=inside)
        )  # fmt: skip
    return found


def own(desk: Desk, keys: list[str]) -> list[Mail]:
    """Three of our own ARs, sent back to us by a redirection: own means a Message-ID that we stored."""
    return [
        desk.post.send(
            desk.acks[key].raw,
            key=f"w{n:02d}",
            verdict="own",
            author=desk.post.desk,
            message_id=desk.acks[key].message_id,
            proof="",
        )
        for n, key in enumerate(keys)
    ]


def new_complaints(desk: Desk, keys: list[str]) -> list[Mail]:
    """Two strangers who cite somebody else's number, and one earlier complainant whose new mail lies in junk."""
    post, found = desk.post, []
    for n in range(2):
        name, author = post.person(240 + n)
        cited = desk.acks[keys[n]].number
        text = f"Bonjour, je suis concerné moi aussi : la salle était fermée. Que faites-vous ?\n{name}\n"
        letter = post.write(name=name, author=author, subject=f"Re: [{cited}] même problème", text=text)
        found.append(_new(post, f"x{n:02d}", letter, author))
    author = desk.complaints[keys[23]].author
    text = "Bonjour,\nautre sujet : mon certificat porte une faute dans mon nom. Merci de le corriger.\n"
    letter = post.write(name=desk.name(keys[23]), author=author, subject="Certificat à corriger", text=text)
    return [*found, _new(post, "x02", letter, author, folder="Junk")]


def _new(post: Post, key: str, letter: EmailMessage, author: str, folder: str = "INBOX") -> Mail:
    inside = (("assignment", post.at("bo")),)
    return post.send(
        letter, key=key, verdict="complaint", author=author, outside=(author,), inside=inside, folder=folder
    )  # fmt: skip
