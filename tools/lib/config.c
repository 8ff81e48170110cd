// SPDX-License-Identifier: GPL-2.0
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FILE_MOST (64u << 20)

enum section {
	SECTION_NONE,
	SECTION_INTERFACE,
	SECTION_PEER,
};

struct parser {
	struct warren_config *config;
	struct warren_peer *peer;
	enum section section;
	enum warren_config_keys keys;
	const char *file;
	struct warren_error *err;
};

static int add_string(struct warren_strings *list, const char *text, struct warren_error *err)
{
	char **more = reallocarray(list->s, list->n + 1, sizeof(*more));

	if (!more)
		return warren_error_nomem(err);
	list->s = more;
	more[list->n] = strdup(text);
	if (!more[list->n])
		return warren_error_nomem(err);
	list->n++;
	return 0;
}

static int parse_key(uint8_t key[WARREN_KEY_BYTES], const char *value, struct warren_error *err)
{
	/* The text is not repeated: it may be most of a secret. */
	if (warren_key_from_base64(key, value))
		return warren_error_set(err, WARREN_E_VALUE,
					"a key has 44 characters of base64, the last of them \"=\"",
					"the value, of %zu characters, is not a key",
					strlen(value));
	return 0;
}

static int private_key(struct parser *p, const char *value)
{
	struct warren_device *dev = &p->config->device;

	dev->has_private_key = true;
	p->config->private_key_line = p->err->line;
	return parse_key(dev->private_key, value, p->err);
}

static int listen_port(struct parser *p, const char *value)
{
	struct warren_device *dev = &p->config->device;

	dev->has_listen_port = true;
	return warren_addr_parse_port(&dev->listen_port, value, p->err);
}

static int fwmark(struct parser *p, const char *value)
{
	struct warren_device *dev = &p->config->device;

	dev->has_fwmark = true;
	return warren_addr_parse_fwmark(&dev->fwmark, value, p->err);
}

static int bind_device(struct parser *p, const char *value)
{
	p->config->bind_line = p->err->line;
	return warren_addr_parse_bind(&p->config->device, value, p->err);
}

static int bind_address(struct parser *p, const char *value)
{
	p->config->bind_address_line = p->err->line;
	return warren_addr_parse_bind_address(&p->config->device, value, p->err);
}

static int public_key(struct parser *p, const char *value)
{
	p->peer->has_public_key = true;
	return parse_key(p->peer->public_key, value, p->err);
}

static int preshared_key(struct parser *p, const char *value)
{
	p->peer->has_preshared_key = true;
	return parse_key(p->peer->preshared_key, value, p->err);
}

static int allowed_ips(struct parser *p, const char *value)
{
	return warren_addr_parse_allowedips(p->peer, value, NULL, p->err);
}

static int endpoint(struct parser *p, const char *value)
{
	p->peer->endpoint_line = p->err->line;
	return warren_addr_parse_endpoint(p->peer, value, p->err);
}

static int keepalive(struct parser *p, const char *value)
{
	p->peer->has_keepalive = true;
	return warren_addr_parse_keepalive(&p->peer->keepalive, value, p->err);
}

/* Calls a function for each of the comma-separated parts of a value. */
static int each_item(struct parser *p, const char *value,
		     int (*each)(struct parser *, const char *))
{
	char *copy = strdup(value), *rest = copy, *item;
	int ret = 0;

	if (!copy)
		return warren_error_nomem(p->err);
	while (!ret && (item = strsep(&rest, ",")))
		ret = each(p, item);
	free(copy);
	return ret;
}

static int one_address(struct parser *p, const char *item)
{
	struct warren_config *c = p->config;
	struct warren_address *more;
	struct warren_prefix prefix;

	if (warren_addr_parse_prefix(&prefix, item, p->err))
		return -1;
	more = reallocarray(c->addresses, c->addresses_n + 1, sizeof(*more));
	if (!more)
		return warren_error_nomem(p->err);
	c->addresses = more;
	more[c->addresses_n].prefix = prefix;
	more[c->addresses_n++].line = p->err->line;
	return 0;
}

static int address(struct parser *p, const char *value)
{
	return each_item(p, value, one_address);
}

static int one_dns(struct parser *p, const char *item)
{
	struct warren_prefix ip;
	const char *c;

	if (!warren_addr_parse_ip(&ip, item))
		return add_string(&p->config->dns, item, p->err);
	for (c = item; isalnum((unsigned char)*c) || (*c && strchr("-_.", *c)); c++)
		;
	if (*c || c == item)
		return warren_error_set(p->err, WARREN_E_VALUE,
					"write addresses of name servers and names of search "
					"domains, with commas between them",
					"\"%s\" is neither an address nor a domain", item);
	return add_string(&p->config->search, item, p->err);
}

