// SPDX-License-Identifier: GPL-2.0
/*
 * All traffic through a tunnel, whose own packets must not go through it.
 *
 * The device marks its packets. A rule sends what lacks the mark to a table
 * that has the default route into the tunnel; a second rule, before it, lets
 * the main table's other routes, such as the local network, come first.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nftables/libnftables.h>
#include <string.h>
#include <unistd.h>

#include "../lib/ipc.h"
#include "../lib/route.h"
#include "quick.h"

#define FIRST_TABLE 51820
#define MAIN_TABLE  254

static const uint16_t families[] = {AF_INET, AF_INET6};

bool full_wanted(const struct quick *q, uint16_t family)
{
	const struct warren_device *dev = &q->config.device;
	size_t i, j;

	if (q->config.table != WARREN_TABLE_AUTO)
		return false;
	for (i = 0; i < dev->peers_n; i++)
		for (j = 0; j < dev->peers[i].allowedips_n; j++) {
			const struct warren_prefix *p = &dev->peers[i].allowedips[j].prefix;

			if (p->family == family && !p->cidr)
				return true;
		}
	return false;
}

struct used {
	uint32_t from;
	uint8_t taken[1024];
};

static int note_table(void *arg, const struct warren_prefix *prefix, uint32_t table)
{
	struct used *used = arg;

	(void)prefix;
	if (table >= used->from && table - used->from < sizeof(used->taken))
		used->taken[table - used->from] = 1;
	return 0;
}

/* The file's mark, or the first number whose table has no routes. */
static int choose_mark(struct quick *q, uint32_t *mark, struct warren_error *err)
{
	struct used used = {.from = FIRST_TABLE};
	size_t i;

	*mark = q->config.device.fwmark;
	if (*mark)
		return 0;
	if (warren_route_each(&q->rtnl, 0, note_table, &used, err))
		return -1;
	for (i = 0; i < sizeof(used.taken); i++)
		if (!used.taken[i]) {
			*mark = FIRST_TABLE + i;
			return 0;
		}
	return warren_error_set(err, WARREN_E_KERNEL, "set FwMark to the number of a free table",
				"the routing tables from %u on are all in use", FIRST_TABLE);
}

static int set_mark(struct quick *q, uint32_t mark, struct warren_error *err)
{
	struct warren_device request;

	warren_device_init(&request, q->name);
	request.fwmark = mark;
	request.has_fwmark = true;
	quick_say("warren set %s fwmark %" PRIu32, q->name, mark);
	return warren_ipc_set(&request, err);
}

static int set_family(struct quick *q, uint16_t family, uint32_t mark, struct warren_error *err)
{
	struct warren_rule unmarked = {.family = family, .table = mark, .not_mark = mark};
	struct warren_rule others = {
		.family = family, .table = MAIN_TABLE, .suppress_default = true};
	const struct warren_prefix everything = {.family = family};
	int v = family == AF_INET ? 4 : 6;

	quick_say("ip -%d route add default dev %s table %" PRIu32, v, q->name, mark);
	if (warren_route_add(&q->rtnl, q->ifindex, &everything, mark, err))
		return -1;
	quick_say("ip -%d rule add not fwmark %" PRIu32 " table %" PRIu32, v, mark, mark);
	if (warren_route_add_rule(&q->rtnl, &unmarked, err))
		return -1;
	quick_say("ip -%d rule add table main suppress_prefixlength 0", v);
	return warren_route_add_rule(&q->rtnl, &others, err);
}

static int nft(const char *commands, struct warren_error *err)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	int ret = 0;

	if (!ctx)
		return warren_error_nomem(err);
	nft_ctx_buffer_error(ctx);
	nft_ctx_buffer_output(ctx);
	if (nft_run_cmd_from_buffer(ctx, commands)) {
		const char *text = nft_ctx_get_error_buffer(ctx);

		ret = warren_error_set(err, WARREN_E_KERNEL,
				       "load the kernel's nf_tables, nft_fib_inet and nft_ct",
				       "nftables refuses the leak guard: %.*s",
				       (int)strcspn(text, "\n"), text);
	}
	nft_ctx_free(ctx);
	return ret;
}

/* nft's names have letters, digits, '_', '-' and '.'; an interface's more. */
static void print_table(FILE *f, const char *name)
{
	fputs("inet warren-", f);
	for (; *name; name++)
		fprintf(f, strchr("+=", *name) ? "_%02x" : "%c", *name);
}

