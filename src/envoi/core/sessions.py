"""What a session at the database shall have, whatever its address asks for: said as soon as it is connected.

As statements, not as startup `options`: those would take the place of the address's own, and PgBouncer refuses them or,
told to ignore them, drops them without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import psycopg

# set_config is SET with values as parameters; false: for the session, not the transaction.
SET = """
SELECT set_config(name, value, false)
  FROM unnest(%(names)s::text[], %(values)s::text[]) AS wanted (name, value)
"""

UTC = {"timezone": "UTC"}

# For who finds every row by its keys: no plan that reads a whole table is ever right then, least of all one that was
# made while the table was empty, and kept.
KEYS_ONLY = {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_material": "off", "jit": "off"}


def insist(db: psycopg.Connection[Any], settings: Mapping[str, str]) -> None:
    """Set these for as long as the connection lives; to be called before anything else runs on it."""
    db.execute(SET, values(settings))
    db.commit()


def values(settings: Mapping[str, str]) -> dict[str, list[str]]:
    """The parameters of SET."""
    return {"names": list(settings), "values": list(settings.values())}


class KeysOnly(psycopg.Connection[Any]):
    """A connection that plans for keys alone, for pools that let us choose nothing but its class."""

    settings: ClassVar[Mapping[str, str]] = KEYS_ONLY

    @classmethod
    def connect(cls, conninfo: str = "", **given: Any) -> Self:
        """As psycopg's."""
        connection = super().connect(conninfo, **given)
        insist(connection, cls.settings)
        return connection
