// SPDX-License-Identifier: GPL-2.0
#include "fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct control_fetcher {
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t *timer;
	struct control_fetch *list;
	size_t n;
	char *ca_file;
};

struct control_fetch {
	struct control_fetch *next;
	struct control_fetcher *f;
	CURL *easy;
	struct curl_slist *headers;
	struct mesh_buf body;
	bool too_large;
	char error[CURL_ERROR_SIZE];
	control_fetch_done *done;
	void *ctx;
};

/* A socket of libcurl's that the loop watches. */
struct watch {
	uv_poll_t poll;
	struct control_fetcher *f;
	curl_socket_t fd;
};

static void finish(struct control_fetch *fetch)
{
	struct control_fetch **at = &fetch->f->list;

	while (*at != fetch)
		at = &(*at)->next;
	*at = fetch->next;
	fetch->f->n--;
	curl_multi_remove_handle(fetch->f->multi, fetch->easy);
	curl_easy_cleanup(fetch->easy);
	curl_slist_free_all(fetch->headers);
	mesh_buf_free(&fetch->body);
	free(fetch);
}

/* Calls back those that are through. */
static void collect(struct control_fetcher *f)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(f->multi, &left))) {
		struct control_fetch *fetch;
		control_fetch_done *done;
		struct mesh_buf body;
		char why[CURL_ERROR_SIZE + 300];
		CURLcode result = msg->data.result;
		const char *url = "";
		long status = 0;
		void *ctx;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&fetch);
		curl_easy_getinfo(msg->easy_handle, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_getinfo(msg->easy_handle, CURLINFO_EFFECTIVE_URL, (char **)&url);
		if (fetch->too_large)
			snprintf(why, sizeof(why), "%.200s: the answer is larger than %d bytes",
				 url, FETCH_MAX_BODY);
		else if (result)
			snprintf(why, sizeof(why), "%.200s: %s", url,
				 *fetch->error ? fetch->error : curl_easy_strerror(result));
		else
			snprintf(why, sizeof(why), "%.200s: status %ld", url, status);
		body = fetch->body;
		memset(&fetch->body, 0, sizeof(fetch->body));
		done = fetch->done;
		ctx = fetch->ctx;
		finish(fetch);
		if (result || status != 200)
			done(ctx, NULL, 0, why);
		else
			done(ctx, body.data ? (char *)body.data : "", body.len, NULL);
		mesh_buf_free(&body);
	}
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	struct control_fetcher *f = w->f;
	int what = 0, running;

	if (status < 0)
		what = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		what |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		what |= CURL_CSELECT_OUT;
	curl_multi_socket_action(f->multi, w->fd, what, &running);
	collect(f);
}

static void free_handle(uv_handle_t *h)
{
	free(h->data);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct control_fetcher *f = ctx;
	struct watch *w = socket_ctx;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w) {
			curl_multi_assign(f->multi, fd, NULL);
			uv_poll_stop(&w->poll);
			uv_close((uv_handle_t *)&w->poll, free_handle);
		}
		return 0;
	}
	if (!w) {
		w = mesh_alloc(sizeof(*w));
		w->f = f;
		w->fd = fd;
		if (uv_poll_init_socket(f->loop, &w->poll, fd)) {
			free(w);
			return -1;
		}
		w->poll.data = w;
		curl_multi_assign(f->multi, fd, w);
	}
	if (what & CURL_POLL_IN)
		events |= UV_READABLE;
	if (what & CURL_POLL_OUT)
		events |= UV_WRITABLE;
	uv_poll_start(&w->poll, events, on_poll);
	return 0;
}

static void on_timer(uv_timer_t *timer)
{
	struct control_fetcher *f = timer->data;
	int running;

	curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(f);
}

/* libcurl must not be called from within; the timer may fire at once. */
static int on_timeout(CURLM *multi, long ms, void *ctx)
{
	struct control_fetcher *f = ctx;

	(void)multi;
	if (ms < 0)
		uv_timer_stop(f->timer);
	else
		uv_timer_start(f->timer, on_timer, (uint64_t)ms, 0);
	return 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct control_fetch *fetch = ctx;

	(void)size; /* always 1 */
	fetch->too_large = fetch->body.len + n > FETCH_MAX_BODY;
	if (fetch->too_large)
		return 0;
	mesh_buf_add(&fetch->body, data, n);
	return n;
}

struct control_fetcher *control_fetcher_new(uv_loop_t *loop, const char *ca_file)
{
	struct control_fetcher *f = mesh_alloc(sizeof(*f));

	curl_global_init(CURL_GLOBAL_DEFAULT);
	f->loop = loop;
	f->ca_file = ca_file ? mesh_strdup(ca_file) : NULL;
	f->multi = curl_multi_init();
	/* Freed by the loop, after the fetcher. */
	f->timer = mesh_alloc(sizeof(*f->timer));
	uv_timer_init(loop, f->timer);
	f->timer->data = f;
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
	return f;
}

void control_fetcher_free(struct control_fetcher *f)
{
	if (!f)
		return;
	while (f->list)
		finish(f->list);
	curl_multi_cleanup(f->multi);
	f->timer->data = f->timer;
	uv_close((uv_handle_t *)f->timer, free_handle);
	free(f->ca_file);
	free(f);
}

struct control_fetch *control_fetch_start(struct control_fetcher *f,
					  const struct control_fetch_request *req,
					  control_fetch_done *done, void *ctx)
{
	struct control_fetch *fetch;
	CURL *easy;

	if (f->n == FETCH_MAX)
		return NULL;
	easy = curl_easy_init();
	if (!easy)
		return NULL;
	fetch = mesh_alloc(sizeof(*fetch));
	fetch->f = f;
	fetch->easy = easy;
	fetch->done = done;
	fetch->ctx = ctx;
	fetch->next = f->list;
	f->list = fetch;
	f->n++;
	fetch->headers = curl_slist_append(NULL, "Accept: application/json");
	if (req->bearer) {
		struct mesh_buf line = {0};

		mesh_buf_printf(&line, "Authorization: Bearer %s", req->bearer);
		mesh_buf_add(&line, "", 1);
		fetch->headers = curl_slist_append(fetch->headers, (char *)line.data);
		mesh_buf_free(&line);
	}
	curl_easy_setopt(easy, CURLOPT_URL, req->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)FETCH_SECONDS);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fetch->headers);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, fetch);
	if (f->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, f->ca_file);
	if (req->form)
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, req->form);
	if (req->user) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, req->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, req->password);
	}
	if (curl_multi_add_handle(f->multi, easy)) {
		finish(fetch);
		return NULL;
	}
	return fetch;
}

void control_fetch_cancel(struct control_fetch *fetch)
{
	if (fetch)
		finish(fetch);
}
