"""A fuzzer that looks at which branches it reached: python tests/fuzz/run.py TARGET [-max_total_time=180 …]

Needs atheris: pip install --require-hashes -r tests/fuzz/requirements.txt. Options are libFuzzer's; a crash leaves a file
`crash-…` here; `python tests/fuzz/run.py TARGET crash-…` plays it again. Ends with 0 when nothing crashed.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path

import atheris

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
warnings.simplefilter("ignore")

with atheris.instrument_imports(include=["mailbot"]):
    from fuzz.targets import TARGETS
    from fuzz.words import WORDS


def main() -> None:
    """Fuzzes one target, starting from its words."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: run.py {'|'.join(TARGETS)} [libFuzzer options]")
    name = sys.argv.pop(1)
    with tempfile.NamedTemporaryFile("w", suffix=".dict") as dictionary:
        for rank, word in enumerate(WORDS[name]):
            escaped = "".join(f"\\x{octet:02x}" for octet in word)
            dictionary.write(f'w{rank}="{escaped}"\n')
        dictionary.flush()
        atheris.Setup([*sys.argv, f"-dict={dictionary.name}", "-timeout=20"], TARGETS[name])
        atheris.Fuzz()


main()
