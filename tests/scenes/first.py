"""The first delivery: 106 mails that quote none of our letters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

from scenes import reports, texts
from scenes.post import Attached, Mail, Post

HUMAN_HEADERS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("X-Mailer", "Microsoft Outlook 16.0"), ("Importance", "high")),
    (("User-Agent", "Mozilla Thunderbird"),),
    (("Auto-Submitted", "no"),),
    (("X-Spam-Flag", "NO"), ("X-Spam-Status", "No, score=-1.2")),
    (),
)
NAMES = ("Attestation.pdf", "capture d’écran 2026-11-18 à 10.22.31.png", "Facture n°26-07.pdf", "émargement.docx")
KINDS = ("application/pdf", "image/png", "application/pdf", "application/octet-stream")


def complaints(post: Post, count: int, start: int = 0) -> list[Mail]:
    """Complaints of as many people: French and English, three charsets, plain and HTML, with and without files."""
    return [_complaint(post, rank) for rank in range(start, start + count)]


def _files(post: Post, rank: int) -> list[Attached]:
    how_many = 2 if rank % 6 == 0 else 1 if rank % 3 == 0 else 0
    which = [(rank + n) % len(NAMES) for n in range(how_many)]
    return [(NAMES[w], KINDS[w], texts.paper(f"{post.salt}-{rank}-{w}", 1500 + 700 * w)) for w in which]


def _complaint(post: Post, rank: int) -> Mail:
    name, author = post.person(rank)
    files = _files(post, rank)
    subject, body = _words(rank)
    text, html = (body.format(n=name), "") if rank % 7 != 5 else ("", texts.HTML.format(n=name))
    letter = post.write(
        name="" if rank % 11 == 3 else name,
        author=author,
        subject=subject,
        text=text,
        html=html,
        charset=_charset(rank, text or html),
        files=files,
        extra=HUMAN_HEADERS[rank % len(HUMAN_HEADERS)],
        logo=rank % 10 == 4,
    )
    proof = "fail" if rank % 9 == 8 else "" if rank % 3 == 2 else "pass"
    return post.send(
        letter,
        key=f"c{rank:02d}",
        verdict="complaint",
        author=author,
        proof=proof,
        files=files,
        outside=(author,),
        inside=(("assignment", post.assignee(subject, text)),),
        private=() if proof == "pass" else (name.split()[-1], *(f[0] for f in files)),
    )


def _words(rank: int) -> tuple[str, str]:
    if rank % 5 == 4:
        return texts.ENGLISH[rank // 5 % len(texts.ENGLISH)]
    return texts.FRENCH[rank % len(texts.FRENCH)]


def _charset(rank: int, text: str) -> str:
    wanted = ("utf-8", "iso-8859-1", "windows-1252")[rank % 3]
    try:
        text.encode(wanted)
    except UnicodeEncodeError:
        return "utf-8"
    return wanted


def by_form(post: Post, key: str, rank: int) -> Mail:
    """A complaint through the organisation's own web form, declared in the configuration: the AR goes to Reply-To."""
    name, author = post.person(rank)
    first, _, last = name.partition(" ")
    text = f"Nom : {last}\nPrénom : {first}\nEmail : {author}\nVous êtes : Stagiaire\nMessage : Le stage de mars a été "
    text += "annulé la veille. Je voudrais être remboursé de mon train.\nConsentement : oui\n"
    letter = post.write(
        name="Site IEF",
        author=post.at("site"),
        subject="[Formulaire] Réclamation",
        text=text,
        extra=(("Reply-To", author), ("X-Mailer", "Formulaire 2.1")),
    )
    inside = (("assignment", post.at("bo")),)
    mail = post.send(
        letter, key=key, verdict="complaint", author=post.at("site"), outside=(author,), inside=inside
    )  # fmt: skip
    return replace(mail, author=author)


def by_group(post: Post, key: str, rank: int) -> Mail:
    """A complaint through our own group, which rewrote the From and added list headers: neither makes it a list."""
    name, author = post.person(rank)
    group = post.at("contact")
    letter = post.write(
        name=f"{name} via Contact",
        author=group,
        to=group,
        subject="Remboursement toujours pas reçu",
        text=f"Bonjour,\nvous m'aviez promis un remboursement en octobre, je n'ai rien reçu.\n{name}\n",
        extra=(
            ("X-Original-From", f"{texts.plain(name)} <{author}>"),
            ("Reply-To", author),
            ("Precedence", "list"),
            ("Mailing-list", f"list {group}; contact contact+owners@{post.house}"),
            ("List-ID", f"<contact.{post.house}>"),
            ("List-Post", f"<mailto:{group}>"),
            ("List-Unsubscribe", f"<mailto:contact+unsubscribe@{post.house}>"),
        ),
    )
    inside = (("assignment", post.at("bo")),)
    mail = post.send(letter, key=key, verdict="complaint", author=group, outside=(author,), inside=inside)
    return replace(mail, author=author)


