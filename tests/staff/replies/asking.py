"""Commands that ask the desk for something, or that undo the one before."""

from __future__ import annotations

from staff.replies.records import Case, Expect

CASES: tuple[Case, ...] = (
    Case(
        id="A37",
        why="the complaint's files are sent to whoever handles it",
        style="outlook-new",
        how="reply",
        answers="assignment",
        subject="{subject} #pièces",
        expect=Expect(verdict="staff-command", tag="pièces", stage="treatment", letters=(("files", "bo", "now"),)),
    ),
    Case(
        id="A38",
        why="my open files: no reference is needed for a question that is about no file",
        style="gmail-android",
        how="fresh",
        subject="#LISTE",
        expect=Expect(verdict="staff-command", tag="liste", stage="treatment", letters=(("list", "bo", "now"),)),
    ),
    Case(
        id="A39",
        why="the card, for a colleague who has no file at all",
        style="apple-mail",
        how="fresh",
        author="zoe",
        subject="#aide",
        expect=Expect(verdict="staff-command", tag="aide", stage="treatment", letters=(("card", "zoe", "now"),)),
    ),
    Case(
        id="A40",
        why="undone within the window: the reply that waited never leaves",
        stage="closing",
        style="outlook-android",
        how="fresh",
        proof="none",
        given=("closing-pending",),
        subject="[{number}-{code}] #annuler",
        expect=Expect(
            verdict="staff-command",
            tag="annuler",
            stage="treatment",
            letters=(("confirm", "bo", "now"),),
            pending="stopped",
        ),
    ),
)
