// SPDX-License-Identifier: GPL-2.0
#include "save.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/ipc.h"
#include "../lib/route.h"
#include "verbs.h"

static int print_address(void *arg, const struct warren_prefix *prefix)
{
	char text[WARREN_ADDR_PREFIX];

	fprintf(arg, "Address = %s\n", warren_addr_print_prefix(text, prefix));
	return 0;
}

static void print_hooks(FILE *out, const char *key, const struct warren_strings *hooks)
{
	size_t i;

	for (i = 0; i < hooks->n; i++)
		fprintf(out, "%s = %s\n", key, hooks->s[i]);
}

static void print_except(FILE *out, const struct warren_peer *except)
{
	char text[WARREN_ADDR_PREFIX];
	size_t i;

	for (i = 0; i < except->allowedips_n; i++)
		fprintf(out, "%s%s", i ? ", " : "KillSwitchExcept = ",
			warren_addr_print_prefix(text, &except->allowedips[i].prefix));
	if (i)
		fputs("\n", out);
}

/* All of [Interface] that showconf does not print. */
static int print_interface(FILE *out, struct quick *q, struct warren_error *err)
{
	const struct warren_config *c = &q->config;

	fputs("[Interface]\n", out);
	if (warren_route_each_address(&q->rtnl, q->ifindex, print_address, out, err))
		return -1;
	warren_config_print_dns(out, c);
	if (c->mtu)
		fprintf(out, "MTU = %" PRIu32 "\n", c->mtu);
	if (c->table_name[0])
		fprintf(out, "Table = %s\n", c->table_name);
	else if (c->has_table && c->table < 0)
		fprintf(out, "Table = %s\n", c->table == WARREN_TABLE_OFF ? "off" : "auto");
	else if (c->has_table)
		fprintf(out, "Table = %" PRId64 "\n", c->table);
	if (c->rule_priority)
		fprintf(out, "RulePriority = %" PRIu32 "\n", c->rule_priority);
	if (c->kill_switch)
		fputs("KillSwitch = true\n", out);
	print_except(out, &c->except);
	if (c->save_config)
		fputs("SaveConfig = true\n", out);
	print_hooks(out, "PreUp", &c->pre_up);
	print_hooks(out, "PostUp", &c->post_up);
	print_hooks(out, "PreDown", &c->pre_down);
	print_hooks(out, "PostDown", &c->post_down);
	return 0;
}

static int print_all(FILE *out, struct quick *q, struct warren_error *err)
{
	struct warren_device dev;
	int ret;

	ret = warren_ipc_get(&dev, q->name, err);
	if (!ret)
		ret = print_interface(out, q, err);
	if (!ret)
		warren_config_print_rest(out, &dev);
	warren_device_free(&dev);
	return ret;
}

int save_config(struct quick *q, struct warren_error *err)
{
	char tmp[PATH_MAX + 16], path[PATH_MAX];
	FILE *out;
	int fd, ret;

	warren_error_place(err, q->path, 0, NULL);
	/* A link keeps being one: what it points at is replaced. */
	if (!realpath(q->path, path))
		return warren_error_errno(err, WARREN_E_FILE, errno, "cannot find the file");
	snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path);
	fd = mkstemp(tmp);
	if (fd < 0)
		return warren_error_errno(err, WARREN_E_FILE, errno, "cannot make %s", tmp);
	out = fdopen(fd, "w");
	if (!out) {
		close(fd);
		unlink(tmp);
		return warren_error_nomem(err);
	}
	ret = print_all(out, q, err);
	if (!ret && (fflush(out) || fsync(fd)))
		ret = warren_error_errno(err, WARREN_E_FILE, errno, "cannot write %s", tmp);
	fclose(out);
	if (!ret && rename(tmp, path))
		ret = warren_error_errno(err, WARREN_E_FILE, errno, "cannot replace %s", path);
	if (ret)
		unlink(tmp);
	else
		warren_error_place(err, NULL, 0, NULL);
	return ret;
}

static int save(struct quick *q, struct warren_error *err)
{
	struct warren_device dev;

	warren_device_init(&dev, q->name);
	if (warren_ipc_find(&dev, err))
		return -1;
	q->ifindex = dev.ifindex;
	return save_config(q, err);
}

int verb_save(struct warren_error *err, int argc, char **argv)
{
	return quick_run(err, argc, argv, save);
}
