/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Answers that wait for the disk. A write in deferred mode (control_db_defer()) is committed but
 * not flushed; one flush, on a thread of its own, then serves all that were committed before it,
 * and the event loop goes on meanwhile.
 */
#ifndef CONTROL_DURABLE_H
#define CONTROL_DURABLE_H

#include "db.h"

#include <uv.h>

/* Embedded by who waits. */
struct control_durable_wait {
	struct control_durable_wait *next;
	struct control_durable_wait **prev; /* NULL: not waiting */
	void (*done)(struct control_durable_wait *w);
};

struct control_durable {
	uv_loop_t *loop;
	struct control_db *db;
	uv_work_t work;
	bool flushing;
	int status;			      /* of the flush: 0 or an errno */
	struct control_durable_wait *served;  /* by the flush that runs */
	struct control_durable_wait *waiting; /* for the next one */
	void (*failed)(void *ctx, int status);
	void *ctx;
};

/**
 * control_durable_init() - begin
 * @d: to be set up
 * @loop: event loop
 * @db: database
 * @failed: called when a flush fails: what was committed may not survive, nobody who waits is
 *	    called any more, and the server has to stop
 * @ctx: for @failed
 */
void control_durable_init(struct control_durable *d, uv_loop_t *loop, struct control_db *db,
			  void (*failed)(void *ctx, int status), void *ctx);

/**
 * control_durable_wait() - be called when all that is committed by now is on disk
 * @d: the flusher
 * @w: w->done() is called, from within when nothing has to be flushed
 */
void control_durable_wait(struct control_durable *d, struct control_durable_wait *w);
void control_durable_cancel(struct control_durable_wait *w);

#endif /* CONTROL_DURABLE_H */
