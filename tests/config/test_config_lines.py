"""The line finder agrees with tomllib about what stands where."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from capgateway.config import lines

WRITTEN = '''\
# a comment with = and [brackets]
"top key" = "a # is no comment" # this is one
[gateway]
contact = """
many
lines \\""" with quotes """"
a.b = 1
a.c = { d = [1, 2], "e}" = '}' }

[policy]
regions = [
  "US-TX",   # [
  "US-OK",
]
when = 1979-05-27 07:32:00
[[policy.actions]]
value = "1"
label = { en-US = "Call" }
[[policy.actions]]
[policy.actions.label]
es = \'\'\'Llame
\'\'\'
[[feeds]]
name = "a"
[[feeds]]
headers = {}
[feeds.sub]
x = true
'''


def paths(value: Any, path: lines.Path = ()) -> list[lines.Path]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for step, item in items for found in paths(item, (*path, step)))]


def test_every_value_has_its_line() -> None:
    """Strings over many lines, nested lists, inline tables, dotted keys and repeated tables are all found."""
    found = lines.find(WRITTEN)
    assert set(paths(tomllib.loads(WRITTEN))) - {()} == set(found)
    expected = {
        ("top key",): 2, ("gateway",): 3, ("gateway", "contact"): 4, ("gateway", "a", "b"): 7, ("gateway", "a", "c", "e}"): 8,
        ("policy", "regions", 1): 13, ("policy", "when"): 15, ("policy", "actions", 0, "label", "en-US"): 18,
        ("policy", "actions", 1): 19, ("policy", "actions", 1, "label", "es"): 21, ("feeds", 1, "headers"): 26,
        ("feeds", 1, "sub", "x"): 28,
    }  # fmt: skip
    assert {path: found[path] for path in expected} == expected


KEYS = st.text("ab.-é #\"'", min_size=1, max_size=4)
STRINGS = st.text("ab[]{}#,=\"'\\ é", max_size=6)
VALUES = st.recursive(
    st.one_of(STRINGS, st.integers(-9, 9), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(KEYS, st.one_of(VALUES, st.dictionaries(KEYS, VALUES, max_size=3)), max_size=4)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[ # a comment ]\n" + "".join(f"  {toml(item)}, # one,\n" for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{quoted(key)} = {toml(item).strip()}" for key, item in value.items()) + " }"
    return str(value)


@given(DOCUMENTS)
def test_whatever_tomllib_reads_has_lines(document: dict[str, Any]) -> None:
    """Every path of every document has a line, and nothing else has."""
    tables = {key: value for key, value in document.items() if isinstance(value, dict)}
    text = "".join(f"{quoted(key)} = {toml(value)}\n" for key, value in document.items() if key not in tables)
    for name, table in tables.items():
        text += f"\n[{quoted(name)}]\n" + "".join(f"{quoted(key)} = {toml(value)}\n" for key, value in table.items())
    assert set(paths(tomllib.loads(text))) - {()} == set(lines.find(text))


@given(st.lists(VALUES, min_size=1, max_size=5))
def test_lines_grow_with_the_text(values: list[Any]) -> None:
    """The line of each key is the line it was written on."""
    text, expected = "", {}
    for position, value in enumerate(values):
        expected[f"k{position}",] = text.count("\n") + 1
        text += f"k{position} = {toml(value)}\n"
    found = lines.find(text)
    assert {path: found[path] for path in expected} == expected
