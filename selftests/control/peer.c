// SPDX-License-Identifier: GPL-2.0
/*
 * The server as a process, against our own client and against hostile ones.
 *   peer PROGRAM   starts PROGRAM (warren-control) on a scratch folder and prints KTAP
 */
#include "client.h"
#include "derp.h"
#include "ktap.h"
#include "stun.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program;
static char dir[] = "/tmp/warren-control-peer-XXXXXX";
static uint16_t port;
static pid_t server = -1;
static rlim_t file_limit; /* largest file that the server may write, 0 none */

static char *run_output; /* of the last ctl() */

/* Runs the command line against the server. Return: exit code. */
static int ctl(const char *args)
{
	char command[1024], buf[65536];
	size_t n;
	FILE *f;

	snprintf(command, sizeof(command), "%s -c %s/c.hujson %s 2>&1", program, dir, args);
	f = popen(command, "r");
	n = fread(buf, 1, sizeof(buf) - 1, f);
	buf[n] = 0;
	if (n && buf[n - 1] == '\n')
		buf[n - 1] = 0;
	free(run_output);
	run_output = strdup(buf);
	return WEXITSTATUS(pclose(f));
}

static bool configure(int handshakes)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/c.hujson", dir);
	f = fopen(path, "w");
	if (!f)
		return false;
	fprintf(f,
		"{\"server_url\": \"http://127.0.0.1:%u\", \"listen\": \"127.0.0.1:%u\", "
		"\"state_dir\": \"%s/state\", \"relay\": {\"stun\": \"127.0.0.1:%u\"}, "
		"\"handshakes_per_second\": %d}",
		port, port, dir, port + 1, handshakes);
	return !fclose(f);
}

/* Starts the server and waits until it answers. */
static bool start(void)
{
	char conf[64], log[64];

	snprintf(conf, sizeof(conf), "%s/c.hujson", dir);
	snprintf(log, sizeof(log), "%s/log", dir);
	server = fork();
	if (!server) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		dup2(fd, 2);
		if (file_limit) {
			struct rlimit l = {file_limit, file_limit};

			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &l);
		}
		execl(program, program, "-c", conf, "serve", (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 200; i++) {
		if (!ctl("status"))
			return true;
		if (waitpid(server, NULL, WNOHANG) == server)
			return false;
		usleep(50000);
	}
	return false;
}

static int stop(int sig)
{
	int status = -1;

	kill(server, sig);
	waitpid(server, &status, 0);
	return status;
}

static bool join(struct client *c, const char *key, const char *name)
{
	struct mesh_register_response resp = {0};
	struct mesh_arena arena = {0};
	bool ok = client_open(c, port, 113) &&
		  client_register(c, key, name, &resp, &arena) == 200 && resp.machine_authorized;

	if (resp.error)
		printf("# %s\n", resp.error);
	mesh_arena_free(&arena);
	return ok;
}

static char *key_for(const char *user, const char *options)
{
	char command[256];

	snprintf(command, sizeof(command), "preauthkeys create --user %s %s", user, options);
	return ctl(command) ? NULL : strdup(run_output);
}

TEST(devices_join_and_are_told_of_each_other)
{
	struct client a, b;
	struct mesh_buf json = {0};
	char *key = key_for("ann", "--reusable");

	EXPECT(key && join(&a, key, "first") && client_stream(&a, "first"));
	EXPECT(client_next(&a, &json) && strstr((char *)json.data, "first.mesh.internal."));
	EXPECT(join(&b, key, "second"));
	/* The first one is told of the second without asking. */
	do
		EXPECT(client_next(&a, &json));
	while (!strstr((char *)json.data, "second.mesh.internal."));
	EXPECT(!ctl("nodes rename second other"));
	do
		EXPECT(client_next(&a, &json));
	while (!strstr((char *)json.data, "other.mesh.internal."));
	EXPECT(!ctl("nodes delete other"));
	do
		EXPECT(client_next(&a, &json));
	while (!strstr((char *)json.data, "PeersRemoved"));
	client_close(&a);
	client_close(&b);
	mesh_buf_free(&json);
	free(key);
}

TEST(presence_is_seen_by_peers)
{
	struct client a, b;
	struct mesh_buf json = {0};
	char *key = key_for("ann", "--reusable");

	EXPECT(join(&a, key, "watcher") && client_stream(&a, "watcher") && client_next(&a, &json));
	EXPECT(join(&b, key, "visitor") && client_stream(&b, "visitor"));
	do
		EXPECT(client_next(&a, &json));
	while (!strstr((char *)json.data, "\"Online\":true"));
	client_close(&b);
	do
		EXPECT(client_next(&a, &json));
	while (!strstr((char *)json.data, "\"Online\":false"));
	client_close(&a);
	mesh_buf_free(&json);
	free(key);
}

