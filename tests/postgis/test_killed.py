"""Server or writer killed in the middle: a table is old or new, a reading whole or an error."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter

import pytest

import geo_citymgmt as gcm
from tests.faults.harness import Writers, verdict, version
from tests.postgis.conftest import wait_until

pytestmark = pytest.mark.xdist_group("postgis")
sa = pytest.importorskip("sqlalchemy", reason="needs the extra 'postgis'")
psycopg = pytest.importorskip("psycopg", reason="needs the extra 'postgis'")

TABLE = "public.killed"
STAGING = sa.text("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'gcm\\_%'")


def actuals(engine) -> str:
    """Say which version the table holds: old, new, or what is wrong with it."""
    from geo_citymgmt.reading._database import read_database

    return verdict(read_database(engine, TABLE))


def staging_tables(engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(STAGING)


def pull_the_plug(server) -> None:
    server.stop("immediate")


@pytest.fixture
def revived(server):
    """Start the server again afterwards, whatever happened."""
    yield server
    if not reachable(server):
        server.start()


def reachable(server) -> bool:
    made = sa.create_engine(server.url)
    try:
        with made.connect():
            return True
    except sa.exc.OperationalError:
        return False
    finally:
        made.dispose()


@pytest.mark.parametrize("statement", ["INSERT", "DROP TABLE", "ALTER TABLE", "CREATE INDEX"])
def test_a_server_killed_in_mid_write_leaves_the_old_table(revived, engine, statement):
    gcm.write_layer(version(0), engine, name=TABLE)
    killed = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def kill(_connection, _cursor, text, *_):
        if text.lstrip().upper().startswith(statement) and not killed:
            killed.append(text)
            pull_the_plug(revived)

    with pytest.raises(gcm.CityDataError, match=r"connection was lost.*try again") as caught:
        gcm.write_layer(version(1), engine, name=TABLE)
    assert killed
    assert "原表" in caught.value.message_zh
    assert revived.password not in str(caught.value)
    revived.start()
    assert actuals(engine) == "old"
    assert staging_tables(engine) == 0
    gcm.write_layer(version(1), engine, name=TABLE)
    assert actuals(engine) == "new"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_server_killed_around_the_commit_leaves_the_old_table_or_the_new_one(
    revived, engine, when, monkeypatch
):
    gcm.write_layer(version(0), engine, name=TABLE)
    real = engine.dialect.do_commit

    def commit(connection):
        if when == "before":
            pull_the_plug(revived)
            real(connection)
        # The commit is done, but its answer never arrives.
        real(connection)
        pull_the_plug(revived)
        connection.dbapi_connection.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(engine.dialect, "do_commit", commit)
    with pytest.raises(gcm.CityDataError, match="the old one or the new one"):
        gcm.write_layer(version(1), engine, name=TABLE)
    monkeypatch.undo()
    revived.start()
    assert actuals(engine) == ("old" if when == "before" else "new")
    assert staging_tables(engine) == 0


def test_a_server_killed_in_mid_read_gives_an_error_and_no_part_of_the_rows(
    revived, engine, monkeypatch
):
    import geo_citymgmt.reading._database as database

    gcm.write_layer(version(0), engine, name=TABLE)
    monkeypatch.setattr(database, "CHUNK", 100)
    real, seen = sa.engine.Result.partitions, []

    def partitions(result, size=None):
        for rows in real(result, size):
            seen.append(len(rows))
            if len(seen) == 3:
                pull_the_plug(revived)
            yield rows

    monkeypatch.setattr(sa.engine.Result, "partitions", partitions)
    with pytest.raises(gcm.SourceError, match=r"connection was lost.*try again") as caught:
        gcm.read_layer(engine, "manholes", sublayer=TABLE)
    assert sum(seen) < len(version(0))
    assert "未取用任何记录" in caught.value.message_zh
    monkeypatch.undo()
    revived.start()
    # The engine is the same; what its pool held of the old server is forgotten.
    assert actuals(engine) == "old"


def test_a_server_that_is_not_there_is_named_with_the_cause(revived, engine):
    pull_the_plug(revived)
    with pytest.raises(gcm.SourceError, match=r"127\.0\.0\.1.*[Cc]onnection refused"):
        actuals(engine)
    revived.start()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
def test_a_killed_writer_leaves_the_old_table_or_the_new_one_and_nothing_else(server, engine):
    gcm.write_layer(version(0), engine, name=TABLE)
    rng, found = random.Random(0), Counter()
    goal = f"{server.url}#{TABLE}"
    with Writers() as writers:
        started = time.monotonic()
        assert writers.wait(writers.start(goal, 1)) == 0
        took = time.monotonic() - started
        for _ in range(8):
            gcm.write_layer(version(0), engine, name=TABLE)
            pid = writers.start(goal, 1)
            time.sleep(rng.uniform(0, took * 1.1))
            os.kill(pid, signal.SIGKILL)
            writers.wait(pid)
            # The server clears away what its dead client had begun.
            assert wait_until(lambda: staging_tables(engine) == 0)
            found[actuals(engine)] += 1
    assert set(found) <= {"old", "new"}, found
