// SPDX-License-Identifier: GPL-2.0
/* monitor: what warren.ko tells, as it happens. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "../lib/addr.h"
#include "../lib/event.h"
#include "../lib/ipc.h"
#include "../lib/json.h"
#include "verbs.h"

/* What is told, and how. */
struct view {
	const char *name;
	bool json;
};

static void print_time(char text[40], bool utc)
{
	struct timespec now;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	if (utc)
		gmtime_r(&now.tv_sec, &tm);
	else
		localtime_r(&now.tv_sec, &tm);
	len = strftime(text, 40, utc ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S", &tm);
	if (utc)
		snprintf(text + len, 40 - len, ".%06ldZ", now.tv_nsec / 1000);
	else
		snprintf(text + len, 40 - len, ".%03ld", now.tv_nsec / 1000000);
}

static void print_text(const struct warren_event *event, const char *key, const char *endpoint)
{
	char when[40];

	print_time(when, false);
	printf("%s %s: peer %s ", when, event->name, key);
	switch (event->type) {
	case WARREN_EVENT_PEER_ADDED:
		fputs("added", stdout);
		break;
	case WARREN_EVENT_PEER_REMOVED:
		fputs("removed", stdout);
		break;
	case WARREN_EVENT_HANDSHAKE_DONE:
		printf("handshake done, begun by %s", event->initiator ? "us" : "the peer");
		break;
	case WARREN_EVENT_HANDSHAKE_FAILED:
		printf("handshake failed: %s", warren_event_explain(event->reason));
		break;
	case WARREN_EVENT_ENDPOINT_MOVED:
		fputs("endpoint moved", stdout);
		break;
	case WARREN_EVENT_SESSION_STALLED:
		fputs("session stalled: data was sent, nothing came back for 15 seconds", stdout);
		break;
	case WARREN_EVENT_KEYS_EXPIRED:
		fputs("keys expired: no handshake for 9 minutes", stdout);
		break;
	default:
		fputs(warren_event_name(event->type), stdout);
	}
	printf(endpoint ? " [%s]\n" : "\n", endpoint);
}

/* Every line has every name, null where it does not apply. */
static void print_json(const char *name, const struct warren_event *event, const char *key,
		       const char *endpoint)
{
	struct warren_json json = {.out = stdout, .compact = true};
	char when[40];

	print_time(when, true);
	warren_json_open(&json, NULL, '{');
	warren_json_string(&json, "time", when);
	warren_json_string(&json, "event", name);
	warren_json_string(&json, "interface", event ? event->name : NULL);
	if (event)
		warren_json_number(&json, "index", event->ifindex);
	else
		warren_json_string(&json, "index", NULL);
	warren_json_string(&json, "peer", key);
	warren_json_string(&json, "endpoint", endpoint);
	if (event && event->type == WARREN_EVENT_HANDSHAKE_DONE)
		warren_json_bool(&json, "initiator", event->initiator);
	else
		warren_json_string(&json, "initiator", NULL);
	warren_json_string(&json, "reason",
			   event && event->reason ? warren_event_reason(event->reason) : NULL);
	warren_json_close(&json, '}');
}

static void tell(void *arg, const struct warren_event *event)
{
	char key[WARREN_KEY_BASE64], text[WARREN_ADDR_ENDPOINT], *endpoint = NULL;
	const struct view *view = arg;

	if (view->name && strcmp(view->name, event->name))
		return;
	warren_key_to_base64(key, event->public_key);
	if (event->endpoint.addr.sa_family != AF_UNSPEC)
		endpoint = warren_addr_print_endpoint(text, &event->endpoint);
	if (view->json)
		print_json(warren_event_name(event->type), event, key, endpoint);
	else
		print_text(event, key, endpoint);
}

static void tell_lost(const struct view *view)
{
	char when[40];

	if (view->json) {
		print_json("lost", NULL, NULL, NULL);
		return;
	}
	print_time(when, false);
	printf("%s events were lost: they came faster than they were read; see `warren show`\n",
	       when);
}

static int catch_signals(struct warren_error *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		warren_error_errno(err, WARREN_E_INTERNAL, errno, "cannot wait for signals");
	return fd;
}

/* Until a signal comes, or nobody reads what is told. */
static int listen_on(struct warren_events *events, const struct view *view, int signals,
		     struct warren_error *err)
{
	struct pollfd fds[] = {{.fd = warren_events_fd(events), .events = POLLIN},
			       {.fd = signals, .events = POLLIN}};
	bool lost;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return warren_error_errno(err, WARREN_E_INTERNAL, errno,
						  "cannot wait for events");
		if (fds[1].revents)
			return 0;
		if (!fds[0].revents)
			continue;
		if (warren_events_read(events, tell, (void *)view, &lost, err))
			return -1;
		if (lost)
			tell_lost(view);
		if (fflush(stdout))
			return warren_error_errno(err, WARREN_E_FILE, errno,
						  "cannot write to standard output");
	}
}

/* A name that is wrong would wait for ever. */
static int check_name(const char *name, struct warren_error *err)
{
	struct warren_device dev;

	warren_device_init(&dev, name);
	if (warren_ipc_find(&dev, err))
		return -1;
	if (dev.kind == WARREN_KIND_WARREN)
		return 0;
	return warren_error_set(err, WARREN_E_UNSUPPORTED, "see `warren migrate`",
				"%s is not of kind warren: it tells nothing", name);
}

int verb_monitor(struct warren_error *err, int argc, char **argv)
{
	struct warren_events events;
	struct view view = {};
	int i, signals, ret;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			view.json = true;
		else if (!view.name && argv[i][0] != '-')
			view.name = argv[i];
		else
			return verb_usage(err);
	}
	if (view.name && check_name(view.name, err))
		return -1;
	if (warren_events_open(&events, err))
		return -1;
	signals = catch_signals(err);
	ret = signals < 0 ? -1 : listen_on(&events, &view, signals, err);
	if (signals >= 0)
		close(signals);
	warren_events_close(&events);
	return ret;
}
