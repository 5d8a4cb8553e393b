"""The child that decodes: what comes out is a plain JPEG, and nothing that goes in does any harm."""

from __future__ import annotations

import io
import logging
import os
import random
import struct
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_samples import drawn, opened, saved
from PIL import Image, ImageCms, ImageDraw

from capgateway.media import child, decode
from capgateway.media.jpeg import format_of, is_plain, told
from capgateway.store.pictures import Failed, Made

LONG = 40.0


async def made(content: bytes) -> Image.Image:
    """What the child makes of a good picture."""
    found = await child.decode(content)
    assert isinstance(found, Made), found
    assert is_plain(found.content, found.width, found.height)
    return opened(found.content)


async def refused(content: bytes) -> str:
    """The finding of a bad one."""
    found = await child.decode(content)
    assert isinstance(found, Failed), found
    assert not found.is_for_now
    return found.finding


def colour(picture: Image.Image, x: float, y: float) -> str:
    """The colour at a place of a picture, from 0 to 1 either way."""
    pixel = picture.getpixel((int(x * (picture.width - 1)), int(y * (picture.height - 1))))
    assert isinstance(pixel, tuple)
    names = {
        "red": (255, 0, 0),
        "blue": (0, 0, 255),
        "white": (255, 255, 255),
        "black": (0, 0, 0),
        "gray": (128, 128, 128),
    }
    return min(names, key=lambda name: sum(abs(one - other) for one, other in zip(names[name], pixel, strict=True)))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_three_formats_become_one(form: str) -> None:
    """JPEG, PNG and WEBP become a JPEG of the same size and colours."""
    picture = await made(drawn(form))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (120, 150))
    assert (colour(picture, 0.5, 0.1), colour(picture, 0.5, 0.9)) == ("red", "blue")


@pytest.mark.parametrize("turned", range(1, 9))
async def test_pictures_are_turned_upright(turned: int) -> None:
    """Whatever orientation EXIF gives, the red half comes out where it belongs, and EXIF with its place is gone."""
    exif = Image.Exif()
    exif[decode.ORIENTATION] = turned
    exif.get_ifd(0x8825)[2] = (32.0, 46.0, 40.0)
    upside = {
        1: (0.5, 0.1),
        2: (0.5, 0.1),
        3: (0.5, 0.9),
        4: (0.5, 0.9),
        5: (0.1, 0.5),
        6: (0.9, 0.5),
        7: (0.9, 0.5),
        8: (0.1, 0.5),
    }
    picture = await made(drawn(exif=exif))
    assert picture.size == ((120, 150) if turned < 5 else (150, 120))
    assert colour(picture, *upside[turned]) == "red"
    assert dict(picture.getexif()) == {}
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}


async def test_nothing_of_the_file_but_its_pixels_is_kept() -> None:
    """Comments, texts, profiles, XMP and what is behind the end are gone."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    hidden = (
        drawn(comment=b"Ada Testchild", icc_profile=profile, xmp=b"<x>Ada Testchild</x>")
        + b"<script>Ada Testchild</script>"
    )
    found = await child.decode(hidden)
    assert isinstance(found, Made)
    assert b"Ada" not in found.content
    assert b"ICC_PROFILE" not in found.content


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("CMYK", "JPEG"),
        ("L", "JPEG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("1", "PNG"),
        ("RGBA", "PNG"),
        ("RGBA", "WEBP"),
    ],
)
async def test_every_mode_becomes_rgb(mode: str, form: str) -> None:
    """CMYK, grey, palette, black and white, and transparent pictures come out in RGB, the upper half unlike the lower."""
    picture = await made(drawn(form, mode=mode))
    assert (picture.mode, picture.size) == ("RGB", (120, 150))
    assert picture.getpixel((60, 10)) != picture.getpixel((60, 140))


async def test_sixteen_bits_are_scaled_not_cut() -> None:
    """Half of 65,535 is grey, not white."""
    assert colour(await made(saved(Image.new("I;16", (40, 40), 32_768), "PNG")), 0.5, 0.5) == "gray"


async def test_what_is_transparent_is_white() -> None:
    """Also where a palette says so."""
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    assert colour(await made(saved(clear, "PNG")), 0.5, 0.5) == "white"
    palette = Image.new("P", (40, 40), 3)
    palette.putpalette([0, 0, 0] * 256)
    assert colour(await made(saved(palette, "PNG", transparency=3)), 0.5, 0.5) == "white"


async def test_colours_are_those_of_the_profile() -> None:
    """A profile in which red and blue change places is applied before it is dropped; one that is broken is not."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"-XYZ").replace(b"bXYZ", b"rXYZ").replace(b"-XYZ", b"bXYZ")
    assert colour(await made(drawn(icc_profile=swapped)), 0.5, 0.1) == "blue"
    assert colour(await made(drawn(icc_profile=profile)), 0.5, 0.1) == "red"
    assert colour(await made(drawn(icc_profile=b"not a profile at all")), 0.5, 0.1) == "red"
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert (await made(drawn(icc_profile=lab))).size == (120, 150)


