// SPDX-License-Identifier: GPL-2.0
/*
 * Load on a control server, with the real protocol.
 *   load PROGRAM [NODES [DEVICES-PER-USER [WORKERS]]]
 *
 * Starts PROGRAM, warren-control or headscale, on a scratch folder. Devices of one user see each
 * other, and every device sees one hub. All join and hold a map stream; then the hub changes its
 * endpoints, and the time until each stream has been told is taken. Prints one figure a line, and
 * a last line of JSON with all of them.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS	  5
#define MAX_NODES 50000

/* What parent and workers share. */
static struct shared {
	atomic_int joined;
	atomic_int failed;
	atomic_int round; /* the change being waited for, 0 none */
	atomic_int told;  /* streams that have seen it */
	_Atomic double sent;
	double latency[ROUNDS][MAX_NODES];
	double join[MAX_NODES];
} * sh;

/* What differs between the servers that can be loaded. */
struct product {
	const char *name; /* of the program, or what it begins with */
	const char *config;
	const char *policy;
	const char *(*add_user)(int number);
	const char *(*user_key)(int number);
	const char *(*hub_key)(void);
};

static char dir[] = "/tmp/warren-control-load-XXXXXX";
static const char *program;
static uint16_t port;
static pid_t server;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *ctl(const char *args)
{
	static char out[512];
	char command[700];
	size_t n;
	FILE *f;

	snprintf(command, sizeof(command), "%s -c %s/c.yaml %s 2>%s/err", program, dir, args, dir);
	f = popen(command, "r");
	n = fread(out, 1, sizeof(out) - 1, f);
	out[n && out[n - 1] == '\n' ? n - 1 : n] = 0;
	return pclose(f) ? NULL : out;
}

static void stop_server(void)
{
	char command[100];

	if (server > 0) {
		kill(server, SIGTERM);
		waitpid(server, NULL, 0);
	}
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (port && system(command))
		fprintf(stderr, "load: %s stays\n", dir);
}

static void die(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	stop_server();
	exit(1);
}

/* Text for a moment. */
static const char *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static const char *text(const char *fmt, ...)
{
	static char out[2000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out, sizeof(out), fmt, ap);
	va_end(ap);
	return out;
}

static const char *warren_user(int number)
{
	return ctl(text("users create u%d", number));
}

static const char *warren_key(int number)
{
	return ctl(text("preauthkeys create --user u%d --reusable", number));
}

static const char *warren_hub(void)
{
	return ctl("preauthkeys create --tags tag:hub");
}

static const char *headscale_user(int number)
{
	return ctl(text("users create u%d", number));
}

static const char *headscale_key(int number)
{
	return ctl(text("preauthkeys create --user %d --reusable", number + 1));
}

static const char *headscale_hub(void)
{
	return ctl("preauthkeys create --tags tag:hub");
}

/* In the configurations: %1$s the folder, %2$u the port, %3$u the next one. */
static const struct product products[] = {
	{"warren-control",
	 "{\"server_url\": \"http://127.0.0.1:%2$u\", \"listen\": \"127.0.0.1:%2$u\", "
	 "\"state_dir\": \"%1$s/state\", \"relay\": {\"stun\": \"127.0.0.1:%3$u\"}, "
	 "\"policy_file\": \"%1$s/policy\", \"handshakes_per_second\": 0}",
	 "{\"tagOwners\": {\"tag:hub\": []}, \"acls\": ["
	 "{\"action\": \"accept\", \"src\": [\"autogroup:member\"], \"dst\": "
	 "[\"autogroup:self:*\"]},"
	 "{\"action\": \"accept\", \"src\": [\"*\"], \"dst\": [\"tag:hub:*\"]}]}",
	 warren_user, warren_key, warren_hub},
	{"headscale",
	 "{\"server_url\": \"http://127.0.0.1:%2$u\", \"listen_addr\": \"127.0.0.1:%2$u\", "
	 "\"metrics_listen_addr\": \"\", \"grpc_listen_addr\": \"127.0.0.1:%3$u\", "
	 "\"unix_socket\": \"%1$s/sock\", \"unix_socket_permission\": \"0700\", "
	 "\"noise\": {\"private_key_path\": \"%1$s/noise\"}, "
	 "\"prefixes\": {\"v4\": \"100.64.0.0/10\", \"v6\": \"fd7a:115c:a1e0::/48\"}, "
	 "\"derp\": {\"urls\": [], \"paths\": [\"%1$s/derp.yaml\"]}, "
	 "\"disable_check_updates\": true, "
	 "\"database\": {\"type\": \"sqlite\", \"sqlite\": {\"path\": \"%1$s/db\"}}, "
	 "\"dns\": {\"magic_dns\": true, \"base_domain\": \"mesh.internal\", "
	 "\"override_local_dns\": false}, \"log\": {\"level\": \"error\"}, "
	 "\"policy\": {\"mode\": \"file\", \"path\": \"%1$s/policy\"}}",
	 "{\"tagOwners\": {\"tag:hub\": [\"u0@\"]}, \"acls\": ["
	 "{\"action\": \"accept\", \"src\": [\"autogroup:member\"], \"dst\": "
	 "[\"autogroup:self:*\"]},"
	 "{\"action\": \"accept\", \"src\": [\"*\"], \"dst\": [\"tag:hub:*\"]}]}",
	 headscale_user, headscale_key, headscale_hub},
};

