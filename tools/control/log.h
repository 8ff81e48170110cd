/* SPDX-License-Identifier: GPL-2.0 */
/* Lines for a person on standard error; a service manager adds the time. Never a secret in them. */
#ifndef CONTROL_LOG_H
#define CONTROL_LOG_H

enum control_log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void control_log_level(enum control_log_level level);
void control_log(enum control_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* CONTROL_LOG_H */