async def test_large_pictures_are_scaled_down_and_small_ones_never_up() -> None:
    """The whole picture in 2,048 pixels, its sides in the same proportion."""
    assert (await made(drawn("PNG", (4096, 1024)))).size == (2048, 512)
    assert (await made(drawn("PNG", (9, 8)))).size == (9, 8)


async def test_a_photograph_with_another_behind_it_is_a_photograph() -> None:
    """Telephones write a second picture behind the first (MPO): the first is shown."""
    made_of_two = io.BytesIO()
    first = opened(drawn())
    first.save(made_of_two, "MPO", save_all=True, append_images=[Image.new("RGB", (60, 60), "green")])
    picture = await made(made_of_two.getvalue())
    assert (picture.size, colour(picture, 0.5, 0.1)) == ((120, 150), "red")


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *, kind: int = 2, more: bytes = b"", pixels: bytes = b"") -> bytes:
    """A PNG whose header says what it wants."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + more + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg_of_size(width: int, height: int) -> bytes:
    """A JPEG whose frame header claims another size."""
    content = bytearray(drawn())
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


ANIMATED = [Image.new("RGB", (40, 40), name) for name in ("red", "green", "blue")]
WHOLE = {form: drawn(form) for form in ("JPEG", "PNG", "WEBP")}
HOSTILE: dict[str, tuple[bytes, str]] = {
    "a decompression bomb": (saved(Image.new("1", (20_000, 20_000)), "PNG"), "size"),
    "one that Pillow would only warn of": (saved(Image.new("1", (6_000, 5_000)), "PNG"), "size"),
    "65,535 pixels a side, PNG": (png(65_535, 65_535, pixels=zlib.compress(bytes(1_000_000))), "size"),
    "65,535 pixels a side, JPEG": (jpeg_of_size(65_535, 65_535), "size"),
    "2³¹ pixels a side": (png(2**31 - 1, 2**31 - 1), "size"),
    "one pixel high and very wide": (png(65_535, 1), "size"),
    "nothing wide": (png(0, 100), "unsafe"),
    "a pixel that counts readers": (saved(Image.new("RGB", (1, 1)), "PNG"), "size"),
    "a text that unpacks to a gigabyte": (
        png(
            40,
            40,
            more=chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(300_000_000), 9)),
            pixels=zlib.compress(bytes(40 * 121)),
        ),
        "unsafe",
    ),
    "a profile that unpacks to a gigabyte": (
        png(
            40,
            40,
            more=chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(300_000_000), 9)),
            pixels=zlib.compress(bytes(40)),
        ),
        "unsafe",
    ),
    "an animated PNG": (saved(ANIMATED[0], "PNG", save_all=True, append_images=ANIMATED[1:]), "unsafe"),
    "an animated WEBP": (saved(ANIMATED[0], "WEBP", save_all=True, append_images=ANIMATED[1:]), "unsafe"),
    "an animated GIF": (saved(ANIMATED[0], "GIF", save_all=True, append_images=ANIMATED[1:]), "type"),
    "a still GIF": (saved(ANIMATED[0], "GIF"), "type"),
    "a BMP": (saved(ANIMATED[0], "BMP"), "type"),
    "a TIFF": (saved(ANIMATED[0], "TIFF"), "type"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "type"),
    "HTML": (b"<!DOCTYPE html><script>alert(1)</script>", "type"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "type"),
    "nothing": (b"", "type"),
    "a page behind a JPEG's first bytes": (b"\xff\xd8\xff/*<script>alert(1)</script>*/", "unsafe"),
    "a JPEG called PNG": (WHOLE["PNG"][:8] + WHOLE["JPEG"], "unsafe"),
    "RIFF that is not WEBP": (b"RIFF\x24\0\0\0WAVEfmt ", "type"),
} | {f"half a {form}": (content[: len(content) // 2], "unsafe") for form, content in WHOLE.items()}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_files_are_findings(name: str) -> None:
    """None of them is shown, none is tried again, and each has its finding."""
    content, finding = HOSTILE[name]
    assert await refused(content) == finding


async def test_a_polyglot_loses_its_other_half() -> None:
    """A JPEG that is a ZIP or a page as well comes out as a JPEG only."""
    for tail in (b"PK\x03\x04 an archive", b"<html><script>alert(1)</script></html>"):
        found = await child.decode(drawn(comment=tail) + tail)
        assert isinstance(found, Made)
        assert tail not in found.content


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_mutations_of_files_do_no_harm(form: str) -> None:
    """Bytes changed, cut out and doubled at random: what comes out is a plain JPEG or a finding, and never anything else."""
    chance = random.Random(form)  # noqa: S311
    outcomes = set()
    for _ in range(12):
        content = bytearray(WHOLE[form])
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(12, len(content))
            match chance.randrange(3):
                case 0:
                    content[at] = chance.randrange(256)
                case 1:
                    del content[at : at + chance.randrange(40)]
                case _:
                    content[at:at] = content[at : at + chance.randrange(40)]
        found = await child.decode(bytes(content))
        outcomes.add(type(found).__name__ if isinstance(found, Made) else found.finding)
    assert outcomes <= {"Made", "unsafe", "size", "type"}
    assert "unsafe" in outcomes


def script(tmp_path: Path, text: str) -> tuple[str, ...]:
    """A child of our own making."""
    path = tmp_path / "child.py"
    path.write_text(text)
    return (sys.executable, "-I", str(path))


BAD_CHILDREN = {
    "it crashes": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "it ends without a word": "import sys; sys.stdin.buffer.read()",
    "it says nonsense": "print('hello')",
    "it says nothing but JSON": 'print(\'{"width": 40, "height": 40}\')',
    "it gives a page for a picture": 'print(\'{"width": 40, "height": 40}\\n<html>\')',
    "it gives too much": "import sys\nwhile True: sys.stdout.buffer.write(bytes(65536))",
    "it names another size": 'import sys; sys.stdout.buffer.write(b\'{"width": 1, "height": 1}\\n\' + sys.stdin.buffer.read())',
    "it names a finding that there is not": 'print(\'{"finding": "<b>"}\')',
    "it closes its ears": "import os; os.close(0); print('no')",
}


@pytest.mark.parametrize("name", BAD_CHILDREN)
async def test_a_child_is_not_believed(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a child does, the picture is not shown, and no other harm is done."""
    found = await child.decode(drawn(), command=script(tmp_path, BAD_CHILDREN[name]), seconds=LONG)
    assert isinstance(found, Failed)
    assert (found.finding, found.trouble) == ("unsafe", child.UNSAFE)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_child_that_hangs_is_killed(tmp_path: Path) -> None:
    """Also one that ignores every signal it may ignore, and one that has stopped talking but stays."""
    for text in (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)",
        "import os, time\nos.close(1)\ntime.sleep(600)",
    ):
        noted = f"import os\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n{text}"
        found = await child.decode(drawn(), command=script(tmp_path, noted), seconds=1.5)
        assert found == Failed(finding="unsafe", trouble="it could not be decoded in time")
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), 0)


