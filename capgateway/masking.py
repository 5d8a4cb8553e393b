"""Addresses as anybody may see them. Some sources want their key in the query of the address."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HIDDEN = "[hidden]"
SHORTEST = 4
"""Characters of a value that is hidden wherever a stranger repeats it. A shorter one is not a secret, and is part of other words."""
_LOGIN = re.compile(r"(?<=://)[^/?#@]*@")
_ADDRESS = re.compile(r"""\b[a-z][a-z0-9+.-]{1,20}://[^\s"'<>]+""", re.IGNORECASE)
_PATH = re.compile(r"""([a-z][a-z0-9+.-]{1,20}://[^/\s'"<>?#]+)/?[^\s'"<>]*""", re.IGNORECASE)


def mask_query(url: str) -> str:
    """An address without the values of its query and without a login: ``https://x.example/feed?key=[hidden]``."""
    address, mark, query = _LOGIN.sub(f"{HIDDEN}@", url).partition("#")[0].partition("?")
    if not mark:
        return address
    names = (part.partition("=") for part in query.replace(";", "&").split("&"))
    return f"{address}?{'&'.join(f'{name}={HIDDEN}' if is_named else HIDDEN for name, is_named, _ in names)}"


def mask_addresses(text: str) -> str:
    """A sentence, every address in it masked."""
    return _ADDRESS.sub(lambda found: mask_query(found[0]), text) if "://" in text else text


def mask_paths(text: str) -> str:
    """A sentence, of every address in it only the server: a page is often named after the child."""
    return _PATH.sub(r"\1/…", text) if "://" in text else text


def credentials(*urls: str | None) -> frozenset[str]:
    """What must not be repeated of these addresses: logins, and the values of queries, in the forms in which a server that
    was asked may write them into an error."""
    found = {
        form for url in urls if url for part in _secret_parts(url) for form in (part, unquote(part), unquote_plus(part))
    }
    return frozenset(form for form in found if len(form) >= SHORTEST)


def hide(text: str, words: Iterable[str]) -> str:
    """The text without these words, the longest first, and without the beginning of one where the text was cut off."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, HIDDEN)
        for length in range(len(word) - 1, SHORTEST - 1, -1):
            if text.endswith(word[:length]):
                text = text[:-length] + HIDDEN
                break
    return text


def _secret_parts(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    login = parts.netloc.rpartition("@")[0]
    yield from login.split(":", 1)
    yield b64encode(unquote(login).encode()).decode() if login else ""  # as Basic authentication writes it
    for pair in parts.query.replace(";", "&").split("&"):
        name, is_named, value = pair.partition("=")
        yield value if is_named else name
