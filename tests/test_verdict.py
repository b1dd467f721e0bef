"""Every mail gets exactly one verdict (spec §2): the order of the questions is the rule."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailbot.desk import Incoming, Reported
from mailbot.identity import author
from mailbot.message import Address, DeliveryReport, Forwarded
from mailbot.verdict import VERDICTS, Verdict, is_no_reply, judge, same_company
from tests import cast

OPEN = cast.case()
FAILED = DeliveryReport(
    recipient=cast.CARL, action="failed", status="5.1.1", diagnostic="unknown", original_id="<a@b.example>"
)
READ = DeliveryReport(recipient=cast.CARL, action="displayed", status="", diagnostic="", original_id="<a@b.example>")
BO = Address(name="Bo", addr=cast.BO)
PROVEN = {"from_": BO, "authentication": cast.passed("ief.example")}
OTHER = Forwarded(sender=Address(name="", addr=cast.OPALE), subject="x", date_text="", text="y", how="inline")
TRANSFER = Forwarded(sender=Address(name="Carl", addr=cast.CARL), subject="x", date_text="", text="y", how="inline")


def incoming(**changes: object) -> Incoming:
    fields = {"id": 7, "folder": "inbox", "received_at": cast.NOON} | changes
    return Incoming(**fields)  # type: ignore[arg-type]


CASES = [
    ("a person's first mail", {}, {}, {}, "complaint"),
    ("a letter of ours that came back to us", {}, {}, {"own": True}, "own"),
    ("received before the start", {}, {}, {"start": cast.NOON + timedelta(days=1)}, "before-start"),
    ("delivered twice", {}, {}, {"duplicate_of": 3}, "duplicate"),
    ("a delivery report", {"reports": (FAILED,), "automatic": ("Content-Type: multipart/report",)}, {}, {}, "bounce"),
    ("a person who attaches a delivery report", {"reports": (FAILED,)}, {}, {}, "complaint"),
    ("a subject that only sounds like a machine", {"automatic": ("Objet : Absence du bureau",)}, {}, {}, "complaint"),
    ("the same in answer to our letter", {"automatic": ("Objet : Absence",)}, {}, {"threaded": OPEN}, "auto-reply"),
    ("a big sender's Feedback-ID alone", {"listed": ("Feedback-Id: x",)}, {}, {}, "complaint"),
    ("the complainant through a bulk mailer", {"listed": ("Precedence: bulk",)}, {}, {"cited": (OPEN,)}, "follow-up"),
    ("a colleague spoofed in junk", {"from_": BO}, {}, {"incoming": incoming(folder="junk")}, "spam-suspect"),
    (
        "a colleague with two open files to answer",
        PROVEN,
        {},
        {"addressed": (OPEN, cast.case(number="REC-2026-0043"))},
        "direct-answer",
    ),
    (
        "our own answer in the sent folder of a public provider",
        {"from_": Address(name="", addr=cast.BOX)},
        {},
        {"addressed": (OPEN,), "incoming": incoming(folder="sent")},
        "direct-answer",
    ),
    (
        "somebody who was copied and replies to all",
        {"from_": Address(name="", addr=cast.OPALE)},
        {},
        {"same_thread": cast.case(party=(cast.OPALE,))},
        "follow-up",
    ),
    ("a forward that cites another's number", PROVEN | {"forwarded": OTHER}, {}, {"cited": (OPEN,)}, "complaint"),
    ("a forward of the file's own complainant", PROVEN | {"forwarded": TRANSFER}, {}, {"cited": (OPEN,)}, "staff-note"),
    ("a read receipt", {"reports": (READ,), "automatic": ("disposition-notification",)}, {}, {}, "auto-reply"),
    ("an out-of-office", {"automatic": ("Auto-Submitted: auto-replied",)}, {}, {}, "auto-reply"),
    ("an out-of-office on a file", {"automatic": ("x",)}, {}, {"threaded": OPEN}, "auto-reply"),
    (
        "a tap on the survey's button",
        {"subject": "[REC-2026-0042] avis"},
        {},
        {"cited": (cast.case(stage="closed"),)},
        "survey-answer",
    ),
    ("a mail that goes round and round", {"received_count": 101}, {}, {}, "quarantined"),
    ("the last relay that is believed", {"received_count": 100}, {}, {}, "complaint"),
    ("a newsletter", {"listed": ("List-Unsubscribe",)}, {}, {}, "list"),
    (
        "our own group's list headers",
        {"listed": ("List-Id",), "list_addresses": ("<reclamations.ief.example>",)},
        {},
        {},
        "complaint",
    ),
    ("a reply to our letter that a list passed on", {"listed": ("List-Id",)}, {}, {"threaded": OPEN}, "follow-up"),
    ("a reply to our letter", {}, {}, {"threaded": OPEN}, "follow-up"),
    ("the number of one's own file", {}, {}, {"cited": (OPEN,)}, "follow-up"),
    ("somebody else's number", {"from_": Address(name="", addr=cast.MALLORY)}, {}, {"cited": (OPEN,)}, "complaint"),
    (
        "somebody else's thread, quoted by id",
        {"from_": Address(name="", addr=cast.MALLORY)},
        {},
        {"same_thread": OPEN},
        "complaint",
    ),
    ("found in the junk folder", {}, {}, {"incoming": incoming(folder="junk")}, "spam-suspect"),
    (
        "an earlier complainant in the junk folder",
        {},
        {},
        {"incoming": incoming(folder="junk"), "earlier_complainant": True},
        "complaint",
    ),
    ("a follow-up in the junk folder", {}, {}, {"incoming": incoming(folder="junk"), "threaded": OPEN}, "follow-up"),
    ("marked as spam", {"spam": ("X-Spam-Flag: YES",)}, {}, {}, "spam-suspect"),
    ("cold prospecting", {}, {"new_text": "We offer SEO services and backlink packages"}, {}, "spam-suspect"),
    ("one sales word in a complaint", {}, {"new_text": "J'avais demandé un devis gratuit !"}, {}, "complaint"),
    ("a flood from one sender", {}, {}, {"from_sender": 20}, "held"),
    ("the twentieth mail of an hour", {}, {}, {"from_sender": 19}, "complaint"),
    ("a flood of follow-ups", {}, {}, {"threaded": OPEN, "from_sender": 20}, "held"),
    ("ten letters of ours to that address in a day", {}, {}, {"letters_in_a_day": 10}, "held"),
    ("a follow-up after ten letters in a day", {}, {}, {"threaded": OPEN, "letters_in_a_day": 10}, "held"),
    ("nine letters of ours to that address in a day", {}, {}, {"letters_in_a_day": 9}, "complaint"),
    ("a flood of unproven senders", {}, {}, {"unproven": 60}, "held"),
    (
        "a proven sender in that flood",
        {"authentication": cast.passed("courriel.example")},
        {},
        {"unproven": 60},
        "complaint",
    ),
    ("staff with a reference", PROVEN, {}, {"cited": (OPEN,)}, "staff-note"),
    ("staff answering a notice", PROVEN, {}, {"threaded": OPEN, "threaded_to": cast.BO}, "staff-note"),
    ("staff without a reference", PROVEN, {}, {}, "held"),
    ("staff who answers the complainant, box in copy", PROVEN, {}, {"addressed": (OPEN,)}, "direct-answer"),
    (
        "found in the sent folder",
        {"from_": BO},
        {},
        {"addressed": (OPEN,), "incoming": incoming(folder="sent")},
        "direct-answer",
    ),
    ("a forward of proven staff", PROVEN | {"forwarded": TRANSFER}, {}, {}, "complaint"),
    ("a forward that nobody vouches for", {"from_": BO, "forwarded": TRANSFER}, {}, {}, "held"),
    (
        "an unlisted colleague's forward",
        {
            "from_": Address(name="", addr="x@ief.example"),
            "forwarded": TRANSFER,
            "authentication": cast.passed("ief.example"),
        },
        {},
        {},
        "held",
    ),
    ("an unlisted colleague", {"from_": Address(name="", addr="x@ief.example")}, {}, {}, "held"),
    (
        "staff writing in their own complaint",
        PROVEN,
        {},
        {"cited": (cast.case(complainant_addr=cast.BO),)},
        "follow-up",
    ),
    ("nobody can be read as author", {"from_": None, "strict_from": False}, {}, {}, "complaint"),
]


def ruling(mail: dict, text: dict, known: dict) -> Verdict:  # type: ignore[type-arg]
    message, config = cast.message(**mail), cast.config()
    return judge(message, cast.said(**text), cast.desk(**known), author(message, config), config)


@pytest.mark.parametrize(("why", "mail", "text", "known", "expected"), CASES, ids=[c[0] for c in CASES])
def test_every_mail_gets_the_verdict_of_the_first_question_that_answers(
    why: str,
    mail: dict,
    text: dict,
    known: dict,
    expected: str,  # type: ignore[type-arg]
) -> None:
    verdict = ruling(mail, text, known)
    assert verdict.kind == expected
    assert verdict.kind in VERDICTS
    assert verdict.reason


def test_a_declared_form_is_a_person_although_its_machine_sends_it() -> None:
    mail = cast.message(
        from_=Address(name="Site", addr="no-reply@site.example"), automatic=("Auto-Submitted: auto-generated",)
    )
    config = cast.config(intake={"forms": ("no-reply@site.example",)})
    assert judge(mail, cast.said(), cast.desk(), author(mail, config), config).kind == "complaint"


def test_flood_limits_at_zero_are_off() -> None:
    mail, config = cast.message(), cast.config(intake={"flood": {"per_sender": 0, "unproven": 0, "letters": 0}})
    desk = cast.desk(from_sender=500, unproven=500, letters_in_a_day=500)
    assert judge(mail, cast.said(), desk, author(mail, config), config).kind == "complaint"


def test_a_reply_from_another_address_joins_but_is_not_the_registered_one() -> None:
    verdict = ruling({"from_": Address(name="", addr="carl.bis@courriel.example")}, {}, {"threaded": OPEN})
    assert verdict.kind == "follow-up"
    assert not verdict.from_registered


def test_a_bounce_is_tied_to_the_file_of_the_letter_it_quotes() -> None:
    reported = Reported(
        letter_id=1,
        kind="ack",
        name="ack:REC-2026-0042:1",
        to_addr=cast.CARL,
        case=OPEN,
        action="failed",
        status="5",
        diagnostic="",
    )
    assert ruling({"reports": (FAILED,)}, {}, {"reported": (reported,)}).case == OPEN


@pytest.mark.parametrize(
    "addr", ["no-reply@x.example", "noreply@x.example", "ne-pas-repondre@x.example", "DoNotReply@x.example"]
)
def test_addresses_that_nobody_reads_are_known(addr: str) -> None:
    assert is_no_reply(addr)
    assert not is_no_reply("carl@x.example")


def test_a_public_mail_provider_makes_no_colleagues() -> None:
    assert same_company("a@gmail.com", frozenset()) == ""
    assert same_company("a@mairie.example", frozenset()) == "mairie.example"
    assert same_company("a@mairie.example", frozenset({"mairie.example"})) == ""
