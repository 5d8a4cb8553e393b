"""What Prometheus asks for at every scrape is counted through indexes, and is right."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from store_story import chain, take

from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.store import Store, counted
from capgateway.store.tables import deliveries


async def test_what_operators_watch_is_counted(store: Store) -> None:
    """A card on display, its delivery given up, and two alerts in quarantine for one reason."""
    await take(store, chain()[0])
    for case in (1, 2):
        await take(store, story.malformed(utc_now(), case))
    await store.write(lambda write: write.execute(update(deliveries).values(state="dead")))
    assert await store.read(counted.counted) == counted.Counted(
        displayed=1, dead={"app": 1}, quarantined={"unreadable": 2}
    )


async def test_no_count_reads_a_whole_table(sqlite_url: str) -> None:
    """Each has an index that leads to the rows that it counts."""
    store, plans = Store.open(sqlite_url), list[str]()

    def explained(connection: Any) -> None:
        for query in (counted.DISPLAYED, counted.DEAD, counted.QUARANTINED):
            compiled = query.compile(connection.engine, compile_kwargs={"literal_binds": True})
            plans.extend(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}"))

    await store.read(explained)
    store.close()
    assert [plan for plan in plans if plan.startswith("SCAN")] == []
    assert any("ix_alerts_waiting" in plan for plan in plans)
