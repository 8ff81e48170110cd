// SPDX-License-Identifier: GPL-2.0
#include "cli.h"
#include "hujson.h"
#include "policy.h"
#include "qr.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_ANSWER (64 << 20)

/* A command being run. */
struct run {
	const struct control_config *config;
	bool json;
	int argc; /* what follows the two words of the command */
	char **argv;
	json_t *body;
	json_t *answer;
	int status;
};

static int send_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int connect_to(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(sun.sun_path)) {
		fprintf(stderr, "warren-control: the socket's path is too long: %s\n", path);
		return -1;
	}
	strcpy(sun.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof(sun))) {
		fprintf(stderr, "warren-control: %s: %s\n%s\n", path, strerror(errno),
			errno == EACCES
				? "Are you allowed to administrate this server? Try as root."
				: "Is the server running? Start it with: warren-control serve");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* One request; the answer is in r->answer. Return: exit code. */
static int request(struct run *r, const char *method, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int request(struct run *r, const char *method, const char *fmt, ...)
{
	char path[512], *text = r->body ? json_dumps(r->body, JSON_COMPACT) : NULL, *body;
	struct mesh_buf buf = {0};
	int fd = connect_to(r->config->socket_path), ret = 1;
	va_list ap;
	ssize_t n;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (fd < 0)
		goto out;
	mesh_buf_printf(&buf,
			"%s /api/v1/%s HTTP/1.1\r\nHost: local\r\nConnection: close\r\n"
			"Content-Length: %zu\r\n\r\n%s",
			method, path, text ? strlen(text) : 0, text ? text : "");
	if (send_all(fd, buf.data, buf.len)) {
		perror("warren-control: write");
		goto out;
	}
	buf.len = 0;
	while (buf.len < MAX_ANSWER && (n = read(fd, mesh_buf_grow(&buf, 65536), 65536)) > 0)
		buf.len += (size_t)n;
	mesh_buf_add(&buf, "", 1);
	body = strstr((char *)buf.data, "\r\n\r\n");
	if (!body || sscanf((char *)buf.data, "HTTP/1.1 %d", &r->status) != 1) {
		fprintf(stderr, "warren-control: the server's answer makes no sense\n");
		goto out;
	}
	json_decref(r->answer);
	r->answer = json_loads(body + 4, 0, NULL);
	if (r->status >= 400) {
		const char *why = json_string_value(json_object_get(r->answer, "error"));

		fprintf(stderr, "warren-control: %s\n", why ? why : "refused");
		goto out;
	}
	if (r->json)
		printf("%s", body + 4);
	ret = 0;
out:
	if (fd >= 0)
		close(fd);
	free(text);
	mesh_buf_free(&buf);
	return ret;
}

/* Devices choose their names: nothing of them shall command the terminal. */
static const char *harmless(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		if (*p < ' ' || *p == 0x7f)
			*p = '?';
		else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?'; /* the same in UTF-8 */
	}
	return *text ? text : "-";
}

/* One cell of a table, from the member of an object. */
static const char *cell(json_t *object, const char *name, char *buf, size_t size)
{
	json_t *v = json_object_get(object, name), *item;
	size_t i, n = 0;

	*buf = 0;
	if (json_is_string(v))
		snprintf(buf, size, "%s", json_string_value(v));
	else if (json_is_integer(v))
		snprintf(buf, size, "%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		return json_is_true(v) ? "yes" : "no";
	json_array_foreach(v, i, item)
	{
		int w = snprintf(buf + n, size - n, "%s%s", i ? "," : "", json_string_value(item));

		n += w > 0 && (size_t)w < size - n ? (size_t)w : 0;
	}
	return harmless(buf);
}

/*
 * Prints a list as a table. @columns is pairs of heading and member, ending in NULL.
 */
static void table(json_t *list, const char *const *columns)
{
	size_t width[16] = {0}, i;
	char buf[512];
	json_t *row;

	for (int c = 0; columns[2 * c]; c++)
		width[c] = strlen(columns[2 * c]);
	json_array_foreach(list, i, row)
	{
		for (int c = 0; columns[2 * c]; c++) {
			size_t n = strlen(cell(row, columns[2 * c + 1], buf, sizeof(buf)));

			width[c] = n > width[c] ? n : width[c];
		}
	}
	for (int c = 0; columns[2 * c]; c++)
		printf("%-*s%s", columns[2 * c + 2] ? (int)width[c] : 0, columns[2 * c],
		       columns[2 * c + 2] ? "  " : "\n");
	json_array_foreach(list, i, row) for (int c = 0; columns[2 * c]; c++) printf(
		"%-*s%s", columns[2 * c + 2] ? (int)width[c] : 0,
		cell(row, columns[2 * c + 1], buf, sizeof(buf)), columns[2 * c + 2] ? "  " : "\n");
}

static int list(struct run *r, const char *path, const char *member, const char *const *columns)
{
	int ret = request(r, "GET", "%s", path);

	if (!ret && !r->json)
		table(json_object_get(r->answer, member), columns);
	return ret;
}

static int users_list(struct run *r)
{
	static const char *const columns[] = {
		"ID",	 "id",	  "NAME",  "name",    "DISPLAY NAME", "displayName", "EMAIL",
		"email", "NODES", "nodes", "CREATED", "createdAt",    NULL};

	return list(r, "users", "users", columns);
}

static void set(struct run *r, const char *name, const char *value)
{
	if (value)
		json_object_set_new(r->body, name, json_string(value));
}

/* Value of "--name VALUE" in the arguments, which is taken out; NULL when it is not there. */
static const char *option(struct run *r, const char *name)
{
	for (int i = 0; i < r->argc; i++) {
		const char *value = i + 1 < r->argc ? r->argv[i + 1] : NULL;

		if (strcmp(r->argv[i], name) || !value)
			continue;
		memmove(r->argv + i, r->argv + i + 2, (size_t)(r->argc - i - 2) * sizeof(*r->argv));
		r->argc -= 2;
		return value;
	}
	return NULL;
}

static bool flag(struct run *r, const char *name)
{
	for (int i = 0; i < r->argc; i++) {
		if (strcmp(r->argv[i], name))
			continue;
		memmove(r->argv + i, r->argv + i + 1, (size_t)(r->argc - i - 1) * sizeof(*r->argv));
		r->argc--;
		return true;
	}
	return false;
}

/* Whether exactly @n words are left; they may not look like options. */
static bool left(struct run *r, int n)
{
	for (int i = 0; i < r->argc; i++) {
		if (r->argv[i][0] == '-') {
			fprintf(stderr, "warren-control: unknown option or missing value: %s\n",
				r->argv[i]);
			return false;
		}
		/* It becomes part of a path. */
		if (strpbrk(r->argv[i], " /?#%\r\n")) {
			fprintf(stderr, "warren-control: this cannot be a name: \"%s\"\n",
				r->argv[i]);
			return false;
		}
	}
	if (r->argc != n)
		fprintf(stderr, "warren-control: wrong number of words; see warren-control help\n");
	return r->argc == n;
}

static int users_create(struct run *r)
{
	set(r, "displayName", option(r, "--display-name"));
	set(r, "email", option(r, "--email"));
	if (!left(r, 1))
		return 2;
	set(r, "name", r->argv[0]);
	return request(r, "POST", "users");
}

static int users_rename(struct run *r)
{
	if (!left(r, 2))
		return 2;
	set(r, "name", r->argv[1]);
	return request(r, "POST", "users/%s/rename", r->argv[0]);
}

static int users_delete(struct run *r)
{
	return left(r, 1) ? request(r, "DELETE", "users/%s", r->argv[0]) : 2;
}

static int preauth_list(struct run *r)
{
	static const char *const columns[] = {
		"ID",	  "id",	      "PREFIX",	  "prefix",    "USER",	    "user", "TAGS",
		"tags",	  "REUSABLE", "reusable", "EPHEMERAL", "ephemeral", "USES", "uses",
		"USABLE", "usable",   "EXPIRES",  "expiresAt", NULL};

	return list(r, "preauthkeys", "preAuthKeys", columns);
}

/* "a,b" as a list */
static void set_list(struct run *r, const char *name, const char *text)
{
	json_t *list_ = json_array();

	while (text && *text) {
		size_t n = strcspn(text, ",");

		if (n)
			json_array_append_new(list_, json_stringn(text, n));
		text += n + (text[n] == ',');
	}
	json_object_set_new(r->body, name, list_);
}

static int preauth_create(struct run *r)
{
	int ret;

	set(r, "user", option(r, "--user"));
	set(r, "expiration", option(r, "--expiration"));
	set_list(r, "tags", option(r, "--tags"));
	json_object_set_new(r->body, "reusable", json_boolean(flag(r, "--reusable")));
	json_object_set_new(r->body, "ephemeral", json_boolean(flag(r, "--ephemeral")));
	if (!left(r, 0))
		return 2;
	ret = request(r, "POST", "preauthkeys");
	if (!ret && !r->json)
		printf("%s\n", json_string_value(json_object_get(
				       json_object_get(r->answer, "preAuthKey"), "key")));
	return ret;
}

static int preauth_expire(struct run *r)
{
	return left(r, 1) ? request(r, "POST", "preauthkeys/%s/expire", r->argv[0]) : 2;
}

static int preauth_delete(struct run *r)
{
	return left(r, 1) ? request(r, "DELETE", "preauthkeys/%s", r->argv[0]) : 2;
}

static int nodes_list(struct run *r)
{
	static const char *const columns[] = {
		"ID",	   "id",      "NAME",	   "name",	  "USER",   "user",
		"TAGS",	   "tags",    "ADDRESSES", "ipAddresses", "ONLINE", "online",
		"EXPIRED", "expired", "LAST SEEN", "lastSeen",	  NULL};

	return list(r, "nodes", "nodes", columns);
}

static int nodes_routes(struct run *r)
{
	static const char *const columns[] = {"ID",	    "id",
					      "NAME",	    "name",
					      "ADVERTISED", "advertisedRoutes",
					      "APPROVED",   "approvedRoutes",
					      "REFUSED",    "refusedRoutes",
					      "SERVED",	    "servedRoutes",
					      NULL};

	return list(r, "nodes", "nodes", columns);
}

static int nodes_rename(struct run *r)
{
	if (!left(r, 2))
		return 2;
	set(r, "name", r->argv[1]);
	return request(r, "POST", "nodes/%s/rename", r->argv[0]);
}

static int nodes_expire(struct run *r)
{
	const char *at = option(r, "--at");

	set(r, "expiresAt", at);
	if (flag(r, "--never"))
		json_object_set_new(r->body, "expiresAt", json_null());
	return left(r, 1) ? request(r, "POST", "nodes/%s/expire", r->argv[0]) : 2;
}

static int nodes_tag(struct run *r)
{
	set_list(r, "tags", option(r, "--tags"));
	return left(r, 1) ? request(r, "POST", "nodes/%s/tags", r->argv[0]) : 2;
}

static int nodes_approve(struct run *r)
{
	set_list(r, "routes", option(r, "--routes"));
	return left(r, 1) ? request(r, "POST", "nodes/%s/routes", r->argv[0]) : 2;
}

static int nodes_refuse(struct run *r)
{
	set_list(r, "routes", option(r, "--routes"));
	return left(r, 1) ? request(r, "POST", "nodes/%s/routes/refuse", r->argv[0]) : 2;
}

static int nodes_delete(struct run *r)
{
	return left(r, 1) ? request(r, "DELETE", "nodes/%s", r->argv[0]) : 2;
}

/* The configuration file of the answer, and its QR code. */
static int print_config(struct run *r, bool qr)
{
	const char *text = json_string_value(json_object_get(r->answer, "config"));
	char *code = NULL;

	if (r->json || !text)
		return 0;
	fputs(text, stdout);
	if (!qr)
		return 0;
	if (warren_qr_text(text, &code)) {
		fprintf(stderr, "warren-control: the file is too long for a QR code; choose fewer "
				"nodes with --peers\n");
		return 1;
	}
	printf("\n%s", code);
	explicit_bzero(code, strlen(code));
	free(code);
	return 0;
}

static int nodes_add_wireguard(struct run *r)
{
	bool qr = flag(r, "--qr");
	int ret;

	set(r, "user", option(r, "--user"));
	set_list(r, "tags", option(r, "--tags"));
	set(r, "publicKey", option(r, "--public-key"));
	set_list(r, "endpoints", option(r, "--endpoint"));
	set_list(r, "routes", option(r, "--routes"));
	set_list(r, "peers", option(r, "--peers"));
	if (!left(r, 1))
		return 2;
	set(r, "name", r->argv[0]);
	ret = request(r, "POST", "nodes/wireguard");
	return ret ? ret : print_config(r, qr);
}

static int nodes_set_wireguard(struct run *r)
{
	const char *tags = option(r, "--tags"), *endpoints = option(r, "--endpoint"),
		   *routes = option(r, "--routes");
	bool qr = flag(r, "--qr");
	int ret;

	set(r, "user", option(r, "--user"));
	set(r, "publicKey", option(r, "--public-key"));
	if (tags)
		set_list(r, "tags", tags);
	if (endpoints)
		set_list(r, "endpoints", endpoints);
	if (routes)
		set_list(r, "routes", routes);
	json_object_set_new(r->body, "newKey", json_boolean(flag(r, "--new-key")));
	if (!left(r, 1))
		return 2;
	ret = request(r, "POST", "nodes/%s/wireguard", r->argv[0]);
	return ret ? ret : print_config(r, qr);
}

static int nodes_wireguard_config(struct run *r)
{
	const char *peers = option(r, "--peers");
	bool qr = flag(r, "--qr");
	char words[400];
	int ret;

	snprintf(words, sizeof(words), "%s", peers ? peers : "");
	for (char *p = words; *p; p++)
		*p = *p == ',' ? '+' : *p;
	if (!left(r, 1))
		return 2;
	if (words[strspn(words, "abcdefghijklmnopqrstuvwxyz0123456789-+")]) {
		fprintf(stderr,
			"warren-control: --peers takes names of nodes, with commas between\n");
		return 2;
	}
	ret = request(r, "GET", "nodes/%s/wireguard?peers=%s", r->argv[0], words);
	return ret ? ret : print_config(r, qr);
}

static int auth_list(struct run *r)
{
	static const char *const columns[] = {"ID",
					      "id",
					      "HOST NAME",
					      "hostname",
					      "OS",
					      "os",
					      "REQUESTED TAGS",
					      "requestedTags",
					      "SINCE",
					      "createdAt",
					      NULL};

	return list(r, "logins", "logins", columns);
}

static int auth_approve(struct run *r)
{
	if (!left(r, 2))
		return 2;
	set(r, "user", r->argv[1]);
	return request(r, "POST", "logins/%s/approve", r->argv[0]);
}

static int auth_reject(struct run *r)
{
	return left(r, 1) ? request(r, "POST", "logins/%s/reject", r->argv[0]) : 2;
}

/* "--version N"; 0 without it. Return: false for what is no number. */
static bool version_option(struct run *r, json_int_t *version)
{
	const char *text = option(r, "--version");
	char *end = "";

	*version = text ? strtoll(text, &end, 10) : 0;
	if (*end || (text && !*text) || *version < 0)
		fprintf(stderr, "warren-control: --version needs a number of: policy list\n");
	else if (text)
		json_object_set_new(r->body, "version", json_integer(*version));
	return !*end && (!text || *text) && *version >= 0;
}

static int policy_get(struct run *r)
{
	json_int_t version;
	int ret = 2;

	if (version_option(r, &version) && left(r, 0))
		ret = version ? request(r, "GET", "policy?version=%lld", (long long)version)
			      : request(r, "GET", "policy");
	if (!ret && !r->json)
		printf("%s\n", json_string_value(json_object_get(r->answer, "policy")));
	return ret;
}

static int policy_list(struct run *r)
{
	static const char *const columns[] = {"VERSION", "version", "SAVED", "updatedAt",
					      "BYTES",	 "bytes",   NULL};

	return left(r, 0) ? list(r, "policy/versions", "versions", columns) : 2;
}

/* The file's text into the request. */
static bool load_policy(struct run *r)
{
	struct mesh_arena arena = {0};
	struct mesh_error err;
	size_t len;
	char *text;

	if (r->argc != 1) {
		fprintf(stderr, "warren-control: name the policy file\n");
		return false;
	}
	text = control_hujson_load(&arena, r->argv[0], POLICY_MAX_TEXT, &len, &err);
	if (!text)
		fprintf(stderr, "warren-control: %s\n", err.text);
	else if (json_object_set_new(r->body, "policy", json_stringn(text, len)))
		fprintf(stderr, "warren-control: %s: not UTF-8 text\n", r->argv[0]);
	mesh_arena_free(&arena);
	return json_object_get(r->body, "policy");
}

static int policy_set(struct run *r)
{
	json_int_t version;

	return version_option(r, &version) && load_policy(r) ? request(r, "PUT", "policy") : 2;
}

static int policy_check(struct run *r)
{
	return load_policy(r) ? request(r, "POST", "policy/check") : 2;
}

/* A group of devices in a few words: its user or tags. */
static json_t *group_name(json_t *groups, json_t *index)
{
	json_t *group = json_array_get(groups, (size_t)json_integer_value(index));
	json_t *user = json_object_get(group, "user");

	return json_incref(json_is_string(user) ? user : json_object_get(group, "tags"));
}

static int policy_reach(struct run *r)
{
	static const char *const columns[] = {"FROM", "from", "TO", "to", "WHAT", "access", NULL};
	json_t *groups, *links, *link;
	size_t i;
	int ret;

	if (r->argc > 1 || !left(r, r->argc))
		return 2;
	ret = r->argc ? request(r, "GET", "reach?node=%s", r->argv[0]) : request(r, "GET", "reach");
	if (ret || r->json)
		return ret;
	groups = json_object_get(r->answer, "groups");
	links = json_object_get(r->answer, "links");
	json_array_foreach(links, i, link)
	{
		json_object_set_new(link, "from",
				    group_name(groups, json_object_get(link, "from")));
		json_object_set_new(link, "to", group_name(groups, json_object_get(link, "to")));
	}
	table(links, columns);
	return 0;
}

static int apikeys_list(struct run *r)
{
	static const char *const columns[] = {"ID",	 "id",	      "PREFIX", "prefix",
					      "SCOPE",	 "scope",     "USABLE", "usable",
					      "EXPIRES", "expiresAt", NULL};

	return list(r, "apikeys", "apiKeys", columns);
}

static int apikeys_create(struct run *r)
{
	int ret;

	set(r, "scope", option(r, "--scope"));
	set(r, "expiration", option(r, "--expiration"));
	if (!left(r, 0))
		return 2;
	ret = request(r, "POST", "apikeys");
	if (!ret && !r->json)
		printf("%s\n", json_string_value(json_object_get(
				       json_object_get(r->answer, "apiKey"), "key")));
	return ret;
}

static int apikeys_expire(struct run *r)
{
	return left(r, 1) ? request(r, "POST", "apikeys/%s/expire", r->argv[0]) : 2;
}

static int apikeys_delete(struct run *r)
{
	return left(r, 1) ? request(r, "DELETE", "apikeys/%s", r->argv[0]) : 2;
}

static int audit_list(struct run *r)
{
	static const char *const columns[] = {"ID",	"id",	  "AT",	    "at",     "ACTOR",
					      "actor",	"ORIGIN", "origin", "ACTION", "action",
					      "TARGET", "target", "DETAIL", "detail", NULL};
	const char *limit = option(r, "--limit"), *before = option(r, "--before");
	char path[80];

	if (!left(r, 0))
		return 2;
	snprintf(path, sizeof(path), "audit?limit=%.20s&before=%.20s", limit ? limit : "100",
		 before ? before : "0");
	return list(r, path, "audit", columns);
}

static int status(struct run *r)
{
	static const char *const columns[] = {
		"VERSION", "version", "URL",	"serverUrl", "NODES",	  "nodes", "ONLINE",
		"online",  "WAITING", "logins", "SINCE",     "startedAt", NULL};
	int ret = request(r, "GET", "status");

	if (!ret && !r->json) {
		json_t *rows = json_pack("[O]", r->answer);

		table(rows, columns);
		json_decref(rows);
	}
	return ret;
}

static const struct {
	const char *group;
	const char *verb;
	const char *args;
	int (*run)(struct run *r);
} commands[] = {
	{"status", NULL, "", status},
	{"users", "list", "", users_list},
	{"users", "create", "NAME [--display-name TEXT] [--email ADDRESS]", users_create},
	{"users", "rename", "USER NEW-NAME", users_rename},
	{"users", "delete", "USER", users_delete},
	{"preauthkeys", "list", "", preauth_list},
	{"preauthkeys", "create",
	 "[--user USER] [--tags tag:a,tag:b] [--reusable] [--ephemeral] [--expiration 1h]",
	 preauth_create},
	{"preauthkeys", "expire", "ID", preauth_expire},
	{"preauthkeys", "delete", "ID", preauth_delete},
	{"nodes", "list", "", nodes_list},
	{"nodes", "routes", "", nodes_routes},
	{"nodes", "rename", "NODE NEW-NAME", nodes_rename},
	{"nodes", "expire", "NODE [--at TIME | --never]", nodes_expire},
	{"nodes", "tag", "NODE --tags tag:a,tag:b", nodes_tag},
	{"nodes", "approve-routes", "NODE --routes 10.0.0.0/8,...", nodes_approve},
	{"nodes", "refuse-routes", "NODE --routes 10.0.0.0/8,...", nodes_refuse},
	{"nodes", "delete", "NODE", nodes_delete},
	{"nodes", "add-wireguard",
	 "NAME [--user USER] [--tags tag:a,tag:b] [--public-key KEY] [--endpoint ADDRESS:PORT,...] "
	 "[--routes 10.0.0.0/8,...] [--peers NODE,...] [--qr]",
	 nodes_add_wireguard},
	{"nodes", "set-wireguard",
	 "NODE [--user USER] [--tags tag:a,tag:b] [--public-key KEY | --new-key] "
	 "[--endpoint ADDRESS:PORT,...] [--routes 10.0.0.0/8,...] [--qr]",
	 nodes_set_wireguard},
	{"nodes", "wireguard-config", "NODE [--peers NODE,...] [--qr]", nodes_wireguard_config},
	{"auth", "list", "", auth_list},
	{"auth", "approve", "ID USER", auth_approve},
	{"auth", "reject", "ID", auth_reject},
	{"policy", "get", "[--version N]", policy_get},
	{"policy", "list", "", policy_list},
	{"policy", "set", "FILE [--version N]", policy_set},
	{"policy", "check", "FILE", policy_check},
	{"policy", "reach", "[NODE]", policy_reach},
	{"apikeys", "list", "", apikeys_list},
	{"apikeys", "create", "[--scope all|read] [--expiration 90d]", apikeys_create},
	{"apikeys", "expire", "ID", apikeys_expire},
	{"apikeys", "delete", "ID", apikeys_delete},
	{"audit", "list", "[--limit N] [--before ID]", audit_list},
};

void control_cli_usage(void)
{
	printf("usage: warren-control [-c FILE] [-o json] COMMAND\n\n"
	       "  serve                    run the server\n"
	       "  configtest               check the configuration and leave\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %s%s%s %s\n", commands[i].group, commands[i].verb ? " " : "",
		       commands[i].verb ? commands[i].verb : "", commands[i].args);
	printf("\nUSER and NODE are a name or an ID.\n");
}

int control_cli_run(const struct control_config *config, bool json, int argc, char **argv)
{
	struct run r = {.config = config, .json = json, .body = json_object()};
	const char *format;
	int ret = 2;
	size_t i;

	/* "-o json" may also stand behind the command. */
	r.argc = argc;
	r.argv = argv;
	format = option(&r, "-o");
	argc = r.argc;
	if (format && strcmp(format, "json")) {
		fprintf(stderr, "warren-control: the only other output is -o json\n");
		json_decref(r.body);
		return 2;
	}
	r.json |= format != NULL;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		int words = commands[i].verb ? 2 : 1;

		if (argc < words || strcmp(argv[0], commands[i].group) ||
		    (commands[i].verb && strcmp(argv[1], commands[i].verb)))
			continue;
		r.argc = argc - words;
		r.argv = argv + words;
		ret = commands[i].run(&r);
		break;
	}
	if (i == sizeof(commands) / sizeof(commands[0]))
		fprintf(stderr, "warren-control: unknown command; see warren-control help\n");
	json_decref(r.body);
	json_decref(r.answer);
	return ret;
}
