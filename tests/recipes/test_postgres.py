"""Writing behind the fencing token, to a real PostgreSQL: the recipe's own file, and an old leader that writes late."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from election_core import Client
from electiontui.embedded import EmbeddedEtcd

from ..servers import python, wait_until
from .failover import RECIPES, hands_over, line_of
from .postgres import postgres

pytestmark = pytest.mark.timeout(90)
FILE = RECIPES / "postgres_fencing.py"


@pytest.fixture
def recipe() -> Any:
    """The recipe as a module."""
    spec = importlib.util.spec_from_file_location("postgres_fencing", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgres() as place:
        yield place


@pytest.fixture
def tables(database: str, recipe: Any) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(recipe.SCHEMA)
        connection.execute("TRUNCATE fences, ledger")
        yield connection


def tokens(tables: psycopg.Connection) -> list[int]:
    return [token for (token,) in tables.execute("SELECT token FROM ledger ORDER BY entry")]


async def test_the_leader_writes_and_the_next_one_goes_on(
    etcd: EmbeddedEtcd, database: str, tables: psycopg.Connection
) -> None:
    async with Client(etcd.endpoint) as client:
        await hands_over(
            client,
            "ledger",
            lambda: python(str(FILE), database, etcd.endpoint),
            crash=True,
            has_worked=lambda count: len(set(tokens(tables))) == count,
        )
    written = tokens(tables)
    assert written == sorted(written)
    assert len(set(written)) == 2


async def test_an_old_leader_that_does_not_know_it_yet_writes_nothing(
    recipe: Any, database: str, tables: psycopg.Connection
) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await recipe.write(connection, "ledger", 7, "old")
        await recipe.write(connection, "ledger", 9, "new")
        with pytest.raises(recipe.Fenced, match="old with token 7 is not the leader of ledger any more"):
            await recipe.write(connection, "ledger", 7, "old")
        await recipe.write(connection, "ledger", 9, "new")
        await recipe.write(connection, "another", 3, "a leader of another election")
    assert tokens(tables) == [7, 9, 9, 3]


async def test_a_transaction_that_began_before_the_new_leader_is_not_overtaken(
    recipe: Any, database: str, tables: psycopg.Connection
) -> None:
    """The new leader waits for it; then the old one is refused."""
    connect = psycopg.AsyncConnection.connect
    async with await connect(database, autocommit=True) as old, await connect(database, autocommit=True) as new:
        async with old.transaction():
            await recipe.write(old, "ledger", 7, "old")
            waiting = asyncio.create_task(recipe.write(new, "ledger", 9, "new"))
            locks = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            await asyncio.to_thread(wait_until, lambda: tables.execute(locks).fetchone() != (0,), "it waits")
            assert not waiting.done()
        await waiting
        with pytest.raises(recipe.Fenced):
            await recipe.write(old, "ledger", 7, "old")
    assert tokens(tables) == [7, 9]


async def test_a_program_that_is_fenced_ends_with_that(
    recipe: Any, etcd: EmbeddedEtcd, database: str, tables: psycopg.Connection
) -> None:
    process = python(str(FILE), database, etcd.endpoint)
    await line_of(process, "^leading")
    tables.execute(recipe.RAISE_FENCE, ("ledger", 2**63 - 1))
    assert await asyncio.to_thread(process.wait, 40) == 1
    assert process.stderr is not None
    assert "is not the leader of ledger any more" in process.stderr.read()