static int dns(struct parser *p, const char *value)
{
	return each_item(p, value, one_dns);
}

static int mtu(struct parser *p, const char *value)
{
	p->config->mtu_line = p->err->line;
	if (warren_addr_parse_number(&p->config->mtu, value, 65535) ||
	    (p->config->mtu && p->config->mtu < 68))
		return warren_error_set(p->err, WARREN_E_VALUE,
					"use 1280 to 65535 bytes (68 without IPv6), or leave it "
					"out to have it found",
					"\"%s\" is not an MTU", value);
	return 0;
}

static bool is_table_name(const char *text)
{
	const char *c = text;

	while (isalnum((unsigned char)*c) || (*c && strchr("-_.", *c)))
		c++;
	return !*c && isalpha((unsigned char)*text) &&
	       (size_t)(c - text) < sizeof(((struct warren_config *)0)->table_name);
}

static int table(struct parser *p, const char *value)
{
	struct warren_config *c = p->config;
	uint32_t n;

	c->has_table = true;
	c->table_line = p->err->line;
	c->table_name[0] = '\0';
	if (!strcasecmp(value, "auto")) {
		c->table = WARREN_TABLE_AUTO;
	} else if (!strcasecmp(value, "off")) {
		c->table = WARREN_TABLE_OFF;
	} else if (!strcasecmp(value, "main")) {
		c->table = 254;
	} else if (is_table_name(value)) {
		c->table = WARREN_TABLE_NAMED;
		strcpy(c->table_name, value);
	} else {
		/* A mark has the forms a table number may have. */
		if (warren_addr_parse_fwmark(&n, value, p->err) || !n)
			return warren_error_set(p->err, WARREN_E_VALUE,
						"use \"auto\", \"off\", \"main\" or the "
						"number or name of a routing table",
						"\"%s\" is not a routing table", value);
		c->table = n;
	}
	return 0;
}

static int rule_priority(struct parser *p, const char *value)
{
	p->config->rule_priority_line = p->err->line;
	/* There are two rules, and the main table's is at 32766. */
	if (warren_addr_parse_number(&p->config->rule_priority, value, 32764) ||
	    !p->config->rule_priority)
		return warren_error_set(p->err, WARREN_E_VALUE,
					"use 1 to 32764: this number and the next one are for "
					"the two rules",
					"\"%s\" is not a place for rules", value);
	return 0;
}

static int parse_bool(bool *to, const char *value, struct warren_error *err)
{
	if (strcasecmp(value, "true") && strcasecmp(value, "false"))
		return warren_error_set(err, WARREN_E_VALUE, "use \"true\" or \"false\"",
					"\"%s\" is neither true nor false", value);
	*to = !strcasecmp(value, "true");
	return 0;
}

static int kill_switch(struct parser *p, const char *value)
{
	return parse_bool(&p->config->kill_switch, value, p->err);
}

static int kill_switch_except(struct parser *p, const char *value)
{
	return warren_addr_parse_allowedips(&p->config->except, value, NULL, p->err);
}

static int pre_up(struct parser *p, const char *value)
{
	return add_string(&p->config->pre_up, value, p->err);
}

static int post_up(struct parser *p, const char *value)
{
	return add_string(&p->config->post_up, value, p->err);
}

static int pre_down(struct parser *p, const char *value)
{
	return add_string(&p->config->pre_down, value, p->err);
}

static int post_down(struct parser *p, const char *value)
{
	return add_string(&p->config->post_down, value, p->err);
}

static int save_config(struct parser *p, const char *value)
{
	return parse_bool(&p->config->save_config, value, p->err);
}

/* Spaces belong to a command; in any other value they mean nothing. */
enum key_kind {
	KEY_TUNNEL,
	KEY_QUICK,
	KEY_COMMAND,
};

