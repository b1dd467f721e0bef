"""Commands of proven colleagues that must not be obeyed: no right, no text, no sense, too late; each is told why."""

from __future__ import annotations

from staff.replies import texts
from staff.replies.records import Case, Expect

NO = Expect(verdict="staff-command", stage="treatment", letters=(("refusal", "bo", "now"),))
SHOWN = Expect(verdict="staff-command", stage="treatment", letters=(("fence", "bo", "now"),))


def nearest(tag: str) -> Expect:
    """Refused, with the tag that the author may have meant."""
    return Expect(
        verdict="staff-command", stage="treatment", fields={"nearest": tag}, letters=(("refusal", "bo", "now"),)
    )


CASES: tuple[Case, ...] = (
    Case(
        id="N28",
        why="two tags in the subject",
        style="outlook-classic",
        how="reply",
        answers="assignment",
        subject="{subject} #résolu #partielle",
        body=texts.HALF,
        expect=NO,
    ),
    Case(
        id="N29",
        why="a letter too many: the nearest tag is proposed, none is guessed",
        style="gmail-android",
        how="reply",
        answers="assignment",
        subject="{subject} #resoluu",
        body=texts.PLACE,
        expect=nearest("résolu"),
    ),
    Case(
        id="N30",
        why="two tags, one of them harmless, do not make the other one sure",
        style="thunderbird-flowed",
        how="fresh",
        subject="[{number}] #note #résolu",
        body=texts.PLACE,
        expect=NO,
    ),
    Case(
        id="N31",
        why="a colleague may note and take on files of others, not answer",
        style="gmail-web",
        how="fresh",
        author="zoe",
        subject="[{number}] #résolu",
        body=texts.PLACE,
        expect=Expect(verdict="staff-command", stage="treatment", letters=(("refusal", "zoe", "now"),)),
    ),
    Case(
        id="N32",
        why="the admin may touch the machine only",
        style="thunderbird-plain",
        how="fresh",
        author="dan",
        subject="[{number}] #infondée",
        body=texts.REFUSED,
        expect=Expect(verdict="staff-command", stage="treatment", letters=(("refusal", "dan", "now"),)),
    ),
    Case(
        id="N33",
        why="an argued reply without a word of it",
        style="outlook-new",
        how="fresh",
        proof="none",
        subject="[{number}-{code}] #résolu",
        expect=NO,
    ),
    Case(
        id="N34",
        why="a commitment whose reason is missing",
        style="outlook-ios",
        how="reply",
        answers="chase",
        subject="{subject} #butoir 15/12/2026",
        expect=NO,
    ),
    Case(
        id="N35",
        why="too short to be an argued reply: under 200 characters, the client's card included",
        style="zimbra",
        how="reply",
        answers="assignment",
        subject="{subject} #résolu",
        body="Bonjour,\n\nC’est réglé, le virement est parti ce matin.\n\nBo",
        expect=NO,
    ),
    Case(
        id="N36",
        why="a commitment in the past",
        style="outlook-classic",
        how="reply",
        answers="chase",
        subject="{subject} #butoir 20/11/2026",
        body=texts.WHY_LATER,
        expect=NO,
    ),
    Case(
        id="N37",
        why="a commitment farther than 30 days",
        style="gmail-web",
        how="reply",
        answers="chase",
        subject="{subject} #butoir 15/01/2027",
        body=texts.WHY_LATER,
        expect=NO,
    ),
    Case(
        id="N38",
        why="closed already: nothing is closed twice, the complainant gets no second answer",
        stage="closed",
        style="apple-mail",
        how="reply",
        answers="assignment",
        given=("closed-friday",),
        subject="{subject} #résolu",
        body=texts.TRAINER,
        expect=Expect(verdict="staff-command", stage="closed", letters=(("refusal", "bo", "now"),)),
    ),
    Case(
        id="N39",
        why="undone too late: « trop tard », and the way to reopen",
        stage="closed",
        style="ios-mail",
        how="fresh",
        proof="none",
        given=("closed-friday",),
        subject="[{number}-{code}] #annuler",
        expect=Expect(
            verdict="staff-command",
            stage="closed",
            fields={"nearest": "rouvrir"},
            letters=(("refusal", "bo", "now"),),
        ),
    ),
    Case(
        id="N40",
        why="answered under the quotation, as Thunderbird does by itself: the cut is unsure, the text is shown first",
        style="thunderbird-below",
        how="reply",
        answers="assignment",
        subject="{subject} #réponse",
        body=texts.NEWS,
        expect=SHOWN,
    ),
)
