"""The configuration file's JSON Schema, for editors; made from the same tables that read the file."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from capgateway.config.keys import DOCUMENT


def json_schema() -> dict[str, Any]:
    """What ``schemas/config/config.schema.json`` contains."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "capgateway configuration",
        "description": "capgateway.toml. `capgateway config check` checks more: secrets, files and regions too.",
    } | DOCUMENT.form


if __name__ == "__main__":  # renews schemas/config/config.schema.json
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(json_schema())) + b"\n")
