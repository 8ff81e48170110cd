# SPDX-License-Identifier: GPL-2.0
"""A run as a picture (SVG): a group of bars a row, a bar a kind of tunnel, and
each bar's length is what it takes compared with the kernel's WireGuard."""

from xml.sax.saxutils import escape

from report import kinds, measured, median, number
from rows import BASE

COLOURS = {"none": "#b0b0b0", "wireguard": "#88171a", "warren": "#1f6feb",
           "ipsec-aes-gcm": "#d29922", "ipsec-chacha": "#8a6d1b", "wireguard-go": "#7d4cdb"}
LEFT, WIDTH, RIGHT, TOP, BAR, GAP = 290, 520, 150, 80, 14, 14
MOST = 2.0  # longer bars are cut


def share(run, row, kind):
    """What @kind takes, the kernel's WireGuard being 1: less is better in every row."""
    value, base = median(run, row, kind), median(run, row, BASE)
    if not value or not base:
        return None
    return base / value if row.more_is_better else value / base


def text(x, y, words, anchor="start", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {extra}>{escape(words)}</text>'


def svg(run):
    parts, y = [], TOP
    rows = [row for row in measured(run) if median(run, row, BASE)]
    for row in rows:
        bars = [(kind, share(run, row, kind)) for kind in kinds(run)]
        bars = [(kind, part) for kind, part in bars if part is not None]
        parts.append(text(LEFT - 10, y + len(bars) * BAR / 2 + 4, row.title, "end"))
        for kind, part in bars:
            length = min(part, MOST) / MOST * WIDTH
            cut = " ..." if part > MOST else ""
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" '
                         f'fill="{COLOURS.get(kind, "#444")}"/>')
            parts.append(text(LEFT + length + 5, y + BAR - 4,
                              f"{number(median(run, row, kind), row)} {row.unit}{cut}",
                              extra='class="small"'))
            y += BAR
        y += GAP
    one = LEFT + WIDTH / MOST
    head = [text(20, 28, f"Linux {run['kernel']}: the kernel's WireGuard is 1, shorter is better",
                 extra='class="title"')]
    x = 20
    for kind in kinds(run):
        head.append(f'<rect x="{x}" y="44" width="12" height="12" '
                    f'fill="{COLOURS.get(kind, "#444")}"/>')
        head.append(text(x + 17, 54, kind))
        x += 40 + 8 * len(kind)
    line = f'<path d="M{one:.1f} {TOP - 8}V{y}" stroke="#88171a" stroke-dasharray="4 3"/>'
    width = LEFT + WIDTH + RIGHT
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 10}" '
            f'viewBox="0 0 {width} {y + 10}" font-family="sans-serif" font-size="13">\n'
            "<style>.small{font-size:11px;paint-order:stroke;stroke:white;stroke-width:3px} "
            ".title{font-size:17px;font-weight:bold}</style>\n"
            '<rect width="100%" height="100%" fill="white"/>\n'
            + "\n".join([*head, line, *parts]) + "\n</svg>\n")