TEST(another_machine_cannot_use_a_node_key)
{
	struct client a, thief;
	char *key = key_for("ann", "--reusable");
	struct mesh_register_response resp;
	struct mesh_arena arena = {0};

	EXPECT(join(&a, key, "victim"));
	EXPECT(client_open(&thief, port, 113));
	thief.node = a.node;
	EXPECT(!client_stream(&thief, "victim") && thief.status == 404);
	EXPECT(client_register(&thief, key, "victim", &resp, &arena) == 200);
	EXPECT(!resp.machine_authorized && strstr(resp.error, "another machine"));
	/* And cannot log it out. */
	EXPECT(client_stream(&a, "victim"));
	mesh_arena_free(&arena);
	client_close(&a);
	client_close(&thief);
	free(key);
}

TEST(approval_answers_the_waiting_request)
{
	struct client c;
	struct mesh_register_response resp;
	struct mesh_arena arena = {0};
	struct mesh_buf json = {0};
	char command[200];

	EXPECT(client_open(&c, port, 113));
	EXPECT(client_register(&c, "", "guest", &resp, &arena) == 200 && *resp.auth_url);
	snprintf(command, sizeof(command), "auth approve %s ann", strrchr(resp.auth_url, '/') + 1);
	{
		struct mesh_register_request req = {
			.version = 113, .node_key = c.node, .followup = resp.auth_url};
		pid_t approver = fork();

		if (!approver)
			_exit(ctl(command));
		mesh_codec_encode(&mesh_register_request_schema, &req, &json);
		EXPECT(client_post(&c, "/machine/register", (char *)json.data, json.len) == 200);
		waitpid(approver, NULL, 0);
	}
	/* Before or after the approval: it is a node in the end. */
	EXPECT(client_register(&c, "", "guest", &resp, &arena) == 200 && resp.machine_authorized);
	EXPECT(!strcmp(resp.login.login_name, "ann"));
	client_close(&c);
	mesh_arena_free(&arena);
	mesh_buf_free(&json);
}

TEST(old_clients_are_told_to_update)
{
	struct client c;

	EXPECT(!client_open(&c, port, 112));
	client_close(&c);
}

TEST(bad_requests_get_clear_answers)
{
	struct client c;
	struct mesh_buf body = {0};
	static char big[MESH_HTTP2_MAX_BODY + 10];

	EXPECT(client_open(&c, port, 113));
	EXPECT(client_post(&c, "/machine/map", "{\"Version\":1", 12) == 400);
	EXPECT(memmem(c.body.data, c.body.len, "not JSON", 8));
	EXPECT(client_post(&c, "/machine/map", "{\"NodeKey\":\"x\"}", 15) == 400);
	EXPECT(client_post(&c, "/machine/map", "{\"Version\":113}", 15) == 404);
	EXPECT(client_post(&c, "/machine/register", "{\"Version\":112}", 15) == 400);
	EXPECT(client_post(&c, "/machine/nothing", "{}", 2) == 404);
	memset(big, ' ', sizeof(big));
	EXPECT(client_post(&c, "/machine/map", big, sizeof(big)) == 413);
	client_close(&c);
	EXPECT(client_http(port, "GET /key HTTP/1.1\r\nConnection: close\r\n\r\n", &body) == 400);
	EXPECT(client_http(port, "POST /ts2021 HTTP/1.1\r\nConnection: close\r\n\r\n", &body) ==
	       400);
	EXPECT(strstr((char *)body.data, "Upgrade"));
	EXPECT(client_http(port, "GET /derp HTTP/1.1\r\nConnection: close\r\n\r\n", &body) == 426);
	/* Administration and numbers need a key. */
	EXPECT(client_http(port, "GET /api/v1/users HTTP/1.1\r\nConnection: close\r\n\r\n",
			   &body) == 401);
	EXPECT(client_http(port, "GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n", &body) ==
	       401);
	EXPECT(client_http(port, "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", &body) ==
	       200);
	mesh_buf_free(&body);
}

/* A REST request with an API key. */
static int rest(const char *method, const char *path, const char *key, const char *json,
		struct mesh_buf *body)
{
	char request[1024];

