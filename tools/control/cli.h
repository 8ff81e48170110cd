/* SPDX-License-Identifier: GPL-2.0 */
/* The command line: every verb but "serve" is a request to the running server's unix socket. */
#ifndef CONTROL_CLI_H
#define CONTROL_CLI_H

#include "config.h"

/**
 * control_cli_run() - run an administration command
 * @config: for the path of the socket
 * @json: print the server's JSON as it is
 * @argc: words of the command
 * @argv: "users", "list", ...
 *
 * Return: exit code: 0, 1 for a refusal, 2 for wrong usage.
 */
int control_cli_run(const struct control_config *config, bool json, int argc, char **argv);

void control_cli_usage(void);

#endif /* CONTROL_CLI_H */