def forwards(post: Post, ranks: range) -> list[Mail]:
    """A complaint that reached a colleague, who is proven and passes it on: the original sender is the complainant."""
    return [_forward(post, n, rank) for n, rank in enumerate(ranks)]


def _forward(post: Post, n: int, rank: int) -> Mail:
    name, author = post.person(rank)
    subject = f"Mes heures du {n + 3} octobre"
    body = f"Bonjour,\nmes heures du {n + 3} octobre n'ont jamais été validées. Je demande la correction.\n{name}\n"
    home = post.at("accueil")
    shapes = (
        f"Pour enregistrement. Bo\n\nDe : {name} <{author}>\nEnvoyé : vendredi 20 novembre 2026 17:12\n"
        f"À : Accueil IEF <{home}>\nObjet : {subject}\n\n{body}",
        f"---------- Forwarded message ---------\nDe : {name} <{author}>\nDate: ven. 20 nov. 2026 à 17:12\n"
        f"Subject: {subject}\nTo: <{home}>\n\n\n{body}",
        f"-------- Message transféré --------\nSujet : {subject}\nDate : Fri, 20 Nov 2026 17:12:00 +0100\n"
        f"De : {name} <{author}>\nPour : {home}\n\n{body}",
        f"À traiter, merci.\n\nDébut du message transféré :\n\nDe: {name} <{author}>\nObjet: {subject}\n"
        f"Date: 20 novembre 2026 à 17:12:00 UTC+1\nÀ: {home}\n\n{body}",
    )
    nested: EmailMessage | None = None
    files: list[Attached] = []
    if n >= len(shapes):
        files = [("planning.pdf", "application/pdf", texts.paper(f"{post.salt}-nested-{n}"))]
        nested = post.write(name=name, author=author, to=home, subject=subject, text=body, files=files)
    text = shapes[n] if n < len(shapes) else "Je vous transmets le message ci-joint.\n"
    prefix = ("TR : ", "Fwd: ", "Tr: ", "Fwd: ", "TR: ")[n % 5]
    letter = post.write(name="Bo Lefort", author=post.at("bo"), subject=prefix + subject, text=text, nested=nested)
    inside = (("assignment", post.at("bo")),)
    mail = post.send(
        letter,
        key=f"t{n:02d}",
        verdict="complaint",
        author=post.at("bo"),
        outside=(author,),
        inside=inside,
        files=files,
    )
    return replace(mail, author=author, nested=nested is not None)


def newsletters(post: Post, ranks: range) -> list[Mail]:
    """Lists and bulk mail."""
    return [_newsletter(post, n) for n in ranks]


def _newsletter(post: Post, n: int) -> Mail:
    subject, text = texts.NEWSLETTERS[n % len(texts.NEWSLETTERS)]
    author = f"lettre{n}@{post.salt}.salon-formation.example"
    domain = author.partition("@")[2]
    marks = (
        (("List-Id", f"La lettre <lettre{n}.{domain}>"), ("Precedence", "list")),
        (("List-Unsubscribe", f"<https://{domain}/d/{n}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")),
        (("List-Id", f"<l{n}.{domain}>"), ("List-Unsubscribe", f"<mailto:non@{domain}>"), ("Precedence", "bulk")),
        (("List-Post", f"<mailto:pedagogie@{domain}>"), ("List-Id", f"<pedagogie.{domain}>")),
    )
    letter = post.write(
        name="La rédaction",
        author=author,
        subject=f"{subject} ({n})",
        text=text,
        html=f"<p>{text}</p>" if n % 2 else "",
        extra=marks[n % len(marks)],
    )
    return post.send(letter, key=f"l{n:02d}", verdict="list", author=author)


def unwanted(post: Post, count: int) -> list[Mail]:
    """Marked by the provider, laid in the junk folder by it, or selling something to strangers."""
    return [_unwanted(post, n) for n in range(count)]


