// SPDX-License-Identifier: GPL-2.0
#include "route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/object.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "link.h"

static struct nl_addr *make_nl(const struct warren_prefix *prefix)
{
	struct nl_addr *addr;

	addr = nl_addr_build(prefix->family, warren_addr_bytes(prefix),
			     warren_addr_size(prefix->family));
	if (addr)
		nl_addr_set_prefixlen(addr, prefix->cidr);
	return addr;
}

static int from_nl(struct warren_prefix *prefix, struct nl_addr *addr)
{
	memset(prefix, 0, sizeof(*prefix));
	prefix->family = nl_addr_get_family(addr);
	if (prefix->family != AF_INET && prefix->family != AF_INET6)
		return -1;
	/* A default route's destination has no bytes. */
	if (nl_addr_get_len(addr) > warren_addr_size(prefix->family))
		return -1;
	memcpy(&prefix->ip6, nl_addr_get_binary_addr(addr), nl_addr_get_len(addr));
	prefix->cidr = nl_addr_get_prefixlen(addr);
	return 0;
}

static struct rtnl_addr *make_address(uint32_t ifindex, const struct warren_prefix *prefix)
{
	struct rtnl_addr *a = rtnl_addr_alloc();
	struct nl_addr *local = make_nl(prefix);

	if (a && local && !rtnl_addr_set_local(a, local)) {
		rtnl_addr_set_ifindex(a, ifindex);
		rtnl_addr_set_scope(a, RT_SCOPE_UNIVERSE);
	} else if (a) {
		rtnl_addr_put(a);
		a = NULL;
	}
	nl_addr_put(local);
	return a;
}

static int change_address(struct warren_rtnl *rtnl, uint32_t ifindex,
			  const struct warren_prefix *prefix, bool add, struct warren_error *err)
{
	struct rtnl_addr *a = make_address(ifindex, prefix);
	char text[WARREN_ADDR_PREFIX];
	int ret;

	if (!a)
		return warren_error_nomem(err);
	rtnl->error = 0;
	ret = add ? rtnl_addr_add(rtnl->sock, a, NLM_F_CREATE | NLM_F_EXCL)
		  : rtnl_addr_delete(rtnl->sock, a, 0);
	rtnl_addr_put(a);
	if (ret)
		return warren_rtnl_fail(rtnl, ret, err, "%s the address %s", add ? "add" : "remove",
					warren_addr_print_prefix(text, prefix));
	return 0;
}

int warren_route_add_address(struct warren_rtnl *rtnl, uint32_t ifindex,
			     const struct warren_prefix *prefix, struct warren_error *err)
{
	return change_address(rtnl, ifindex, prefix, true, err);
}

int warren_route_del_address(struct warren_rtnl *rtnl, uint32_t ifindex,
			     const struct warren_prefix *prefix, struct warren_error *err)
{
	return change_address(rtnl, ifindex, prefix, false, err);
}

int warren_route_each_address(struct warren_rtnl *rtnl, uint32_t ifindex,
			      int (*each)(void *arg, const struct warren_prefix *prefix), void *arg,
			      struct warren_error *err)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct warren_prefix prefix;
	struct nl_cache *cache;
	struct nl_object *o;
	size_t i;
	int ret;

	rtnl->error = 0;
	ret = rtnl_addr_alloc_cache(rtnl->sock, &cache);
	if (ret)
		return warren_rtnl_fail(rtnl, ret, err, "list the addresses");
	for (i = 0; i < 2 && !ret; i++)
		for (o = nl_cache_get_first(cache); o && !ret; o = nl_cache_get_next(o)) {
			struct rtnl_addr *a = (struct rtnl_addr *)o;

			if (rtnl_addr_get_ifindex(a) != (int)ifindex ||
			    rtnl_addr_get_family(a) != families[i] ||
			    rtnl_addr_get_scope(a) == RT_SCOPE_LINK || !rtnl_addr_get_local(a) ||
			    from_nl(&prefix, rtnl_addr_get_local(a)))
				continue;
			prefix.cidr = rtnl_addr_get_prefixlen(a);
			if (each(arg, &prefix))
				ret = warren_error_nomem(err);
		}
	nl_cache_free(cache);
	return ret;
}

