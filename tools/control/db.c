// SPDX-License-Identifier: GPL-2.0
#include "db.h"
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "wrnc", to know our files from others'. */
#define APPLICATION_ID 0x77726e63
#define MAX_STATEMENTS 64

/* The oldest entries of the audit log go when there are more. */
#define AUDIT_ROWS 1000000

extern const char control_schema_sql[];

struct control_db {
	sqlite3 *sqlite;
	struct {
		const char *sql;
		sqlite3_stmt *stmt;
	} cache[MAX_STATEMENTS];
	size_t n_cached;
	int log_fd; /* of the write-ahead log; -1 for a database in memory */
	bool deferred;
	bool unflushed;
	char actor[80];
	char origin[64];
};

static int failed(struct control_db *db, struct mesh_error *err, const char *what)
{
	int code = sqlite3_extended_errcode(db->sqlite);

	mesh_error_set(err, "%s: %s", what, sqlite3_errmsg(db->sqlite));
	switch (code) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
		return -EEXIST;
	case SQLITE_CONSTRAINT_FOREIGNKEY:
	case SQLITE_CONSTRAINT_TRIGGER:
		return -EBUSY;
	}
	return (code & 0xff) == SQLITE_FULL ? -ENOSPC : -EIO;
}

static int script(struct control_db *db, struct mesh_error *err, const char *sql)
{
	return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) ? failed(db, err, "database") : 0;
}

static int pragma(struct control_db *db, const char *name)
{
	char sql[64];
	sqlite3_stmt *stmt;
	int value = -1;

	snprintf(sql, sizeof(sql), "PRAGMA %s", name);
	if (!sqlite3_prepare_v2(db->sqlite, sql, -1, &stmt, NULL) &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

/* Whether this is a database for us. Only reads. Return: its version, 0 for a new one. */
static int check_version(struct control_db *db, const char *path, struct mesh_error *err)
{
	int version = pragma(db, "user_version"), app = pragma(db, "application_id");

	if (version < 0 || app < 0) {
		failed(db, err, path);
		if (sqlite3_errcode(db->sqlite) == SQLITE_BUSY)
			mesh_error_set(err, "%s: in use by another warren-control", path);
		return -EINVAL;
	}
	if (version && app != APPLICATION_ID) {
		mesh_error_set(err, "%s: not a warren-control database", path);
		return -EINVAL;
	}
	if (!version && pragma(db, "schema_version") > 0) {
		mesh_error_set(err, "%s: a database of another program", path);
		return -EINVAL;
	}
	if (version > DB_VERSION) {
		mesh_error_set(err, "%s: made by a newer warren-control (version %d, this is %d)",
			       path, version, DB_VERSION);
		return -EINVAL;
	}
	return version;
}

/* All steps in one transaction, so that a crash leaves the old database or the new one. */
static int bring_up_to_date(struct control_db *db, int version, struct mesh_error *err)
{
	char sql[128];
	int ret;

	if (version == DB_VERSION)
		return 0;
	ret = script(db, err, "BEGIN IMMEDIATE");
	if (!ret && !version)
		ret = script(db, err, control_schema_sql);
	for (int i = version; !ret && version && i < DB_VERSION; i++)
		ret = script(db, err, control_db_migration(i));
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		 APPLICATION_ID, DB_VERSION);
	if (!ret)
		ret = script(db, err, sql);
	if (ret)
		sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
	return ret;
}

/* Functions that the triggers call. */
static void sql_now(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	(void)n;
	(void)v;
	sqlite3_result_int64(ctx, control_now());
}

static void sql_text(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	(void)n;
	(void)v;
	sqlite3_result_text(ctx, sqlite3_user_data(ctx), -1, SQLITE_TRANSIENT);
}

static void add_functions(struct control_db *db)
{
	const int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;

	sqlite3_create_function(db->sqlite, "now", 0, flags, NULL, sql_now, NULL, NULL);
	sqlite3_create_function(db->sqlite, "actor", 0, flags, db->actor, sql_text, NULL, NULL);
	sqlite3_create_function(db->sqlite, "origin", 0, flags, db->origin, sql_text, NULL, NULL);
	control_db_actor(db, NULL, "");
}

void control_db_actor(struct control_db *db, const char *actor, const char *origin)
{
	snprintf(db->actor, sizeof(db->actor), "%s", actor ? actor : "server");
	snprintf(db->origin, sizeof(db->origin), "%s", origin);
}

int control_db_audit(struct control_db *db, struct mesh_error *err, const char *action,
		     const char *target, const char *detail)
{
	return control_db_run(db, err,
			      "INSERT INTO audit (at, actor, origin, action, target, detail) "
			      "VALUES (now(), actor(), origin(), ?1, ?2, ?3)",
			      "sss", action, target, detail);
}

/* The log is there by now; SQLite keeps it until the database is closed. */
static int open_log(struct control_db *db, const char *path, struct mesh_error *err)
{
	struct mesh_buf name = {0};

	if (!*sqlite3_db_filename(db->sqlite, "main"))
		return 0;
	mesh_buf_printf(&name, "%s-wal", path);
	db->log_fd = open((char *)name.data, O_RDWR | O_CLOEXEC);
	if (db->log_fd < 0)
		mesh_error_set(err, "%s: %s", (char *)name.data, strerror(errno));
	mesh_buf_free(&name);
	return db->log_fd < 0 ? -EIO : 0;
}

struct control_db *control_db_open(const char *path, struct mesh_error *err)
{
	struct control_db *db = mesh_alloc(sizeof(*db));
	/* The file holds names and addresses; nobody else reads it. */
	mode_t mask = umask(0077);
	int version, ret = sqlite3_open_v2(path, &db->sqlite,
					   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

	db->log_fd = -1;
	if (ret) {
		mesh_error_set(err, "%s: %s", path, sqlite3_errmsg(db->sqlite));
	} else {
		sqlite3_extended_result_codes(db->sqlite, 1);
		add_functions(db);
		/*
		 * What was acknowledged survives a crash of the machine too: FULL. Exclusive,
		 * because a second server on the same file would hand out the same addresses.
		 */
		ret = script(db, err, "PRAGMA locking_mode = EXCLUSIVE");
		version = ret ? ret : check_version(db, path, err);
		ret = version < 0 ? version
				  : script(db, err,
					   "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
					   "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF");
		if (ret && version >= 0 && sqlite3_errcode(db->sqlite) == SQLITE_BUSY)
			mesh_error_set(err, "%s: in use by another warren-control", path);
		if (!ret)
			ret = bring_up_to_date(db, version, err);
		if (!ret)
			ret = open_log(db, path, err);
		/* Housekeeping; a full disk must not keep the server from starting. */
		if (!ret)
			control_db_run(
				db, err,
				"DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?1",
				"i", (int64_t)AUDIT_ROWS);
	}
	umask(mask);
	if (ret) {
		control_db_close(db);
		return NULL;
	}
	return db;
}

void control_db_close(struct control_db *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < db->n_cached; i++)
		sqlite3_finalize(db->cache[i].stmt);
	sqlite3_close(db->sqlite);
	if (db->log_fd >= 0)
		close(db->log_fd);
	free(db);
}

static sqlite3_stmt *prepare(struct control_db *db, const char *sql)
{
	sqlite3_stmt *stmt;

	for (size_t i = 0; i < db->n_cached; i++)
		if (db->cache[i].sql == sql)
			return db->cache[i].stmt;
	if (db->n_cached == MAX_STATEMENTS ||
	    sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL))
		return NULL;
	db->cache[db->n_cached].sql = sql;
	db->cache[db->n_cached++].stmt = stmt;
	return stmt;
}

