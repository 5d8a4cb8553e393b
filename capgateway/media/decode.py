"""The child process that decodes one picture: ``python -I -m capgateway.media.decode FORMAT < picture > answer``.

A decoder is the part of a gateway that strangers attack first. So it runs alone, with nothing to lose: it has read all that it
ever reads before it looks at a single byte, it can open neither file nor socket nor start a process, it has little memory and
little time, and the parent believes nothing that it says. What it gives back is one line of JSON and a plain JPEG.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

from PIL import Image, ImageCms, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin

if TYPE_CHECKING:
    from PIL.Image import Transpose

PLUGINS = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin)
"""Imported before anything is limited: later nothing can be. Telephones write MPO, a JPEG with another behind it."""
MEMORY_BYTES = 640 * 1024 * 1024
"""Of addresses. The largest picture takes 100 MB, and as much again where its colours are converted."""
CPU_SECONDS = 8
"""The largest picture takes about one."""
MOST_PIXELS = 25_000_000
"""What a good camera takes. Pillow only warns of more, and raises at twice as many."""
LONGEST_SIDE = 20_000
SHORTEST_SIDE = 8
"""What is smaller is not a picture of anybody: such files count readers."""
BOUND = 2048
"""The longest side of what is served: larger pictures are scaled down, none is scaled up or cropped."""
QUALITY = 88
ORIENTATION = 0x0112
TURNED: dict[object, Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What each orientation of EXIF asks for."""


class Refused(Exception):
    """The finding, and a sentence for operators."""

    def __init__(self, finding: str, trouble: str) -> None:
        self.finding, self.trouble = finding, trouble
        super().__init__(trouble)


def main() -> None:
    """Read, give everything up, decode, answer."""
    given = sys.stdin.buffer.read()
    warm_up()
    limit()
    try:
        content, width, height = decoded(given, sys.argv[1])
    except Refused as refused:
        answer(json.dumps({"finding": refused.finding, "trouble": refused.trouble}), b"")
    except Exception:  # noqa: BLE001  (whatever a picture does to its decoder, it is not shown)
        answer(json.dumps({"finding": "unsafe", "trouble": "it cannot be decoded"}), b"")
    else:
        answer(json.dumps({"width": width, "height": height}), content)


def warm_up() -> None:
    """Decode a picture of our own in each format: the library imports some of its parts when they are first used."""
    tiny = Image.new("RGB", (SHORTEST_SIDE, SHORTEST_SIDE))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for form in ("JPEG", "PNG", "WEBP"):
        made = io.BytesIO()
        tiny.save(made, form, icc_profile=profile, exif=tiny.getexif())
        decoded(made.getvalue(), form)


def answer(line: str, content: bytes) -> None:
    """What the parent reads."""
    sys.stdout.buffer.write(line.encode() + b"\n" + content)
    sys.stdout.buffer.flush()


def limit() -> None:
    """From here on this process computes, and nothing else. No core is written: it would contain the picture."""
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_AS: MEMORY_BYTES,
    }
    for what, most in limits.items():
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            if sys.platform == "linux":  # elsewhere some limits cannot be set; the parent's clock still counts
                raise
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def decoded(given: bytes, form: str) -> tuple[bytes, int, int]:
    """The picture as a plain JPEG, with its width and height. Raises :class:`Refused`, and what a decoder raises."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    picture: Image.Image
    try:
        picture = Image.open(io.BytesIO(given), formats=(form,))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Refused("size", f"it has more than {MOST_PIXELS:,} pixels") from None
    _check(picture)
    turn = TURNED.get(picture.getexif().get(ORIENTATION))
    profile = picture.info.get("icc_profile")
    picture.load()
    picture = _plain_mode(picture)
    picture.thumbnail((BOUND, BOUND), Image.Resampling.LANCZOS)
    if turn is not None:
        picture = picture.transpose(turn)
    clean = _on_white(_in_srgb(picture, profile))
    made = io.BytesIO()
    clean.save(made, "JPEG", quality=QUALITY)
    return made.getvalue(), clean.width, clean.height


def _check(picture: Image.Image) -> None:
    """What its header says, before anything is decoded."""
    if picture.width * picture.height > MOST_PIXELS or max(picture.size) > LONGEST_SIDE:
        raise Refused("size", f"it is {picture.width} × {picture.height} pixels large")
    if min(picture.size) < SHORTEST_SIDE:
        raise Refused("size", f"it is only {picture.width} × {picture.height} pixels large")
    if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
        raise Refused("unsafe", "it has more than one frame")


def _plain_mode(picture: Image.Image) -> Image.Image:
    """A mode that can be scaled without loss: no palette, no 16 bits."""
    if picture.mode.startswith("I"):  # 16 bits: Pillow would cut off what is above 255
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in {"P", "PA", "La", "RGBa", "LA"} or "transparency" in picture.info:
        return picture.convert("RGBA")
    return picture if picture.mode in {"L", "RGB", "RGBA", "CMYK"} else picture.convert("RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in RGB, its colours as its profile means them; where that cannot be used, as they are."""
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colours = picture.convert("RGB") if alpha else picture
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(colours, source, target, outputMode="RGB")
            colours = converted or colours
    colours = colours.convert("RGB")
    if alpha:
        colours.putalpha(alpha)
    return colours


def _on_white(picture: Image.Image) -> Image.Image:
    """A new picture: whatever came with the pixels stays behind."""
    clean = Image.new("RGB", picture.size, "white")
    clean.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    return clean


if __name__ == "__main__":
    main()
