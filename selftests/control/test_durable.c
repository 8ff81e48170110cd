// SPDX-License-Identifier: GPL-2.0
/* Answers wait for the disk, and one flush serves many. */
#include "durable.h"
#include "ktap.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct wait {
	struct control_durable_wait w; /* first */
	int done;
};

static char dir[] = "/tmp/warren-durable-XXXXXX";
static uv_loop_t loop;
static struct control_db *db;
static struct control_durable d;
static int failures;

static void done(struct control_durable_wait *w)
{
	((struct wait *)w)->done++;
}

static void failed(void *ctx, int status)
{
	(void)ctx;
	(void)status;
	failures++;
}

static bool begin(void)
{
	struct mesh_error err;
	char path[64];

	if (!mkdtemp(dir))
		return false;
	snprintf(path, sizeof(path), "%s/db", dir);
	db = control_db_open(path, &err);
	uv_loop_init(&loop);
	failures = 0;
	control_durable_init(&d, &loop, db, failed, NULL);
	return db;
}

static void end(void)
{
	char path[64];

	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	control_db_close(db);
	snprintf(path, sizeof(path), "%s/db", dir);
	unlink(path);
	rmdir(dir);
	snprintf(dir, sizeof(dir), "/tmp/warren-durable-XXXXXX");
}

static bool write_entry(bool deferred)
{
	struct mesh_error err;
	bool ok;

	control_db_defer(db, deferred);
	ok = control_db_audit(db, &err, "test", "", "") == 1;
	control_db_defer(db, false);
	return ok;
}

TEST(nobody_waits_when_all_is_flushed)
{
	struct wait one = {.w.done = done};

	EXPECT(begin() && write_entry(false));
	control_durable_wait(&d, &one.w);
	EXPECT(one.done == 1);
	end();
}

TEST(answer_comes_after_the_flush)
{
	struct wait one = {.w.done = done};

	EXPECT(begin() && write_entry(true));
	control_durable_wait(&d, &one.w);
	EXPECT(!one.done);
	uv_run(&loop, UV_RUN_DEFAULT);
	EXPECT(one.done == 1 && !failures);
	control_durable_wait(&d, &one.w);
	EXPECT(one.done == 2);
	end();
}

TEST(transaction_waits_for_the_flush)
{
	struct wait one = {.w.done = done};
	struct mesh_error err;

	EXPECT(begin());
	control_db_defer(db, true);
	EXPECT(!control_db_begin(db, &err));
	EXPECT(control_db_audit(db, &err, "test", "", "") == 1);
	EXPECT(!control_db_commit(db, &err));
	control_db_defer(db, false);
	control_durable_wait(&d, &one.w);
	EXPECT(!one.done);
	uv_run(&loop, UV_RUN_DEFAULT);
	EXPECT(one.done == 1);
	end();
}

/* What is committed during a flush waits for another one. */
TEST(write_during_a_flush_waits_for_the_next)
{
	struct wait one = {.w.done = done}, two = {.w.done = done}, three = {.w.done = done};

	EXPECT(begin() && write_entry(true));
	control_durable_wait(&d, &one.w);
	control_durable_wait(&d, &two.w);
	EXPECT(write_entry(true));
	control_durable_wait(&d, &three.w);
	while (!one.done)
		uv_run(&loop, UV_RUN_ONCE);
	EXPECT(two.done == 1 && !three.done && d.flushing);
	uv_run(&loop, UV_RUN_DEFAULT);
	EXPECT(three.done == 1);
	end();
}

TEST(who_leaves_is_not_called)
{
	struct wait one = {.w.done = done}, two = {.w.done = done}, three = {.w.done = done};

	EXPECT(begin() && write_entry(true));
	control_durable_wait(&d, &one.w);
	control_durable_wait(&d, &two.w);
	EXPECT(write_entry(true));
	control_durable_wait(&d, &three.w);
	control_durable_cancel(&one.w);
	control_durable_cancel(&three.w);
	control_durable_cancel(&three.w);
	uv_run(&loop, UV_RUN_DEFAULT);
	EXPECT(!one.done && two.done == 1 && !three.done);
	end();
}

TEST(failing_flush_answers_nobody)
{
	struct wait one = {.w.done = done};
	int fd, pipes[2];

	EXPECT(begin() && write_entry(true) && !pipe(pipes));
	/* A pipe cannot be flushed. */
	fd = dup(control_db_log_fd(db));
	EXPECT(dup2(pipes[1], control_db_log_fd(db)) >= 0);
	control_durable_wait(&d, &one.w);
	uv_run(&loop, UV_RUN_DEFAULT);
	EXPECT(!one.done && failures == 1);
	dup2(fd, control_db_log_fd(db));
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
	end();
}
