// SPDX-License-Identifier: GPL-2.0
#include "durable.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void link_in(struct control_durable_wait **list, struct control_durable_wait *w)
{
	w->next = *list;
	w->prev = list;
	if (w->next)
		w->next->prev = &w->next;
	*list = w;
}

void control_durable_cancel(struct control_durable_wait *w)
{
	if (!w->prev)
		return;
	*w->prev = w->next;
	if (w->next)
		w->next->prev = w->prev;
	w->prev = NULL;
}

/* On a thread of the pool: touches nothing but the file and the status. */
static void flush(uv_work_t *work)
{
	struct control_durable *d = work->data;

	d->status = fdatasync(control_db_log_fd(d->db)) ? errno : 0;
}

static void flushed(uv_work_t *work, int cancelled);

static void begin(struct control_durable *d)
{
	d->served = d->waiting;
	d->served->prev = &d->served;
	d->waiting = NULL;
	d->flushing = true;
	/* What is committed while the flush runs may come too late for it. */
	control_db_flushing(d->db);
	uv_queue_work(d->loop, &d->work, flush, flushed);
}

static void flushed(uv_work_t *work, int cancelled)
{
	struct control_durable *d = work->data;

	if (cancelled || d->status) {
		d->failed(d->ctx, cancelled ? ECANCELED : d->status);
		return;
	}
	while (d->served) {
		struct control_durable_wait *w = d->served;

		control_durable_cancel(w);
		w->done(w);
	}
	d->flushing = false;
	if (d->waiting)
		begin(d);
}

void control_durable_init(struct control_durable *d, uv_loop_t *loop, struct control_db *db,
			  void (*failed)(void *ctx, int status), void *ctx)
{
	memset(d, 0, sizeof(*d));
	d->loop = loop;
	d->db = db;
	d->failed = failed;
	d->ctx = ctx;
	d->work.data = d;
}

void control_durable_wait(struct control_durable *d, struct control_durable_wait *w)
{
	bool unflushed = control_db_unflushed(d->db);

	w->prev = NULL;
	if (!unflushed && !d->flushing) {
		w->done(w);
		return;
	}
	link_in(unflushed ? &d->waiting : &d->served, w);
	if (!d->flushing)
		begin(d);
}