	snprintf(request, sizeof(request),
		 "%s /api/v1/%s HTTP/1.1\r\nAuthorization: Bearer %s\r\nConnection: close\r\n"
		 "Content-Length: %zu\r\n\r\n%s",
		 method, path, key, strlen(json), json);
	return client_http(port, request, body);
}

TEST(rest_needs_a_key_and_keeps_to_its_scope)
{
	struct mesh_buf body = {0};
	char *all, *reader, *wrong;

	EXPECT(!ctl("apikeys create"));
	all = strdup(run_output);
	EXPECT(!ctl("apikeys create --scope read"));
	reader = strdup(run_output);
	wrong = strdup(all);
	wrong[strlen(wrong) - 1] ^= 1;
	EXPECT(rest("GET", "users", reader, "", &body) == 200 &&
	       strstr((char *)body.data, "\"ann\""));
	EXPECT(rest("POST", "users", reader, "{\"name\": \"rest\"}", &body) == 403);
	EXPECT(rest("POST", "users", all, "{\"name\": \"rest\"}", &body) == 201);
	EXPECT(rest("POST", "users", all, "{\"name\": \"rest\"}", &body) == 409);
	EXPECT(rest("POST", "users", all, "[]", &body) == 400);
	EXPECT(rest("PATCH", "users", all, "", &body) == 405);
	EXPECT(rest("GET", "nothing", all, "", &body) == 404);
	EXPECT(rest("DELETE", "users/rest", all, "", &body) == 200);
	EXPECT(rest("GET", "users", wrong, "", &body) == 401);
	EXPECT(rest("GET", "users", "nonsense", "", &body) == 401);
	EXPECT(!ctl("audit list") && strstr(run_output, "invalid API key"));
	EXPECT(strstr(run_output, "user.delete") && strstr(run_output, "api key "));
	EXPECT(!ctl("apikeys expire 1"));
	EXPECT(rest("GET", "users", all, "", &body) == 401);
	/* Somebody who keeps guessing is shut out for a while. */
	for (int i = 0; i < 12; i++)
		rest("GET", "users", wrong, "", &body);
	EXPECT(rest("GET", "users", wrong, "", &body) == 429);
	free(all);
	free(reader);
	free(wrong);
	mesh_buf_free(&body);
}

TEST(noise_on_the_port_does_no_harm)
{
	unsigned int seed = 1;

	for (int i = 0; i < 300; i++) {
		uint8_t junk[2000];
		size_t n = 1 + (size_t)rand_r(&seed) % sizeof(junk);
		int fd = client_dial(port);

		EXPECT(fd >= 0);
		for (size_t k = 0; k < n; k++)
			junk[k] = (uint8_t)rand_r(&seed);
		/* TLS, HTTP and others by turns. */
		if (i % 3 == 0)
			junk[0] = 0x16;
		else if (i % 3 == 1)
			memcpy(junk, "GET ", n < 4 ? n : 4);
		if (send(fd, junk, n, MSG_NOSIGNAL) < 0)
			printf("# closed early\n");
		close(fd);
	}
	EXPECT(!ctl("status"));
}

TEST(slow_clients_are_cut_off)
{
	int fd = client_dial(port);
	char c;

	EXPECT(send(fd, "GET /", 5, MSG_NOSIGNAL) == 5);
	/* The server gives 15 s; the socket waits for 20. */
	EXPECT(recv(fd, &c, 1, 0) == 0);
	close(fd);
}

TEST(stun_answers)
{
	uint8_t txid[12] = {1, 2, 3}, req[MESH_STUN_REQUEST_SIZE], resp[200], got[12];
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(port + 1))};
	struct timeval limit = {.tv_sec = 5};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct mesh_addrport mapped;
	char ip[MESH_ADDR_TEXT];
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	EXPECT(!connect(fd, (struct sockaddr *)&to, sizeof(to)));
	EXPECT(send(fd, "junk", 4, 0) == 4);
	mesh_stun_request(req, txid);
	EXPECT(send(fd, req, sizeof(req), 0) == sizeof(req));
	n = recv(fd, resp, sizeof(resp), 0);
	EXPECT(n > 0 && !mesh_stun_parse_response(resp, (size_t)n, got, &mapped));
	mesh_text_ip(ip, &mapped.ip);
	EXPECT_STR(ip, "127.0.0.1");
	EXPECT(!memcmp(got, txid, 12));
	close(fd);
}

