// SPDX-License-Identifier: GPL-2.0
#include "guard.h"

#include <inttypes.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "full.h"

/* nft's names have letters, digits, '_', '-' and '.'; an interface's more. */
static void print_table(FILE *f, const char *before, const char *name)
{
	fprintf(f, "%s table inet warren-", before);
	for (; *name; name++)
		fprintf(f, strchr("+=", *name) ? "_%02x" : "%c", *name);
}

/* Replaces the table or, where there is none, makes the deletion no failure. */
static void print_deletion(FILE *f, const char *name)
{
	print_table(f, "add", name);
	print_table(f, "\ndelete", name);
	fputs("\n", f);
}

static void print_leak_guard(FILE *f, const struct quick *q, uint32_t mark)
{
	char text[WARREN_ADDR_PREFIX];
	size_t i;

	fputs("chain preraw {\ntype filter hook prerouting priority raw;\n", f);
	for (i = 0; i < q->config.addresses_n; i++) {
		const struct warren_prefix *p = &q->config.addresses[i].prefix;

		*strchr(warren_addr_print_prefix(text, p), '/') = '\0';
		fprintf(f, "iifname != \"%s\" %s daddr %s fib saddr type != local drop\n", q->name,
			p->family == AF_INET ? "ip" : "ip6", text);
	}
	fprintf(f,
		"}\nchain premangle {\ntype filter hook prerouting priority mangle;\n"
		"meta l4proto udp meta mark set ct mark\n}\n"
		"chain postmangle {\ntype filter hook postrouting priority mangle;\n"
		"meta l4proto udp meta mark %" PRIu32 " ct mark set meta mark\n}\n",
		mark);
}

/* Whether a peer has a default route, also as two halves. */
static bool has_default(const struct warren_device *dev)
{
	size_t i, j;

	for (i = 0; i < dev->peers_n; i++)
		for (j = 0; j < dev->peers[i].allowedips_n; j++)
			if (dev->peers[i].allowedips[j].prefix.cidr <= 1)
				return true;
	return false;
}

/* A set of the peers' networks of one family, and the rule that uses it. */
static bool print_set(FILE *f, const struct warren_peer *peers, size_t n, const char *name,
		      uint16_t family)
{
	char text[WARREN_ADDR_PREFIX];
	const char *between = "";
	size_t i, j;

	fprintf(f, "set %s%d {\ntype %s\nflags interval\nauto-merge\n", name,
		family == AF_INET ? 4 : 6, family == AF_INET ? "ipv4_addr" : "ipv6_addr");
	for (i = 0; i < n; i++)
		for (j = 0; j < peers[i].allowedips_n; j++) {
			const struct warren_prefix *p = &peers[i].allowedips[j].prefix;

			if (p->family != family)
				continue;
			fprintf(f, "%s%s", *between ? between : "elements = { ",
				warren_addr_print_prefix(text, p));
			between = ",\n";
		}
	fputs(*between ? " }\n}\n" : "}\n", f);
	return *between;
}

static void print_kill_switch(FILE *f, const struct quick *q, uint32_t mark)
{
	const struct warren_device *dev = &q->config.device;
	const struct warren_peer *except = &q->config.except;
	bool all = has_default(dev);

	print_set(f, except, 1, "except", AF_INET);
	print_set(f, except, 1, "except", AF_INET6);
	if (!all) {
		print_set(f, dev->peers, dev->peers_n, "inside", AF_INET);
		print_set(f, dev->peers, dev->peers_n, "inside", AF_INET6);
	}
	fprintf(f,
		"chain killswitch {\n"
		"oifname { \"lo\", \"%s\" } return\nmeta mark %" PRIu32 " return\n"
		"icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert,"
		" mld2-listener-report } ip6 hoplimit { 1, 255 } return\n"
		"udp sport 68 udp dport 67 return\nudp sport 546 udp dport 547 return\n"
		"ip daddr @except4 return\nip6 daddr @except6 return\n",
		q->name, mark);
	fputs(all ? "reject with icmpx admin-prohibited\n}\n"
		  : "ip daddr @inside4 reject with icmpx admin-prohibited\n"
		    "ip6 daddr @inside6 reject with icmpx admin-prohibited\n}\n",
	      f);
	fprintf(f,
		"chain output {\ntype filter hook output priority filter;\njump killswitch\n}\n"
		"chain forward {\ntype filter hook forward priority filter;\n"
		"iifname != \"%s\" jump killswitch\n}\n",
		q->name);
}

