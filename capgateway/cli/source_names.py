"""How sources are called: on the command line, and in what is said of them."""

from __future__ import annotations

import re

STANDARD_INPUT = "-"


def is_url(name: str) -> bool:
    return name.lower().startswith(("http://", "https://"))


def shown(name: str) -> str:
    """The name as reports tell it: without a login, and as text where a file system has bytes that are none."""
    if is_url(name):
        name = re.sub(r"(?<=//)[^/?#]*@", "", name)
    return re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", name) or "''"
