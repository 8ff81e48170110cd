-- SPDX-License-Identifier: GPL-2.0
-- The database of warren-control. A new database is made from this file; an older one is brought
-- here by the steps in store.c, and a test compares the result with this file.
--
-- Times are seconds since 1970, 0 is "never". Keys are 32 bytes. Secrets are only here as hashes.

CREATE TABLE users (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	name         TEXT NOT NULL UNIQUE,
	display_name TEXT NOT NULL DEFAULT '',
	email        TEXT NOT NULL DEFAULT '',
	created      INTEGER NOT NULL
) STRICT;

CREATE TABLE preauth_keys (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	prefix    TEXT NOT NULL UNIQUE,
	hash      BLOB NOT NULL,
	-- Whose devices it makes; NULL for a key that only makes tagged devices.
	user      INTEGER REFERENCES users (id) ON DELETE CASCADE,
	-- Space-separated.
	tags      TEXT NOT NULL DEFAULT '',
	reusable  INTEGER NOT NULL,
	ephemeral INTEGER NOT NULL,
	uses      INTEGER NOT NULL DEFAULT 0,
	created   INTEGER NOT NULL,
	expires   INTEGER NOT NULL
) STRICT;

CREATE TABLE nodes (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	machine_key BLOB NOT NULL,
	node_key    BLOB NOT NULL UNIQUE,
	-- The label in DNS, unique, and what the device calls itself.
	name        TEXT NOT NULL UNIQUE,
	hostname    TEXT NOT NULL,
	-- Owner; NULL for a tagged device, which belongs to no one.
	user        INTEGER REFERENCES users (id) ON DELETE RESTRICT,
	tags        TEXT NOT NULL DEFAULT '',
	ipv4        TEXT UNIQUE,
	ipv6        TEXT UNIQUE,
	ephemeral   INTEGER NOT NULL,
	-- How it came here: 'key', 'approval'.
	method      TEXT NOT NULL,
	created     INTEGER NOT NULL,
	expires     INTEGER NOT NULL,
	-- Space-separated prefixes.
	approved    TEXT NOT NULL DEFAULT '',
	-- What the device reported last; written now and then, not at every change.
	disco_key   BLOB,
	hostinfo    TEXT NOT NULL DEFAULT '',
	endpoints   TEXT NOT NULL DEFAULT '',
	home_derp   INTEGER NOT NULL DEFAULT 0,
	last_seen   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX nodes_by_machine ON nodes (machine_key);

-- The policy in force is the newest one; older ones stay to go back to.
CREATE TABLE policies (
	id      INTEGER PRIMARY KEY AUTOINCREMENT,
	text    TEXT NOT NULL,
	created INTEGER NOT NULL
) STRICT;
