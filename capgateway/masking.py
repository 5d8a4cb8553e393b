"""Addresses as anybody may see them. Some sources want their key in the query of the address."""

from __future__ import annotations

import re

HIDDEN = "[hidden]"
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