static const struct key {
	const char *name;
	enum section section;
	enum key_kind kind;
	int (*parse)(struct parser *p, const char *value);
} all_keys[] = {
	{"PrivateKey", SECTION_INTERFACE, KEY_TUNNEL, private_key},
	{"ListenPort", SECTION_INTERFACE, KEY_TUNNEL, listen_port},
	{"FwMark", SECTION_INTERFACE, KEY_TUNNEL, fwmark},
	{"Bind", SECTION_INTERFACE, KEY_TUNNEL, bind_device},
	{"BindAddress", SECTION_INTERFACE, KEY_TUNNEL, bind_address},
	{"Address", SECTION_INTERFACE, KEY_QUICK, address},
	{"DNS", SECTION_INTERFACE, KEY_QUICK, dns},
	{"MTU", SECTION_INTERFACE, KEY_QUICK, mtu},
	{"Table", SECTION_INTERFACE, KEY_QUICK, table},
	{"RulePriority", SECTION_INTERFACE, KEY_QUICK, rule_priority},
	{"KillSwitch", SECTION_INTERFACE, KEY_QUICK, kill_switch},
	{"KillSwitchExcept", SECTION_INTERFACE, KEY_QUICK, kill_switch_except},
	{"PreUp", SECTION_INTERFACE, KEY_COMMAND, pre_up},
	{"PostUp", SECTION_INTERFACE, KEY_COMMAND, post_up},
	{"PreDown", SECTION_INTERFACE, KEY_COMMAND, pre_down},
	{"PostDown", SECTION_INTERFACE, KEY_COMMAND, post_down},
	{"SaveConfig", SECTION_INTERFACE, KEY_QUICK, save_config},
	{"PublicKey", SECTION_PEER, KEY_TUNNEL, public_key},
	{"PresharedKey", SECTION_PEER, KEY_TUNNEL, preshared_key},
	{"AllowedIPs", SECTION_PEER, KEY_TUNNEL, allowed_ips},
	{"Endpoint", SECTION_PEER, KEY_TUNNEL, endpoint},
	{"PersistentKeepalive", SECTION_PEER, KEY_TUNNEL, keepalive},
};

static const struct key *find_key(const char *name, enum section section)
{
	size_t i;

	for (i = 0; i < sizeof(all_keys) / sizeof(*all_keys); i++)
		if (all_keys[i].section == section && !strcasecmp(all_keys[i].name, name))
			return &all_keys[i];
	return NULL;
}

bool warren_config_is_ups(const char *key)
{
	const struct key *k = find_key(key, SECTION_INTERFACE);

	return k && k->kind != KEY_TUNNEL;
}

static int unknown_key(struct parser *p, const char *name)
{
	bool peer = p->section == SECTION_PEER;
	char keys[sizeof(p->err->remedy)] = "the keys are";
	size_t i, len;

	warren_error_place(p->err, p->file, p->err->line, NULL);
	if (p->section == SECTION_NONE)
		return warren_error_set(p->err, WARREN_E_VALUE,
					"begin with a line [Interface] or [Peer]",
					"\"%s\" stands before the first section", name);
	if (find_key(name, peer ? SECTION_INTERFACE : SECTION_PEER))
		return warren_error_set(p->err, WARREN_E_VALUE, "move the line there",
					"\"%s\" belongs to a section [%s], not to [%s]", name,
					peer ? "Interface" : "Peer", peer ? "Peer" : "Interface");
	for (i = 0; i < sizeof(all_keys) / sizeof(*all_keys); i++) {
		if (all_keys[i].section != p->section ||
		    (all_keys[i].kind != KEY_TUNNEL && p->keys == WARREN_CONFIG_TUNNEL))
			continue;
		len = strlen(keys);
		snprintf(keys + len, sizeof(keys) - len, " %s", all_keys[i].name);
	}
	return warren_error_set(p->err, WARREN_E_VALUE, keys, "there is no key \"%s\" in [%s]",
				name, peer ? "Peer" : "Interface");
}

static void drop_spaces(char *text)
{
	/* Most have none: they are only searched, which is faster. */
	char *to = text + strcspn(text, " \f\n\r\t\v");

	for (text = to; *text; text++)
		if (!isspace((unsigned char)*text))
			*to++ = *text;
	*to = '\0';
}