static const struct product *product;

static void put(const char *name, const char *content)
{
	char path[100];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fputs(content, f) < 0 || fclose(f))
		die("cannot write the server's files");
}

static void start_server(void)
{
	const char *base = strrchr(program, '/');
	char *log;

	base = base ? base + 1 : program;
	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++)
		if (!strncmp(base, products[i].name, strlen(products[i].name)))
			product = &products[i];
	if (!product)
		die("PROGRAM is neither warren-control nor headscale");
	if (!mkdtemp(dir))
		die("no scratch folder");
	port = (uint16_t)(20000 + getpid() % 12000);
	put("policy", product->policy);
	put("derp.yaml", "regions: {900: {regionid: 900, regioncode: own, regionname: own, nodes: "
			 "[{name: own, regionid: 900, hostname: 127.0.0.1}]}}\n");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	put("c.yaml", text(product->config, dir, port, port + 1));
#pragma GCC diagnostic pop
	log = strdup(text("%s/log", dir));
	server = fork();
	if (!server) {
		if (!freopen(log, "w", stdout) || dup2(1, 2) < 0)
			_exit(127);
		execl(program, program, "-c", text("%s/c.yaml", dir), "serve", (char *)NULL);
		_exit(127);
	}
	free(log);
	for (int i = 0; !ctl("users list"); i++) {
		if (i == 600)
			die("the server does not start");
		usleep(50000);
	}
}

static long server_kib(void)
{
	char path[64], line[200];
	long kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", server);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmRSS: %ld", &kib);
	if (f)
		fclose(f);
	return kib;
}

static double server_cpu(void)
{
	char path[64], text[1000], *p;
	unsigned long user = 0, sys = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", server);
	f = fopen(path, "r");
	if (f && fgets(text, sizeof(text), f) && (p = strrchr(text, ')')))
		sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys);
	if (f)
		fclose(f);
	return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

static bool join(struct client *c, const char *key, const char *name)
{
	struct mesh_register_response resp = {0};
	struct mesh_arena arena = {0};
	struct mesh_buf json = {0};
	bool ok = client_open(c, port, 113) &&
		  client_register(c, key, name, &resp, &arena) == 200 && resp.machine_authorized &&
		  client_stream(c, name) && client_next(c, &json);

	mesh_arena_free(&arena);
	mesh_buf_free(&json);
	return ok;
}

/* Reads what a stream has for us; whether it was told of the hub's change. */
static bool told(struct client *c, const char *mark)
{
	struct mesh_buf json = {0};
	bool seen = false;

	while (client_poll(c, &json))
		seen |= strstr((char *)json.data, mark) != NULL;
	mesh_buf_free(&json);
	return seen;
}

/* What a worker holds. */
static struct {
	struct client *clients;
	int *at; /* the last round that each was told of */
	int first;
	int ep;
} mine;

/* Reads what has come for the streams, waiting for it up to @ms. */
static void drain(int ms)
{
	struct epoll_event events[256];
	int k = epoll_wait(mine.ep, events, 256, ms);

	for (int e = 0; e < k; e++) {
		int i = (int)events[e].data.u32, round = atomic_load(&sh->round);
		struct client *c = &mine.clients[i];
		char mark[40];

		snprintf(mark, sizeof(mark), "192.0.2.%d:", round);
		if (told(c, mark) && round && mine.at[i] < round) {
			mine.at[i] = round;
			sh->latency[round - 1][mine.first + i] = now() - sh->sent;
			atomic_fetch_add(&sh->told, 1);
		}
		if (c->closed || c->dead) {
			epoll_ctl(mine.ep, EPOLL_CTL_DEL, c->fd, NULL);
			atomic_fetch_add(&sh->failed, 1);
		}
	}
}

/* While one device waits for the server, the others go on reading. */
static void waiting(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (!poll(&p, 1, 10))
		drain(0);
}

static void worker(int first, int n, int per_user, char **keys)
{
	struct epoll_event ev = {.events = EPOLLIN};

	mine.clients = calloc((size_t)n, sizeof(*mine.clients));
	mine.at = calloc((size_t)n, sizeof(*mine.at));
	mine.first = first;
	mine.ep = epoll_create1(0);
	client_waiting = waiting;
	for (int i = 0; i < n; i++) {
		char name[32];
		double t = now();

		snprintf(name, sizeof(name), "n%d", first + i);
		if (!join(&mine.clients[i], keys[(first + i) / per_user], name)) {
			atomic_fetch_add(&sh->failed, 1);
			continue;
		}
		sh->join[first + i] = now() - t;
		ev.data.u32 = (uint32_t)i;
		epoll_ctl(mine.ep, EPOLL_CTL_ADD, mine.clients[i].fd, &ev);
		atomic_fetch_add(&sh->joined, 1);
		fcntl(mine.clients[i].fd, F_SETFL, O_NONBLOCK);
	}
	for (;;)
		drain(1000);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Return: the 99th percentile in ms. */
static double quantiles(const char *what, double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), compare);
	printf("%s p50 %.1f ms, p99 %.1f ms, max %.1f ms\n", what, 1e3 * v[n / 2],
	       1e3 * v[n * 99 / 100], 1e3 * v[n - 1]);
	return 1e3 * v[n * 99 / 100];
}

