// SPDX-License-Identifier: GPL-2.0
/*
 * A device that registers once.
 *   device PORT NAME [PRE-AUTH-KEY]
 * Prints "joined", or the address at which somebody has to approve it; 1 when it is refused.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>

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
	client_close(&c);
	mesh_arena_free(&arena);
	return status;
}
