// SPDX-License-Identifier: GPL-2.0
/* libwarren where no device is needed: text, model, differences. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "lib/addr.h"
#include "lib/config.h"
#include "lib/event.h"
#include "lib/sync.h"

static void make_key(uint8_t key[WARREN_KEY_BYTES], uint8_t seed)
{
	int i;

	for (i = 0; i < WARREN_KEY_BYTES; i++)
		key[i] = seed * 31 + i * 7;
}

TEST(base64_goes_both_ways)
{
	uint8_t key[WARREN_KEY_BYTES], back[WARREN_KEY_BYTES];
	char text[WARREN_KEY_BASE64];
	int i;

	for (i = 0; i < 256; i++) {
		make_key(key, i);
		warren_key_to_base64(text, key);
		CHECK(strlen(text) == 44 && text[43] == '=');
		CHECK(!warren_key_from_base64(back, text));
		CHECK(warren_key_equal(key, back));
	}
}

TEST(base64_of_known_bytes)
{
	uint8_t key[WARREN_KEY_BYTES];
	char text[WARREN_KEY_BASE64];

	memset(key, 0, sizeof(key));
	CHECK(!strcmp(warren_key_to_base64(text, key),
		      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
	memset(key, 0xff, sizeof(key));
	CHECK(!strcmp(warren_key_to_base64(text, key),
		      "//////////////////////////////////////////8="));
}

/* Each character that is none, and each bit that must be zero, is refused. */
TEST(base64_is_strict)
{
	uint8_t key[WARREN_KEY_BYTES], before[WARREN_KEY_BYTES];
	char text[WARREN_KEY_BASE64];
	int c, good = 0;

	make_key(key, 1);
	memcpy(before, key, sizeof(key));
	for (c = 1; c < 256; c++) {
		memset(text, 'A', 43);
		strcpy(text + 43, "=");
		text[20] = c;
		if (!warren_key_from_base64(key, text)) {
			good++;
			memcpy(key, before, sizeof(key));
		}
	}
	CHECK(good == 64);
	for (good = 0, c = 1; c < 256; c++) {
		memset(text, 'A', 43);
		strcpy(text + 43, "=");
		text[42] = c;
		good += !warren_key_from_base64(key, text);
	}
	CHECK(good == 16);
	memcpy(key, before, sizeof(key));
	CHECK(warren_key_from_base64(key, "") < 0);
	CHECK(warren_key_from_base64(key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") < 0);
	CHECK(warren_key_from_base64(key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==") < 0);
	CHECK(warren_key_from_base64(key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=A") < 0);
	CHECK(!memcmp(key, before, sizeof(key)));
}

TEST(hex_goes_both_ways)
{
	uint8_t key[WARREN_KEY_BYTES], back[WARREN_KEY_BYTES];
	char text[WARREN_KEY_HEX];

	make_key(key, 9);
	CHECK(!warren_key_from_hex(back, warren_key_to_hex(text, key)));
	CHECK(warren_key_equal(key, back));
	text[63] = 'g';
	CHECK(warren_key_from_hex(back, text) < 0);
	text[63] = '\0';
	CHECK(warren_key_from_hex(back, text) < 0);
}

static struct warren_prefix prefix(const char *text)
{
	struct warren_error err = {};
	struct warren_prefix p = {};

	CHECK(!warren_addr_parse_prefix(&p, text, &err));
	return p;
}

TEST(masks_clear_host_bits)
{
	static const char *const cases[][2] = {
		{"10.1.2.3/8", "10.0.0.0/8"},	  {"10.1.2.3/32", "10.1.2.3/32"},
		{"10.1.2.3/0", "0.0.0.0/0"},	  {"10.255.2.3/9", "10.128.0.0/9"},
		{"fd00::1/64", "fd00::/64"},	  {"ffff::/0", "::/0"},
		{"fd00::ff/127", "fd00::fe/127"}, {"fd00::ff/128", "fd00::ff/128"},
	};
	char text[WARREN_ADDR_PREFIX];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct warren_prefix p = prefix(cases[i][0]);
		bool differs = strcmp(cases[i][0], cases[i][1]);

		CHECK(warren_addr_mask(&p) == differs);
		CHECK(!strcmp(warren_addr_print_prefix(text, &p), cases[i][1]));
		CHECK(!warren_addr_mask(&p));
	}
}

TEST(networks_cover_others)
{
	static const struct {
		const char *outer, *inner;
		bool covers;
	} cases[] = {
		{"10.0.0.0/8", "10.1.2.3/32", true}, {"10.0.0.1/8", "10.1.0.0/16", true},
		{"10.0.0.0/8", "11.0.0.0/8", false}, {"10.0.0.0/16", "10.0.0.0/8", false},
		{"0.0.0.0/0", "10.0.0.0/8", true},   {"::/0", "10.0.0.0/8", false},
		{"0.0.0.0/0", "fd00::/8", false},    {"fd00::/64", "fd00::1/128", true},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct warren_prefix a = prefix(cases[i].outer), b = prefix(cases[i].inner);

		CHECK(warren_addr_covers(&a, &b) == cases[i].covers);
	}
}

TEST(retries_from_the_environment)
{
	CHECK(warren_addr_retries(NULL) == 15);
	CHECK(warren_addr_retries("") == 15);
	CHECK(warren_addr_retries("x") == 15);
	CHECK(warren_addr_retries("-1") == 15);
	CHECK(warren_addr_retries("0") == 0);
	CHECK(warren_addr_retries("3") == 3);
	CHECK(warren_addr_retries("infinity") == -1);
}

static const char everything[] = "[Interface]\n"
				 "Address = 10.0.0.1/24, fd00::1/64\n"
				 "Address = 10.1.0.1\n"
				 "DNS = 192.0.2.53, example.org, 2001:db8::53\n"
				 "MTU = 1400\n"
				 "Table = 1234\n"
				 "PreUp = echo a, b = c # not this\n"
				 "PostUp = one\n"
				 "PostUp = two\n"
				 "PreDown = three\n"
				 "PostDown = four\n"
				 "SaveConfig = true\n"
				 "ListenPort = 51820\n"
				 "[Peer]\n"
				 "PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n"
				 "AllowedIPs = 10.0.0.2/32\n"
				 "AllowedIPs = 10.2.0.0/16\n"
				 "Endpoint = vpn.example.org:51820\n";

TEST(a_file_with_every_key)
{
	struct warren_error err = {};
	struct warren_config c;
	const struct warren_peer *p;

	EXPECT(!warren_config_parse(&c, everything, strlen(everything), "f", WARREN_CONFIG_ALL,
				    &err));
	CHECK(c.addresses_n == 3 && c.addresses[2].prefix.cidr == 32 && c.addresses[2].line == 3);
	CHECK(c.dns.n == 2 && !strcmp(c.dns.s[1], "2001:db8::53"));
	CHECK(c.search.n == 1 && !strcmp(c.search.s[0], "example.org"));
	CHECK(c.mtu == 1400 && c.table == 1234 && c.save_config);
	CHECK(c.pre_up.n == 1 && !strcmp(c.pre_up.s[0], "echo a, b = c"));
	CHECK(c.post_up.n == 2 && !strcmp(c.post_up.s[1], "two"));
	CHECK(c.pre_down.n == 1 && c.post_down.n == 1);
	CHECK(c.device.has_listen_port && c.device.listen_port == 51820);
	EXPECT(c.device.peers_n == 1);
	p = &c.device.peers[0];
	CHECK(p->line == 14 && p->endpoint_line == 18 && p->replace_allowedips);
	CHECK(p->allowedips_n == 2 && p->allowedips[1].line == 17);
	CHECK(p->endpoint_name && !strcmp(p->endpoint_name, "vpn.example.org:51820"));
	warren_config_free(&c);
}

/* Every prefix of a valid file is either read or refused with a place. */
TEST(cut_files_are_read_or_refused)
{
	size_t len, good = 0, bad = 0;

	for (len = 0; len < strlen(everything); len++) {
		struct warren_error err = {};
		struct warren_config c;

		if (!warren_config_parse(&c, everything, len, "f", WARREN_CONFIG_ALL, &err)) {
			good++;
		} else {
			bad++;
			CHECK(err.code == WARREN_E_VALUE && err.line && err.text[0]);
		}
		warren_config_free(&c);
	}
	CHECK(good > 10 && bad > 10);
}

static void count(void *arg, const struct warren_error *warning)
{
	CHECK(warning->text[0] && !strcmp(warning->key, "AllowedIPs") && warning->line == 3);
	++*(int *)arg;
}

TEST(host_bits_give_one_warning_each)
{
	static const char text[] = "[Peer]\n"
				   "PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n"
				   "AllowedIPs = 10.0.0.1/8, 10.0.0.0/8, fd00::1/64\n";
	int warnings = 0;
	struct warren_error err = {.warn = count, .warn_arg = &warnings};
	struct warren_config c;

	CHECK(!warren_config_parse(&c, text, strlen(text), "f", WARREN_CONFIG_TUNNEL, &err));
	CHECK(warnings == 2);
	warren_config_free(&c);
}

static struct warren_peer *add_peer(struct warren_device *dev, uint8_t seed, const char *ips)
{
	struct warren_peer *p = warren_device_add_peer(dev);
	struct warren_error err = {};

	make_key(p->public_key, seed);
	p->has_public_key = true;
	CHECK(!warren_addr_parse_allowedips(p, ips, NULL, &err));
	return p;
}

/* Applies a request to a model of a device, as the kernel would. */
static void apply(struct warren_device *dev, const struct warren_device *request)
{
	size_t i, j, k;

	for (i = 0; i < request->peers_n; i++) {
		const struct warren_peer *r = &request->peers[i];
		struct warren_peer *p = NULL;

		for (j = 0; j < dev->peers_n; j++)
			if (warren_key_equal(dev->peers[j].public_key, r->public_key))
				p = &dev->peers[j];
		if (r->remove) {
			EXPECT(p);
			free(p->allowedips);
			*p = dev->peers[--dev->peers_n];
			continue;
		}
		if (!p) {
			p = warren_device_add_peer(dev);
			memcpy(p->public_key, r->public_key, WARREN_KEY_BYTES);
		}
		if (r->replace_allowedips)
			p->allowedips_n = 0;
		if (r->has_keepalive)
			p->keepalive = r->keepalive;
		if (r->has_preshared_key)
			memcpy(p->preshared_key, r->preshared_key, WARREN_KEY_BYTES);
		for (k = 0; k < r->allowedips_n; k++) {
			size_t o, m;

			for (o = 0; o < dev->peers_n; o++)
				for (m = 0; m < dev->peers[o].allowedips_n; m++)
					if (!warren_addr_compare(
						    &dev->peers[o].allowedips[m].prefix,
						    &r->allowedips[k].prefix))
						dev->peers[o].allowedips[m--] =
							dev->peers[o].allowedips
								[--dev->peers[o].allowedips_n];
			warren_device_add_allowedip(p, &r->allowedips[k].prefix);
		}
	}
}

/* Random devices: what the difference makes of one is the other, and then rests. */
TEST(differences_lead_to_the_wanted_device)
{
	unsigned int seed = 1, round;

	for (round = 0; round < 2000; round++) {
		struct warren_device running, fresh, wanted, request;
		struct warren_error err = {};
		int i, n;

		warren_device_init(&running, "a");
		warren_device_init(&fresh, "a");
		warren_device_init(&wanted, "a");
		for (n = 0; n < 2; n++) {
			struct warren_device *dev = n ? &wanted : &fresh;

			for (i = 0; i < 5; i++) {
				char ips[64];
				struct warren_peer *p;

				seed = seed * 1103515245 + 12345;
				if (seed >> 30 == 0)
					continue;
				snprintf(ips, sizeof(ips), "10.%u.0.0/16,10.%u.0.0/16",
					 seed >> 20 & 3, seed >> 16 & 3);
				p = add_peer(dev, seed >> 24 & 3, ips);
				p->keepalive = seed >> 14 & 1;
				p->has_keepalive = true;
				p->replace_allowedips = true;
			}
		}
		apply(&running, &fresh);
		CHECK(!warren_sync_diff(&request, &running, &wanted, WARREN_SYNC_EXACT, &err));
		apply(&running, &request);
		warren_device_free(&request);
		CHECK(!warren_sync_diff(&request, &running, &wanted, WARREN_SYNC_EXACT, &err));
		CHECK(warren_sync_empty(&request));
		warren_device_free(&request);
		warren_device_free(&running);
		warren_device_free(&fresh);
		warren_device_free(&wanted);
	}
}

TEST(silence_means_what_was_asked)
{
	struct warren_device running, wanted, request;
	struct warren_error err = {};
	struct warren_peer *p;

	warren_device_init(&running, "a");
	warren_device_init(&wanted, "a");
	make_key(running.private_key, 5);
	p = add_peer(&running, 1, "10.0.0.0/8");
	make_key(p->preshared_key, 6);
	p->keepalive = 25;
	add_peer(&wanted, 1, "10.0.0.0/8");

	CHECK(!warren_sync_diff(&request, &running, &wanted, WARREN_SYNC_AS_WG, &err));
	CHECK(!request.peers_n && request.has_private_key);
	CHECK(warren_key_is_zero(request.private_key));
	warren_device_free(&request);

	CHECK(!warren_sync_diff(&request, &running, &wanted, WARREN_SYNC_EXACT, &err));
	CHECK(!request.has_private_key);
	EXPECT(request.peers_n == 1);
	CHECK(request.peers[0].has_preshared_key && request.peers[0].has_keepalive);
	CHECK(warren_key_is_zero(request.peers[0].preshared_key) && !request.peers[0].keepalive);
	warren_device_free(&request);
	warren_device_free(&running);
	warren_device_free(&wanted);
}

TEST(errors_have_place_text_and_remedy)
{
	struct warren_error err = {};
	char text[1200];

	warren_error_place(&err, "f", 3, "Key");
	CHECK(warren_error_set(&err, WARREN_E_VALUE, "do this", "%d", 5) == -1);
	CHECK(!strcmp(warren_error_format(&err, text, sizeof(text)),
		      "f:3: Key: 5\n  remedy: do this"));
	warren_error_place(&err, err.file, 4, NULL);
	warren_error_set(&err, WARREN_E_VALUE, NULL, "it was %s", err.text);
	CHECK(!strcmp(warren_error_format(&err, text, sizeof(text)), "f:4: it was 5"));
}

TEST(events_and_reasons_have_names)
{
	int i, j;

	for (i = 1; i <= WARREN_EVENT_KEYS_EXPIRED; i++) {
		CHECK(strcmp(warren_event_name(i), "unknown"));
		for (j = 1; j < i; j++)
			CHECK(strcmp(warren_event_name(i), warren_event_name(j)));
	}
	for (i = 1; i < WARREN_HANDSHAKE_FAILURES; i++) {
		CHECK(strcmp(warren_event_reason(i), "unknown"));
		for (j = 1; j < i; j++) {
			CHECK(strcmp(warren_event_reason(i), warren_event_reason(j)));
			CHECK(strcmp(warren_event_explain(i), warren_event_explain(j)));
		}
	}
	CHECK(!strcmp(warren_event_name(0), "unknown") &&
	      !strcmp(warren_event_name(99), "unknown"));
	CHECK(!strcmp(warren_event_reason(0), "unknown") &&
	      !strcmp(warren_event_reason(99), "unknown"));
}

static bool takes(const char *key, const char *value)
{
	struct warren_error err = {};
	struct warren_config config;
	char text[128];
	int ret;

	snprintf(text, sizeof(text), "[Interface]\n%s = %s\n", key, value);
	ret = warren_config_parse(&config, text, strlen(text), "f", WARREN_CONFIG_ALL, &err);
	CHECK(!ret == !err.text[0]);
	CHECK(!ret || (err.remedy[0] && err.line == 2 && !strcmp(err.key, key)));
	warren_config_free(&config);
	return !ret;
}

TEST(keys_of_ours)
{
	CHECK(takes("Table", "vpn-a.b_c") && takes("Table", "77") && takes("Table", "0x77"));
	CHECK(!takes("Table", "vpn/a") && !takes("Table", "0") && !takes("Table", "-1"));
	CHECK(!takes("Table", "a234567890123456789012345678901x"));
	CHECK(takes("RulePriority", "1") && takes("RulePriority", "32764"));
	CHECK(!takes("RulePriority", "0") && !takes("RulePriority", "32765"));
	CHECK(takes("KillSwitch", "TRUE") && !takes("KillSwitch", "on"));
	CHECK(takes("KillSwitchExcept", "10.0.0.0/8,fd00::/8") && !takes("KillSwitchExcept", "x"));
	CHECK(takes("Bind", "eth0.7") && takes("Bind", "off") && !takes("Bind", "a/b"));
	CHECK(!takes("Bind", "a234567890123456"));
	CHECK(takes("BindAddress", "192.0.2.1, 2001:db8::1") && takes("BindAddress", "off"));
	CHECK(!takes("BindAddress", "192.0.2.1, 192.0.2.2") && !takes("BindAddress", "::"));
}

TEST(binding_is_part_of_the_difference)
{
	struct warren_device running, wanted, request;
	struct warren_error err = {};

	warren_device_init(&running, "t0");
	warren_device_init(&wanted, "t0");
	EXPECT(!warren_addr_parse_bind(&running, "eth0", &err));
	EXPECT(!warren_addr_parse_bind_address(&running, "192.0.2.1,2001:db8::1", &err));
	wanted.bind4 = running.bind4;
	EXPECT(!warren_sync_diff(&request, &running, &wanted, WARREN_SYNC_EXACT, &err));
	CHECK(request.has_bind && !request.bind[0]);
	CHECK(request.has_bind_address && request.bind4.s_addr == running.bind4.s_addr);
	CHECK(IN6_IS_ADDR_UNSPECIFIED(&request.bind6) && !warren_sync_empty(&request));
	warren_device_free(&request);
	EXPECT(!warren_sync_diff(&request, &running, &running, WARREN_SYNC_EXACT, &err));
	CHECK(warren_sync_empty(&request));
	warren_device_free(&request);
}