/* A relay client without TLS, on the port that takes both. Return: a socket after the handshake. */
static int relay_dial(const struct mesh_key *priv, struct mesh_key *server_key)
{
	static const char req[] = "GET /derp HTTP/1.1\r\nHost: x\r\nUpgrade: DERP\r\n"
				  "Connection: Upgrade\r\nDerp-Fast-Start: 1\r\n\r\n";
	struct mesh_derp_client_info info = {.version = 2, .can_ack_pings = true};
	struct mesh_buf in = {0}, out = {0};
	struct mesh_derp_frame f;
	int fd = client_dial(port), n, version;

	if (send(fd, req, sizeof(req) - 1, MSG_NOSIGNAL) < 0)
		return -1;
	for (int step = 0; step < 2;) {
		ssize_t got;

		n = mesh_derp_next(&f, in.data, in.len, 1000);
		if (n > 0 && !step && !mesh_derp_parse_server_key(&f, server_key)) {
			mesh_derp_client_info(&out, priv, server_key, NULL, &info);
			if (send(fd, out.data, out.len, MSG_NOSIGNAL) < 0)
				return -1;
			step = 1;
			mesh_buf_take(&in, (size_t)n);
			continue;
		}
		if (n > 0 && step && !mesh_derp_parse_server_info(&f, priv, server_key, &version))
			break;
		got = recv(fd, mesh_buf_grow(&in, 4096), 4096, 0);
		if (got <= 0) {
			close(fd);
			fd = -1;
			break;
		}
		in.len += (size_t)got;
	}
	mesh_buf_free(&in);
	mesh_buf_free(&out);
	return fd;
}

static bool next_frame(int fd, struct mesh_buf *in, struct mesh_derp_frame *f)
{
	int n;

	while (!(n = mesh_derp_next(f, in->data, in->len, 100000))) {
		ssize_t got = recv(fd, mesh_buf_grow(in, 4096), 4096, 0);

		if (got <= 0)
			return false;
		in->len += (size_t)got;
	}
	return n > 0;
}

TEST(relay_carries_packets_between_own_nodes_only)
{
	struct client a, b;
	struct mesh_key pa, pb, stranger, server_key, from;
	struct mesh_buf out = {0}, in = {0};
	struct mesh_derp_frame f;
	const uint8_t *data;
	size_t len;
	char *key = key_for("ann", "--reusable");
	int fa, fb;

	/* Node keys whose private half is known. */
	mesh_key_generate(&pa);
	mesh_key_generate(&pb);
	mesh_key_generate(&stranger);
	EXPECT(relay_dial(&stranger, &server_key) < 0);
	EXPECT(client_open(&a, port, 113) && client_open(&b, port, 113));
	mesh_key_public(&a.node, &pa);
	mesh_key_public(&b.node, &pb);
	{
		struct mesh_register_response resp;
		struct mesh_arena arena = {0};

		EXPECT(client_register(&a, key, "ra", &resp, &arena) == 200 &&
		       resp.machine_authorized);
		EXPECT(client_register(&b, key, "rb", &resp, &arena) == 200 &&
		       resp.machine_authorized);
		mesh_arena_free(&arena);
	}
	fa = relay_dial(&pa, &server_key);
	fb = relay_dial(&pb, &server_key);
	EXPECT(fa >= 0 && fb >= 0);
	mesh_derp_packet(&out, MESH_DERP_SEND_PACKET, &b.node, "hello", 5);
	EXPECT(send(fa, out.data, out.len, MSG_NOSIGNAL) == (ssize_t)out.len);
	EXPECT(next_frame(fb, &in, &f) && f.type == MESH_DERP_RECV_PACKET);
	EXPECT(!mesh_derp_parse_packet(&f, &from, &data, &len));
	EXPECT(mesh_key_same(&from, &a.node) && len == 5 && !memcmp(data, "hello", 5));
	/* The receiver learns when the sender leaves. */
	in.len = 0;
	close(fa);
	EXPECT(next_frame(fb, &in, &f) && f.type == MESH_DERP_PEER_GONE);
	/* A ping is echoed. */
	in.len = out.len = 0;
	mesh_derp_frame(&out, MESH_DERP_PING, "12345678", 8);
	EXPECT(send(fb, out.data, out.len, MSG_NOSIGNAL) == (ssize_t)out.len);
	EXPECT(next_frame(fb, &in, &f) && f.type == MESH_DERP_PONG &&
	       !memcmp(f.payload, "12345678", 8));
	/* A deleted node is sent away. */
	EXPECT(!ctl("nodes delete rb"));
	EXPECT(recv(fb, in.data, 1, 0) == 0);
	close(fb);
	client_close(&a);
	client_close(&b);
	mesh_buf_free(&in);
	mesh_buf_free(&out);
	free(key);
}

