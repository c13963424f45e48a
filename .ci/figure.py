"""Draws docs/performance/*.svg from docs/performance/measured.json: requests against the critical path,
and what a relay costs, each with its bar.

Usage: figure.py [--write]; without --write it fails where a drawing is out of date.
"""

import json
import math
import pathlib
import sys

FOLDER = pathlib.Path("docs/performance")
WIDTH, LEFT, RIGHT = 820, 176, 24
# Two colours that stay apart for every kind of colour vision, and on white as on black.
STYLE = """<style>
text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#24292f}
.title{font-size:16px;font-weight:600}.small{font-size:12px;fill:#57606a}.end{text-anchor:end}.mid{text-anchor:middle}
.grid{stroke:#d0d7de}.bar{stroke-width:1.5;stroke-dasharray:5 4}
.warm{stroke:#0072b2;fill:#0072b2}.cold{stroke:#d55e00;fill:#d55e00}.hollow{fill:none;stroke-width:1.6}
.range{stroke-width:4;stroke-opacity:.3}text.warm,text.cold{stroke:none}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9da7b1}.grid{stroke:#3d444d}
.warm{stroke:#56b4e9;fill:#56b4e9}.cold{stroke:#e69f00;fill:#e69f00}.hollow{fill:none}}
</style>"""


def text(x, y, said, kind=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{said}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def mark(x, y, kind, size):
    """A circle whose radius tells how many observables were asked about."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" class="{kind} hollow"/>'


def drawing(height, label, parts):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">'
    return "\n".join([head, STYLE, *parts, "</svg>"]) + "\n"


def axis(left, right, low, high, ticks, top, bottom, shown):
    """Grid lines with their figures, and where a figure lies."""

    def at(figure):
        return left + (right - left) * (figure - low) / (high - low)

    grid = []
    for tick in ticks:
        grid += [line(at(tick), top, at(tick), bottom, "grid"), text(at(tick), bottom + 17, shown(tick), "small mid")]
    return at, grid


def median_ratio(one):
    return one["median_ms"] / one["critical_path_ms"]


def latency(measured):
    """Median ratios at the longest delay: one row for each relay, warm above cold."""
    longest = max(one["delay_ms"] for one in measured)
    rows = [one for one in measured if one["delay_ms"] == longest]
    relays = list(dict.fromkeys(one["relay"] for one in rows))
    top, step = 120, 50
    bottom = top + step * len(relays)
    steps = max(6, math.ceil(20 * (max(median_ratio(one) for one in rows) - 1)))
    ticks = [1 + n / 20 for n in range(steps + 1)]
    at, parts = axis(LEFT, WIDTH - RIGHT, ticks[0], ticks[-1], ticks, top, bottom, "{:.2f}".format)
    for kind, bar in (("warm", 1.10), ("cold", 1.25)):
        parts += [line(at(bar), top - 8, at(bar), bottom, f"{kind} bar")]
        parts += [text(at(bar), top - 14, f"bar for {kind} requests", f"{kind} mid")]
    for place, relay in enumerate(relays):
        middle = top + step * (place + 0.5)
        parts.append(text(LEFT - 14, middle + 4, relay, "end"))
        if place:
            parts.append(line(LEFT, middle - step / 2, WIDTH - RIGHT, middle - step / 2, "grid"))
        for kind, y in (("warm", middle - 11), ("cold", middle + 11)):
            own = [one for one in rows if one["relay"] == relay and one["warm"] == (kind == "warm")]
            ratios = [median_ratio(one) for one in own]
            parts.append(line(at(min(ratios)), y, at(max(ratios)), y, f"{kind} range"))
            parts += [mark(at(ratio), y, kind, size) for ratio, size in zip(ratios, (3, 5, 7))]
    parts += [
        text(LEFT, 26, "How long observe takes, against the least that the product allows", "title"),
        text(LEFT, 48, f"Product calls of {longest} ms; small to large circles: 1, 10, 50 observables", "small"),
        text(LEFT, bottom + 42, "time measured ÷ critical path (medians; 1.00 is the physical limit)", "small"),
        text(LEFT, 72, "● warm process", "warm"),
        text(LEFT + 130, 72, "● new process", "cold"),
    ]
    return drawing(bottom + 56, "Ratio of measured time to critical path, for each relay", parts)


def cost(report):
    """Start, memory and size side by side: a bar of its own for each."""
    columns = (
        ("Start ÷ empty function", report["start"], lambda one: one["next"]["fastest_ms"] / one["empty_next"]["fastest_ms"],
         1.5, 2.0, [0, 0.5, 1, 1.5, 2], "{:.2f}"),
        ("Memory, MiB", report["memory"], lambda one: one["after_1000"], 30, 40, [0, 10, 20, 30, 40], "{:.1f}"),
        ("Zip, MB", report["size"], lambda one: one["zip"], 4.5, 6, [0, 1.5, 3, 4.5, 6], "{:.2f}"),
    )
    relays = [one["relay"] for one in report["size"]]
    top, step, gap = 84, 30, 26
    bottom = top + step * len(relays)
    width = (WIDTH - LEFT - RIGHT - 2 * gap) / 3
    parts = [text(LEFT, 26, "What a relay costs", "title")]
    for place, relay in enumerate(relays):
        parts.append(text(LEFT - 14, top + step * (place + 0.5) + 4, relay, "end"))
    for column, (title, rows, figure, bar, high, ticks, form) in enumerate(columns):
        left = LEFT + column * (width + gap)
        at, grid = axis(left, left + width, 0, high, ticks, top, bottom, "{:g}".format)
        parts += [text(left, top - 30, title, "small"), *grid]
        for place, one in enumerate(rows):
            y = top + step * place + 7
            parts.append(f'<rect x="{left:.1f}" y="{y}" width="{at(figure(one)) - left:.1f}" height="16" class="warm" fill-opacity=".55"/>')
            parts.append(text(left + 6, y + 12.5, form.format(figure(one))))
        parts += [line(at(bar), top - 8, at(bar), bottom, "cold bar"), text(at(bar), top - 10, "bar", "cold mid")]
    return drawing(bottom + 30, "Start, memory and size of each relay", parts)


def main(write):
    report = json.loads((FOLDER / "measured.json").read_text())
    for name, drawn in (("latency.svg", latency(report["latency"])), ("cost.svg", cost(report))):
        path = FOLDER / name
        if write:
            path.write_text(drawn)
        elif not path.exists() or path.read_text() != drawn:
            sys.exit(f"{path} is out of date; run python3 .ci/figure.py --write")


if __name__ == "__main__":
    main("--write" in sys.argv[1:])
