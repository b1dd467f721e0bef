"""The decisions: what each verdict sets off, and for whom (spec §2 to §4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from mailbot import rules
from mailbot.desk import Desk, Incoming, Number, Past, Reported
from mailbot.effects import Alarm, Attach, Bounced, Change, Due, Effect, Judge, Letter, Note, Open, Settle
from mailbot.message import Address, Attachment, DeliveryReport, Forwarded
from tests import cast

FROM_CARL = {"authentication": cast.passed("courriel.example")}
FROM_BO = {"from_": Address(name="Bo", addr=cast.BO), "authentication": cast.passed("ief.example")}
TRANSFER = Forwarded(
    sender=Address(name="Carl", addr=cast.CARL), subject="x", date_text="", text="Ma plainte", how="inline"
)


def decide(
    mail: dict[str, Any] | None = None, text: dict[str, Any] | None = None, desk: Desk | None = None, **settings: Any
) -> list[Effect]:
    return rules.on_message(
        cast.message(**(mail or {})), cast.said(**(text or {})), desk or cast.desk(), cast.config(**settings)
    )


def letters(effects: list[Effect], kind: str = "") -> list[Letter]:
    return [e for e in effects if isinstance(e, Letter) and kind in ("", e.kind)]


def opened(effects: list[Effect]) -> Open:
    return next(e for e in effects if isinstance(e, Open))


def judged(effects: list[Effect]) -> Judge:
    (one,) = (e for e in effects if isinstance(e, Judge))
    return one


def test_r1_6_a_complaint_is_numbered_acknowledged_and_handed_over() -> None:
    effects = decide(FROM_CARL)
    assert judged(effects).verdict == "complaint"
    assert judged(effects).number == opened(effects).number == "REC-2026-0001"
    assert [(x.kind, x.to) for x in letters(effects)] == [("ack", cast.CARL), ("assignment", cast.BO)]
    assert letters(effects, "ack")[0].due_on == date(2026, 12, 1)
    assert [d.kind for d in effects if isinstance(d, Due)] == ["ack-late"]


def test_the_provisional_date_runs_from_reception_until_an_ar_is_accepted() -> None:
    friday = cast.NOON - timedelta(days=3)
    effects = decide(desk=cast.desk(incoming=Incoming(id=7, folder="inbox", received_at=friday)))
    assert opened(effects).fields["due_on"] == date(2026, 11, 30)
    assert letters(effects, "ack")[0].due_on == date(2026, 12, 1)


def test_an_unauthenticated_sender_gets_the_short_form() -> None:
    assert letters(decide(), "ack")[0].facts["authenticated"] is False
    assert letters(decide(FROM_CARL), "ack")[0].facts["authenticated"] is True


REPLY_TO = (Address(name="Carl", addr="carl.ailleurs@courriel.example"),)


@pytest.mark.parametrize(
    ("why", "mail", "expected"),
    [
        ("the sender authenticates", {**FROM_CARL, "reply_to": REPLY_TO}, "carl.ailleurs@courriel.example"),
        ("nobody vouches for the sender", {"reply_to": REPLY_TO}, cast.CARL),
        (
            "a declared form",
            {"from_": Address(name="", addr="site@ief.example"), "reply_to": REPLY_TO},
            "carl.ailleurs@courriel.example",
        ),
        ("Reply-To is our own box", {**FROM_CARL, "reply_to": (Address(name="", addr=cast.BOX),)}, cast.CARL),
    ],
)
def test_the_ar_goes_to_reply_to_only_of_who_authenticates_or_of_a_declared_form(
    why: str, mail: dict[str, Any], expected: str
) -> None:
    effects = decide(mail, intake={"forms": ("site@ief.example",)})
    assert letters(effects, "ack")[0].to == expected


@pytest.mark.parametrize(
    "author", [None, Address(name="", addr="no-reply@ticket.example"), Address(name="", addr="jérôme@courriel.example")]
)
def test_r1_6_where_no_ar_can_leave_there_is_still_a_file_with_a_date_and_the_reason(author: Address | None) -> None:
    effects = decide({"from_": author, "strict_from": author is not None})
    assert not letters(effects, "ack")
    assert opened(effects).fields["ack_state"] == "none"
    assert opened(effects).fields["no_ack"]
    assert opened(effects).fields["due_on"] == date(2026, 12, 1)
    assert letters(effects, "assignment")[0].facts["no_ack"]


@pytest.mark.parametrize("verdict", ["auto-reply", "list", "own", "duplicate", "before-start", "spam-suspect"])
def test_what_no_person_wrote_and_what_is_suspect_is_answered_to_nobody(verdict: str) -> None:
    mail = {"auto-reply": {"automatic": ("x",)}, "list": {"listed": ("x",)}, "spam-suspect": {"spam": ("x",)}}.get(
        verdict, {}
    )
    known = {"own": {"own": True}, "duplicate": {"duplicate_of": 3}, "before-start": {"start": cast.NOON}}.get(
        verdict, {}
    )
    effects = decide(mail, desk=cast.desk(**known))
    assert judged(effects).verdict == verdict
    assert not letters(effects)
    assert not [e for e in effects if isinstance(e, Open)]
    assert judged(effects).decided is (verdict != "spam-suspect")


def test_r1_3_a_file_names_what_travels_and_what_does_not() -> None:
    def file(path: str, name: str, size: int, **more: Any) -> Attachment:
        return Attachment(
            path=path, name=name, content_type="application/pdf", size=size, sha256=path, evidence=True, **more
        )

    files = (
        file("1", "photo.jpg", 3_000_000),
        file("2", "facture.exe", 10, danger="programme"),
        file("3", "film.mp4", 9_000_000),
        file("4", "", 5),
        file("5", "x.pdf", 1, problem="chiffré"),
        replace(file("6", "image001.png", 10), evidence=False),
    )
    effects = decide({**FROM_CARL, "attachments": files})
    assignment = letters(effects, "assignment")[0]
    assert [p for _, p in assignment.attach] == ["1", "4"]
    assert [f["attached"] for f in assignment.facts["files"]] == [True, False, False, True, False]
    ack = letters(effects, "ack")[0]
    assert ack.facts["files"] == ["photo.jpg", "facture.exe", "film.mp4", "fichier sans nom (application/pdf)"]
    assert ack.facts["rejected"] == [{"name": "x.pdf", "problem": "chiffré"}]


def test_the_sixth_letter_of_an_hour_waits_and_leaves_with_the_others() -> None:
    sixth = decide(desk=cast.desk(letters_to_sender=5))
    assert not letters(sixth, "ack")
    gather, item = (e for e in sixth if isinstance(e, Due) and e.kind in ("group", "item"))
    assert gather.at == item.at == cast.NOON + timedelta(minutes=15)
    seventh = decide(desk=cast.desk(letters_to_sender=5, group_key=gather.key))
    assert [e.kind for e in seventh if isinstance(e, Due)] == ["item", "ack-late"]
    letter = rules.group([item.facts], cast.NOON + timedelta(minutes=15), cast.config())
    assert letter.keys == ("ack:REC-2026-0001:1",)
    assert letter.facts["items"][0]["due_on"] == "2026-12-01"


def test_a_gathering_is_named_after_what_it_gathers_so_that_an_essai_never_takes_its_name() -> None:
    essai = cast.desk(
        letters_to_sender=5, next_number=Number(series="essai", year=2026, rank=1, text="ESSAI-2026-0001")
    )
    keys = {
        e.key
        for d in (essai, cast.desk(letters_to_sender=5))
        for e in decide(desk=d)
        if isinstance(e, Due) and e.kind == "group"
    }
    assert len(keys) == 2


def test_r1_8_an_ar_that_slips_past_midnight_is_printed_again_with_its_own_date() -> None:
    ack = letters(decide(), "ack")[0]
    tomorrow = rules.reprint(ack, cast.NOON + timedelta(hours=12), cast.config())
    assert (ack.due_on, tomorrow.due_on) == (date(2026, 12, 1), date(2026, 12, 2))
    assert tomorrow.printed_on == date(2026, 11, 24)


def test_an_admin_is_warned_when_a_due_date_is_more_than_fifteen_days_away() -> None:
    closed = {"closures": ({"first": "2026-11-24", "last": "2026-12-04", "label": "inventaire"},)}
    (alarm,) = (e for e in decide(calendar=closed) if isinstance(e, Alarm))
    assert "calendar.closures" in alarm.text
    assert not [e for e in decide() if isinstance(e, Alarm)]


# -- who handles it ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "expected", "conflict"),
    [
        ((), cast.BO, False),
        ((cast.BO,), cast.ANN, False),
        ((cast.BO, cast.ANN), cast.DIR, False),
        ((cast.BO, cast.ANN, cast.DIR), cast.BO, True),
    ],
)
def test_who_is_named_in_a_complaint_does_not_handle_it(named: tuple[str, ...], expected: str, conflict: bool) -> None:
    effects = decide(text={"staff_named": named})
    assert opened(effects).fields["assignee"] == expected
    assert opened(effects).fields["conflict"] is conflict
    assert letters(effects, "assignment")[0].to == expected


def test_a_colleague_s_own_complaint_is_handled_by_someone_else() -> None:
    mail = cast.message(**FROM_BO)
    effects = rules.on_choice("complaint", mail, cast.said(), cast.desk(), cast.config(), who="Ann")
    assert opened(effects).fields["complainant_addr"] == cast.BO
    assert opened(effects).fields["assignee"] == cast.ANN


def test_r4_1_assignment_rules_are_read_in_order() -> None:
    settings = {"default": cast.BO, "rules": ({"to": cast.ANN, "words": ("Facture",)}, {"to": cast.DIR})}
    assert (
        opened(decide(text={"new_text": "ma facture est fausse"}, assignment=settings)).fields["assignee"] == cast.ANN
    )
    assert opened(decide(assignment=settings)).fields["assignee"] == cast.DIR


def test_the_referents_are_told_without_name_nor_text() -> None:
    effects = decide(text={"alerts": (("handicap", "fauteuil"),)}, referents={"disability": cast.DIR})
    told = letters(effects, "referent")[0]
    assert told.to == cast.DIR
    assert "Carl" not in str(told.facts)


@pytest.mark.parametrize(("family", "role"), [("handicap", "disability"), ("donnees", "data_protection")])
def test_a_referent_who_is_named_in_the_complaint_is_not_told_of_it(family: str, role: str) -> None:
    hint: dict[str, Any] = {"alerts": ((family, "mot"),)}
    assert [x.to for x in letters(decide(text=hint, referents={role: cast.DIR}), "referent")] == [cast.DIR]
    hint["staff_named"] = (cast.DIR,)
    assert letters(decide(text=hint, referents={role: cast.DIR}), "referent") == []


# -- what joins ----------------------------------------------------------------------------------------------------------


def test_r1_1_a_follow_up_gets_a_receipt_starts_no_clock_and_reaches_the_assignee() -> None:
    effects = decide(desk=cast.desk(threaded=cast.case(), threaded_to=cast.CARL))
    assert [(x.kind, x.to) for x in letters(effects)] == [("receipt", cast.CARL), ("followup-notice", cast.BO)]
    assert Attach(number="REC-2026-0042") in effects
    assert not [e for e in effects if isinstance(e, Open)]
    assert [set(e.fields) for e in effects if isinstance(e, Change)] == [{"amplified"}]  # « relance », no date moves


def test_a_follow_up_from_another_address_gets_none_and_staff_is_asked_once() -> None:
    mail = {"from_": Address(name="", addr="carl.bis@courriel.example")}
    first = decide(mail, desk=cast.desk(threaded=cast.case()))
    assert [x.kind for x in letters(first)] == ["followup-notice"]
    assert letters(first)[0].facts["asks_who"] is True
    (change,) = (e for e in first if isinstance(e, Change))
    again = decide(mail, desk=cast.desk(threaded=cast.case(asked_other_address=change.fields["asked_other_address"])))
    assert not [e for e in again if isinstance(e, Change)]
    assert [x.facts["asks_who"] for x in letters(again)] == [False]


def test_a_number_of_somebody_else_opens_a_new_file_and_discloses_nothing() -> None:
    mallory = {"from_": Address(name="Mallory", addr=cast.MALLORY), "subject": "Re: [REC-2026-0042]"}
    effects = decide(mail=mallory, text={"references": ("REC-2026-0042",)}, desk=cast.desk(cited=(cast.case(),)))
    assert judged(effects).number == "REC-2026-0001"
    assert opened(effects).fields["unverified_reference"] == "REC-2026-0042"
    ack = letters(effects, "ack")[0]
    assert "0042" not in str(ack.facts)
    assert "Carl" not in str(ack.facts)


def test_a_colleague_s_reply_to_a_notice_stays_inside_and_the_colleague_is_told() -> None:
    effects = decide(FROM_BO, desk=cast.desk(threaded=cast.case(), threaded_to=cast.BO))
    assert judged(effects).verdict == "staff-note"
    assert [(x.kind, x.to) for x in letters(effects)] == [("nothing-left", cast.BO)]


def test_a_direct_answer_is_recorded_and_nothing_is_sent_to_the_complainant() -> None:
    effects = decide(FROM_BO, desk=cast.desk(addressed=(cast.case(),)))
    assert judged(effects).verdict == "direct-answer"
    assert [(x.kind, x.to) for x in letters(effects)] == [("direct-answer", cast.BO)]


@pytest.mark.parametrize(
    ("stage", "told_before", "moves"),
    [
        ("acknowledged", None, {"stage": "treatment", "told_at": cast.NOON, "human_told_at": cast.NOON}),
        ("waiting", None, {"told_at": cast.NOON, "human_told_at": cast.NOON}),
        ("closing", None, {"told_at": cast.NOON, "human_told_at": cast.NOON}),  # the reply on its way stays on its way
        ("acknowledged", cast.NOON + timedelta(hours=1), {"stage": "treatment", "human_told_at": cast.NOON}),
    ],
)
def test_a_proven_direct_answer_counts_as_news(stage: str, told_before: datetime | None, moves: dict[str, Any]) -> None:
    case = cast.case(stage=stage, told_at=told_before)
    effects = decide(
        FROM_BO, desk=cast.desk(addressed=(case,), incoming=Incoming(id=7, folder="inbox", received_at=cast.NOON))
    )
    assert [e.fields for e in effects if isinstance(e, Change)] == [moves]


def test_a_follow_up_that_names_the_assignee_goes_to_somebody_else_before_the_text_is_shown() -> None:
    effects = decide(text={"staff_named": (cast.BO,), "sensitive": True}, desk=cast.desk(threaded=cast.case()))
    (change,) = (e for e in effects if isinstance(e, Change) and "amplified" not in e.fields)
    assert (change.fields["assignee"], change.fields["sensitive"]) == (cast.ANN, True)
    assert [x.to for x in letters(effects, "followup-notice")] == [cast.ANN]


def test_history_hides_the_subject_of_a_file_that_names_its_reader() -> None:
    past = Past(
        number="REC-2026-0002",
        received_on=cast.NOON.date(),
        subject="Comportement de Bo",
        stage="acknowledged",
        link="même personne",
        staff_named=(cast.BO,),
    )
    effects = decide(desk=cast.desk(history=(past,)))
    assert letters(effects, "assignment")[0].facts["history"][0]["subject"] == ""


def test_the_assignee_reads_what_was_forwarded_and_not_only_the_cover_note() -> None:
    effects = decide(FROM_BO | {"forwarded": TRANSFER}, {"new_text": "À traiter."})
    assert (
        letters(effects, "assignment")[0].facts["text"].split() == "À traiter. — message transmis — Ma plainte".split()
    )


def test_a_writer_behind_our_own_group_is_never_taken_for_authenticated() -> None:
    mail = {
        "from_": Address(name="Site", addr=cast.BOX),
        "reply_to": (Address(name="Victime", addr="victime@x.example"),),
        "authentication": cast.passed("ief.example"),
    }
    assert letters(decide(mail), "ack")[0].facts["authenticated"] is False


def test_a_receipt_does_not_repeat_a_date_that_is_past() -> None:
    old = cast.case(due_on=date(2026, 11, 2))
    receipt = letters(decide(desk=cast.desk(threaded=old)), "receipt")[0]
    assert receipt.facts["due_on"] is None


@pytest.mark.parametrize("kind", ["alarm", "recovered", "digest", "assignment"])
def test_a_letter_that_does_not_reach_a_colleague_causes_one_alarm_a_day_and_no_loop(kind: str) -> None:
    effects = rules.on_settled(
        kind=kind,
        name=f"{kind}:x",
        to_addr=cast.DAN,
        outcome="refused",
        answer="550 no",
        at=cast.NOON,
        facts={},
        cases=(),
        config=cast.config(),
    )
    assert [e.key for e in effects if isinstance(e, Alarm)] == [f"unreachable:{cast.DAN}"]


def test_alarms_never_hold_a_complainant_s_address_nor_a_server_s_words() -> None:
    for alarm in (e for e in settled("refused") if isinstance(e, Alarm)):
        assert cast.CARL not in alarm.text
        assert "550" not in alarm.text


# -- what waits ----------------------------------------------------------------------------------------------------------


def test_a_colleague_without_reference_is_asked_and_after_the_term_it_is_a_complaint() -> None:
    asked = decide(FROM_BO)
    assert judged(asked).verdict == "held"
    assert not judged(asked).decided
    assert [(x.kind, x.to) for x in letters(asked)] == [("staff-question", cast.BO)]
    (due,) = (e for e in asked if isinstance(e, Due))
    assert due.at == datetime(2026, 11, 24, 17, 0, tzinfo=cast.NOON.tzinfo)
    later = rules.on_undecided(cast.message(**FROM_BO), cast.said(), cast.desk(), cast.config())
    assert opened(later).fields["complainant_addr"] == cast.BO
    assert letters(later, "ack")


def test_an_unproven_forward_waits_for_the_quality_manager_and_then_is_a_file_without_ar() -> None:
    mail = {"from_": Address(name="Bo", addr=cast.BO), "forwarded": TRANSFER}
    asked = decide(mail)
    assert [(x.kind, x.to) for x in letters(asked)] == [("forward-question", cast.ANN)]
    later = rules.on_undecided(cast.message(**mail), cast.said(), cast.desk(), cast.config())
    assert not letters(later, "ack")
    assert [x.to for x in letters(later, "undecided")] == [cast.DIR]
    assert opened(later).fields["complainant_addr"] == cast.CARL
    assert opened(later).fields["ack_state"] == "none"


def test_a_proven_forward_is_the_original_sender_s_complaint() -> None:
    effects = decide(FROM_BO | {"forwarded": TRANSFER})
    assert letters(effects, "ack")[0].to == cast.CARL
    assert letters(effects, "ack")[0].facts["authenticated"] is False


def test_a_flood_is_held_alarmed_at_once_and_released_with_the_date_of_its_reception() -> None:
    held = decide(desk=cast.desk(from_sender=20))
    assert [e for e in held if isinstance(e, Alarm)]
    assert not letters(held)
    released = rules.on_undecided(
        cast.message(), cast.said(), cast.desk(now=cast.NOON + timedelta(days=1)), cast.config()
    )
    assert Settle(key="undecided:7") in released
    assert letters(released, "ack")[0].due_on == date(2026, 12, 1)
    assert letters(released, "ack")[0].facts["late"] is True


def test_released_when_the_date_from_reception_is_gone_it_runs_from_the_ar() -> None:
    late = rules.on_choice(
        "complaint",
        cast.message(),
        cast.said(),
        cast.desk(now=cast.NOON + timedelta(days=14)),
        cast.config(),
        who="Ann",
    )
    assert letters(late, "ack")[0].due_on == date(2026, 12, 15)


@pytest.mark.parametrize(
    ("verdict", "number", "choice"),
    [
        ("complaint", "REC-2026-0001", "ignore"),
        ("own", "", "complaint"),
        ("duplicate", "", "note"),
        ("held", "", "peut-être"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_and_changes_nothing(verdict: str, number: str, choice: str) -> None:
    incoming = Incoming(id=7, folder="inbox", received_at=cast.NOON, verdict=verdict, number=number)
    with pytest.raises(rules.Refused):
        rules.on_choice(choice, cast.message(), cast.said(), cast.desk(incoming=incoming), cast.config(), who="Ann")


@pytest.mark.parametrize(("choice", "verdict"), [("note", "staff-note"), ("ignore", "spam-suspect")])
def test_a_choice_ends_the_waiting_and_is_in_the_journal(choice: str, verdict: str) -> None:
    effects = rules.on_choice(choice, cast.message(), cast.said(), cast.desk(), cast.config(), who="Ann")
    assert judged(effects).verdict == verdict
    assert judged(effects).decided
    assert [e.actor for e in effects if isinstance(e, Note)] == ["Ann"]


# -- what can't be read --------------------------------------------------------------------------------------------------


def test_an_unreadable_mail_is_a_file_and_its_sender_is_acknowledged() -> None:
    desk = cast.desk(incoming=Incoming(id=7, folder="inbox", received_at=cast.NOON, unreadable="trop imbriqué"))
    effects = decide(FROM_CARL, desk=desk)
    assert judged(effects).verdict == "quarantined"
    assert [x.kind for x in letters(effects)] == ["ack", "assignment"]


def test_an_unreadable_copy_or_follow_up_is_judged_on_its_headers_like_any_mail() -> None:
    incoming = Incoming(id=7, folder="inbox", received_at=cast.NOON, unreadable="x")
    assert judged(decide(desk=cast.desk(incoming=incoming, duplicate_of=3))).verdict == "duplicate"
    assert judged(decide(desk=cast.desk(incoming=incoming, threaded=cast.case()))).verdict == "follow-up"
    assert judged(decide(desk=cast.desk(incoming=incoming, from_sender=20))).verdict == "held"


def test_a_held_follow_up_joins_its_file_when_it_is_released() -> None:
    desk = cast.desk(threaded=cast.case(), threaded_to=cast.CARL)
    released = rules.on_choice("complaint", cast.message(), cast.said(), desk, cast.config(), who="Ann")
    assert judged(released).verdict == "follow-up"
    assert not [e for e in released if isinstance(e, Open)]


def test_nobody_whom_a_forward_names_is_asked_about_it() -> None:
    mail = {"from_": Address(name="Bo", addr=cast.BO), "forwarded": TRANSFER}
    asked = decide(mail, {"staff_named": (cast.ANN,)})
    assert [x.to for x in letters(asked)] == [cast.DIR]


def test_a_machine_of_the_house_is_not_asked_what_its_mail_means() -> None:
    asked = decide({"from_": Address(name="", addr="no-reply@ief.example")})
    assert not judged(asked).decided
    assert not letters(asked)


def test_an_unreadable_mail_of_a_machine_is_kept_for_a_human_and_answered_to_nobody() -> None:
    desk = cast.desk(incoming=Incoming(id=7, folder="inbox", received_at=cast.NOON, unreadable="x"))
    effects = decide({"automatic": ("Auto-Submitted",)}, desk=desk)
    assert judged(effects).verdict == "quarantined"
    assert not judged(effects).decided
    assert not letters(effects)


# -- delivery ------------------------------------------------------------------------------------------------------------


def settled(outcome: str, **changes: Any) -> list[Effect]:
    at = changes.pop("at", cast.NOON)
    kind = changes.pop("kind", "ack")
    return rules.on_settled(
        kind=kind,
        name="ack:REC-2026-0042:1",
        to_addr=cast.CARL,
        outcome=outcome,
        answer="250 ok queued as ABC" if outcome == "sent" else "550 no such user",
        at=at,
        facts={"number": "REC-2026-0042", "due_on": "2026-12-01", "calendar": "c"} if kind == "ack" else {},
        cases=(cast.case(stage="received", ack_state="owed", provisional=True, **changes),),
        config=cast.config(),
    )


@pytest.mark.parametrize(("outcome", "state"), [("sent", "accepted"), ("uncertain", "uncertain")])
def test_r1_8_an_accepted_ar_starts_the_clock_with_the_date_it_printed(outcome: str, state: str) -> None:
    (change,) = (e for e in settled(outcome, received_at=cast.NOON) if isinstance(e, Change))
    assert change.fields["due_on"] == date(2026, 12, 1)
    assert change.fields["ack_state"] == state
    assert (change.fields["stage"], change.fields["provisional"]) == ("acknowledged", False)


@pytest.mark.parametrize(("minutes", "late"), [(60, False), (61, True)])
def test_r1_10_an_ar_later_than_an_hour_is_late_and_alarmed(minutes: int, late: bool) -> None:
    effects = settled("sent", received_at=cast.NOON - timedelta(minutes=minutes))
    assert bool([e for e in effects if isinstance(e, Alarm)]) is late


def test_a_second_copy_of_an_uncertain_ar_moves_no_date() -> None:
    case = cast.case(ack_state="uncertain")
    effects = rules.on_settled(
        kind="ack",
        name="x",
        to_addr=cast.CARL,
        outcome="sent",
        answer="250",
        at=cast.NOON,
        facts={"number": case.number, "due_on": "2026-12-01"},
        cases=(case,),
        config=cast.config(),
    )
    assert not [e for e in effects if isinstance(e, Change)]


@pytest.mark.parametrize("outcome", ["refused", "given_up"])
def test_a_refused_ar_keeps_the_date_and_sends_the_assignee_to_the_telephone(outcome: str) -> None:
    effects = settled(outcome)
    assert [(x.kind, x.to, x.facts["phone"]) for x in letters(effects)] == [("ack-bounced", cast.BO, "06 39 98 11 22")]
    assert [e for e in effects if isinstance(e, Alarm)]
    assert not [e for e in effects if isinstance(e, Change) and "due_on" in e.fields]


REPORT = DeliveryReport(
    recipient=cast.CARL, action="failed", status="5.1.1", diagnostic="unknown", original_id="<x@ief.example>"
)


@pytest.mark.parametrize(("status", "acts"), [("5.1.1", True), ("4.2.2", False)])
def test_only_a_permanent_bounce_of_our_letter_changes_anything(status: str, acts: bool) -> None:
    reported = Reported(
        letter_id=3,
        kind="ack",
        name="ack:REC-2026-0042:1",
        to_addr=cast.CARL,
        case=cast.case(),
        action="failed",
        status=status,
        diagnostic="unknown",
    )
    report = {"reports": (replace(REPORT, status=status),), "automatic": ("Content-Type: multipart/report",)}
    effects = decide(report, desk=cast.desk(reported=(reported,)))
    assert judged(effects).verdict == "bounce"
    assert bool([e for e in effects if isinstance(e, Bounced)]) is acts
    assert [x.kind for x in letters(effects)] == (["ack-bounced"] if acts else [])


def test_a_bounce_that_quotes_nothing_of_ours_is_recorded_and_no_more() -> None:
    effects = decide({"reports": (REPORT,), "automatic": ("Content-Type: multipart/report",)})
    assert [type(e) for e in effects] == [Judge]


# -- essai ---------------------------------------------------------------------------------------------------------------


def test_an_essai_file_is_carried_over_with_all_its_mails() -> None:
    essai = cast.case(number="ESSAI-2026-0003", series="essai")
    effects = rules.take_over(
        cast.message(), cast.said(), cast.desk(), cast.config(), essai=essai, inbound_ids=(7, 9), who="Dan"
    )
    assert opened(effects).number == "REC-2026-0001"
    assert Attach(number="REC-2026-0001", inbound_id=9) in effects
    assert letters(effects, "ack")[0].due_on == date(2026, 12, 1)
    (change,) = (e for e in effects if isinstance(e, Change))
    assert change.number == "ESSAI-2026-0003"
    assert change.fields["stage"] == "taken-over"
