// SPDX-License-Identifier: GPL-2.0
#include "link.h"

#include <errno.h>
#include <linux/if.h>
#include <netlink/route/link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool warren_link_is_tunnel(const struct warren_link *link)
{
	return !strcmp(link->kind, "warren") || !strcmp(link->kind, "wireguard");
}

static void copy(struct warren_link *to, struct rtnl_link *from)
{
	const char *kind = rtnl_link_get_type(from);

	snprintf(to->name, sizeof(to->name), "%s", rtnl_link_get_name(from));
	snprintf(to->kind, sizeof(to->kind), "%s", kind ? kind : "");
	to->ifindex = rtnl_link_get_ifindex(from);
	to->mtu = rtnl_link_get_mtu(from);
	to->up = rtnl_link_get_flags(from) & IFF_UP;
}

static int find(struct warren_rtnl *rtnl, struct warren_link *link, int ifindex, const char *name,
		struct warren_error *err)
{
	struct rtnl_link *l;
	char number[16];
	int ret;

	if (!name)
		snprintf(number, sizeof(number), "%d", ifindex);
	rtnl->error = 0;
	ret = rtnl_link_get_kernel(rtnl->sock, ifindex, name, &l);
	if (ret) {
		warren_rtnl_fail(rtnl, ret, err, "find the interface %s", name ? name : number);
		if (rtnl->error == ENODEV)
			warren_error_set(
				err, WARREN_E_NODEV,
				"see `ip link` for those there are; `warren add` makes one",
				"there is no interface \"%s\"", name ? name : number);
		return -1;
	}
	copy(link, l);
	rtnl_link_put(l);
	return 0;
}

int warren_link_get(struct warren_rtnl *rtnl, struct warren_link *link, const char *name,
		    struct warren_error *err)
{
	return find(rtnl, link, 0, name, err);
}

int warren_link_get_index(struct warren_rtnl *rtnl, struct warren_link *link, uint32_t ifindex,
			  struct warren_error *err)
{
	return find(rtnl, link, ifindex, NULL, err);
}

static int by_index(const void *a, const void *b)
{
	const struct warren_link *x = a, *y = b;

	return x->ifindex < y->ifindex ? -1 : x->ifindex > y->ifindex;
}

int warren_link_each(struct warren_rtnl *rtnl, int (*each)(void *arg, const struct warren_link *l),
		     void *arg, struct warren_error *err)
{
	struct warren_link *links;
	struct nl_cache *cache;
	struct nl_object *o;
	size_t n = 0, i;
	int ret;

	rtnl->error = 0;
	ret = rtnl_link_alloc_cache(rtnl->sock, AF_UNSPEC, &cache);
	if (ret)
		return warren_rtnl_fail(rtnl, ret, err, "list the interfaces");
	links = calloc(nl_cache_nitems(cache) + 1, sizeof(*links));
	if (links)
		for (o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o))
			copy(&links[n++], (struct rtnl_link *)o);
	nl_cache_free(cache);
	if (!links)
		return warren_error_nomem(err);
	qsort(links, n, sizeof(*links), by_index);
	ret = 0;
	for (i = 0; i < n && !ret; i++)
		if (each(arg, &links[i]))
			ret = warren_error_nomem(err);
	free(links);
	return ret;
}

int warren_link_add(struct warren_rtnl *rtnl, const char *name, const char *kind, uint32_t mtu,
		    struct warren_error *err)
{
	struct rtnl_link *l;
	int ret;

	l = rtnl_link_alloc();
	if (!l)
		return warren_error_nomem(err);
	rtnl_link_set_name(l, name);
	if (mtu)
		rtnl_link_set_mtu(l, mtu);
	ret = rtnl_link_set_type(l, kind);
	rtnl->error = 0;
	if (!ret)
		ret = rtnl_link_add(rtnl->sock, l, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(l);
	if (!ret)
		return 0;
	warren_rtnl_fail(rtnl, ret, err, "make the interface %s of kind %s", name, kind);
	if (rtnl->error == EEXIST)
		return warren_error_set(err, WARREN_E_EXISTS,
					"choose another name, or delete it first",
					"there is an interface \"%s\" already", name);
	if (rtnl->error == EOPNOTSUPP)
		return warren_error_set(err, WARREN_E_UNSUPPORTED,
					strcmp(kind, "warren")
						? "load its module: modprobe wireguard"
						: "load its module: modprobe warren; or use "
						  "--kind wireguard for the kernel's own",
					"the kernel has no interfaces of kind \"%s\"", kind);
	return -1;
}

int warren_link_del(struct warren_rtnl *rtnl, const char *name, struct warren_error *err)
{
	struct rtnl_link *l;
	int ret;

	l = rtnl_link_alloc();
	if (!l)
		return warren_error_nomem(err);
	rtnl_link_set_name(l, name);
	rtnl->error = 0;
	ret = rtnl_link_delete(rtnl->sock, l);
	rtnl_link_put(l);
	if (!ret)
		return 0;
	warren_rtnl_fail(rtnl, ret, err, "delete %s", name);
	if (rtnl->error == ENODEV)
		err->code = WARREN_E_NODEV;
	return -1;
}

/* Changes of an interface what is set in want, which is given back here. */
static int change(struct warren_rtnl *rtnl, const char *name, struct rtnl_link *want,
		  struct warren_error *err)
{
	struct rtnl_link *was = rtnl_link_alloc();
	struct warren_link link;
	int ret = -NLE_NOMEM;

	rtnl->error = 0;
	if (was && want && !warren_link_get(rtnl, &link, name, err)) {
		rtnl_link_set_ifindex(was, link.ifindex);
		ret = rtnl_link_change(rtnl->sock, was, want, 0);
	} else if (was && want) {
		ret = -NLE_NODEV;
	}
	if (was)
		rtnl_link_put(was);
	if (want)
		rtnl_link_put(want);
	return ret;
}

int warren_link_rename(struct warren_rtnl *rtnl, const char *from, const char *to,
		       struct warren_error *err)
{
	struct rtnl_link *want = rtnl_link_alloc();
	int ret;

	if (want)
		rtnl_link_set_name(want, to);
	ret = change(rtnl, from, want, err);
	if (ret)
		return warren_rtnl_fail(rtnl, ret, err, "rename %s to %s", from, to);
	return 0;
}

int warren_link_up(struct warren_rtnl *rtnl, const char *name, uint32_t mtu,
		   struct warren_error *err)
{
	struct rtnl_link *want = rtnl_link_alloc();
	int ret;

	if (want)
		rtnl_link_set_flags(want, IFF_UP);
	if (want && mtu)
		rtnl_link_set_mtu(want, mtu);
	ret = change(rtnl, name, want, err);
	if (ret)
		return warren_rtnl_fail(rtnl, ret, err, "bring %s up", name);
	return 0;
}
