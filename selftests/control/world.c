// SPDX-License-Identifier: GPL-2.0
#include "world.h"
#include "ktap.h"
#include "log.h"
#include "vectors.h"

#include <stdlib.h>
#include <unistd.h>

int64_t world_clock = 1767225600;

static int64_t test_clock(void)
{
	return world_clock;
}

int main(void)
{
	mesh_crypto_init();
	control_log_level(LOG_ERROR);
	control_now = test_clock;
	return ktap_main();
}

static void wake(void *ctx)
{
	((struct world *)ctx)->woken++;
}

static void attach(struct world *w)
{
	struct mesh_error err = {""};

	w->st = control_state_open(w->config, &err);
	if (!w->st) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	w->m = control_mapper_new(w->st, "{\"Regions\":{}}", wake, w);
	w->login = control_login_new(w->m);
}

void world_detach(struct world *w)
{
	control_login_free(w->login);
	control_mapper_free(w->m);
	control_state_close(w->st);
	w->login = NULL;
	w->m = NULL;
	w->st = NULL;
}

void world_open(struct world *w)
{
	struct mesh_error err;
	char path[96];

	memset(w, 0, sizeof(*w));
	strcpy(w->dir, "/tmp/warren-control-test-XXXXXX");
	if (!mkdtemp(w->dir))
		exit(1);
	w->config = control_config_load(NULL, &err);
	snprintf(path, sizeof(path), "%s/db", w->dir);
	w->config->database = mesh_arena_strdup(&w->config->arena, path, strlen(path));
	attach(w);
}

void world_reopen(struct world *w)
{
	world_detach(w);
	attach(w);
}

void world_close(struct world *w)
{
	char path[128];

	world_detach(w);
	for (const char *const *s = (const char *const[]){"", "-wal", "-shm", NULL}; *s; s++) {
		snprintf(path, sizeof(path), "%s/db%s", w->dir, *s);
		unlink(path);
	}
	rmdir(w->dir);
	control_config_free(w->config);
}

struct control_user *world_user(struct world *w, const char *name)
{
	struct mesh_error err;

	return control_state_add_user(w->st, name, "", "", &err);
}

struct control_node *world_node(struct world *w, struct control_user *user, const char *tags,
				uint8_t n, const char *hostname)
{
	struct mesh_hostinfo hi = {.hostname = hostname, .os = "linux"};
	struct control_admission a = {
		.machine = seq(n),
		.key = seq((uint8_t)(n + 1)),
		.user = user,
		.tags = tags,
		.method = "key",
		.hostinfo = &hi,
		.hostinfo_raw = "{\"OS\":\"linux\"}",
	};
	struct mesh_error err = {""};
	struct control_node *node = control_node_admit(w->st, &a, &err);

	if (!node)
		printf("# %s\n", err.text);
	return node;
}

void world_routes(struct world *w, struct control_node *node, const char *routes)
{
	struct mesh_hostinfo hi = {.hostname = node->hostname, .os = "linux"};
	struct control_prefixes p;

	control_prefixes_parse(&p, routes);
	hi.routable_ips.v = p.v;
	hi.routable_ips.n = p.n;
	control_report_hostinfo(w->st, node, &hi, NULL);
	free(p.v);
}

bool world_policy(struct world *w, const char *text)
{
	struct mesh_error err;
	struct control_policy *p = control_policy_parse(text, strlen(text), &err);

	if (p)
		control_mapper_set_policy(w->m, p);
	else
		printf("# %s\n", err.text);
	return p;
}

static void on_message(void *ctx, const void *data, size_t len)
{
	struct seen *s = ctx;
	struct mesh_buf in = {0}, json = {0};
	struct mesh_error err;

	mesh_buf_add(&in, data, len);
	if (mesh_zframe_read(&s->zframe, &in, &json, true) != 1 || in.len)
		printf("# message does not decode\n");
	mesh_buf_add(&json, "", 1);
	s->messages++;
	s->bytes += len;
	free(s->last);
	s->last = mesh_strdup((char *)json.data);
	if (mesh_codec_decode(&mesh_map_response_schema, &s->map, &s->arena, s->last,
			      strlen(s->last), MESH_ZFRAME_MAX, &err))
		printf("# %s\n", err.text);
	mesh_buf_free(&in);
	mesh_buf_free(&json);
}

static void on_gone(void *ctx)
{
	((struct seen *)ctx)->gone = true;
}

struct control_stream *world_stream(struct world *w, struct control_node *node, struct seen *seen)
{
	static const struct control_stream_events events = {on_message, on_gone};

	memset(seen, 0, sizeof(*seen));
	return control_mapper_open(w->m, node, true, &events, seen);
}

void seen_clear(struct seen *seen)
{
	mesh_arena_free(&seen->arena);
	memset(&seen->map, 0, sizeof(seen->map));
	free(seen->last);
	seen->last = NULL;
	seen->messages = 0;
	seen->bytes = 0;
}

void seen_free(struct seen *seen)
{
	seen_clear(seen);
	mesh_zframe_free(&seen->zframe);
}

bool seen_has(const struct seen *seen, const char *text)
{
	return seen->last && strstr(seen->last, text);
}