static struct rtnl_route *make_route(uint32_t ifindex, const struct warren_prefix *prefix,
				     uint32_t table)
{
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct rtnl_route *r = rtnl_route_alloc();
	struct nl_addr *dst = make_nl(prefix);

	if (r && hop && dst && !rtnl_route_set_dst(r, dst)) {
		rtnl_route_set_table(r, table);
		rtnl_route_set_protocol(r, RTPROT_BOOT);
		rtnl_route_set_scope(r,
				     prefix->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
		rtnl_route_nh_set_ifindex(hop, ifindex);
		rtnl_route_add_nexthop(r, hop);
		hop = NULL;
	} else if (r) {
		rtnl_route_put(r);
		r = NULL;
	}
	if (hop)
		rtnl_route_nh_free(hop);
	nl_addr_put(dst);
	return r;
}

static int change_route(struct warren_rtnl *rtnl, uint32_t ifindex,
			const struct warren_prefix *prefix, uint32_t table, bool add,
			struct warren_error *err)
{
	struct rtnl_route *r = make_route(ifindex, prefix, table);
	char text[WARREN_ADDR_PREFIX];
	int ret;

	if (!r)
		return warren_error_nomem(err);
	rtnl->error = 0;
	ret = add ? rtnl_route_add(rtnl->sock, r, NLM_F_CREATE | NLM_F_EXCL)
		  : rtnl_route_delete(rtnl->sock, r, 0);
	rtnl_route_put(r);
	if (ret)
		return warren_rtnl_fail(rtnl, ret, err, "%s the route to %s",
					add ? "add" : "remove",
					warren_addr_print_prefix(text, prefix));
	return 0;
}

int warren_route_add(struct warren_rtnl *rtnl, uint32_t ifindex, const struct warren_prefix *prefix,
		     uint32_t table, struct warren_error *err)
{
	char text[WARREN_ADDR_PREFIX];

	if (!change_route(rtnl, ifindex, prefix, table, true, err))
		return 0;
	if (rtnl->error == EEXIST)
		return warren_error_set(
			err, WARREN_E_KERNEL, "remove the other route, or set Table in [Interface]",
			"there is a route to %s already", warren_addr_print_prefix(text, prefix));
	return -1;
}

int warren_route_del(struct warren_rtnl *rtnl, uint32_t ifindex, const struct warren_prefix *prefix,
		     uint32_t table, struct warren_error *err)
{
	return change_route(rtnl, ifindex, prefix, table, false, err);
}

/* Calls for each single-hop route into an interface that the kernel did not make. */
static int walk(struct warren_rtnl *rtnl, uint32_t ifindex,
		int (*each)(void *arg, struct rtnl_route *r), void *arg, struct warren_error *err)
{
	struct nl_cache *cache;
	struct nl_object *o;
	int ret;

	rtnl->error = 0;
	ret = rtnl_route_alloc_cache(rtnl->sock, AF_UNSPEC, 0, &cache);
	if (ret)
		return warren_rtnl_fail(rtnl, ret, err, "list the routes");
	for (o = nl_cache_get_first(cache); o && !ret; o = nl_cache_get_next(o)) {
		struct rtnl_route *r = (struct rtnl_route *)o;

		if (rtnl_route_get_type(r) != RTN_UNICAST ||
		    rtnl_route_get_protocol(r) == RTPROT_KERNEL ||
		    rtnl_route_get_nnexthops(r) != 1 ||
		    (ifindex &&
		     rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(r, 0)) != (int)ifindex))
			continue;
		if (each(arg, r))
			ret = warren_error_nomem(err);
	}
	nl_cache_free(cache);
	return ret;
}