/* Sends @len bytes many times, until @total were taken. Return: whether they were. */
static bool flood(int fd, const void *data, size_t len, size_t total)
{
	for (size_t sent = 0; sent < total; sent += len) {
		size_t at = 0;

		while (at < len) {
			ssize_t n = send(fd, (const char *)data + at, len - at, MSG_NOSIGNAL);

			if (n <= 0)
				return false;
			at += (size_t)n;
		}
	}
	return true;
}

#define FLOOD (48 << 20) /* more than the kernel keeps and the server would queue */
#define KEPT  (14 << 20) /* more than the kernel keeps, less than the server would queue */

/* Reads until the answer to @ping is there, which has @text in it. Return: bytes before it. */
static size_t unread(int fd, const struct mesh_buf *ping, const char *text)
{
	static char buf[65536];
	size_t total = 0;
	ssize_t n;

	do {
		/* Again, because the server leaves it out while too much is not read. */
		if (send(fd, ping->data, ping->len, MSG_NOSIGNAL) < 0)
			return SIZE_MAX;
		n = recv(fd, buf, sizeof(buf), 0);
		if (n <= 0)
			return SIZE_MAX;
		total += (size_t)n;
	} while (!memmem(buf, (size_t)n, text, strlen(text)));
	printf("# %zu bytes were kept\n", total);
	return total;
}

TEST(who_pings_the_relay_and_does_not_read_fills_no_memory)
{
	struct mesh_register_response resp;
	struct mesh_arena arena = {0};
	struct mesh_buf pings = {0};
	struct mesh_key priv, server_key;
	struct client c;
	char *key = key_for("ann", ""), payload[1000] = "";
	int fd;

	mesh_key_generate(&priv);
	EXPECT(client_open(&c, port, 113));
	mesh_key_public(&c.node, &priv);
	EXPECT(client_register(&c, key, "pings", &resp, &arena) == 200 && resp.machine_authorized);
	fd = relay_dial(&priv, &server_key);
	for (int i = 0; i < 60; i++)
		mesh_derp_frame(&pings, MESH_DERP_PING, payload, sizeof(payload));
	/* The server hears all of it, and leaves out what is not read. */
	EXPECT(flood(fd, pings.data, pings.len, FLOOD));
	pings.len = 0;
	mesh_derp_frame(&pings, MESH_DERP_PING, "the last", 8);
	EXPECT(unread(fd, &pings, "the last") < KEPT);
	EXPECT(!ctl("nodes delete pings"));
	close(fd);
	client_close(&c);
	mesh_arena_free(&arena);
	mesh_buf_free(&pings);
	free(key);
}

/* A ping over WebSocket. */
static void add_ping(struct mesh_buf *out, const char *payload, uint8_t len)
{
	const uint8_t head[6] = {0x89, 0x80 | len};

	mesh_buf_add(out, head, sizeof(head));
	mesh_buf_add(out, payload, len);
}

TEST(who_pings_a_websocket_and_does_not_read_fills_no_memory)
{
	struct mesh_buf pings = {0};
	char payload[125] = "";
	struct client c;

	EXPECT(client_open_browser(&c, port, 113));
	for (int i = 0; i < 400; i++)
		add_ping(&pings, payload, sizeof(payload));
	EXPECT(flood(c.fd, pings.data, pings.len, FLOOD));
	pings.len = 0;
	add_ping(&pings, "the last", 8);
	EXPECT(unread(c.fd, &pings, "the last") < KEPT);
	client_close(&c);
	mesh_buf_free(&pings);
}

TEST(who_asks_and_does_not_read_is_cut_off)
{
	/* HEADERS of "POST https /", whole, on ever new streams; SETTINGS are never acknowledged.
	 */
	uint8_t frame[12] = {0, 0, 3, 1, 5, 0, 0, 0, 0, 0x83, 0x87, 0x84};
	struct mesh_buf plain = {0}, wire = {0};
	size_t total = 0;
	uint32_t stream = 101;
	struct client c;
	bool taken = true;

	EXPECT(client_open(&c, port, 113));
	while (taken && total < FLOOD) {
		plain.len = wire.len = 0;
		for (int i = 0; i < 5000; i++, stream += 2) {
			mesh_put32(frame + 5, stream);
			mesh_buf_add(&plain, frame, sizeof(frame));
		}
		EXPECT(!mesh_record_seal(&c.tx, &wire, plain.data, plain.len));
		taken = flood(c.fd, wire.data, wire.len, wire.len);
		total += wire.len;
	}
	printf("# %zu bytes\n", total);
	EXPECT(!taken);
	EXPECT(!ctl("status"));
	client_close(&c);
	mesh_buf_free(&plain);
	mesh_buf_free(&wire);
}

