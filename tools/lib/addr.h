/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers, networks and endpoints as text, both ways. Parsers take the text
 * wg(8) documents and nothing else; what they refuse is described in the error.
 */
#ifndef WARREN_LIB_ADDR_H
#define WARREN_LIB_ADDR_H

#include "device.h"

#define WARREN_ADDR_PREFIX   50 /* bytes for any prefix and the zero */
#define WARREN_ADDR_ENDPOINT 80 /* bytes for any endpoint and the zero */
#define WARREN_ADDR_BIND     66 /* bytes for two addresses, what is between and the zero */

/**
 * warren_addr_parse_ip() - an address without a prefix length
 * @prefix: where to; its length becomes 32 or 128
 * @text: such as "10.0.0.1" or "fd00::1"
 *
 * Return: 0, or -1 if @text is no address.
 */
int warren_addr_parse_ip(struct warren_prefix *prefix, const char *text);

/**
 * warren_addr_parse_prefix() - an address with or without a prefix length
 * @prefix: where to; the address stays as written, host bits included
 * @text: such as "10.0.0.0/8", "fd00::1"
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_addr_parse_prefix(struct warren_prefix *prefix, const char *text,
			     struct warren_error *err);

/**
 * warren_addr_mask() - clear the host bits
 * @prefix: the network
 *
 * Return: true if there were any set.
 */
bool warren_addr_mask(struct warren_prefix *prefix);

/**
 * warren_addr_covers() - whether one network lies in another
 * @outer: the larger one
 * @inner: the smaller one
 *
 * Return: true if every address of @inner is in @outer.
 */
bool warren_addr_covers(const struct warren_prefix *outer, const struct warren_prefix *inner);

/**
 * warren_addr_compare() - an order of networks, for sorting and equality
 * @a: one, masked
 * @b: the other, masked
 *
 * Return: below, equal to or above 0.
 */
int warren_addr_compare(const struct warren_prefix *a, const struct warren_prefix *b);

/**
 * warren_addr_bytes() - the address part in network order
 * @prefix: the network
 *
 * Return: 4 or 16 bytes, see warren_addr_size().
 */
const uint8_t *warren_addr_bytes(const struct warren_prefix *prefix);

/**
 * warren_addr_size() - bytes in an address of a family
 * @family: AF_INET or AF_INET6
 *
 * Return: 4 or 16.
 */
size_t warren_addr_size(uint16_t family);

/**
 * warren_addr_print_prefix() - "10.0.0.0/8"
 * @text: where to
 * @prefix: the network
 *
 * Return: @text.
 */
char *warren_addr_print_prefix(char text[WARREN_ADDR_PREFIX], const struct warren_prefix *prefix);

/**
 * warren_addr_print_endpoint() - "192.0.2.1:51820" or "[fd00::1]:51820"
 * @text: where to
 * @endpoint: the endpoint, of a known family
 *
 * Return: @text.
 */
char *warren_addr_print_endpoint(char text[WARREN_ADDR_ENDPOINT],
				 const union warren_endpoint *endpoint);

/**
 * warren_addr_parse_endpoint() - "HOST:PORT", HOST an address or a name
 * @peer: where to: @endpoint when HOST is numeric, else @endpoint_name
 * @text: IPv6 addresses may stand in brackets
 * @err: filled on failure
 *
 * No name is looked up here; see warren_addr_resolve().
 *
 * Return: 0 or -1.
 */
int warren_addr_parse_endpoint(struct warren_peer *peer, const char *text,
			       struct warren_error *err);

/**
 * warren_addr_retries() - how often to ask again for an endpoint's name
 * @text: the value of WG_ENDPOINT_RESOLUTION_RETRIES: a number, "infinity", or NULL
 *
 * Return: the number, -1 for no end, 15 for NULL or anything else.
 */
int warren_addr_retries(const char *text);

/**
 * warren_addr_resolve_peer() - look up the name of a peer's endpoint
 * @peer: the peer, with @endpoint_name; its @endpoint is set
 * @retries: as for warren_addr_resolve()
 * @err: place and failure; each wait is a warning
 *
 * Return: 0 or -1.
 */
int warren_addr_resolve_peer(struct warren_peer *peer, int retries, struct warren_error *err);

/**
 * warren_addr_same_endpoint() - compare two endpoints
 * @a: one
 * @b: the other
 *
 * Return: true if address, port and scope are the same.
 */
bool warren_addr_same_endpoint(const union warren_endpoint *a, const union warren_endpoint *b);

/**
 * warren_addr_resolve() - look up the names of all endpoints of a device
 * @dev: the device; @endpoint of each peer with @endpoint_name is set
 * @retries: how often to ask again after a temporary failure, -1 for no end;
 *           one second before the first, a fifth more each time, at most 20
 * @err: place and failure; each wait is a warning
 *
 * Return: 0 or -1.
 */
int warren_addr_resolve(struct warren_device *dev, int retries, struct warren_error *err);

/**
 * warren_addr_parse_number() - a whole decimal number
 * @value: where to
 * @text: digits only
 * @max: largest accepted
 *
 * Return: 0, or -1 if @text is anything else.
 */
int warren_addr_parse_number(uint32_t *value, const char *text, uint32_t max);

/**
 * warren_addr_parse_port() - a UDP port, 0 for any
 * @port: where to
 * @text: 0 to 65535
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_addr_parse_port(uint16_t *port, const char *text, struct warren_error *err);

/**
 * warren_addr_parse_fwmark() - a packet mark
 * @mark: where to
 * @text: decimal, hexadecimal with 0x, or "off"
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_addr_parse_fwmark(uint32_t *mark, const char *text, struct warren_error *err);

/**
 * warren_addr_parse_bind() - the interface that a device is bound to
 * @dev: its @bind is set
 * @text: an interface's name, or "off"
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_addr_parse_bind(struct warren_device *dev, const char *text, struct warren_error *err);

/**
 * warren_addr_parse_bind_address() - the addresses that a device is bound to
 * @dev: its @bind4 and @bind6 are set, those not in @text to none
 * @text: an IPv4 address, an IPv6 address, both with a comma between, or "off"
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_addr_parse_bind_address(struct warren_device *dev, const char *text,
				   struct warren_error *err);

/**
 * warren_addr_print_bind_address() - "192.0.2.1, 2001:db8::1"
 * @text: where to
 * @dev: the device
 *
 * Return: @text; empty if it is bound to no address.
 */
char *warren_addr_print_bind_address(char text[WARREN_ADDR_BIND], const struct warren_device *dev);

/**
 * warren_addr_parse_keepalive() - a persistent keepalive interval
 * @seconds: where to
 * @text: 0 to 65535, or "off"
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_addr_parse_keepalive(uint16_t *seconds, const char *text, struct warren_error *err);

/**
 * warren_addr_parse_allowedips() - a comma-separated list of networks for a peer
 * @peer: they are added to its allowed IPs, host bits cleared with a warning
 * @text: the list; empty gives none
 * @incremental: set when an entry begins with '+' or '-'; NULL to refuse those
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_addr_parse_allowedips(struct warren_peer *peer, const char *text, bool *incremental,
				 struct warren_error *err);

#endif /* WARREN_LIB_ADDR_H */
