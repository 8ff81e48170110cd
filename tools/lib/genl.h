/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A generic netlink socket bound to one family, with the kernel's own words
 * (extended ack) in every error. Used by netlink.c.
 */
#ifndef WARREN_LIB_GENL_H
#define WARREN_LIB_GENL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* One message: a nest may hold at most 64 KiB, for its length is a u16. */
#define WARREN_GENL_MESSAGE 49152

/**
 * struct warren_genl - an open socket
 * @sock: the socket
 * @family: number of the family
 * @version: version for the messages
 * @seq: of the last request
 * @buf: one message, for requests and then for answers
 */
struct warren_genl {
	struct mnl_socket *sock;
	uint16_t family;
	uint8_t version;
	uint32_t seq;
	char *buf;
};

/**
 * warren_genl_open() - open a socket and find a family
 * @genl: the socket; closed on failure
 * @family: name of the family
 * @version: version for the messages
 * @err: filled on failure; WARREN_E_UNSUPPORTED if there is no such family
 *
 * Return: 0 or -1.
 */
int warren_genl_open(struct warren_genl *genl, const char *family, uint8_t version,
		     struct warren_error *err);

/**
 * warren_genl_join() - have a multicast group's messages come to the socket
 * @genl: the socket; it is for nothing else from now on
 * @family: name of the family
 * @group: name of the group
 * @err: filled on failure; WARREN_E_UNSUPPORTED if there is no such group
 *
 * Return: 0 or -1.
 */
int warren_genl_join(struct warren_genl *genl, const char *family, const char *group,
		     struct warren_error *err);

/**
 * warren_genl_close() - close it, its buffer overwritten
 * @genl: the socket; a zeroed one is fine
 */
void warren_genl_close(struct warren_genl *genl);

/**
 * warren_genl_begin() - begin a message in the socket's buffer
 * @genl: the socket
 * @command: command of the family
 * @flags: NLM_F_*, NLM_F_REQUEST included by itself
 *
 * Return: its header, to add attributes to.
 */
struct nlmsghdr *warren_genl_begin(struct warren_genl *genl, uint8_t command, uint16_t flags);

/**
 * warren_genl_run() - send a message and read the answers to their end
 * @genl: the socket
 * @nlh: from warren_genl_begin()
 * @cb: called for every answer, NULL for none; MNL_CB_OK to go on
 * @arg: its second argument
 * @interrupted: set if NLM_F_DUMP_INTR was seen; may be NULL
 * @what: for the error, such as "read wg0"
 * @err: filled on failure
 *
 * Return: 0 or -1. errno tells the kernel's number on failure.
 */
int warren_genl_run(struct warren_genl *genl, struct nlmsghdr *nlh, mnl_cb_t cb, void *arg,
		    bool *interrupted, const char *what, struct warren_error *err);

/**
 * warren_genl_extack() - the text a kernel put into its refusal
 * @nlh: an NLMSG_ERROR message, checked for size by the caller
 *
 * Return: the text, inside @nlh, or NULL.
 */
const char *warren_genl_extack(const struct nlmsghdr *nlh);

#endif /* WARREN_LIB_GENL_H */
