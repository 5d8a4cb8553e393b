"""The configuration file's JSON Schema, for editors; made from the same tables that read the file."""

from __future__ import annotations

from typing import Any

from capgateway.config.keys import DOCUMENT


def json_schema() -> dict[str, Any]:
    """What ``schemas/config/config.schema.json`` holds."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "capgateway configuration",
        "description": "capgateway.toml. `capgateway config check` checks more: secrets, files and regions too.",
    } | DOCUMENT.form
