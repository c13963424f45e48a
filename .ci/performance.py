"""Keeps the tables of docs/performance.md equal to docs/performance/measured.json and instructions.json.

Usage: performance.py [--write]; without --write it fails where a table is out of date.
"""

import json
import pathlib
import re
import sys

DOCUMENT = pathlib.Path("docs/performance.md")
TABLE = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(header, rows):
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def observed(report, delay):
    """Cold and warm requests of one relay and size, side by side."""
    lines = [one for one in report["latency"] if one["delay_ms"] == delay]
    return zip([one for one in lines if one["warm"]], [one for one in lines if not one["warm"]], strict=True)


def ratio(one, which):
    return f"{one[which] / one['critical_path_ms']:.3f}"


def against_path(delay):
    def made(report):
        header = ["relay", "observables", "calls", "critical path ms", "warm ms", "fastest ratio", "median ratio"]
        header += ["critical path, cold ms", "cold ms", "fastest ratio", "median ratio"]
        rows = []
        for warm, cold in observed(report, delay):
            row = [warm["relay"], warm["observables"], warm["calls"]]
            for one in (warm, cold):
                row += [f"{one['critical_path_ms']:.0f}", f"{one['median_ms']:.1f}"]
                row += [ratio(one, "fastest_ms"), ratio(one, "median_ms")]
            rows.append(row)
        return table(header, rows)

    return made


def own_time(report):
    header = ["relay", "observables", "calls, warm", "warm ms, fastest", "median", "calls, cold", "cold ms, fastest", "median"]
    rows = []
    for warm, cold in observed(report, 0):
        row = [warm["relay"], warm["observables"]]
        for one in (warm, cold):
            row += [one["calls"], f"{one['fastest_ms']:.2f}", f"{one['median_ms']:.2f}"]
        rows.append(row)
    return table(header, rows)


def start(report):
    header = ["relay", "to `/next` ms, fastest", "median", "empty ms, fastest", "median", "fastest ratio", "median ratio"]
    header += ["to the first answer ms, fastest", "median"]
    rows = []
    for one in report["start"]:
        row = [one["relay"]]
        row += [f"{one[whose][which]:.2f}" for whose in ("next", "empty_next") for which in ("fastest_ms", "median_ms")]
        row += [f"{one['next'][which] / one['empty_next'][which]:.2f}" for which in ("fastest_ms", "median_ms")]
        row += [f"{one['answer'][which]:.2f}" for which in ("fastest_ms", "median_ms")]
        rows.append(row)
    return table(header, rows)


def memory(report):
    header = ["relay", "after the start, MiB", "after 1,000 requests", "after 2,000"]
    figures = ("start", "after_1000", "after_2000")
    return table(header, [[one["relay"], *(f"{one[which]:.1f}" for which in figures)] for one in report["memory"]])


def size(report):
    rows = [[one["relay"], f"{one['binary']:.2f}", f"{one['zip']:.2f}"] for one in report["size"]]
    return table(["relay", "binary MB", "zip MB"], rows)


def instructions(report):
    header = ["relay", "records", "sightings", "million instructions", "for each sighting"]
    rows = []
    for one in report["instructions"]:
        for count in one["counts"]:
            each = count["instructions"] / max(count["sightings"], 1)
            rows.append([one["relay"], f"{count['records']:,}", f"{count['sightings']:,}", f"{count['instructions'] / 1e6:.1f}", f"{each:,.0f}"])
    return table(header, rows)


MADE = {
    "latency-100": against_path(100),
    "latency-50": against_path(50),
    "latency-0": own_time,
    "start": start,
    "memory": memory,
    "size": size,
    "instructions": instructions,
}


def main(write):
    report = {}
    for name in ("measured.json", "instructions.json"):
        report |= json.loads((DOCUMENT.with_suffix("") / name).read_text())
    text = DOCUMENT.read_text()
    true = TABLE.sub(lambda it: f"{it[1]}\n{MADE[it[2]](report)}\n{it[3]}", text)
    if write:
        DOCUMENT.write_text(true)
    elif true != text:
        sys.exit(f"{DOCUMENT} is out of date; run python3 .ci/performance.py --write")


if __name__ == "__main__":
    main("--write" in sys.argv[1:])
