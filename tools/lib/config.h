/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Configuration files: wg(8)'s format, and the keys wg-quick(8) adds to it.
 *
 * Lines are [Section] or Key = Value; names do not distinguish case; # begins a
 * comment; in the tunnel's own keys white space means nothing.
 */
#ifndef WARREN_LIB_CONFIG_H
#define WARREN_LIB_CONFIG_H

#include <stdio.h>

#include "addr.h"
#include "device.h"

/**
 * struct warren_strings - a list of strings
 * @s: the strings
 * @n: their number
 */
struct warren_strings {
	char **s;
	size_t n;
};

/**
 * struct warren_address - an address of the interface
 * @prefix: with its host bits
 * @line: where the file says it
 */
struct warren_address {
	struct warren_prefix prefix;
	unsigned int line;
};

/* Values of struct warren_config's @table that are no table. */
#define WARREN_TABLE_AUTO -1
#define WARREN_TABLE_OFF  -2
/* A name, which the host's rt_tables files give a number; see @table_name. */
#define WARREN_TABLE_NAMED -3

/**
 * struct warren_config - a configuration file
 * @device: the tunnel's own part, a request for warren_ipc_set()
 * @addresses: Address
 * @addresses_n: their number
 * @dns: DNS, those that are addresses
 * @search: DNS, those that are not
 * @mtu: MTU, 0 for automatic
 * @table: routing table number, WARREN_TABLE_AUTO, WARREN_TABLE_OFF, or
 *         WARREN_TABLE_NAMED until somebody looks the name up
 * @table_name: Table where it is a name, or empty
 * @has_table: the file says Table
 * @rule_priority: RulePriority, 0 for none
 * @kill_switch: KillSwitch
 * @except: KillSwitchExcept; only its allowed IPs are used
 * @pre_up: PreUp, in order; likewise the other three
 * @post_up: PostUp
 * @pre_down: PreDown
 * @post_down: PostDown
 * @save_config: SaveConfig
 * @private_key_line: where the file says PrivateKey, or 0; likewise the others
 * @mtu_line: MTU
 * @table_line: Table
 * @rule_priority_line: RulePriority
 * @bind_line: Bind
 * @bind_address_line: BindAddress
 */
struct warren_config {
	struct warren_device device;
	struct warren_address *addresses;
	size_t addresses_n;
	struct warren_strings dns;
	struct warren_strings search;
	uint32_t mtu;
	int64_t table;
	char table_name[32];
	bool has_table;
	uint32_t rule_priority;
	bool kill_switch;
	struct warren_peer except;
	struct warren_strings pre_up;
	struct warren_strings post_up;
	struct warren_strings pre_down;
	struct warren_strings post_down;
	bool save_config;
	unsigned int private_key_line;
	unsigned int mtu_line;
	unsigned int table_line;
	unsigned int rule_priority_line;
	unsigned int bind_line;
	unsigned int bind_address_line;
};

/**
 * enum warren_config_keys - which keys a file may have
 * @WARREN_CONFIG_TUNNEL: those of wg(8)
 * @WARREN_CONFIG_ALL: those of wg-quick(8) as well
 */
enum warren_config_keys {
	WARREN_CONFIG_TUNNEL,
	WARREN_CONFIG_ALL,
};

/**
 * warren_config_parse() - read a configuration from memory
 * @config: filled; free it with warren_config_free(), also after a failure
 * @text: the file's bytes
 * @size: their number
 * @file: its name, for messages
 * @keys: which keys are allowed
 * @err: warnings and the failure, with the line and key
 *
 * Every peer gets @replace_allowedips; endpoint names stay unresolved.
 *
 * Return: 0 or -1.
 */
int warren_config_parse(struct warren_config *config, const char *text, size_t size,
			const char *file, enum warren_config_keys keys, struct warren_error *err);

/**
 * warren_config_read() - read a configuration from a file
 * @config: as for warren_config_parse()
 * @path: the file; a pipe will do; at most 64 MiB
 * @keys: which keys are allowed
 * @err: warnings and the failure, with the line and key
 *
 * Return: 0 or -1.
 */
int warren_config_read(struct warren_config *config, const char *path, enum warren_config_keys keys,
		       struct warren_error *err);

/**
 * warren_config_is_ups() - whether a key is one that wg-quick(8) adds
 * @key: its name, in any case
 *
 * Return: true for Address, DNS, MTU, Table and the like, SaveConfig and the hooks.
 */
bool warren_config_is_ups(const char *key);

/**
 * warren_config_free() - give memory back, keys overwritten
 * @config: the configuration
 */
void warren_config_free(struct warren_config *config);

/**
 * warren_config_print() - write a device as wg showconf does
 * @out: where to
 * @dev: the device
 */
void warren_config_print(FILE *out, const struct warren_device *dev);

/**
 * warren_config_print_rest() - the same without the line [Interface] at its head
 * @out: where to; the line, and maybe keys of up, stand there already
 * @dev: the device
 */
void warren_config_print_rest(FILE *out, const struct warren_device *dev);

/**
 * warren_config_print_dns() - write the line DNS, if there is any
 * @out: where to
 * @config: the configuration
 */
void warren_config_print_dns(FILE *out, const struct warren_config *config);

#endif /* WARREN_LIB_CONFIG_H */