TEST(a_node_has_only_so_many_streams)
{
	char *key = key_for("ann", "");
	struct mesh_buf json = {0};
	struct client c;

	EXPECT(join(&c, key, "greedy"));
	for (int i = 0; i < 12; i++)
		EXPECT(client_stream(&c, "greedy"));
	EXPECT(!ctl("status -o json") && strstr(run_output, "\"streams\":8,"));
	/* The newest one goes on. */
	EXPECT(!ctl("nodes rename greedy modest"));
	do
		EXPECT(client_next(&c, &json));
	while (!strstr((char *)json.data, "modest.mesh.internal."));
	EXPECT(!ctl("nodes delete modest"));
	mesh_buf_free(&json);
	client_close(&c);
	free(key);
}

TEST(what_was_acknowledged_survives_kill_9)
{
	char *key = key_for("ann", "--reusable");
	unsigned int seed = 7;

	for (int round = 0; round < 3; round++) {
		struct client c[20];
		int joined = 0;
		char name[32];

		for (int i = 0; i < 20; i++) {
			snprintf(name, sizeof(name), "k%d-%d", round, i);
			if (!join(&c[i], key, name)) {
				client_close(&c[i]);
				break;
			}
			joined++;
			if (rand_r(&seed) % 20 == 0)
				break;
		}
		EXPECT(joined > 0);
		stop(SIGKILL);
		EXPECT(start());
		for (int i = 0; i < joined; i++) {
			/* The server knows the device by its keys. */
			mesh_http2_free(c[i].h2);
			c[i].h2 = NULL;
			close(c[i].fd);
			c[i].in.len = 0;
			EXPECT(client_reconnect(&c[i], port, 113) && client_stream(&c[i], "k"));
			client_close(&c[i]);
		}
	}
	free(key);
}

TEST(full_disk_refuses_and_loses_nothing)
{
	char before[32], *key;
	struct client c;

	key = key_for("ann", "--reusable");
	EXPECT(!ctl("status -o json"));
	snprintf(before, sizeof(before), "%s", strstr(run_output, "\"nodes\":"));
	EXPECT(WIFEXITED(stop(SIGTERM)));
	/* The database may not grow any more, nor its log. */
	file_limit = 4096;
	EXPECT(start());
	EXPECT(ctl("users create nobody") == 1);
	EXPECT(strstr(run_output, "full") || strstr(run_output, "I/O"));
	EXPECT(!join(&c, key, "late"));
	client_close(&c);
	EXPECT(!ctl("users list") && !strstr(run_output, "nobody"));
	stop(SIGTERM);
	file_limit = 0;
	EXPECT(start());
	EXPECT(!ctl("status -o json") && strstr(run_output, "\"nodes\":"));
	EXPECT(!strncmp(strstr(run_output, "\"nodes\":"), before, strcspn(before, ",")));
	EXPECT(!ctl("users create somebody"));
	free(key);
}

TEST(command_line_refuses_nonsense)
{
	EXPECT(ctl("users create") == 2 && ctl("users frobnicate") == 2);
	EXPECT(ctl("nodes rename 99999 x") == 1 && strstr(run_output, "there is no node"));
	EXPECT(ctl("preauthkeys create --user nobody-here") == 1);
	EXPECT(ctl("preauthkeys create --user ann --expiration soon") == 1);
	EXPECT(ctl("users delete ann") == 1 && strstr(run_output, "still has"));
	EXPECT(ctl("policy check /dev/null") == 2);
	EXPECT(!ctl("nodes list -o json") && *run_output == '{');
}

TEST(second_server_on_the_same_state_is_refused)
{
	char command[600];

	snprintf(command, sizeof(command), "%s -c %s/c.hujson serve >/dev/null 2>&1", program, dir);
	EXPECT(WEXITSTATUS(system(command)) == 1);
	EXPECT(!ctl("status"));
}

/* A relay client in a browser. */
struct page {
	int fd;
	struct mesh_websocket ws;
	struct mesh_buf frames; /* received, in messages */
	struct mesh_buf in;
};

