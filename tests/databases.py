"""Databases of the tests: one made on PostgreSQL and dropped again, and one without rows on each kind."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from bot.settings import normalise_database_url


@contextmanager
def made(server: str) -> Iterator[str]:
    """The address of a database of its own on that server, dropped at the end whoever is still connected."""
    name = f"faro_test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def without_rows(request: pytest.FixtureRequest, tmp_path: Path, *tables: str) -> str:
    """For a fixture with the parameters ``sqlite`` and ``postgresql``: a database whose ``tables``, if any, are empty.

    On PostgreSQL it is that of the fixture ``postgres_database``.
    """
    if request.param == "sqlite":
        return normalise_database_url(f"sqlite:///{tmp_path / 'faro.db'}")
    address = request.getfixturevalue("postgres_database")
    with psycopg.connect(address, autocommit=True) as connection:
        there = connection.execute("SELECT to_regclass(%s)", (tables[0],)).fetchone()
        if there is not None and there[0] is not None:
            connection.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
    return normalise_database_url(address)
