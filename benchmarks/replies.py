"""The quote cutter beside mail-parser-reply, quotequail, email-reply-parser and unquotemail, on labelled replies.

`.venv/bin/python benchmarks/replies.py [FOLDER…]` (default: every folder of tests/replies); the others need
`pip install --require-hashes -r benchmarks/requirements.txt` and are left out where they are missing.
exact: the same words, white space and marked signature aside · F1: of words · leaked: lines of the quoted mail that were taken for
the person's, in how many mails that quote a letter of the desk · unsure: how often the cutter says so.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from replies.measure import Reply, exact, f1, folders, leaked, ours, replies  # noqa: E402

from mailbot import message  # noqa: E402

Cutter = Callable[[Reply], str]


def mail_parser_reply() -> Cutter:
    from mailparser_reply import EmailReplyParser

    parser = EmailReplyParser(languages=["fr", "en", "de", "es", "it", "nl", "pl"])
    return lambda reply: parser.parse_reply(text=message.read(reply.raw).text) or ""


def quotequail() -> Cutter:
    import quotequail as library

    def cut(reply: Reply) -> str:
        text = message.read(reply.raw).text
        found = library.unwrap(text)
        return (found.get("text_top") or text) if found else text

    return cut


def email_reply_parser() -> Cutter:
    from email_reply_parser import EmailReplyParser

    return lambda reply: EmailReplyParser.parse_reply(message.read(reply.raw).text)


def unquotemail() -> Cutter:
    from unquotemail import Unquote

    def cut(reply: Reply) -> str:
        read = message.read(reply.raw)
        return Unquote(read.html or None, read.text).get_text() or ""

    return cut


OTHERS = (mail_parser_reply, quotequail, email_reply_parser, unquotemail)


def main() -> None:
    """One table a folder."""
    for folder in map(Path, sys.argv[1:]) if sys.argv[1:] else folders():
        labelled = list(replies(folder))
        noticed = sum(reply.quotes_notice for reply in labelled)
        print(f"\n{folder.name}: {len(labelled)} replies, {noticed} of them quote a letter of the desk")
        print(f"{'':20} {'exact':>12} {'French':>12} {'F1':>7} {'leaked':>14} {'ms':>7}")
        _line("mailbot", lambda reply: ours(reply).new_text, labelled)
        for other in OTHERS:
            with contextlib.suppress(ModuleNotFoundError):
                _line(other.__name__.replace("_", "-"), other(), labelled)
        read = {reply.name: ours(reply) for reply in labelled}
        unsure = [name for name, said in read.items() if not said.cut_sure]
        missed = [reply.name for reply in labelled if not exact(reply, read[reply.name].new_text)]
        surely = [name for name in missed if name not in unsure]
        print(f"mailbot says unsure {len(unsure)} times ({sum(r.unsure for r in labelled)} labelled so)")
        print(f"missed: {', '.join(missed) or 'none'}; of these it was sure of: {', '.join(surely) or 'none'}")


def _line(name: str, cut: Cutter, labelled: list[Reply]) -> None:
    start = time.process_time()
    cuts = {reply.name: _cut(cut, reply) for reply in labelled}
    spent = (time.process_time() - start) / len(labelled) * 1000
    good = [reply for reply in labelled if exact(reply, cuts[reply.name])]
    french = [reply for reply in labelled if reply.name.startswith("fr")]
    shares = [f1(reply, cuts[reply.name]) for reply in labelled]
    lost = [lines for reply in labelled if reply.quotes_notice and (lines := leaked(reply, cuts[reply.name]))]
    print(
        f"{name:20} {_share(len(good), len(labelled)):>12} {_share(sum(r in french for r in good), len(french)):>12}"
        f" {sum(shares) / len(shares):7.3f} {sum(map(len, lost)):4} in {len(lost):2} mails {spent:7.1f}"
    )


def _cut(cut: Cutter, reply: Reply) -> str:
    try:
        return cut(reply)
    except Exception as error:  # somebody else's parser on a mail it cannot read: nothing was cut
        print(f"  {reply.name}: {type(error).__name__}")
        return ""


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} {part / whole:.0%}" if whole else "-"


main()
