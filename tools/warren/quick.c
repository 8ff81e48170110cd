// SPDX-License-Identifier: GPL-2.0
#include "quick.h"

#include <glob.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verbs.h"

void quick_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("[#] ", stderr);
	vfprintf(stderr, fmt, ap);
	fputs("\n", stderr);
	va_end(ap);
}

static int find_by_name(struct quick *q, const char *name, struct warren_error *err)
{
	static const char *const folders[] = {"/etc/warren", "/etc/wireguard"};
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		snprintf(q->path, sizeof(q->path), "%s/%s.conf", folders[i], name);
		if (!access(q->path, F_OK))
			return 0;
	}
	return warren_error_set(
		err, WARREN_E_FILE, "give the path of a file NAME.conf, or put it there",
		"there is neither /etc/warren/%s.conf nor /etc/wireguard/%s.conf", name, name);
}

static int find_file(struct quick *q, const char *arg, struct warren_error *err)
{
	const char *base = strrchr(arg, '/');
	size_t len;

	base = base ? base + 1 : arg;
	len = strlen(base);
	if (len > 5 && !strcmp(base + len - 5, ".conf"))
		len -= 5;
	else if (base != arg)
		return warren_error_set(err, WARREN_E_VALUE,
					"name the file after the interface: NAME.conf",
					"the name of \"%s\" does not end in .conf", arg);
	if (len >= sizeof(q->name) || strlen(arg) >= sizeof(q->path))
		len = 0;
	memcpy(q->name, base, len);
	q->name[len] = '\0';
	if (!warren_device_name_ok(q->name) ||
	    strspn(q->name,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_=+.-") != len)
		return warren_error_set(err, WARREN_E_VALUE,
					"name the file NAME.conf, NAME of 1 to 15 letters, digits, "
					"\"_\", \"=\", \"+\", \".\" and \"-\"",
					"\"%s\" does not give an interface's name", arg);
	if (!base[len])
		return find_by_name(q, q->name, err);
	snprintf(q->path, sizeof(q->path), "%s", arg);
	return 0;
}

/* Tables have names in files like those of iproute2, the first one counts. */
static int find_table(struct quick *q, struct warren_error *err)
{
	static const char *const patterns[] = {
		"/etc/iproute2/rt_tables", "/etc/iproute2/rt_tables.d/*.conf",
		"/usr/share/iproute2/rt_tables", "/usr/share/iproute2/rt_tables.d/*.conf"};
	const char *name = q->config.table_name;
	int table = -1;
	size_t i, j;

	for (i = 0; i < sizeof(patterns) / sizeof(*patterns) && table < 0; i++) {
		glob_t files = {};

		if (!glob(patterns[i], 0, NULL, &files))
			for (j = 0; j < files.gl_pathc && table < 0; j++)
				if (!rtnl_route_read_table_names(files.gl_pathv[j]))
					table = rtnl_route_str2table(name);
		globfree(&files);
	}
	if (table <= 0) {
		warren_error_place(err, q->path, q->config.table_line, "Table");
		return warren_error_set(err, WARREN_E_VALUE,
					"write its number, or give the name one in "
					"/etc/iproute2/rt_tables",
					"no routing table is called \"%s\" here", name);
	}
	q->config.table = table;
	return 0;
}

int quick_read(struct quick *q, const char *arg, struct warren_error *err)
{
	memset(q, 0, sizeof(*q));
	if (find_file(q, arg, err) ||
	    warren_config_read(&q->config, q->path, WARREN_CONFIG_ALL, err) ||
	    (q->config.table == WARREN_TABLE_NAMED && find_table(q, err)))
		return -1;
	memcpy(q->config.device.name, q->name, sizeof(q->name));
	warren_error_place(err, NULL, 0, NULL);
	return 0;
}

int quick_open(struct quick *q, const char *arg, struct warren_error *err)
{
	struct stat st;

	if (quick_read(q, arg, err))
		return -1;
	warren_error_place(err, q->path, 0, NULL);
	if (!stat(q->path, &st) && S_ISREG(st.st_mode) && st.st_mode & 0007)
		warren_error_warn(err, "chmod o= it: it may hold keys",
				  "everyone may read the file");
	warren_error_place(err, NULL, 0, NULL);
	return warren_rtnl_open(&q->rtnl, err);
}

int quick_run(struct warren_error *err, int argc, char **argv,
	      int (*run)(struct quick *q, struct warren_error *err))
{
	struct quick q;
	int ret;

	if (argc != 2)
		return verb_usage(err);
	ret = quick_open(&q, argv[1], err);
	if (!ret)
		ret = run(&q, err);
	quick_close(&q);
	return ret;
}

void quick_close(struct quick *q)
{
	if (q->rtnl.sock)
		warren_rtnl_close(&q->rtnl);
	warren_config_free(&q->config);
}