static bool page_next(struct page *p, struct mesh_derp_frame *f)
{
	struct mesh_buf reply = {0};
	int n;

	while (!(n = mesh_derp_next(f, p->in.data, p->in.len, 100000))) {
		if (mesh_websocket_receive(&p->ws, &p->frames, &p->in, &reply))
			return false;
		if (mesh_derp_next(f, p->in.data, p->in.len, 100000))
			continue;
		ssize_t got = recv(p->fd, mesh_buf_grow(&p->frames, 4096), 4096, 0);

		if (got <= 0)
			return false;
		p->frames.len += (size_t)got;
	}
	return n > 0;
}

static bool page_send(struct page *p, const struct mesh_buf *frame)
{
	static const uint8_t mask[4] = {9, 8, 7, 6};
	struct mesh_buf out = {0};
	bool ok;

	mesh_websocket_send(&out, frame->data, frame->len, mask);
	ok = send(p->fd, out.data, out.len, MSG_NOSIGNAL) == (ssize_t)out.len;
	mesh_buf_free(&out);
	return ok;
}

static void page_close(struct page *p)
{
	close(p->fd);
	mesh_buf_free(&p->frames);
	mesh_buf_free(&p->in);
}

TEST(browsers_join_over_websocket)
{
	struct mesh_register_response resp = {0};
	struct mesh_arena arena = {0};
	struct mesh_buf json = {0};
	struct client a, b;
	char *key = key_for("ann", "--reusable");

	EXPECT(key && join(&a, key, "native") && client_open_browser(&b, port, 113));
	EXPECT(client_register(&b, key, "browser", &resp, &arena) == 200 &&
	       resp.machine_authorized);
	EXPECT(client_stream(&b, "browser") && client_next(&b, &json));
	EXPECT(strstr((char *)json.data, "native.mesh.internal."));
	EXPECT(!ctl("nodes rename native renamed"));
	do
		EXPECT(client_next(&b, &json));
	while (!strstr((char *)json.data, "renamed.mesh.internal."));
	EXPECT(!ctl("nodes delete renamed") && !ctl("nodes delete browser"));
	client_close(&a);
	client_close(&b);
	mesh_arena_free(&arena);
	mesh_buf_free(&json);
	free(key);
}

TEST(relay_serves_browsers)
{
	struct mesh_derp_client_info info = {.version = 2};
	struct mesh_register_response resp;
	struct mesh_arena arena = {0};
	struct page page = {.ws = {.client = true}};
	struct mesh_key pa, pb, server_key, from;
	struct mesh_buf out = {0}, in = {0};
	struct mesh_derp_frame f;
	struct client a, b;
	const uint8_t *data;
	char *key = key_for("ann", "--reusable");
	int fa, version;
	size_t len;

	mesh_key_generate(&pa);
	mesh_key_generate(&pb);
	EXPECT(client_open(&a, port, 113) && client_open(&b, port, 113));
	mesh_key_public(&a.node, &pa);
	mesh_key_public(&b.node, &pb);
	EXPECT(client_register(&a, key, "rwa", &resp, &arena) == 200 && resp.machine_authorized);
	EXPECT(client_register(&b, key, "rwb", &resp, &arena) == 200 && resp.machine_authorized);
	fa = relay_dial(&pa, &server_key);
	page.fd = client_dial(port);
	EXPECT(fa >= 0 && client_upgrade(page.fd, "/derp", "derp", &page.frames));
	EXPECT(page_next(&page, &f) && !mesh_derp_parse_server_key(&f, &server_key));
	page.in.len = 0;
	mesh_derp_client_info(&out, &pb, &server_key, NULL, &info);
	EXPECT(page_send(&page, &out) && page_next(&page, &f));
	EXPECT(!mesh_derp_parse_server_info(&f, &pb, &server_key, &version));
	page.in.len = out.len = 0;
	/* There and back. */
	mesh_derp_packet(&out, MESH_DERP_SEND_PACKET, &b.node, "hello", 5);
	EXPECT(send(fa, out.data, out.len, MSG_NOSIGNAL) == (ssize_t)out.len);
	EXPECT(page_next(&page, &f) && !mesh_derp_parse_packet(&f, &from, &data, &len));
	EXPECT(mesh_key_same(&from, &a.node) && len == 5 && !memcmp(data, "hello", 5));
	out.len = 0;
	mesh_derp_packet(&out, MESH_DERP_SEND_PACKET, &a.node, "back", 4);
	EXPECT(page_send(&page, &out) && next_frame(fa, &in, &f));
	EXPECT(!mesh_derp_parse_packet(&f, &from, &data, &len) && !memcmp(data, "back", 4));
	EXPECT(!ctl("nodes delete rwa") && !ctl("nodes delete rwb"));
	close(fa);
	page_close(&page);
	client_close(&a);
	client_close(&b);
	mesh_arena_free(&arena);
	mesh_buf_free(&in);
	mesh_buf_free(&out);
	free(key);
}