static char *trim(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

static int end_peer(struct parser *p)
{
	if (!p->peer || p->peer->has_public_key)
		return 0;
	warren_error_place(p->err, p->file, p->peer->line, "PublicKey");
	return warren_error_set(p->err, WARREN_E_VALUE,
				"add a line PublicKey = KEY with the key the peer gave you",
				"the peer that begins here has no public key");
}

static int parse_section(struct parser *p, char *name)
{
	unsigned int line = p->err->line;

	drop_spaces(name);
	if (end_peer(p))
		return -1;
	p->peer = NULL;
	if (!strcasecmp(name, "[Interface]")) {
		p->section = SECTION_INTERFACE;
		return 0;
	}
	if (strcasecmp(name, "[Peer]"))
		return warren_error_set(p->err, WARREN_E_VALUE,
					"the sections are [Interface] and [Peer]",
					"there is no section \"%s\"", name);
	p->section = SECTION_PEER;
	p->peer = warren_device_add_peer(&p->config->device);
	if (!p->peer)
		return warren_error_nomem(p->err);
	p->peer->line = line;
	p->peer->replace_allowedips = true;
	return 0;
}

static int parse_line(struct parser *p, char *line)
{
	const struct key *key;
	char *value, *name;

	line[strcspn(line, "#")] = '\0';
	name = trim(line);
	if (!*name)
		return 0;
	if (*name == '[')
		return parse_section(p, name);
	value = strchr(name, '=');
	if (!value)
		return warren_error_set(p->err, WARREN_E_VALUE,
					"write KEY = VALUE, [Interface], [Peer] or # and a comment",
					"the line has no \"=\"");
	*value++ = '\0';
	drop_spaces(name);
	key = find_key(name, p->section);
	if (!key)
		return unknown_key(p, name);
	warren_error_place(p->err, p->file, p->err->line, key->name);
	if (key->kind != KEY_TUNNEL && p->keys == WARREN_CONFIG_TUNNEL)
		return warren_error_set(
			p->err, WARREN_E_VALUE,
			"use the file with `warren up`, or take the line out",
			"this key is not the tunnel's own: only up and down know it");
	value = trim(value);
	if (key->kind != KEY_COMMAND)
		drop_spaces(value);
	/* An empty list is one; an empty anything else is a slip. */
	if (!*value && key->parse != allowed_ips)
		return warren_error_set(p->err, WARREN_E_VALUE,
					"write a value after the \"=\", or take the line out",
					"there is no value");
	return key->parse(p, value);
}

static int parse_copy(struct parser *p, char *text, size_t size)
{
	char *line = text, *end = text + size;
	unsigned int number = 0;

	while (line < end) {
		char *newline = memchr(line, '\n', end - line);

		warren_error_place(p->err, p->file, ++number, NULL);
		if (newline)
			*newline = '\0';
		if (strlen(line) != (size_t)((newline ? newline : end) - line))
			return warren_error_set(p->err, WARREN_E_VALUE, "use a text file",
						"the line holds a zero byte");
		if (parse_line(p, line))
			return -1;
		if (!newline)
			break;
		line = newline + 1;
	}
	if (end_peer(p))
		return -1;
	warren_error_place(p->err, p->file, 0, NULL);
	return 0;
}

int warren_config_parse(struct warren_config *config, const char *text, size_t size,
			const char *file, enum warren_config_keys keys, struct warren_error *err)
{
	struct parser p = {.config = config, .keys = keys, .file = file, .err = err};
	char *copy;
	int ret;

	memset(config, 0, sizeof(*config));
	config->table = WARREN_TABLE_AUTO;
	copy = malloc(size + 1);
	if (!copy)
		return warren_error_nomem(err);
	memcpy(copy, text, size);
	copy[size] = '\0';
	ret = parse_copy(&p, copy, size);
	warren_key_wipe(copy, size + 1);
	free(copy);
	return ret;
}

/* Reads all of a file or pipe; the buffer may hold keys. */
static char *read_all(const char *path, size_t *size, struct warren_error *err)
{
	size_t room = 65536, used = 0;
	char *buf, *more;
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		warren_error_errno(err, WARREN_E_FILE, errno, "cannot open the file");
		return NULL;
	}
	buf = malloc(room);
	while (buf) {
		got = read(fd, buf + used, room - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			warren_error_errno(err, WARREN_E_FILE, errno, "cannot read the file");
			goto fail;
		}
		used += got;
		if (!got) {
			close(fd);
			*size = used;
			return buf;
		}
		if (used < room)
			continue;
		if (room >= FILE_MOST) {
			warren_error_set(err, WARREN_E_FILE, "is it the right file?",
					 "the file is larger than 64 MiB");
			goto fail;
		}
		more = malloc(room * 2);
		if (more)
			memcpy(more, buf, used);
		warren_key_wipe(buf, used);
		free(buf);
		buf = more;
		room *= 2;
	}
	warren_error_nomem(err);
fail:
	if (buf)
		warren_key_wipe(buf, used);
	free(buf);
	close(fd);
	return NULL;
}

int warren_config_read(struct warren_config *config, const char *path, enum warren_config_keys keys,
		       struct warren_error *err)
{
	size_t size = 0;
	char *text;
	int ret;

	memset(config, 0, sizeof(*config));
	warren_error_place(err, path, 0, NULL);
	text = read_all(path, &size, err);
	if (!text)
		return -1;
	ret = warren_config_parse(config, text, size, path, keys, err);
	warren_key_wipe(text, size);
	free(text);
	return ret;
}

static void free_strings(struct warren_strings *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		free(list->s[i]);
	free(list->s);
}

void warren_config_free(struct warren_config *config)
{
	warren_device_free(&config->device);
	free(config->addresses);
	free(config->except.allowedips);
	free_strings(&config->dns);
	free_strings(&config->search);
	free_strings(&config->pre_up);
	free_strings(&config->post_up);
	free_strings(&config->pre_down);
	free_strings(&config->post_down);
	memset(config, 0, sizeof(*config));
}
