// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/key.h"
#include "verbs.h"

#define SHOW_FIELDS                                                                                \
	"public-key | private-key | listen-port | fwmark | peers | preshared-keys | endpoints | "  \
	"allowed-ips | latest-handshakes | transfer | persistent-keepalive | dump"

/* clang-format off */
static const struct verb verbs[] = {
	{ "show", verb_show, "Show interfaces and their peers",
	  "{ INTERFACE | all | interfaces } [--stats] [--json | " SHOW_FIELDS "]" },
	{ "monitor", verb_monitor, "Tell what happens, until interrupted", "[INTERFACE] [--json]" },
	{ "showconf", verb_showconf, "Print an interface's configuration, for use with setconf",
	  "INTERFACE [--json]" },
	{ "set", verb_set, "Change an interface, add, remove or change peers",
	  "INTERFACE [listen-port PORT] [fwmark MARK] [private-key FILE] [bind DEVICE] "
	  "[bind-address IP[,IP]] [peer KEY [remove] "
	  "[preshared-key FILE] [endpoint HOST:PORT] [persistent-keepalive SECONDS] "
	  "[allowed-ips [+|-]IP/CIDR[,[+|-]IP/CIDR]...] ]..." },
	{ "setconf", verb_setconf, "Replace an interface's configuration by a file's",
	  "INTERFACE FILE" },
	{ "addconf", verb_setconf, "Add a file's configuration to an interface's",
	  "INTERFACE FILE" },
	{ "syncconf", verb_setconf,
	  "Make an interface's configuration a file's, peers that stay untouched",
	  "INTERFACE FILE" },
	{ "genkey", verb_genkey, "Print a new private key", "" },
	{ "genpsk", verb_genkey, "Print a new preshared key", "" },
	{ "pubkey", verb_pubkey, "Read a private key, print its public key", "" },
	{ "add", verb_add, "Make an interface",
	  "INTERFACE [--kind warren|wireguard] [--mtu BYTES]" },
	{ "del", verb_del, "Delete an interface", "INTERFACE" },
	{ "up", verb_up, "Make and set up an interface from a file",
	  "{ FILE | INTERFACE } [--kind warren|wireguard]" },
	{ "down", verb_down, "Undo what up did", "{ FILE | INTERFACE }" },
	{ "save", verb_save, "Write a running interface into its file", "{ FILE | INTERFACE }" },
	{ "strip", verb_strip, "Print a file without the keys of up, for use with setconf",
	  "{ FILE | INTERFACE }" },
	{ "check", verb_check, "Find what would make a file's link fail or leak",
	  "{ FILE | INTERFACE } [--json]" },
	{ "apply", verb_apply, "Make a running interface what its file says",
	  "{ FILE | INTERFACE } [--dry-run] [--json]" },
	{ "resolve", verb_resolve, "Look up endpoints' names again where handshakes stopped",
	  "{ FILE | INTERFACE }" },
	{ "migrate", verb_migrate, "Replace a WireGuard interface by a warren one", "INTERFACE" },
	{ "init", verb_init, "Write matching files, with new keys, for two sites or a star",
	  "[--dir FOLDER] [--interface NAME] [--tunnel NETWORK] [--port PORT] "
	  "SITE[@HOST[:PORT]][,NETWORK]... SITE[@HOST[:PORT]][,NETWORK]..." },
	{ "export", verb_export, "Print a file as a phone takes it, or as a QR code for its camera",
	  "{ FILE | INTERFACE } [--qr]" },
};
/* clang-format on */

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static void print_help(FILE *out)
{
	size_t i;

	fputs("Usage: warren [VERB [ARGUMENTS]]\n\nVerbs:\n", out);
	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		fprintf(out, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\nWithout a verb: show. `warren VERB --help` says what a verb takes; warren(8) says "
	      "all.\n",
	      out);
}

static void print_usage(FILE *out, const struct verb *verb)
{
	fprintf(out, "Usage: warren %s%s%s\n", verb->name, *verb->usage ? " " : "", verb->usage);
}

static void print_error(const struct warren_error *err)
{
	char text[1200];

	fprintf(stderr, "warren: %s\n", warren_error_format(err, text, sizeof(text)));
}

static void print_warning(void *arg, const struct warren_error *warning)
{
	char text[1200];

	(void)arg;
	fprintf(stderr, "warren: warning: %s\n", warren_error_format(warning, text, sizeof(text)));
}

int verb_usage(struct warren_error *err)
{
	return warren_error_set(err, WARREN_E_USAGE, NULL, "%s", "");
}

static int run(const struct verb *verb, int argc, char **argv)
{
	struct warren_error err = {.warn = print_warning};

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		print_usage(stdout, verb);
		return 0;
	}
	if (!verb->run(&err, argc, argv))
		return 0;
	if (err.text[0])
		print_error(&err);
	if (err.code == WARREN_E_USAGE)
		print_usage(stderr, verb);
	return err.code;
}

/* Writes what is left; a full disk must not look like success. */
static int finish(int code)
{
	struct warren_error err = {};

	if ((fflush(stdout) || ferror(stdout)) && !code) {
		code = WARREN_E_FILE;
		warren_error_errno(&err, code, errno, "cannot write to standard output");
		print_error(&err);
	}
	return code;
}

int main(int argc, char **argv)
{
	static char *show[] = {"show", NULL};
	static char out[BUFSIZ];
	const struct verb *verb;
	int ret;

	/* A buffer of our own can be wiped of the keys it held. */
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	if (argc == 1) {
		argc = 2;
		argv = show - 1;
	}
	verb = find_verb(argv[1]);
	if (verb) {
		ret = run(verb, argc - 1, argv + 1);
	} else if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-v") ||
		   !strcmp(argv[1], "version")) {
		puts("warren v" WARREN_VERSION);
		ret = 0;
	} else if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
		   !strcmp(argv[1], "help")) {
		print_help(stdout);
		ret = 0;
	} else {
		fprintf(stderr, "warren: there is no verb \"%s\"\n", argv[1]);
		print_help(stderr);
		ret = WARREN_E_USAGE;
	}
	ret = finish(ret);
	warren_key_wipe(out, sizeof(out));
	return ret;
}
