"""What the first page of the console asks the database for, however much there is."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import event

from capgateway.store import Store, pulse
from capgateway.store.overview import overview

SHORT = {"ix_lanes_open_take_downs", "ix_alerts_received_at_id", "sqlite_autoindex_attention_1"}
"""Indexes that may be read from their beginning: of what is open now, or until the page is full."""
TABLES = "alerts|cards|card_revisions|lanes|deliveries|attempts|messages"


async def test_the_overview_reads_no_table_as_a_whole(sqlite_url: str) -> None:
    """Each question about a table that grows begins at a value of an index, or at an index of what is open now."""
    store, asked, plans = Store.open(sqlite_url), list[tuple[str, Any]](), list[str]()

    def look(connection: Any) -> None:
        def note(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
            asked.append((statement, values))

        event.listen(connection, "before_cursor_execute", note)
        overview(connection)
        pulse.marks(connection)
        event.remove(connection, "before_cursor_execute", note)
        for statement, values in asked:
            plans.extend(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))

    await store.read(look)
    store.close()
    assert len(asked) > 10
    scans = [plan for plan in plans if re.match(rf"SCAN ({TABLES})\b", plan)]
    assert sum("INDEX ix_alerts_waiting" in plan for plan in plans) == 2
    assert {re.sub(r".* INDEX ", "", scan) for scan in scans} <= SHORT
