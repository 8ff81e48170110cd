/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SQLite, as the store uses it: one connection, statements prepared once, errors in words.
 */
#ifndef CONTROL_DB_H
#define CONTROL_DB_H

#include "mesh.h"

#include <sqlite3.h>

struct control_db;

/* Version of schema.sql, kept in the database as user_version. */
#define DB_VERSION 3

/**
 * control_db_open() - open or make the database
 * @path: file, or ":memory:"
 * @err: what is wrong
 *
 * A database of an older version is migrated in one transaction; one of a newer version, or that is
 * not ours, is refused untouched.
 *
 * Return: NULL on failure.
 */
struct control_db *control_db_open(const char *path, struct mesh_error *err);
/* The step from version @from to the next, as SQL; in migrate.c. */
const char *control_db_migration(int from);
void control_db_close(struct control_db *db);

/**
 * control_db_run() - run one statement to its end
 * @db: database
 * @err: what is wrong
 * @sql: text with ?1, ?2, ...; must be a literal, it is prepared once
 * @types: one letter for each parameter: 's' const char * (NULL is NULL), 'i' int64_t,
 *         'n' int64_t where 0 is NULL, 'b' const void * with size_t
 *
 * Return: rows changed, or a negative errno: -EEXIST for a broken UNIQUE, -ENOSPC for a full disk,
 * -EBUSY for a broken reference, -EIO for the rest.
 */
int control_db_run(struct control_db *db, struct mesh_error *err, const char *sql,
		   const char *types, ...);

/**
 * control_db_actor() - who the next changes are for, in the audit log
 * @db: database
 * @actor: "root", "api key 0123...", "device"; NULL for the server itself
 * @origin: address that it comes from, or ""
 */
void control_db_actor(struct control_db *db, const char *actor, const char *origin);

/* Writes an entry that is no change: a refusal. */
int control_db_audit(struct control_db *db, struct mesh_error *err, const char *action,
		     const char *target, const char *detail);

/* ID of the row that the last INSERT made. */
int64_t control_db_last_id(struct control_db *db);

/**
 * control_db_each() - call @row for every row of a query
 * @db: database
 * @err: what is wrong
 * @sql: the query, without parameters
 * @row: gets the statement at a row; returns 0 or a negative errno to stop
 * @ctx: for @row
 */
int control_db_each(struct control_db *db, struct mesh_error *err, const char *sql,
		    int (*row)(sqlite3_stmt *stmt, void *ctx), void *ctx);

/* Several writes as one. Nested calls are not allowed. */
int control_db_begin(struct control_db *db, struct mesh_error *err);
int control_db_commit(struct control_db *db, struct mesh_error *err);
/* Commits, or rolls back when @ret, of the last write, is below 0. Return: 0 or the error. */
int control_db_end(struct control_db *db, int ret, struct mesh_error *err);

/**
 * control_db_defer() - whether commits are left to a later flush
 * @db: database, in no transaction
 * @on: from now on a commit survives the end of the process, but a crash of the machine only after
 *	a flush; what depends on it must not be acknowledged before (durable.h)
 */
void control_db_defer(struct control_db *db, bool on);
/* Whether something was committed since control_db_flushing() that is not flushed. */
bool control_db_unflushed(const struct control_db *db);
/* A flush of what was committed until now begins: fdatasync() of this file. */
void control_db_flushing(struct control_db *db);
int control_db_log_fd(const struct control_db *db);

#endif /* CONTROL_DB_H */
