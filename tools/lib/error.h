/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the library says what went wrong. Nothing in it prints, exits or keeps
 * state: a function that can fail takes a struct warren_error, fills it, and
 * returns -1; the program decides what to show and how to end.
 */
#ifndef WARREN_LIB_ERROR_H
#define WARREN_LIB_ERROR_H

#include <stdarg.h>

/**
 * enum warren_code - what kind of failure it was; the tool's exit codes
 * @WARREN_OK: none
 * @WARREN_E_INTERNAL: out of memory, or an answer nobody can understand
 * @WARREN_E_USAGE: the command line is not one of the documented forms
 * @WARREN_E_VALUE: a value, in a file or an argument, cannot be used
 * @WARREN_E_FILE: a file or a stream cannot be read or written
 * @WARREN_E_NODEV: no such interface, or not a WireGuard one
 * @WARREN_E_EXISTS: the interface is there already
 * @WARREN_E_PERM: CAP_NET_ADMIN is missing
 * @WARREN_E_RESOLVE: an endpoint's name has no address
 * @WARREN_E_KERNEL: the kernel refused a request
 * @WARREN_E_UNSUPPORTED: the running kernel lacks what was asked for
 * @WARREN_E_HOOK: a PreUp, PostUp, PreDown or PostDown command failed
 * @WARREN_E_FINDINGS: the check found something
 */
enum warren_code {
	WARREN_OK = 0,
	WARREN_E_INTERNAL = 1,
	WARREN_E_USAGE = 2,
	WARREN_E_VALUE = 3,
	WARREN_E_FILE = 4,
	WARREN_E_NODEV = 5,
	WARREN_E_EXISTS = 6,
	WARREN_E_PERM = 7,
	WARREN_E_RESOLVE = 8,
	WARREN_E_KERNEL = 9,
	WARREN_E_UNSUPPORTED = 10,
	WARREN_E_HOOK = 11,
	WARREN_E_FINDINGS = 12,
};

/**
 * struct warren_error - one failure or one warning
 * @code: what kind
 * @file: the file it is in, or empty
 * @line: its line, from 1, or 0
 * @key: the configuration key or argument it is about, or empty
 * @text: what is wrong, a sentence without a full stop
 * @remedy: what to do about it, or empty
 * @warn: called for what deserves a word but is no failure; NULL to drop it.
 *        Its argument holds the same fields and is valid during the call only
 * @warn_arg: the first argument of @warn
 *
 * Zero it before the first use. @file, @line and @key are the place being read:
 * parsers set them as they go, so whoever fails below need not know them.
 */
struct warren_error {
	enum warren_code code;
	char file[256];
	unsigned int line;
	char key[32];
	char text[512];
	char remedy[256];
	void (*warn)(void *arg, const struct warren_error *warning);
	void *warn_arg;
};

/**
 * warren_error_set() - record a failure
 * @err: where
 * @code: what kind
 * @remedy: what to do about it, or NULL
 * @fmt: what is wrong, as printf
 *
 * Return: -1, so that a caller can return it as it is.
 */
int warren_error_set(struct warren_error *err, enum warren_code code, const char *remedy,
		     const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/**
 * warren_error_errno() - record the failure of a system call
 * @err: where
 * @code: what kind, unless @error is EPERM, EACCES or ENOMEM, which have their own
 * @error: the errno
 * @fmt: what was tried, as printf; the text of @error follows it
 *
 * Return: -1.
 */
int warren_error_errno(struct warren_error *err, enum warren_code code, int error, const char *fmt,
		       ...) __attribute__((format(printf, 4, 5)));

/**
 * warren_error_nomem() - record that memory ran out
 * @err: where
 *
 * Return: -1.
 */
int warren_error_nomem(struct warren_error *err);

/**
 * warren_error_warn() - give a warning, at the place @err says
 * @err: whose warn function to call; its own code and text are not touched
 * @remedy: what to do about it, or NULL
 * @fmt: what is odd, as printf
 */
void warren_error_warn(struct warren_error *err, const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * warren_error_place() - say which file, line and key are being read
 * @err: where
 * @file: file, or NULL for none; may be @err's own
 * @line: line from 1, or 0
 * @key: key, or NULL for none
 */
void warren_error_place(struct warren_error *err, const char *file, unsigned int line,
			const char *key);

/**
 * warren_error_format() - one failure as text for people
 * @err: the failure
 * @buf: where to
 * @size: bytes in @buf; 1200 always suffice
 *
 * Gives "FILE:LINE: KEY: TEXT" without the parts that are not known, and the
 * remedy on a second line. No newline at the end.
 *
 * Return: @buf.
 */
char *warren_error_format(const struct warren_error *err, char *buf, unsigned int size);

#endif /* WARREN_LIB_ERROR_H */