TRIES = {
    "open('/etc/hostname')": "OSError",
    "open('/tmp/x', 'w')": "OSError",
    "__import__('socket').socket()": "OSError",
    "os.pipe()": "OSError",
    "os.fork()": "BlockingIOError",
    "bytearray(2_000_000_000)": "MemoryError",
    "os.system('true') and 1/0": "ZeroDivisionError",
}


@pytest.mark.parametrize("what", TRIES)
async def test_a_decoder_in_strange_hands_can_do_nothing(what: str, tmp_path: Path) -> None:
    """After its limits are set, the child opens neither file nor socket, starts no process and gets little memory."""
    if what.startswith(("os.fork", "os.system")) and os.getuid() == 0:
        pytest.skip("root is not bound by a limit of processes")
    text = f"""
import json, os, socket, sys
from capgateway.media import decode
decode.warm_up(); decode.limit()
try:
    {what}
    said = "nothing"
except BaseException as error:
    said = "OSError" if type(error) is OSError else type(error).__name__
decode.answer(json.dumps({{"finding": "unsafe", "trouble": said}}), b"")
"""
    found = await child.decode(drawn(), command=script(tmp_path, text), seconds=LONG)
    assert isinstance(found, Failed)
    assert found.trouble == TRIES[what]


async def test_a_decoder_that_never_ends_runs_out_of_time(tmp_path: Path) -> None:
    """The limit of computing time ends it, before the parent has to."""
    text = "from capgateway.media import decode\ndecode.CPU_SECONDS = 1\ndecode.limit()\nwhile True: pass"
    found = await child.decode(drawn(), command=script(tmp_path, text), seconds=LONG)
    assert found == Failed(finding="unsafe", trouble=child.UNSAFE)