/* A number that tells two texts apart (FNV-1a). */
static uint64_t digest(const char *text)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (; *text; text++)
		sum = (sum ^ (uint8_t)*text) * 0x100000001b3;
	return sum;
}

/* What stands in the table; the caller frees it. NULL without memory. */
static char *make_content(const struct quick *q, uint32_t mark)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	if (full_wanted(q, AF_INET) || full_wanted(q, AF_INET6))
		print_leak_guard(f, q, mark);
	if (q->config.kill_switch)
		print_kill_switch(f, q, mark);
	if (!fclose(f))
		return text;
	free(text);
	return NULL;
}

/* libnftables ends the program where the kernel has no such sockets. */
static bool has_netfilter(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Runs commands of nft(8); what they print is the caller's to free. */
static int nft(const char *commands, char **output, struct warren_error *err)
{
	static const char remedy[] =
		"load the kernel's nf_tables, nft_fib_inet, nft_ct and nft_reject_inet";
	struct nft_ctx *ctx;
	int ret = 0;

	if (!has_netfilter())
		return warren_error_set(err, WARREN_E_KERNEL, remedy,
					"the kernel has no nftables for the guard");
	ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!ctx)
		return warren_error_nomem(err);
	nft_ctx_buffer_error(ctx);
	nft_ctx_buffer_output(ctx);
	nft_ctx_output_set_flags(ctx, NFT_CTX_OUTPUT_TERSE);
	if (nft_run_cmd_from_buffer(ctx, commands)) {
		const char *text = nft_ctx_get_error_buffer(ctx);

		ret = warren_error_set(err, WARREN_E_KERNEL, remedy,
				       "nftables refuses the guard: %.*s", (int)strcspn(text, "\n"),
				       text);
	} else if (output) {
		*output = strdup(nft_ctx_get_output_buffer(ctx));
		ret = *output ? 0 : warren_error_nomem(err);
	}
	nft_ctx_free(ctx);
	return ret;
}

static int run_printed(const struct quick *q, char **output,
		       void (*print)(FILE *f, const char *name), struct warren_error *err)
{
	char text[256] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");

	if (!f)
		return warren_error_nomem(err);
	print(f, q->name);
	fclose(f);
	return nft(text, output, err);
}

int guard_set(const struct quick *q, uint32_t mark, struct warren_error *err)
{
	char *content = make_content(q, mark), *text = NULL;
	size_t size;
	FILE *f = content ? open_memstream(&text, &size) : NULL;
	int ret = -1;

	quick_say("nft add table inet warren-%s { ... }", q->name);
	if (f) {
		print_deletion(f, q->name);
		print_table(f, "add", q->name);
		fprintf(f, " {\ncomment \"mark %" PRIu32 " digest %016" PRIx64 "\"\n%s}\n", mark,
			digest(content), content);
		ret = fclose(f);
	}
	ret = ret ? warren_error_nomem(err) : nft(text, NULL, err);
	free(content);
	free(text);
	return ret;
}

int guard_unset(const struct quick *q, struct warren_error *err)
{
	quick_say("nft delete table inet warren-%s", q->name);
	return run_printed(q, NULL, print_deletion, err);
}

static void print_list(FILE *f, const char *name)
{
	print_table(f, "list", name);
}

int guard_find(const struct quick *q, struct guard *guard, struct warren_error *err)
{
	struct warren_error none = {};
	char *text = NULL;
	const char *comment;

	memset(guard, 0, sizeof(*guard));
	if (run_printed(q, &text, print_list, &none)) {
		/* No such table, or no nf_tables at all. */
		if (none.code == WARREN_E_KERNEL)
			return 0;
		none.warn = err->warn;
		*err = none;
		return -1;
	}
	comment = strstr(text, "comment \"mark ");
	guard->there = true;
	if (comment)
		sscanf(comment, "comment \"mark %" SCNu32 " digest %" SCNx64, &guard->mark,
		       &guard->digest);
	guard->full = strstr(text, "chain premangle {");
	guard->kill_switch = strstr(text, "chain killswitch {");
	free(text);
	return 0;
}

int guard_compare(const struct quick *q, const struct guard *guard, uint32_t mark, bool *same,
		  struct warren_error *err)
{
	char *content = make_content(q, mark);

	if (!content)
		return warren_error_nomem(err);
	*same = guard->there && guard->digest == digest(content);
	free(content);
	return 0;
}
