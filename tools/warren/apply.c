// SPDX-License-Identifier: GPL-2.0
/* apply: make a running interface what its file says, or say what would change. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/ipc.h"
#include "../lib/link.h"
#include "../lib/route.h"
#include "../lib/sync.h"
#include "full.h"
#include "plan.h"
#include "verbs.h"

static int add_step(struct plan *plan, struct step step, struct warren_error *err)
{
	struct step *more = reallocarray(plan->steps, plan->steps_n + 1, sizeof(*more));

	if (!more)
		return warren_error_nomem(err);
	plan->steps = more;
	more[plan->steps_n++] = step;
	return 0;
}

/* What the interface has, collected by the walks over addresses and routes. */
struct have {
	struct step *list;
	size_t n;
};

static int add_have(struct have *have, struct step step)
{
	struct step *more = reallocarray(have->list, have->n + 1, sizeof(*more));

	if (!more)
		return -1;
	have->list = more;
	more[have->n++] = step;
	return 0;
}

static int have_address(void *arg, const struct warren_prefix *prefix)
{
	return add_have(arg, (struct step){.what = STEP_ADDRESS, .prefix = *prefix});
}

static int have_route(void *arg, const struct warren_prefix *prefix, uint32_t table)
{
	return add_have(arg, (struct step){.what = STEP_ROUTE, .prefix = *prefix, .table = table});
}

static bool same(const struct step *a, const struct step *b)
{
	return a->what == b->what && a->table == b->table &&
	       !warren_addr_compare(&a->prefix, &b->prefix);
}

static bool among(const struct step *list, size_t n, const struct step *step)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (same(&list[i], step))
			return true;
	return false;
}

static int by_prefix(const void *a, const void *b)
{
	return warren_addr_compare(a, b);
}

/* The running peers' networks, sorted: only their routes are apply's to remove. */
static struct warren_prefix *running_networks(const struct warren_device *dev, size_t *n)
{
	struct warren_prefix *list;
	size_t i, j, room = 0;

	for (i = 0; i < dev->peers_n; i++)
		room += dev->peers[i].allowedips_n;
	list = calloc(room + 1, sizeof(*list));
	for (i = 0, *n = 0; list && i < dev->peers_n; i++)
		for (j = 0; j < dev->peers[i].allowedips_n; j++)
			list[(*n)++] = dev->peers[i].allowedips[j].prefix;
	if (list && *n)
		qsort(list, *n, sizeof(*list), by_prefix);
	return list;
}

static int plan_addresses(struct plan *plan, struct quick *q, struct warren_error *err)
{
	struct have have = {};
	struct step *want = calloc(q->config.addresses_n + 1, sizeof(*want));
	size_t i, n = q->config.addresses_n;
	int ret = 0;

	if (!want)
		return warren_error_nomem(err);
	ret = warren_route_each_address(&q->rtnl, q->ifindex, have_address, &have, err);
	for (i = 0; i < n && !ret; i++) {
		want[i] = (struct step){.what = STEP_ADDRESS,
					.add = true,
					.prefix = q->config.addresses[i].prefix,
					.line = q->config.addresses[i].line};
		if (!among(have.list, have.n, &want[i]))
			ret = add_step(plan, want[i], err);
	}
	for (i = 0; i < have.n && !ret; i++)
		if (!among(want, n, &have.list[i]))
			ret = add_step(plan, have.list[i], err);
	free(have.list);
	free(want);
	return ret;
}

static int compare_steps(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	return warren_addr_compare(&x->prefix, &y->prefix);
}

