-- SPDX-License-Identifier: GPL-2.0
-- The database of warren-control. A new database is made from this file; an older one is brought
-- here by the steps in migrate.c, and a test compares the result with this file.
--
-- Times are seconds since 1970, 0 is "never". Keys are 32 bytes. Secrets are only here as hashes.

CREATE TABLE users (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	name         TEXT NOT NULL UNIQUE,
	display_name TEXT NOT NULL DEFAULT '',
	email        TEXT NOT NULL DEFAULT '',
	created      INTEGER NOT NULL,
	-- Who it is at the identity provider, "" for a user of our own, and the groups there, one a
	-- line, as of the last login.
	issuer       TEXT NOT NULL DEFAULT '',
	subject      TEXT NOT NULL DEFAULT '',
	groups       TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE UNIQUE INDEX users_by_subject ON users (issuer, subject) WHERE issuer <> '';

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
	-- How it came here: 'key', 'approval', 'oidc', 'wireguard'.
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

-- Keys for the REST interface over the network.
CREATE TABLE api_keys (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	prefix    TEXT NOT NULL UNIQUE,
	hash      BLOB NOT NULL,
	-- 'read' only looks, 'all' may change things.
	scope     TEXT NOT NULL,
	created   INTEGER NOT NULL,
	expires   INTEGER NOT NULL
) STRICT;

-- Who did what, when and from where. Changes are written by the triggers below, in the transaction
-- of the change itself, so that there is none without its entry. actor() and origin() are functions
-- of the server: who the change is for, and the address that it came from.
CREATE TABLE audit (
	id     INTEGER PRIMARY KEY AUTOINCREMENT,
	at     INTEGER NOT NULL,
	actor  TEXT NOT NULL,
	origin TEXT NOT NULL,
	action TEXT NOT NULL,
	target TEXT NOT NULL,
	detail TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_user_create AFTER INSERT ON users BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'user.create', NEW.name, '');
END;

CREATE TRIGGER audit_user_rename AFTER UPDATE OF name ON users BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'user.rename', NEW.name, 'was ' || OLD.name);
END;

CREATE TRIGGER audit_user_update AFTER UPDATE OF display_name, email, issuer, subject, groups ON users BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'user.update', NEW.name, 'subject ' || NEW.subject || ', email ' || NEW.email || ', groups ' || replace(NEW.groups, char(10), ', '));
END;

CREATE TRIGGER audit_user_delete AFTER DELETE ON users BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'user.delete', OLD.name, '');
END;

CREATE TRIGGER audit_preauth_create AFTER INSERT ON preauth_keys BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'preauthkey.create', NEW.prefix, 'tags ' || NEW.tags || ', reusable ' || NEW.reusable || ', ephemeral ' || NEW.ephemeral);
END;

CREATE TRIGGER audit_preauth_use AFTER UPDATE OF uses ON preauth_keys BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'preauthkey.use', NEW.prefix, '');
END;

CREATE TRIGGER audit_preauth_expire AFTER UPDATE OF expires ON preauth_keys BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'preauthkey.expire', NEW.prefix, '');
END;

CREATE TRIGGER audit_preauth_delete AFTER DELETE ON preauth_keys BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'preauthkey.delete', OLD.prefix, '');
END;

CREATE TRIGGER audit_node_create AFTER INSERT ON nodes BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'node.create', NEW.name, 'by ' || NEW.method);
END;

CREATE TRIGGER audit_node_key AFTER UPDATE OF node_key ON nodes BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'node.login', NEW.name, 'by ' || NEW.method);
END;

CREATE TRIGGER audit_node_rename AFTER UPDATE OF name ON nodes BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'node.rename', NEW.name, 'was ' || OLD.name);
END;

CREATE TRIGGER audit_node_tag AFTER UPDATE OF tags ON nodes
WHEN OLD.tags IS NOT NEW.tags BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'node.tag', NEW.name, NEW.tags);
END;

CREATE TRIGGER audit_node_expire AFTER UPDATE OF expires ON nodes
WHEN OLD.expires IS NOT NEW.expires BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'node.expire', NEW.name, iif(NEW.expires, datetime(NEW.expires, 'unixepoch') || ' UTC', 'never'));
END;

CREATE TRIGGER audit_node_routes AFTER UPDATE OF approved ON nodes
WHEN OLD.approved IS NOT NEW.approved BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'node.routes', NEW.name, NEW.approved);
END;

CREATE TRIGGER audit_node_delete AFTER DELETE ON nodes BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'node.delete', OLD.name, '');
END;

CREATE TRIGGER audit_policy AFTER INSERT ON policies BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'policy.set', 'version ' || NEW.id, length(NEW.text) || ' bytes');
END;

CREATE TRIGGER audit_api_create AFTER INSERT ON api_keys BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'apikey.create', NEW.prefix, 'scope ' || NEW.scope);
END;

CREATE TRIGGER audit_api_expire AFTER UPDATE OF expires ON api_keys BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'apikey.expire', NEW.prefix, '');
END;

CREATE TRIGGER audit_api_delete AFTER DELETE ON api_keys BEGIN
	INSERT INTO audit (at, actor, origin, action, target, detail)
	VALUES (now(), actor(), origin(), 'apikey.delete', OLD.prefix, '');
END;

INSERT INTO users (name, display_name, email, created, issuer, subject, groups) VALUES
	('ann', 'Ann', 'ann@example.com', 1700000000, 'https://id.example.com', 'a1', 'ops' || char(10) || 'staff'),
	('bob@example.com', '', '', 1700000001, '', '', '');
INSERT INTO preauth_keys (prefix, hash, user, tags, reusable, ephemeral, uses, created, expires) VALUES
	('0123456789ab', zeroblob(32), 1, '', 1, 0, 3, 1700000000, 4000000000),
	('0123456789ac', zeroblob(32), NULL, 'tag:web tag:db', 0, 1, 0, 1700000000, 1700003600);
INSERT INTO nodes (machine_key, node_key, name, hostname, user, tags, ipv4, ipv6, ephemeral, method, created,
	expires, approved, disco_key, hostinfo, endpoints, home_derp, last_seen) VALUES
	(zeroblob(32), x'0101010101010101010101010101010101010101010101010101010101010101', 'laptop', 'Laptop', 1, '',
	 '100.64.0.1', 'fd7a:115c:a1e0::1', 0, 'key', 1700000000, 0, '10.0.0.0/8', NULL,
	 '{"OS":"linux","RoutableIPs":["10.0.0.0/8"]}', '192.0.2.1:41641', 900, 1700000100),
	(zeroblob(32), x'0202020202020202020202020202020202020202020202020202020202020202', 'web', 'web', NULL, 'tag:web',
	 '100.64.0.2', NULL, 1, 'approval', 1700000000, 4000000000, '', zeroblob(32), '', '', 0, 0);
INSERT INTO policies (text, created) VALUES ('{}', 1700000000), ('{"acls": []}', 1700000001);
INSERT INTO api_keys (prefix, hash, scope, created, expires) VALUES
	('0123456789ad', zeroblob(32), 'read', 1700000000, 4000000000);
