// SPDX-License-Identifier: GPL-2.0
#include "cli.h"
#include "log.h"
#include "server.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/warren/control.hujson"

int main(int argc, char **argv)
{
	const char *path = NULL, *command;
	struct control_config *config;
	struct mesh_error err = {""};
	bool json = false;
	int opt, ret;

	while ((opt = getopt(argc, argv, "+c:o:h")) >= 0) {
		if (opt == 'c') {
			path = optarg;
		} else if (opt == 'o' && !strcmp(optarg, "json")) {
			json = true;
		} else {
			if (opt == 'o')
				fprintf(stderr,
					"warren-control: the only other output is -o json\n");
			else if (opt == 'h')
				control_cli_usage();
			return opt == 'h' ? 0 : 2;
		}
	}
	argc -= optind;
	argv += optind;
	command = argc ? argv[0] : "help";
	if (!strcmp(command, "help")) {
		control_cli_usage();
		return argc ? 0 : 2;
	}
	if (!strcmp(command, "version")) {
		printf("warren-control %s\n", CONTROL_VERSION);
		return 0;
	}
	mesh_crypto_init();
	if (!path && !access(DEFAULT_CONFIG, F_OK))
		path = DEFAULT_CONFIG;
	config = control_config_load(path, &err);
	if (!config) {
		fprintf(stderr, "warren-control: %s\n", err.text);
		return 1;
	}
	if (config->debug)
		control_log_level(LOG_DEBUG);
	if (!strcmp(command, "serve"))
		ret = control_server_run(config);
	else if (!strcmp(command, "configtest"))
		ret = 0;
	else
		ret = control_cli_run(config, json, argc, argv);
	control_config_free(config);
	return ret;
}
