// SPDX-License-Identifier: GPL-2.0
/*
 * How a database of an earlier version becomes one of the present: one step a version, all in one
 * transaction. A step is never changed once it was released. With a new one, the schema.sql before
 * it goes to selftests/control/schema, where a test brings every version here.
 */
#include "db.h"

static const char *const steps[DB_VERSION] = {
	/* 1: users from an identity provider. */
	[1] = "ALTER TABLE users ADD COLUMN issuer TEXT NOT NULL DEFAULT '';"
	      "ALTER TABLE users ADD COLUMN subject TEXT NOT NULL DEFAULT '';"
	      "ALTER TABLE users ADD COLUMN groups TEXT NOT NULL DEFAULT '';"
	      "CREATE UNIQUE INDEX users_by_subject ON users (issuer, subject) WHERE issuer <> '';"
	      "CREATE TRIGGER audit_user_update AFTER UPDATE OF display_name, email, issuer, "
	      "subject, groups ON users BEGIN "
	      "INSERT INTO audit (at, actor, origin, action, target, detail) "
	      "VALUES (now(), actor(), origin(), 'user.update', NEW.name, 'subject ' || "
	      "NEW.subject || ', email ' || NEW.email || ', groups ' || "
	      "replace(NEW.groups, char(10), ', ')); END;",
	/* 2: routes that were refused. */
	[2] = "ALTER TABLE nodes ADD COLUMN refused TEXT NOT NULL DEFAULT '';"
	      "CREATE TRIGGER audit_node_refuse AFTER UPDATE OF refused ON nodes "
	      "WHEN OLD.refused IS NOT NEW.refused BEGIN "
	      "INSERT INTO audit (at, actor, origin, action, target, detail) "
	      "VALUES (now(), actor(), origin(), 'node.refuse', NEW.name, NEW.refused); END;",
};

const char *control_db_migration(int from)
{
	return steps[from];
}