static int plan_routes(struct plan *plan, struct quick *q, struct warren_error *err)
{
	struct have have = {};
	struct warren_prefix *old = NULL;
	struct step *want = NULL;
	struct routes routes = {};
	size_t i, old_n = 0;
	int ret;

	ret = routes_wanted(&routes, &q->config, err);
	if (!ret)
		ret = warren_route_each(&q->rtnl, q->ifindex, have_route, &have, err);
	want = calloc(routes.n + 1, sizeof(*want));
	old = running_networks(&plan->running, &old_n);
	if (!ret && (!want || !old))
		ret = warren_error_nomem(err);
	for (i = 0; i < routes.n && !ret; i++)
		want[i] = (struct step){.what = STEP_ROUTE,
					.add = true,
					.prefix = routes.list[i].prefix,
					.table = routes.table,
					.line = routes.list[i].line};
	if (!ret) {
		qsort(want, routes.n, sizeof(*want), compare_steps);
		if (have.n)
			qsort(have.list, have.n, sizeof(*have.list), compare_steps);
	}
	for (i = 0; i < routes.n && !ret; i++)
		if (!have.n ||
		    !bsearch(&want[i], have.list, have.n, sizeof(*have.list), compare_steps))
			ret = add_step(plan, want[i], err);
	for (i = 0; i < have.n && !ret; i++) {
		const struct step *h = &have.list[i];

		/* full_set()'s, a hook's, or still wanted. */
		if (!h->prefix.cidr || !bsearch(&h->prefix, old, old_n, sizeof(*old), by_prefix) ||
		    bsearch(h, want, routes.n, sizeof(*want), compare_steps))
			continue;
		ret = add_step(plan, *h, err);
	}
	free(routes.list);
	free(have.list);
	free(want);
	free(old);
	return ret;
}

/* Routing by rules needs what down and up see to. */
static int check_full(const struct plan *plan, struct quick *q, struct warren_error *err)
{
	static const uint16_t families[] = {AF_INET, AF_INET6};
	const struct warren_device *wanted = &q->config.device;
	size_t i;

	for (i = 0; i < 2; i++) {
		bool there;

		if (full_there(q, families[i], plan->running.fwmark, &there, err))
			return -1;
		if (full_wanted(q, families[i]) != (there && plan->guard.full))
			return warren_error_set(
				err, WARREN_E_UNSUPPORTED, "take it down and up again",
				"%s: a default route or rules come or go, which apply does not do",
				q->name);
	}
	if (plan->guard.full && wanted->has_fwmark && wanted->fwmark != plan->running.fwmark)
		return warren_error_set(err, WARREN_E_UNSUPPORTED, "take it down and up again",
					"%s: its mark changes while rules depend on it", q->name);
	return 0;
}

/* The guard lets packets of one mark through: the running one unless the file has another. */
static int plan_guard(struct plan *plan, struct quick *q, struct warren_error *err)
{
	struct warren_device *wanted = &q->config.device;

	if (guard_find(q, &plan->guard, err) || check_full(plan, q, err))
		return -1;
	plan->guard_wanted = plan->guard.full || q->config.kill_switch;
	plan->kill_switch = q->config.kill_switch - plan->guard.kill_switch;
	plan->guard_same = !plan->guard.there;
	if (!plan->guard_wanted)
		return 0;
	if (!wanted->fwmark)
		wanted->fwmark = plan->running.fwmark;
	if (full_choose_mark(q, &wanted->fwmark, err))
		return -1;
	wanted->has_fwmark = true;
	return guard_compare(q, &plan->guard, wanted->fwmark, &plan->guard_same, err);
}

static int make_plan(struct plan *plan, struct quick *q, struct warren_error *err)
{
	struct warren_link link;

	if (warren_ipc_get(&plan->running, q->name, err) ||
	    warren_link_get(&q->rtnl, &link, q->name, err))
		return -1;
	q->ifindex = link.ifindex;
	if (q->config.mtu && q->config.mtu != link.mtu) {
		plan->mtu_now = link.mtu;
		plan->mtu = q->config.mtu;
	}
	/* Addresses come before routes and go after them: see the order of run(). */
	if (plan_addresses(plan, q, err) || plan_routes(plan, q, err) || plan_guard(plan, q, err))
		return -1;
	return warren_sync_diff(&plan->request, &plan->running, &q->config.device,
				WARREN_SYNC_EXACT, err);
}

static int do_step(struct quick *q, const struct step *step, bool add, struct warren_error *err)
{
	warren_error_place(err, step->line ? q->path : NULL, step->line, NULL);
	if (step->what == STEP_ADDRESS)
		return add ? warren_route_add_address(&q->rtnl, q->ifindex, &step->prefix, err)
			   : warren_route_del_address(&q->rtnl, q->ifindex, &step->prefix, err);
	return add ? warren_route_add(&q->rtnl, q->ifindex, &step->prefix, step->table, err)
		   : warren_route_del(&q->rtnl, q->ifindex, &step->prefix, step->table, err);
}

