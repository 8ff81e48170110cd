// SPDX-License-Identifier: GPL-2.0
/* export: a file as a phone's app takes it, also as a QR code for its camera. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/qr.h"
#include "quick.h"
#include "verbs.h"

/* Says what the phone will not do. Its apps refuse a file with an unknown key. */
static void warn_of_the_rest(const struct quick *q, struct warren_error *err)
{
	const struct warren_config *c = &q->config;
	const struct {
		const char *key;
		size_t there;
	} keys[] = {
		{"PreUp", c->pre_up.n},
		{"PostUp", c->post_up.n},
		{"PreDown", c->pre_down.n},
		{"PostDown", c->post_down.n},
		{"Table", c->table != WARREN_TABLE_AUTO},
		{"FwMark", c->device.fwmark},
		{"Bind", c->bind_line},
		{"BindAddress", c->bind_address_line},
		{"KillSwitch", c->kill_switch},
		{"RulePriority", c->rule_priority},
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (!keys[i].there)
			continue;
		warren_error_place(err, q->path, 0, keys[i].key);
		warren_error_warn(err, NULL, "left out: the apps on phones do not know this key");
	}
	warren_error_place(err, q->path, 0, NULL);
}

static void print(FILE *out, struct warren_config *c)
{
	char text[WARREN_ADDR_PREFIX];
	size_t i;

	fputs("[Interface]\n", out);
	for (i = 0; i < c->addresses_n; i++)
		fprintf(out, "%s%s", i ? ", " : "Address = ",
			warren_addr_print_prefix(text, &c->addresses[i].prefix));
	if (i)
		fputs("\n", out);
	warren_config_print_dns(out, c);
	if (c->mtu)
		fprintf(out, "MTU = %" PRIu32 "\n", c->mtu);
	c->device.fwmark = 0;
	c->device.bind[0] = '\0';
	memset(&c->device.bind4, 0, sizeof(c->device.bind4));
	memset(&c->device.bind6, 0, sizeof(c->device.bind6));
	warren_config_print_rest(out, &c->device);
}

static int print_qr(const char *text, struct warren_error *err)
{
	char *code;
	int ret = warren_qr_text(text, &code);

	if (ret == -E2BIG)
		return warren_error_set(err, WARREN_E_VALUE,
					"use fewer peers or AllowedIPs, or bring the file itself "
					"to the phone",
					"the configuration has %zu bytes, and a QR code holds no "
					"more than 2953",
					strlen(text));
	if (ret)
		return warren_error_nomem(err);
	fputs(code, stdout);
	warren_key_wipe(code, strlen(code));
	free(code);
	return 0;
}

static int export(struct quick *q, bool qr, struct warren_error *err)
{
	char *text = NULL;
	size_t size;
	FILE *out;
	int ret = 0;

	warren_error_place(err, q->path, 0, NULL);
	if (!q->config.device.has_private_key)
		return warren_error_set(err, WARREN_E_VALUE,
					"add PrivateKey, as genkey prints it, and its public key "
					"to the other side's file",
					"there is no PrivateKey, without which no app takes it");
	warn_of_the_rest(q, err);
	out = open_memstream(&text, &size);
	if (!out)
		return warren_error_nomem(err);
	print(out, &q->config);
	if (fclose(out))
		ret = warren_error_nomem(err);
	else if (qr)
		ret = print_qr(text, err);
	else
		fputs(text, stdout);
	if (text)
		warren_key_wipe(text, size);
	free(text);
	return ret;
}

int verb_export(struct warren_error *err, int argc, char **argv)
{
	bool qr = argc > 1 && !strcmp(argv[argc - 1], "--qr");
	struct quick q;
	int ret;

	if (argc - qr != 2)
		return verb_usage(err);
	ret = quick_read(&q, argv[1], err);
	if (!ret)
		ret = export(&q, qr, err);
	quick_close(&q);
	return ret;
}
