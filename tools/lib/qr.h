/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text as a QR code (ISO/IEC 18004), for a terminal and for a web page. It needs
 * nothing else of the library, so that programs without it can compile it in.
 */
#ifndef WARREN_LIB_QR_H
#define WARREN_LIB_QR_H

/**
 * warren_qr_text() - a QR code made of half blocks, for a terminal
 * @text: what a reader shall read: 1 to 2953 bytes of ASCII; readers guess at the
 *        encoding of others
 * @out: UTF-8, lines ended by a newline, with the margin that a reader needs; black
 *       on white whatever the terminal's colours are. free() it, and wipe it first
 *       if @text is secret
 *
 * Return: 0; -E2BIG if @text does not fit, -EINVAL if it is empty, -ENOMEM.
 */
int warren_qr_text(const char *text, char **out);

/**
 * warren_qr_svg() - a QR code as an SVG image
 * @text: as for warren_qr_text()
 * @out: one svg element, with the margin, 4 pixels a module unless the page says
 *       otherwise; to be freed as in warren_qr_text()
 *
 * Return: as warren_qr_text().
 */
int warren_qr_svg(const char *text, char **out);

#endif /* WARREN_LIB_QR_H */