def _unwanted(post: Post, n: int) -> Mail:
    author = f"promo{n}@{post.salt}.boost.example"
    seller = n % 5 in (3, 4)
    subject, text = texts.SELLERS[n % len(texts.SELLERS)] if seller else ("Gagnez du temps !", "Cliquez ici.\n")
    letter = post.write(name="Offres", author=author, subject=f"{subject}", text=f"{text}\nlot {n}\n")
    marks = ("X-Spam-Flag: YES\r\n", "X-Spam-Status: Yes, score=14.2 required=5.0\r\nX-Spam-Level: **************\r\n")
    return post.send(
        letter,
        key=f"s{n:02d}",
        verdict="spam-suspect",
        author=author,
        proof="pass" if seller else "",
        above=marks[n % 5] if n % 5 < 2 else "",
        folder="Junk" if n % 5 == 2 else "INBOX",
    )


def colleagues(post: Post) -> list[Mail]:
    """Mail from inside without a reference: three buttons go back; a forward that nobody vouches for waits for Ann."""
    bo, home = post.at("bo"), post.at("accueil")
    first = post.write(name="Bo Lefort", author=bo, subject="Point sur les salles", text="Faut-il changer de salle ?\n")
    second = post.write(name="Accueil", author=home, subject="Casiers", text="Les casiers du 2e sont cassés.\n")
    name, author = post.person(290)
    text = f"Pour vous.\n\nDe : {name} <{author}>\nEnvoyé : vendredi 20 novembre 2026 17:12\nÀ : Accueil <{home}>\n"
    third = post.write(
        name="Accueil",
        author=home,
        subject="TR: Colis perdu",
        text=f"{text}Objet : Colis perdu\n\nOù est mon manuel ?\n",
    )
    return [
        post.send(first, key="h00", verdict="held", author=bo, inside=(("staff-question", bo),)),
        post.send(second, key="h01", verdict="held", author=home, inside=(("staff-question", home),)),
        post.send(
            third, key="h02", verdict="held", author=home, proof="", inside=(("forward-question", post.at("ann")),)
        ),
    ]


def old(post: Post, count: int) -> list[Mail]:
    """Received before the desk was opened: answered to nobody."""
    found = []
    for n in range(count):
        name, author = post.person(280 + n)
        letter = post.write(
            name=name, author=author, subject="Ma demande de la semaine dernière", text=f"Alors ?\n{name}\n"
        )
        age = timedelta(days=3 + n)
        found.append(post.send(letter, key=f"p{n:02d}", verdict="before-start", author=author, age=age))
    return found


def absences(post: Post, count: int) -> list[Mail]:
    """Automatic mail about no letter of ours."""
    found = []
    for n in range(count):
        name, author = post.person(260 + n)
        found.append(
            reports.absence(post, n + 2, key=f"a{n:02d}", name=name, author=author, subject="Votre catalogue 2027")
        )
    return found


def strangers_reports(post: Post, count: int) -> list[Mail]:
    """Reports about letters that are not ours."""
    about = reports.About(recipient="x@ailleurs.example", message_id="<autre@ailleurs.example>", subject="Bonjour")
    return [reports.report(post, n, about, key=f"b{n:02d}") for n in range(count)]


def twice(post: Post, mails: list[Mail], letter: str) -> list[Mail]:
    return [post.again(mail, f"{letter}{n:02d}") for n, mail in enumerate(mails)]


def first_delivery(post: Post) -> list[Mail]:
    """106 mails, in the order of their arrival."""
    people = complaints(post, 33)
    forms = [by_form(post, f"f{n:02d}", 40 + n) for n in range(2)]
    groups = [by_group(post, f"g{n:02d}", 44 + n) for n in range(2)]
    told = [*people, *forms, *groups, *forwards(post, range(50, 55))]
    noise = [*newsletters(post, range(16)), *absences(post, 5), *strangers_reports(post, 2), *unwanted(post, 20)]
    shuffled = _interleaved([*told, *colleagues(post)], noise)
    return [*old(post, 4), *shuffled, *twice(post, people[:14], "d")]


def _interleaved(some: list[Mail], others: list[Mail]) -> list[Mail]:
    """Two deliveries mixed, each in its own order."""
    ranked = [(n / len(some), 0, m) for n, m in enumerate(some)] + [
        (n / len(others), 1, m) for n, m in enumerate(others)
    ]
    return [mail for _, _, mail in sorted(ranked, key=lambda item: item[:2])]
