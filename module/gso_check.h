/* SPDX-License-Identifier: GPL-2.0 */
/* Does this kernel cut UDP GSO packets as it should? Not all have. */
#ifndef WARREN_GSO_CHECK_H
#define WARREN_GSO_CHECK_H

/**
 * warren_gso_check() - have the kernel cut batches such as ours
 *
 * Over IPv4 and IPv6, with checksums computed at once and left to a card. What
 * a card's own cutting does cannot be seen without one.
 * Context: process. Return: 0; -EBADMSG if something else came out, having
 * logged what, or the error of cutting; -ENOMEM if it could not be tried.
 */
int warren_gso_check(void);

#endif /* WARREN_GSO_CHECK_H */
