"""Pictures of letters: small grey ones that were approved, a tolerant comparison, and one sheet of all for the eye."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

APPROVED = Path(__file__).parent / "approved"
WIDTH = 72  # pixels of an approved picture
TALLEST = 1200
DIFFERENCE = 6.0  # mean difference in 255 after blurring: fonts differ a little between machines, layouts do not
STRETCH = 0.06  # of the height
COLUMNS, CELL = 6, 240


def small(shot: bytes) -> Image.Image:
    """The approved form of a screenshot: grey, 72 pixels wide."""
    image = Image.open(io.BytesIO(shot)).convert("L")
    height = min(TALLEST, max(1, round(image.height * WIDTH / image.width)))
    return image.resize((WIDTH, height), Image.Resampling.BOX)


def approve(name: str, shot: bytes) -> None:
    small(shot).quantize(16).save(APPROVED / f"{name}.png", optimize=True)


def differs(name: str, shot: bytes) -> str:
    """How a screenshot differs from the approved picture; "" when it does not."""
    file = APPROVED / f"{name}.png"
    if not file.is_file():
        return "nothing approved: make letters ARGS=--approve"
    approved, seen = Image.open(file).convert("L"), small(shot)
    if abs(approved.height - seen.height) > max(2, STRETCH * approved.height):
        return f"{seen.height} high, approved {approved.height}"
    seen = seen.resize(approved.size)
    blurred = [image.filter(ImageFilter.GaussianBlur(2)) for image in (approved, seen)]
    difference = ImageStat.Stat(ImageChops.difference(*blurred)).mean[0]
    return f"differs by {difference:.1f}" if difference > DIFFERENCE else ""


def sheet(shots: list[tuple[str, bytes]], file: Path) -> None:
    """All of them side by side, their names above."""
    images = [(name, Image.open(io.BytesIO(shot)).convert("RGB")) for name, shot in shots]
    reduced = [(name, image.resize((CELL, round(image.height * CELL / image.width)))) for name, image in images]
    rows = [reduced[n : n + COLUMNS] for n in range(0, len(reduced), COLUMNS)]
    heights = [max(image.height for _, image in row) + 24 for row in rows]
    whole = Image.new("RGB", (COLUMNS * (CELL + 10), sum(heights)), "#999999")
    pen, top = ImageDraw.Draw(whole), 0
    for row, height in zip(rows, heights, strict=True):
        for n, (name, image) in enumerate(row):
            pen.text((n * (CELL + 10) + 4, top + 4), name, fill="black")
            whole.paste(image, (n * (CELL + 10), top + 20))
        top += height
    whole.save(file, optimize=True)