struct visitor {
	int (*each)(void *arg, const struct warren_prefix *prefix, uint32_t table);
	void *arg;
};

static int visit(void *arg, struct rtnl_route *r)
{
	const struct visitor *v = arg;
	struct warren_prefix prefix;

	if (from_nl(&prefix, rtnl_route_get_dst(r)))
		return 0;
	/* A default route's destination may lack its family. */
	prefix.family = rtnl_route_get_family(r);
	return v->each(v->arg, &prefix, rtnl_route_get_table(r));
}

int warren_route_each(struct warren_rtnl *rtnl, uint32_t ifindex,
		      int (*each)(void *arg, const struct warren_prefix *prefix, uint32_t table),
		      void *arg, struct warren_error *err)
{
	struct visitor v = {.each = each, .arg = arg};

	return walk(rtnl, ifindex, visit, &v, err);
}

static int add_copy(void *arg, struct rtnl_route *r)
{
	struct warren_route_copy *copy = arg;
	struct rtnl_route **more = reallocarray(copy->routes, copy->n + 1, sizeof(*more));

	if (!more)
		return -1;
	copy->routes = more;
	more[copy->n] = (struct rtnl_route *)nl_object_clone((struct nl_object *)r);
	if (!more[copy->n])
		return -1;
	copy->n++;
	return 0;
}

int warren_route_copy(struct warren_rtnl *rtnl, struct warren_route_copy *copy, uint32_t ifindex,
		      struct warren_error *err)
{
	memset(copy, 0, sizeof(*copy));
	return walk(rtnl, ifindex, add_copy, copy, err);
}

int warren_route_paste(struct warren_rtnl *rtnl, const struct warren_route_copy *copy,
		       uint32_t ifindex, struct warren_error *err)
{
	size_t i;
	int ret;

	for (i = 0; i < copy->n; i++) {
		struct rtnl_route *r = copy->routes[i];

		rtnl_route_nh_set_ifindex(rtnl_route_nexthop_n(r, 0), ifindex);
		rtnl->error = 0;
		ret = rtnl_route_add(rtnl->sock, r, NLM_F_CREATE | NLM_F_EXCL);
		if (ret)
			return warren_rtnl_fail(rtnl, ret, err, "make a route again");
	}
	return 0;
}

void warren_route_copy_free(struct warren_route_copy *copy)
{
	while (copy->n)
		rtnl_route_put(copy->routes[--copy->n]);
	free(copy->routes);
	copy->routes = NULL;
}

int warren_route_mtu(struct warren_rtnl *rtnl, const struct warren_prefix *to, uint32_t *mtu,
		     uint32_t *ifindex, struct warren_error *err)
{
	struct nl_addr *dst = make_nl(to);
	struct rtnl_nexthop *hop = NULL;
	struct rtnl_route *r = NULL;
	struct warren_link link;
	char text[WARREN_ADDR_PREFIX];
	int ret;

	if (!dst)
		return warren_error_nomem(err);
	rtnl->error = 0;
	ret = rtnl_route_lookup(rtnl->sock, dst, &r);
	nl_addr_put(dst);
	if (ret)
		return warren_rtnl_fail(rtnl, ret, err, "find the way to %s",
					warren_addr_print_prefix(text, to));
	if (rtnl_route_get_nnexthops(r))
		hop = rtnl_route_nexthop_n(r, 0);
	if (hop)
		ret = warren_link_get_index(rtnl, &link, rtnl_route_nh_get_ifindex(hop), err);
	else
		ret = warren_error_set(err, WARREN_E_KERNEL, NULL, "there is no way to %s",
				       warren_addr_print_prefix(text, to));
	if (!ret) {
		if (rtnl_route_get_metric(r, RTAX_MTU, mtu) || !*mtu)
			*mtu = link.mtu;
		if (ifindex)
			*ifindex = link.ifindex;
	}
	rtnl_route_put(r);
	return ret;
}
