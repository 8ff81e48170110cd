# SPDX-License-Identifier: GPL-2.0
"""The table of one run: {"kernel": release, "where": text, "commit": text,
"date": text, "rounds": N, "rows": {row: {kind: [value of each round]}}}."""

import statistics

from rows import BASE, OURS, ROWS


def median(run, row, kind):
    values = run["rows"].get(row.name, {}).get(kind)
    return statistics.median(values) if values else None


def ratio(run, row):
    """Of ours to the kernel's WireGuard; None if either was not measured."""
    ours, base = median(run, row, OURS), median(run, row, BASE)
    return ours / base if ours is not None and base else None


def verdict(value, goal, more_is_better=False):
    """Empty where there is no goal, or nothing to compare."""
    if value is None or goal is None:
        return ""
    return "met" if (value >= goal if more_is_better else value <= goal) else "missed"


def also(run, row):
    """What else ours has to reach, and whether it does: two cells."""
    ours = median(run, row, OURS)
    if row.most is not None:
        return [f"at most {number(row.most, row)}", verdict(ours, row.most)]
    other = row.below and median(run, row, row.below)
    if other is None:
        return ["", ""]
    return [f"below {row.below}", verdict(ours, other)]


def kinds(run):
    """The kinds that were measured, in the order of the rows that name them."""
    seen = {}
    for row in ROWS:
        seen.update(dict.fromkeys(run["rows"].get(row.name, {})))
    return list(seen)


def measured(run):
    return [row for row in ROWS if run["rows"].get(row.name)]


def number(value, row):
    return "-" if value is None else f"{value:,.{row.digits}f}"


def _lines(run):
    yield ["", "", *kinds(run), "ratio", "goal", "", "and", ""]
    for row in measured(run):
        value, goal = ratio(run, row), row.goal(run["kernel"])
        limit = "at least" if row.more_is_better else "at most"
        yield [row.title, row.unit, *(number(median(run, row, kind), row) for kind in kinds(run)),
               "-" if value is None else f"{value:.{3 if value < 0.1 else 2}f}",
               "" if goal is None else f"{limit} {goal:.2f}",
               verdict(value, goal, row.more_is_better), *also(run, row)]


def spread(run):
    """The largest (greatest - least) / median, and the row and the kind where it is."""
    found = [((max(values) - min(values)) / abs(statistics.median(values)), row.title, kind)
             for row in measured(run) for kind, values in run["rows"][row.name].items()
             if len(values) > 1 and statistics.median(values)]
    return max(found, default=None)


def aligned(lines, names):
    """Lines of text, of lines of cells whose first so many are names."""
    lines = list(lines)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) if i < names else cell.rjust(width)
                      for i, (cell, width) in enumerate(zip(line, widths))).rstrip()
            for line in lines]


def table(run):
    """Text: what was measured where, a line for each row, and how far rounds differ."""
    text = [f"Linux {run['kernel']}, {run['where']}; commit {run['commit']}, {run['date']}",
            f"Medians of {run['rounds']}; ratio: {OURS} to {BASE}, the kernel's own", "",
            *aligned(_lines(run), 2)]
    widest = spread(run)
    if widest:
        text += ["", f"Rounds differ by {widest[0]:.1%} at most ({widest[1]}, {widest[2]})."]
    return "\n".join(text) + "\n"