/* A close frame with this status, and then the end. */
static bool ends_with(int fd, struct mesh_buf *in, unsigned int why)
{
	ssize_t got;

	while ((got = recv(fd, mesh_buf_grow(in, 4096), 4096, 0)) > 0)
		in->len += (size_t)got;
	return !got && in->len >= 4 && in->data[in->len - 4] == 0x88 &&
	       mesh_be16(in->data + in->len - 2) == why;
}

TEST(bad_websockets_are_refused)
{
#define WEBSOCKET "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n"
#define NONCE	  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION	  "Sec-WebSocket-Version: 13\r\n"
	static const struct {
		const char *request;
		int status;
	} bad[] = {
		{"GET /derp HTTP/1.1\r\n" WEBSOCKET NONCE "Sec-WebSocket-Protocol: derp\r\n\r\n",
		 426},
		{"GET /derp HTTP/1.1\r\n" WEBSOCKET NONCE VERSION "\r\n", 400},
		{"GET /derp HTTP/1.1\r\n" WEBSOCKET NONCE VERSION
		 "Sec-WebSocket-Protocol: chat\r\n\r\n",
		 400},
		{"GET /derp HTTP/1.1\r\n" WEBSOCKET VERSION
		 "Sec-WebSocket-Key: short\r\nSec-WebSocket-Protocol: derp\r\n\r\n",
		 400},
		{"GET /ts2021 HTTP/1.1\r\n" WEBSOCKET NONCE VERSION
		 "Sec-WebSocket-Protocol: tailscale-control-protocol\r\n\r\n",
		 400},
		{"GET /ts2021 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400},
	};
	static const struct {
		uint8_t frame[8];
		size_t len;
		unsigned int why;
	} rude[] = {
		{{0x82, 1, 'a'}, 3, MESH_WEBSOCKET_PROTOCOL},
		{{0x81, 0x81, 0, 0, 0, 0, 'a'}, 7, MESH_WEBSOCKET_NOT_BINARY},
		{{0x88, 0x80, 0, 0, 0, 0}, 6, MESH_WEBSOCKET_NORMAL},
	};
	struct mesh_buf body = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int status = client_http(port, bad[i].request, &body);

		if (status != bad[i].status)
			printf("# %d for %s", status, bad[i].request);
		EXPECT(status == bad[i].status);
	}
	for (size_t i = 0; i < sizeof(rude) / sizeof(rude[0]); i++) {
		int fd = client_dial(port);

		body.len = 0;
		EXPECT(client_upgrade(fd, "/derp", "derp", &body));
		EXPECT(send(fd, rude[i].frame, rude[i].len, MSG_NOSIGNAL) > 0);
		EXPECT(ends_with(fd, &body, rude[i].why));
		close(fd);
	}
	mesh_buf_free(&body);
}

TEST(a_stranger_asks_only_so_often)
{
	struct client c;
	int status = 404, asked = 0;

	EXPECT(WIFEXITED(stop(SIGTERM)));
	EXPECT(configure(1) && start() && client_open(&c, port, 113));
	for (; status == 404 && asked < 1000; asked++)
		status = client_post(&c, "/machine/map", "{\"Version\":113}", 15);
	printf("# %d requests\n", asked);
	EXPECT(status == 429);
	client_close(&c);
}

TEST(server_stops_cleanly)
{
	int status = stop(SIGTERM);

	/* Sanitizers would make it leave with an error, for a leak too. */
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	server = -1;
}

int main(int argc, char **argv)
{
	char command[100];
	int ret;

	mesh_crypto_init();
	if (argc != 2)
		return 2;
	program = argv[1];
	port = (uint16_t)(20000 + getpid() % 12000);
	if (!mkdtemp(dir) || !configure(0) || !start() || ctl("users create ann")) {
		printf("Bail out! the server does not start: %s\n", run_output ? run_output : "");
		return 1;
	}
	ret = ktap_main();
	if (server > 0)
		stop(SIGKILL);
	if (ret) {
		snprintf(command, sizeof(command), "sed 's/^/# /' %s/log | tail -n 60", dir);
		if (system(command))
			printf("# no log\n");
	}
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		printf("# %s stays\n", dir);
	return ret;
}
