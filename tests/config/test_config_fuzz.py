"""Whatever an operator writes, the answer is settings or lines of faults, never a traceback."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from capgateway import config
from capgateway.config.keys import GROUPS
from capgateway.errors import ConfigErrors

ODD = st.one_of(
    st.sampled_from(
        ["", "x", "env:NOPE", "file:none", "file:/", "1h", "0s", "99999999d", "http://", "http://[", "https://a b", "https://x:0",
         "https://ü.example", "sqlite:///", "sqlite:////", "postgresql://", "localhost:1", "[::1]:1", ":1", "[]:1", "10.0.0.0/8",
         "US-TX", "*", "card.*", "911", "nan", "atom", "rss", "cap", "push", "ipaws", "naads", "directory",
         "tls://x:1", "tcp://[::1]:2", "tls://[", "https://x/{since}", "read", "receive", "submit", "0123456789abcdef", "\n", "\x7f", "whsec_", "whsec_====", "1/s", "0/s"]
    ),
    st.text(max_size=8), st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.dates(), st.times(), st.datetimes(),
)  # fmt: skip
VALUES = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
)


def tables(group: str) -> st.SearchStrategy[Any]:
    names = st.sampled_from([*GROUPS[group], "nmae"])
    return st.dictionaries(names, VALUES, max_size=5) | VALUES


DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "gateway": tables("gateway"),
        "policy": st.dictionaries(
            st.sampled_from([*GROUPS["policy"]]), VALUES | st.lists(tables("policy.actions"), max_size=2)
        ),
        "tokens": st.lists(tables("tokens"), max_size=2),
        "feeds": st.lists(tables("feeds"), max_size=3) | VALUES,
        "receivers": st.lists(tables("receivers"), max_size=2),
        "else": VALUES,
    },
)


def toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value.encode("utf-8", "replace").decode()).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(one)}" for key, one in value.items()) + "}"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS)
def test_any_document_gives_settings_or_faults_with_lines(document: dict[str, Any]) -> None:
    """Every fault names a line of the file, and no fault runs over several lines."""
    text = "".join(f"{key} = {toml(value)}\n" for key, value in document.items())
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "c.toml"
        path.write_text(text)
        try:
            config.load(path, {})
        except ConfigErrors as error:
            for fault in error.faults:
                assert fault.line in range(1, text.count("\n") + 2)
                assert "\n" not in str(fault)
