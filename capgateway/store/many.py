"""A statement for many rows: compiled once per database and set of columns, then handed to the driver as it is.

SQLAlchemy prepares the parameters of each row anew, which costs more than inserting it. Here the types' own processors are
looked up once, and each row costs one pass over its values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from sqlalchemy import Connection, Executable
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.compiler import SQLCompiler

Row = Mapping[str, Any]


class _Plan(NamedTuple):
    """The text of a statement, and how each of its parameters is taken from a row."""

    text: str
    parameters: tuple[tuple[str, str, Callable[[Any], Any] | None], ...]
    is_positional: bool


class Many:
    """``statement`` is an INSERT or UPDATE whose parameters are the keys of the rows."""

    def __init__(self, statement: Executable | Mapping[str, Executable]) -> None:
        self._statement = statement
        self._plans: dict[tuple[str, tuple[str, ...]], _Plan] = {}

    def execute(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Execute the statement for each row; all of them have the same keys."""
        dialect = connection.dialect
        key = (dialect.name, tuple(rows[0]))
        plan = self._plans.get(key) or self._plans.setdefault(key, self._plan(dialect, key[1]))
        if plan.is_positional:
            values: Any = [
                tuple([process(row[name]) if process else row[name] for _, name, process in plan.parameters])
                for row in rows
            ]
        else:
            values = [
                {place: process(row[name]) if process else row[name] for place, name, process in plan.parameters}
                for row in rows
            ]
        connection.exec_driver_sql(plan.text, values)

    def _plan(self, dialect: Dialect, columns: tuple[str, ...]) -> _Plan:
        statement: Any = self._statement[dialect.name] if isinstance(self._statement, Mapping) else self._statement
        compiled = cast("SQLCompiler", statement.compile(dialect=dialect, column_keys=list(columns)))
        places = compiled.positiontup if compiled.positional else list(compiled.bind_names.values())
        parameters = []
        for place in places or ():
            bind = compiled.binds[place]
            parameters.append((place, bind.key, bind.type.dialect_impl(dialect).bind_processor(dialect)))
        return _Plan(str(compiled), tuple(parameters), compiled.positional)
