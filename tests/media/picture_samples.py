"""Pictures drawn in code, and alerts that have them: nobody is in any of them."""

from __future__ import annotations

import base64
import hashlib
import io
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from PIL import Image, ImageDraw

from capgateway import cap
from capgateway.simulate import story


def drawn(form: str = "JPEG", size: tuple[int, int] = (120, 150), mode: str = "RGB", **how: Any) -> bytes:
    """A picture with a red upper half: which way is up can be seen."""
    picture = Image.new("RGB", size, "blue")
    ImageDraw.Draw(picture).rectangle((0, 0, size[0], size[1] // 2), fill="red")
    return saved(picture.convert(mode), form, **how)


def saved(picture: Image.Image, form: str, **how: Any) -> bytes:
    made = io.BytesIO()
    picture.save(made, form, **how)
    return made.getvalue()


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def linked(uri: str, description: str = "Photo of the missing child", **more: Any) -> cap.Resource:
    """A resource whose file is elsewhere."""
    return cap.Resource(**({"resource_desc": description, "mime_type": "image/jpeg", "uri": uri} | more))


def embedded(content: bytes, description: str = "Photo of the missing child", **more: Any) -> cap.Resource:
    """A resource that contains its file, as Canada's system writes it: the digest is that of the base64 text."""
    text = base64.b64encode(content).decode()
    digest = hashlib.sha1(text.encode()).hexdigest()  # noqa: S324  (the standard's)
    what: dict[str, Any] = {"resource_desc": description, "mime_type": "image/jpeg", "uri": "photo.jpg"}
    what |= {"size": len(content), "deref_uri": text, "digest": digest}
    return cap.Resource(**(what | more))


def with_pictures(alert: cap.Alert, *resources: cap.Resource) -> cap.Alert:
    """The alert with these resources in every language."""
    return replace(alert, infos=tuple(replace(info, resources=resources) for info in alert.infos))


def amber(now: datetime, *resources: cap.Resource) -> cap.Alert:
    """The story's alert with these resources."""
    return with_pictures(story.amber(now), *resources)
