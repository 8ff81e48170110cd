#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Databases of every earlier version become one of the present, whole or not at all. schema/N.sql
is schema.sql as it was in version N, with rows."""

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys

from server import OUT, TOP, Server

sys.path.insert(0, str(TOP / "selftests/lib"))
import ktap  # noqa: E402
from ktap import case, check, cleanup, equal  # noqa: E402

SCHEMAS = TOP / "selftests/control/schema"
PRESENT = int(re.search(r"#define DB_VERSION (\d+)", (TOP / "tools/control/db.h").read_text())[1])
APPLICATION_ID = 0x77726E63
# As installed: sanitizers cannot be traced.
PROGRAM = TOP / "build/bin/warren-control"


def connect(path):
    db = sqlite3.connect(path)
    for name, value in (("now", 1), ("actor", "test"), ("origin", "")):
        db.create_function(name, 0, lambda value=value: value)
    return db


def old_database(server, version):
    """A database of an earlier version where the server will look for it."""
    path = server.dir / "state/control.sqlite"
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    db = connect(path)
    db.executescript((SCHEMAS / f"{version}.sql").read_text())
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {version}")
    db.commit()
    db.close()
    return path


def new_server():
    server = Server()
    cleanup(server.remove)
    return server


def tables(db):
    return [name for name, in db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")]


def rows(path):
    """Every row as {column: value}."""
    db = connect(path)
    db.row_factory = sqlite3.Row
    found = {table: [dict(row) for row in db.execute(f"SELECT * FROM {table} ORDER BY id")] for table in tables(db)}
    db.close()
    return found


def shape(path):
    """What a schema is, however its text was written."""
    db = connect(path)
    version = db.execute("PRAGMA user_version").fetchone()[0]
    columns = {t: db.execute(f"PRAGMA table_xinfo({t})").fetchall() for t in tables(db)}
    strict = {row[1]: row[2:] for row in db.execute("PRAGMA table_list") if not row[1].startswith("sqlite_")}
    foreign = {t: sorted(db.execute(f"PRAGMA foreign_key_list({t})").fetchall()) for t in tables(db)}
    indexes = {}
    for t in tables(db):
        for _, name, unique, origin, partial in db.execute(f"PRAGMA index_list({t})").fetchall():
            indexes[name] = (t, unique, origin, partial, db.execute(f"PRAGMA index_xinfo({name})").fetchall())
    texts = {name: " ".join(sql.split()) for name, sql in db.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type IN ('trigger', 'index') AND sql IS NOT NULL")}
    equal(db.execute("PRAGMA integrity_check").fetchone()[0], "ok", "integrity")
    equal(db.execute("PRAGMA foreign_key_check").fetchall(), [], "foreign keys")
    db.close()
    return {"version": version, "columns": columns, "tables": strict, "foreign": foreign, "indexes": indexes,
            "texts": texts}


def present():
    """The shape of a database that the present server made."""
    server = new_server()
    server.start()
    server.stop()
    return shape(server.dir / "state/control.sqlite")


def kept(before, after):
    """Nothing that was there is gone or different; the log may have grown."""
    for table, old in before.items():
        new = {row["id"]: row for row in after[table]}
        for row in old:
            equal({name: new[row["id"]].get(name) for name in row}, row, f"row {row['id']} of {table}")


@case
def there_is_a_fixture_of_every_version():
    equal(sorted(int(f.stem) for f in SCHEMAS.glob("*.sql")), list(range(1, PRESENT)), "versions in schema/")


@case(timeout=120)
def every_version_comes_to_the_present():
    want = present()
    equal(want["version"], PRESENT, "version of a new database")
    for version in range(1, PRESENT):
        server = new_server()
        path = old_database(server, version)
        before = rows(path)
        check(all(before.values()), f"a table of {version}.sql has no rows")
        server.start()
        users = json.loads(server.ctl("-o", "json", "users", "list").stdout)["users"]
        nodes = json.loads(server.ctl("-o", "json", "nodes", "list").stdout)["nodes"]
        equal(([u["name"] for u in users], [n["name"] for n in nodes]),
              ([u["name"] for u in before["users"]], [n["name"] for n in before["nodes"]]), "what the server knows")
        server.stop()
        kept(before, rows(path))
        got = shape(path)
        for what, value in want.items():
            equal(got[what], value, f"{what} after version {version}")


def refuses(server, why):
    """The server does not start, and says why."""
    try:
        server.start()
        raise ktap.Failure("the server started")
    except RuntimeError as error:
        check(why in str(error), error)


@case
def a_newer_database_is_refused_untouched():
    server = new_server()
    path = old_database(server, 1)
    db = connect(path)
    db.execute(f"PRAGMA user_version = {PRESENT + 1}")
    db.close()
    before = path.read_bytes()
    refuses(server, f"made by a newer warren-control (version {PRESENT + 1}, this is {PRESENT})")
    equal(path.read_bytes() == before, True, "the database as it was")


@case
def a_database_of_another_program_is_refused_untouched():
    server = new_server()
    path = server.dir / "state/control.sqlite"
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE photos (id INTEGER)")
    db.close()
    before = path.read_bytes()
    refuses(server, "a database of another program")
    equal(path.read_bytes() == before, True, "the database as it was")


@case
def a_second_server_on_the_database_is_refused():
    server = new_server()
    server.start()
    config = json.loads((server.dir / "c.hujson").read_text())
    config["socket"] = str(server.dir / "other.sock")
    server.write("other.hujson", json.dumps(config))
    other = subprocess.run([OUT / "warren-control", "-c", server.dir / "other.hujson", "serve"], text=True,
                           capture_output=True, check=False, timeout=60)
    check(other.returncode == 1 and "in use by another warren-control" in other.stderr, other.stderr)
    server.ctl("users", "create", "ann")
    server.stop()


@case
def a_step_that_fails_changes_nothing():
    server = new_server()
    path = old_database(server, 1)
    db = connect(path)
    db.execute("CREATE INDEX users_by_subject ON users (name)")  # in the way of the first step
    db.close()
    before, was = rows(path), shape(path)
    refuses(server, "users_by_subject")
    equal((rows(path), shape(path)), (before, was), "the database")


@case(timeout=240)
def a_crash_at_any_write_loses_nothing():
    """The server is killed at its first write to the database, at its second, ..., until one is
    never reached."""
    if not shutil.which("strace"):
        raise ktap.Skip("no strace here")
    want = present()
    server = new_server()
    before = rows(old_database(server, 1))
    done, killed = False, 0
    server.start(program=PROGRAM)  # writes the configuration
    server.stop()
    for call in range(1, 200):
        path = old_database(server, 1)
        run = subprocess.Popen(["strace", "-f", "-qq", "-o", server.dir / "trace", "-e", "trace=pwrite64,fdatasync",
                                "-e", f"inject=pwrite64,fdatasync:signal=KILL:when={call}",
                                PROGRAM, "-c", server.dir / "c.hujson", "serve"], stderr=subprocess.DEVNULL)
        done = server.answers(lambda run=run: run.poll() is None)
        if done:
            # It runs: past all writes of its start.
            subprocess.run([PROGRAM, "-c", server.dir / "c.hujson", "status"], check=True, capture_output=True)
            run.send_signal(signal.SIGTERM)
            run.wait()
            break
        equal(run.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), True, f"exit code {run.returncode}")
        killed += 1
        # Before the commit it is the old one, after it the new one.
        half = shape(path)
        check(half["version"] in (1, PRESENT), f"version {half['version']}")
        if half["version"] == PRESENT:
            equal(half, want, "a database that says it is of the present")
        kept(before, rows(path))
        server.start(program=PROGRAM)
        server.stop()
        kept(before, rows(path))
        equal(shape(path), want, "after the next start")
    check(done and killed > 5, f"killed {killed} times, came to the end: {done}")


ktap.main()
