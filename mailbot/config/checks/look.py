"""What letters look like: a colour that can be read, a small picture that mail programs show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mailbot.colours import COLOUR, READABLE, WHITE, contrast
from mailbot.config.checks.registry import reads
from mailbot.config.lines import Key
from mailbot.config.mistakes import Finding
from mailbot.config.records import Config

MOST_BYTES, MOST_PIXELS = 40_000, 1000  # of a logo, which travels in every letter to a complainant
_ACCENT: Key = ("texts", "accent")
_LOGO: Key = ("texts", "logo")
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # JPEG frame headers: the segments that hold height and width


@reads()
def _accent(c: Config) -> Iterator[Finding]:
    accent = c.texts.accent
    if not COLOUR.fullmatch(accent):
        yield Finding(_ACCENT, f"« {accent} » n’est pas une couleur", 'Écrivez # et six chiffres, comme "#1f4e8c"')
    elif (found := contrast(accent, WHITE)) < READABLE:
        told = f"{found:.1f}".replace(".", ",")
        yield Finding(
            _ACCENT,
            f"cette couleur se lit mal sur du blanc (contraste {told}, il en faut 4,5)",
            "Choisissez-la plus foncée",
        )


@reads()
def _logo(c: Config) -> Iterator[Finding]:
    if c.texts.logo is None:
        return
    wrong = fault(c.texts.logo)
    if wrong:
        yield Finding(_LOGO, *wrong)


def fault(file: Path) -> tuple[str, str] | None:
    """What is wrong with a logo, and how to mend it."""
    if not file.is_file():
        return f"{file} n’existe pas", "Corrigez le chemin, ou retirez la clé"
    try:
        octets = file.read_bytes() if file.stat().st_size <= MOST_BYTES else None
    except OSError as error:
        return f"{file} ne se lit pas ({error.strerror})", "Vérifiez le chemin et les droits"
    if octets is None:
        return f"{file} dépasse {MOST_BYTES // 1000} ko", "Réduisez l’image : elle part dans chaque lettre"
    size = pixels(octets)
    if size is None:
        return f"{file} n’est ni une image PNG ni une image JPEG entière", "Enregistrez-la en PNG ou en JPEG"
    if not (0 < size[0] <= MOST_PIXELS and 0 < size[1] <= MOST_PIXELS):
        return f"{file} mesure {size[0]} × {size[1]} pixels", f"Réduisez-la à {MOST_PIXELS} pixels de côté au plus"
    return None


def pixels(octets: bytes) -> tuple[int, int] | None:
    """Width and height of a whole PNG or JPEG picture; None for anything else."""
    if octets.startswith(_PNG) and octets[12:16] == b"IHDR" and octets[-8:-4] == b"IEND":
        return int.from_bytes(octets[16:20], "big"), int.from_bytes(octets[20:24], "big")
    if octets.startswith(_JPEG) and octets.rstrip(b"\x00").endswith(b"\xff\xd9"):
        return _jpeg_pixels(octets)
    return None


def _jpeg_pixels(octets: bytes) -> tuple[int, int] | None:
    """Walks the segments to the frame header (ITU T.81, B.2.2)."""
    place = 2
    while place + 9 <= len(octets) and octets[place] == 0xFF:
        if octets[place + 1] in _SIZES:
            return int.from_bytes(octets[place + 7 : place + 9], "big"), int.from_bytes(
                octets[place + 5 : place + 7], "big"
            )
        place += 2 + int.from_bytes(octets[place + 2 : place + 4], "big")
    return None
