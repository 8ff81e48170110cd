// SPDX-License-Identifier: GPL-2.0
/*
 * A device that registers once, and leaves; with --stay it holds a map stream until the end of its
 * standard input, and advertises the prefixes that follow.
 *   device PORT NAME [PRE-AUTH-KEY [--stay [PREFIX]...]]
 * Prints "joined", or the address at which somebody has to approve it; 1 when it is refused.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>

/* Return: whether the server took the stream. */
static bool stay(struct client *c, const char *name, char **routes, int n)
{
	c->routes.v = calloc((size_t)n + 1, sizeof(*c->routes.v));
	for (int i = 0; i < n; i++)
		if (!mesh_text_unprefix(&c->routes.v[c->routes.n++], routes[i]))
			return false;
	if (!client_stream(c, name))
		return false;
	printf("streams\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	free(c->routes.v);
	return true;
}

int main(int argc, char **argv)
{
	struct mesh_register_response resp = {0};
	struct mesh_arena arena = {0};
	struct client c;
	int status;

	if (argc < 3)
		return 2;
	mesh_crypto_init();
	if (!client_open(&c, (uint16_t)atoi(argv[1]), MESH_MIN_VERSION)) {
		fprintf(stderr, "no handshake\n");
		return 1;
	}
	status = client_register(&c, argc > 3 ? argv[3] : "", argv[2], &resp, &arena);
	if (resp.machine_authorized)
		printf("joined\n");
	else if (resp.auth_url && *resp.auth_url)
		printf("%s\n", resp.auth_url);
	else
		fprintf(stderr, "refused: %d %s\n", status, resp.error ? resp.error : "");
	status = resp.machine_authorized || (resp.auth_url && *resp.auth_url) ? 0 : 1;
	fflush(stdout);
	if (!status && argc > 4 && !stay(&c, argv[2], argv + 5, argc - 5)) {
		fprintf(stderr, "no stream\n");
		status = 1;
	}
	client_close(&c);
	mesh_arena_free(&arena);
	return status;
}
