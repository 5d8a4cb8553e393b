"""A picture for the story, drawn in code: a figure made of two shapes, who is nobody."""

from __future__ import annotations

import io

NAME = "photo.jpg"
SIZE = (480, 600)
DESCRIPTION = "Photo of the missing child"


def draw() -> bytes:
    """The picture as a JPEG file."""
    from PIL import Image, ImageDraw  # noqa: PLC0415  (only who plays the story needs it)

    picture = Image.new("RGB", SIZE, "#d7e3ec")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((60, 360, 420, 840), fill="#3c6e91")
    pen.ellipse((140, 110, 340, 350), fill="#e0b48f")
    pen.rectangle((0, 0, SIZE[0] - 1, SIZE[1] - 1), outline="#3c6e91", width=6)
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=90)
    return made.getvalue()
