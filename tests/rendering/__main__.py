"""`make letters`: draws and checks every letter; pictures and a contact sheet go to letters-out/."""

from __future__ import annotations

import sys
from pathlib import Path

from rendering import browser, checks, pictures, reading_ease
from rendering.fates import every, outsiders

OUT = Path("..") / "letters-out"


class Tally:
    """What passed, and what did not, said as it comes."""

    def __init__(self) -> None:
        self.passed = self.failed = 0

    def add(self, what: str, faults: list[str]) -> None:
        if faults:
            self.failed += 1
            print(f"FAILED {what}: {' | '.join(faults)}", flush=True)
        else:
            self.passed += 1


def main(arguments: list[str]) -> int:
    if not browser.chromium():
        print("Il manque chromium : sudo apt-get install -y chromium fonts-liberation libatomic1", file=sys.stderr)
        return 1
    approving = "--approve" in arguments
    wanted = [a for a in arguments if not a.startswith("-")]
    fates = [fate for fate in every() if not wanted or any(fate.name.startswith(w) for w in wanted)]
    OUT.mkdir(exist_ok=True)
    pictures.APPROVED.mkdir(exist_ok=True)
    tally, shots = Tally(), []
    with browser.window() as window:
        for fate in fates:
            tally.add(f"{fate.name} on paper", checks.on_paper(fate))
            for what, faults in (*checks.drawn(fate, window), *checks.stripped(fate, window)):
                tally.add(what, faults)
            for name, shot in checks.shots(fate, window) if fate.plain else ():
                (OUT / f"{name}.png").write_bytes(shot)
                shots.append((name, shot))
                if approving:
                    pictures.approve(name, shot)
                tally.add(f"{name} as approved", checks.against_approved(name, shot))
    pictures.sheet(shots, OUT / "contact-sheet.png")
    for fate in outsiders() if not wanted else ():
        told = reading_ease.measured(fate)
        print(told)
        tally.add(f"{fate.name} is easy to read", told.faults)
    print(f"letters-out/contact-sheet.png: {len(shots)} letters")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