def test_a_jpeg_is_plain_or_not() -> None:
    """Only what our own encoder writes is plain: with a comment, a second picture, a tail or another size it is not."""
    plain = drawn(quality=88)
    assert is_plain(plain, 120, 150)
    assert not is_plain(plain, 150, 120)
    assert not is_plain(plain + b"x", 120, 150)
    assert not is_plain(plain + plain, 120, 150)
    assert not is_plain(plain[:-40], 120, 150)
    assert not is_plain(drawn(comment=b"x"), 120, 150)
    assert not is_plain(drawn(progressive=True), 120, 150)
    assert not is_plain(drawn("PNG"), 120, 150)


def test_operators_learn_what_a_file_is() -> None:
    """As far as its first bytes say."""
    assert {told(content) for content, finding in HOSTILE.values() if finding == "type"} == {
        "it is a GIF file",
        "it is a BMP file",
        "it is a TIFF file",
        "it is a page, an SVG drawing or another text with tags",
        "its first bytes are not those of any picture",
        "it is empty",
    }
    assert "HEIC" in told(b"\0\0\0\x18ftypheic")


@settings(max_examples=300)
@given(st.binary(max_size=200), st.binary(max_size=40))
def test_no_bytes_break_the_look_at_them(content: bytes, tail: bytes) -> None:
    """Whatever the bytes, the answer is a word or no."""
    assert format_of(content) in ("JPEG", "PNG", "WEBP", None)
    assert told(content)
    assert not is_plain(b"\xff\xd8" + content + tail, 40, 40)


def test_a_gradient_survives() -> None:
    """The decoder's own work, in this process: no visible loss."""
    picture = Image.new("RGB", (256, 64))
    for x in range(256):
        ImageDraw.Draw(picture).line((x, 0, x, 63), fill=(x, 255 - x, 128))
    content, *size = decode.decoded(saved(picture, "PNG"), "PNG")
    off = [abs(one - other) for one, other in zip(opened(content).tobytes(), picture.tobytes(), strict=True)]
    assert size == [256, 64]
    assert sum(off) / len(off) < 3
