"""The JSON Schema of every body: ``python -m capgateway.webhooks.schema > schemas/message/message-1.schema.json``."""

from __future__ import annotations

from typing import Any

import msgspec

from capgateway.webhooks.messages import DisplayBody, TakeDownBody, encode
from capgateway.webhooks.operator import OperatorBody
from capgateway.webhooks.passing import ChallengeBody, SnapshotBody, TestBody


def json_schema() -> dict[str, Any]:
    """The JSON Schema of what receivers get."""
    every = (DisplayBody, TakeDownBody, SnapshotBody, TestBody, ChallengeBody, OperatorBody)
    bodies, components = msgspec.json.schema_components(every, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "capgateway message, version 1",
        "description": "The body of a webhook. Receivers ignore fields they do not know and switch on data.action.",
        "oneOf": list(bodies),
        "$defs": components,
    }


if __name__ == "__main__":
    print(msgspec.json.format(encode(json_schema())).decode())  # noqa: T201