/* The hub reports another endpoint; waits until all have been told. Return: p99 in ms, or -1. */
static double change(struct client *hub, int round, int n)
{
	struct mesh_hostinfo hi = {.hostname = "hub", .os = "linux"};
	struct mesh_addrport ap;
	struct mesh_map_request req = {.version = 113,
				       .node_key = hub->node,
				       .disco_key = hub->node,
				       .omit_peers = true,
				       .hostinfo = &hi};
	struct mesh_buf json = {0};
	char text[40];
	double end, p99;
	int got = 0;

	snprintf(text, sizeof(text), "192.0.2.%d:41641", round);
	mesh_text_unaddrport(&ap, text);
	req.endpoints.v = &ap;
	req.endpoints.n = 1;
	mesh_codec_encode(&mesh_map_request_schema, &req, &json);
	sh->told = 0;
	sh->sent = now();
	sh->round = round;
	if (client_post(hub, "/machine/map", (char *)json.data, json.len) != 200)
		return -1;
	mesh_buf_free(&json);
	for (end = now() + 60; sh->told < n - sh->failed && now() < end;)
		usleep(1000);
	/* Streams that ended have not been told. */
	for (int i = 0; i < n; i++)
		if (sh->latency[round - 1][i] > 0)
			sh->latency[round - 1][got++] = sh->latency[round - 1][i];
	if (!got)
		return -1;
	p99 = quantiles("change reaches streams:", sh->latency[round - 1], got);
	return got >= n - sh->failed ? p99 : -1;
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 1000, per_user = argc > 3 ? atoi(argv[3]) : 20;
	int workers = argc > 4 ? atoi(argv[4]) : 4, users;
	struct rlimit files;
	double t, cpu, took, join_cpu, join_p99, kib, p99 = 0, change_cpu = 0;
	struct client hub;
	pid_t pids[64];
	char **keys;
	long before;
	bool ok = true;

	if (argc < 2 || n < 1 || n > MAX_NODES || per_user < 1 || workers < 1 || workers > 64)
		die("usage: load PROGRAM [NODES [DEVICES-PER-USER [WORKERS]]]");
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	program = argv[1];
	mesh_crypto_init();
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	start_server();
	users = (n + per_user - 1) / per_user;
	keys = calloc((size_t)users, sizeof(*keys));
	for (int i = 0; i < users; i++) {
		const char *key = product->add_user(i) ? product->user_key(i) : NULL;

		if (!key)
			die("the server makes no user or key");
		keys[i] = strdup(key);
	}
	if (!join(&hub, product->hub_key(), "hub"))
		die("the hub does not join");
	before = server_kib();
	t = now();
	cpu = server_cpu();
	for (int i = 0; i < workers; i++) {
		int from = (int)((long)n * i / workers), to = (int)((long)n * (i + 1) / workers);

		pids[i] = fork();
		if (!pids[i]) {
			worker(from, to - from, per_user, keys);
			_exit(0);
		}
	}
	/* The hub is told of everybody, and has to read it. */
	while (sh->joined + sh->failed < n) {
		told(&hub, "");
		usleep(10000);
	}
	took = now() - t;
	printf("%d nodes of %d users joined in %.1f s, %.0f a second, %d failed\n", sh->joined,
	       users, took, sh->joined / took, sh->failed);
	cpu = server_cpu() - cpu;
	join_cpu = 1e6 * cpu / n;
	printf("server used %.2f s of CPU, %.0f us a join\n", cpu, join_cpu);
	join_p99 = quantiles("join (handshake, register, first map):", sh->join, n);
	/* Let the last joins settle. */
	sleep(2);
	kib = (double)(server_kib() - before) / n;
	printf("server grew by %.1f KiB a connected node\n", kib);
	for (int round = 1; round <= ROUNDS && ok; round++) {
		double ms;

		cpu = server_cpu();
		ms = change(&hub, round, n);
		ok &= ms >= 0;
		p99 = ms > p99 ? ms : p99;
		cpu = server_cpu() - cpu;
		change_cpu += 1e3 * cpu / ROUNDS;
		printf("  server used %.0f ms of CPU for it\n", 1e3 * cpu);
	}
	printf("%d streams failed\n", sh->failed);
	ok &= !sh->failed;
	/* Of the rounds, the worst p99. */
	printf("{\"nodes\": %d, \"joins\": %.0f, \"join_cpu\": %.0f, \"join_p99\": %.0f, "
	       "\"memory\": %.1f, \"change_p99\": %.0f, \"change_cpu\": %.0f, \"good\": %s}\n",
	       n, sh->joined / took, join_cpu, join_p99, kib, p99, change_cpu,
	       ok ? "true" : "false");
	for (int i = 0; i < workers; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	stop_server();
	return !ok;
}