/* Puts the tunnel's own part back to what it was before. */
static void restore_device(const struct plan *plan)
{
	struct warren_device now, back, old = plan->running;
	struct warren_error ignored = {};

	old.has_private_key = true;
	if (!warren_ipc_get(&now, old.name, &ignored) &&
	    !warren_sync_diff(&back, &now, &old, WARREN_SYNC_EXACT, &ignored)) {
		warren_ipc_set(&back, &ignored);
		warren_device_free(&back);
	}
	warren_device_free(&now);
}

static void undo(struct plan *plan, struct quick *q)
{
	struct warren_error ignored = {};
	size_t i;

	if (plan->device_done)
		restore_device(plan);
	for (i = plan->steps_n; i--;)
		if (plan->steps[i].done)
			do_step(q, &plan->steps[i], !plan->steps[i].add, &ignored);
}

static int do_steps(struct plan *plan, struct quick *q, bool add, enum step_what what,
		    struct warren_error *err)
{
	size_t i;

	for (i = 0; i < plan->steps_n; i++) {
		struct step *step = &plan->steps[i];

		if (step->add != add || step->what != what)
			continue;
		if (do_step(q, step, add, err))
			return -1;
		step->done = true;
	}
	warren_error_place(err, NULL, 0, NULL);
	return 0;
}

/*
 * The kernel takes other addresses of a subnet away with its first one, and IPv4
 * routes with the last address: adds again what went so.
 */
static int settle(const struct plan *plan, struct quick *q, struct warren_error *err)
{
	struct plan again = {.running = plan->running};
	int ret;

	ret = plan_addresses(&again, q, err) || plan_routes(&again, q, err) ||
			      do_steps(&again, q, true, STEP_ADDRESS, err) ||
			      do_steps(&again, q, true, STEP_ROUTE, err)
		      ? -1
		      : 0;
	free(again.steps);
	return ret;
}

/* What is refused most easily comes first, before any peer is touched. */
static int run(struct plan *plan, struct quick *q, struct warren_error *err)
{
	if (do_steps(plan, q, true, STEP_ADDRESS, err) || do_steps(plan, q, true, STEP_ROUTE, err))
		return -1;
	if (!warren_sync_empty(&plan->request)) {
		plan->device_done = true;
		if (warren_ipc_set(&plan->request, err))
			return -1;
	}
	if (do_steps(plan, q, false, STEP_ROUTE, err) ||
	    do_steps(plan, q, false, STEP_ADDRESS, err) || settle(plan, q, err))
		return -1;
	if (plan->mtu && warren_link_up(&q->rtnl, q->name, plan->mtu, err))
		return -1;
	/* Last, as the kernel replaces it as a whole; it knows addresses and networks. */
	if (plan->guard_same)
		return 0;
	return plan->guard_wanted ? guard_set(q, q->config.device.fwmark, err)
				  : guard_unset(q, err);
}

static int apply(struct quick *q, bool dry, bool json, struct warren_error *err)
{
	const char *retries = getenv("WG_ENDPOINT_RESOLUTION_RETRIES");
	struct plan plan = {};
	int ret;

	warren_error_place(err, q->path, 0, NULL);
	ret = warren_addr_resolve(&q->config.device, warren_addr_retries(retries), err);
	warren_error_place(err, NULL, 0, NULL);
	if (!ret)
		ret = make_plan(&plan, q, err);
	if (!ret && json)
		plan_json(stdout, &plan);
	else if (!ret)
		plan_print(stdout, &plan);
	if (!ret && !dry) {
		ret = run(&plan, q, err);
		if (ret)
			undo(&plan, q);
	}
	free(plan.steps);
	warren_device_free(&plan.request);
	warren_device_free(&plan.running);
	return ret;
}

int verb_apply(struct warren_error *err, int argc, char **argv)
{
	bool dry = false, json = false;
	const char *arg = NULL;
	struct quick q;
	int i, ret;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--dry-run"))
			dry = true;
		else if (!strcmp(argv[i], "--json"))
			json = true;
		else if (!arg && argv[i][0] != '-')
			arg = argv[i];
		else
			return verb_usage(err);
	}
	if (!arg)
		return verb_usage(err);
	ret = quick_open(&q, arg, err);
	if (!ret)
		ret = apply(&q, dry, json, err);
	quick_close(&q);
	return ret;
}