static void print_guard(FILE *f, const struct quick *q, uint32_t mark)
{
	char text[WARREN_ADDR_PREFIX];
	size_t i;

	fputs("table ", f);
	print_table(f, q->name);
	fputs(" {\n\tchain preraw {\n\t\ttype filter hook prerouting priority raw;\n", f);
	for (i = 0; i < q->config.addresses_n; i++) {
		const struct warren_prefix *p = &q->config.addresses[i].prefix;

		*strchr(warren_addr_print_prefix(text, p), '/') = '\0';
		fprintf(f, "\t\tiifname != \"%s\" %s daddr %s fib saddr type != local drop\n",
			q->name, p->family == AF_INET ? "ip" : "ip6", text);
	}
	fprintf(f,
		"\t}\n\tchain premangle {\n\t\ttype filter hook prerouting priority mangle;\n"
		"\t\tmeta l4proto udp meta mark set ct mark\n\t}\n"
		"\tchain postmangle {\n\t\ttype filter hook postrouting priority mangle;\n"
		"\t\tmeta l4proto udp meta mark %" PRIu32 " ct mark set meta mark\n\t}\n}\n",
		mark);
}

static int set_guard(const struct quick *q, uint32_t mark, struct warren_error *err)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int ret;

	if (!f)
		return warren_error_nomem(err);
	print_guard(f, q, mark);
	if (fclose(f)) {
		ret = warren_error_nomem(err);
	} else {
		quick_say("nft add table inet warren-%s { ... }", q->name);
		ret = nft(text, err);
	}
	free(text);
	return ret;
}

/* Without it, strict reverse path filtering drops the tunnel's own answers. */
static int set_src_valid_mark(struct warren_error *err)
{
	static const char path[] = "/proc/sys/net/ipv4/conf/all/src_valid_mark";
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	quick_say("sysctl -q net.ipv4.conf.all.src_valid_mark=1");
	if (fd < 0 || write(fd, "1\n", 2) != 2)
		ret = warren_error_errno(err, WARREN_E_KERNEL, errno, "cannot write %s", path);
	if (fd >= 0)
		close(fd);
	return ret;
}

int full_set(struct quick *q, struct warren_error *err)
{
	uint32_t mark;
	size_t i;

	if (!full_wanted(q, AF_INET) && !full_wanted(q, AF_INET6))
		return 0;
	if (choose_mark(q, &mark, err) || set_mark(q, mark, err) || set_guard(q, mark, err))
		return -1;
	for (i = 0; i < 2; i++)
		if (full_wanted(q, families[i]) && set_family(q, families[i], mark, err))
			return -1;
	return full_wanted(q, AF_INET) ? set_src_valid_mark(err) : 0;
}

static int unset_family(struct quick *q, uint16_t family, uint32_t mark, struct warren_error *err)
{
	struct warren_rule unmarked = {.family = family, .table = mark, .not_mark = mark};
	struct warren_rule others = {
		.family = family, .table = MAIN_TABLE, .suppress_default = true};
	int ret, v = family == AF_INET ? 4 : 6;

	ret = warren_route_del_rule(&q->rtnl, &unmarked, err);
	/* Not there: up did not come so far, and the next is another tunnel's. */
	if (ret)
		return ret < 0 ? -1 : 0;
	quick_say("ip -%d rule delete not fwmark %" PRIu32 " table %" PRIu32, v, mark, mark);
	ret = warren_route_del_rule(&q->rtnl, &others, err);
	if (!ret)
		quick_say("ip -%d rule delete table main suppress_prefixlength 0", v);
	return ret < 0 ? -1 : 0;
}

static int unset_guard(const struct quick *q, struct warren_error *err)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int ret;

	if (!f)
		return warren_error_nomem(err);
	/* Adding first makes the deletion work whether the table is there or not. */
	fputs("add table ", f);
	print_table(f, q->name);
	fputs("\ndelete table ", f);
	print_table(f, q->name);
	fputs("\n", f);
	if (fclose(f)) {
		ret = warren_error_nomem(err);
	} else {
		quick_say("nft delete table inet warren-%s", q->name);
		ret = nft(text, err);
	}
	free(text);
	return ret;
}

int full_unset(struct quick *q, uint32_t mark, struct warren_error *err)
{
	int ret = 0;
	size_t i;

	if (!full_wanted(q, AF_INET) && !full_wanted(q, AF_INET6))
		return 0;
	for (i = 0; i < 2 && mark; i++)
		if (full_wanted(q, families[i]) && unset_family(q, families[i], mark, err))
			ret = -1;
	return unset_guard(q, err) ? -1 : ret;
}
