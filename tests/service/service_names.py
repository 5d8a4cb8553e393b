"""A story full of invented names, and a search for them wherever a gateway may have left them."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from html import escape
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import aiohttp
from msgspec.structs import replace
from sqlalchemy import create_engine, inspect, text

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.simulate.listing import Asked, Document, listing
from capgateway.store.store import database_url
from capgateway.web.app import make_app

CHILD, PLATE, SUSPECT = "Zoë Quillfeather", "QXZ9987", "Bartolo Vandersnatch"
WORDS = ("Quillfeather", "Zoë", PLATE, "Vandersnatch")
LONG_ENOUGH = 6
"""Characters of a word whose base64 is not found by chance."""


def named(document: cap.Alert | bytes) -> bytes:
    """A message of the story with these names in it."""
    written = document if isinstance(document, bytes) else cap.write(document)
    told = written.decode().replace(story.CHILD, CHILD).replace(story.PLATE, PLATE)
    told = told.replace("Suspect vehicle", f"Suspect {SUSPECT}. Suspect vehicle")
    return told.replace("https://www.dps.example/amber", f"https://www.dps.example/{quote(CHILD)}").encode()


def declined() -> dict[str, bytes]:
    """Messages that become no card, by name: of another programme, without an area, broken off, and with a tag that is a
    name."""
    storm = story.thunderstorm(utc_now())
    alert = story.amber(utc_now())
    nowhere = replace(alert, identifier="TX-NOWHERE", infos=tuple(replace(info, areas=()) for info in alert.infos))
    broken = named(replace(alert, identifier="TX-TAG")).replace(b"Suspect B", b"Suspect <Vandersnatch B")
    return {
        "storm": named(replace(storm, infos=(replace(storm.infos[0], description=f"{CHILD} and {SUSPECT}"),))),
        "nowhere": named(nowhere),
        "malformed": named(story.malformed(utc_now())),
        "tag": broken,
    }


def container() -> bytes:
    """An EDXL-DE envelope with names in its own words and in the alert that it has."""
    inside = named(replace(story.thunderstorm(utc_now()), identifier="TX-ENVELOPED", note=f"{CHILD} {PLATE}"))
    found = listing(
        Asked(name="envelope.edxl"), [Document(name="one", body=inside, updated=utc_now())], lambda name: name
    )
    assert found is not None
    return found.body.replace(b"</distributionID>", f" {CHILD}</distributionID>".encode())


def found_in(data: bytes) -> set[str]:
    """Which of the words are in some bytes, in whatever form they may be written."""
    lower = data.lower()
    return {word for word in WORDS if any(form in lower for form in _forms(word)) or _is_in_base64(word, data)}


def _forms(word: str) -> Iterator[bytes]:
    for text_ in {word, word.lower(), word.upper()}:
        for coded in (text_, json.dumps(text_)[1:-1], quote(text_), escape(text_), _as_references(text_)):
            yield coded.encode().lower()
        for encoding in ("utf-16-le", "utf-16-be", "latin-1", "utf-32-le"):
            yield text_.encode(encoding).lower()
        yield text_.encode().hex().encode()


def _as_references(text_: str) -> str:
    return text_.encode("ascii", "xmlcharrefreplace").decode()


def _is_in_base64(word: str, data: bytes) -> bool:
    """At each of the three places in a group; what depends on its neighbours is left out."""
    if len(word) < LONG_ENOUGH:
        return False
    each = (base64.b64encode(b"\0" * before + word.encode())[(before * 8 + 5) // 6 : -4] for before in range(3))
    return any(code in data for code in each)


def in_files(directory: Path) -> dict[str, set[str]]:
    """By file of a directory, the words that it has: database, write-ahead log, journal, log."""
    files = (path for path in directory.rglob("*") if path.is_file() and path.suffix != ".toml")
    return {path.name: words for path in files if (words := found_in(path.read_bytes()))}


def in_tables(url: str) -> dict[str, set[str]]:
    """By column, the words that any row of any table has; what is compressed is unpacked."""
    engine = create_engine(database_url(url))
    found: dict[str, set[str]] = {}
    try:
        with engine.connect() as connection:
            for table in inspect(connection).get_table_names():
                for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings():  # noqa: S608
                    for column, value in row.items():
                        if words := found_in(_bytes(value)):
                            found.setdefault(f"{table}.{column}", set()).update(words)
    finally:
        engine.dispose()
    return found


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        return str(value).encode(errors="replace")
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


async def in_answers(session: aiohttp.ClientSession) -> dict[str, set[str]]:
    """By address, the words that an answer to a GET has, of every page that there is."""
    found: dict[str, set[str]] = {}
    for path in [one async for one in _paths(session)]:
        async with session.get(path) as answer:
            assert answer.status < 500, path
            if words := found_in(await answer.read()):
                found[path] = words
    return found


OTHERS: dict[str, tuple[str, ...]] = {
    "/media/{token}": (),
    "/assets/{name}": (),
    "/api/v1/events/stream": (),
    "/api/v1/places/{id}": ("/api/v1/places/48113",),
}
"""Pages about nothing that is listed: pictures and files of the console, which contain no words of alerts; events, which do not end and
say only which kinds of things changed; and places."""


async def _paths(session: aiohttp.ClientSession) -> AsyncIterator[str]:
    """Every address that takes a GET, for everything that is listed. Who adds a page with a new kind of name says here what
    that stands for."""
    for route in make_app(cast("Any", None)).router.routes():
        resource = route.resource
        if route.method != "GET" or resource is None:
            continue
        path = resource.canonical
        if "{" not in path or path in OTHERS:
            for address in OTHERS.get(path, (path,)):
                yield address
            continue
        start = "/api/v1/" if path.startswith("/api/v1/") else "/"  # or a page of the console
        family, _, rest = path.removeprefix(start).partition("/")
        key = {"alerts": "id", "cards": "card_id", "quarantine": "id", "feeds": "name", "receivers": "name"}[family]
        async with session.get(f"/api/v1/{family}", params={"limit": "200"}) as answer:
            items = (await answer.json())["items"]
        for item in items:
            yield f"{start}{family}/{rest.replace('{id}', item[key]).replace('{name}', item[key])}"