int control_db_run(struct control_db *db, struct mesh_error *err, const char *sql,
		   const char *types, ...)
{
	sqlite3_stmt *stmt = prepare(db, sql);
	const void *blob;
	int ret = 0, step;
	int64_t number;
	va_list ap;

	if (!stmt)
		return failed(db, err, "database");
	va_start(ap, types);
	for (int i = 1; *types; types++, i++) {
		switch (*types) {
		case 's':
			sqlite3_bind_text(stmt, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
			break;
		case 'i':
			sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
			break;
		case 'n':
			number = va_arg(ap, int64_t);
			if (number)
				sqlite3_bind_int64(stmt, i, number);
			else
				sqlite3_bind_null(stmt, i);
			break;
		case 'b':
			blob = va_arg(ap, const void *);
			sqlite3_bind_blob(stmt, i, blob, (int)va_arg(ap, size_t), SQLITE_TRANSIENT);
			break;
		}
	}
	va_end(ap);
	do {
		step = sqlite3_step(stmt);
	} while (step == SQLITE_ROW);
	if (step != SQLITE_DONE)
		ret = failed(db, err, "database");
	else
		ret = sqlite3_changes(db->sqlite);
	db->unflushed |= db->deferred && ret > 0;
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return ret;
}

int64_t control_db_last_id(struct control_db *db)
{
	return sqlite3_last_insert_rowid(db->sqlite);
}

int control_db_each(struct control_db *db, struct mesh_error *err, const char *sql,
		    int (*row)(sqlite3_stmt *stmt, void *ctx), void *ctx)
{
	sqlite3_stmt *stmt = prepare(db, sql);
	int ret = 0, step;

	if (!stmt)
		return failed(db, err, "database");
	while ((step = sqlite3_step(stmt)) == SQLITE_ROW && !ret)
		ret = row(stmt, ctx);
	if (!ret && step != SQLITE_DONE)
		ret = failed(db, err, "database");
	sqlite3_reset(stmt);
	return ret;
}

int control_db_begin(struct control_db *db, struct mesh_error *err)
{
	return script(db, err, "BEGIN IMMEDIATE");
}

static void rollback(struct control_db *db)
{
	if (!sqlite3_get_autocommit(db->sqlite))
		sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

int control_db_commit(struct control_db *db, struct mesh_error *err)
{
	int ret = script(db, err, "COMMIT");

	if (ret)
		rollback(db);
	return ret;
}

int control_db_end(struct control_db *db, int ret, struct mesh_error *err)
{
	if (ret >= 0)
		return control_db_commit(db, err);
	rollback(db);
	return ret;
}

void control_db_defer(struct control_db *db, bool on)
{
	struct mesh_error err;

	/* If it fails, commits go on to be flushed. */
	if (db->log_fd >= 0 &&
	    !script(db, &err, on ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL"))
		db->deferred = on;
}

bool control_db_unflushed(const struct control_db *db)
{
	return db->unflushed;
}

void control_db_flushing(struct control_db *db)
{
	db->unflushed = false;
}

int control_db_log_fd(const struct control_db *db)
{
	return db->log_fd;
}
