"""Keeps the tables of docs/reliability.md true: they are made of the results that the tests of the
five relays keep in relays/*/tests/golden/faults/.

Usage: reliability.py [--write]; without --write it fails where a table is out of date.
"""

import collections
import json
import pathlib
import re
import sys

DOCUMENT = pathlib.Path("docs/reliability.md")
RELAYS = ["graph-security", "defender-atp", "qualys-ioc", "misp", "gigamon-threatinsight"]
BLOCK = re.compile(r"(<!-- table: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)
MARKS = {"details": " †", "rest": " ‡"}


def results(relay, name):
    """What the tests of a relay keep under this name; None where there is nothing."""
    path = pathlib.Path("relays", relay, "tests/golden/faults", f"{name}.json")
    return json.loads(path.read_text()) if path.exists() else None


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def span(cases):
    """How long it took, in words: what is below half a second is the test machine's own time."""
    longest = max(case["milliseconds"] for case in cases) / 1000
    return "at once" if longest < 0.5 else f"{longest:.1f} s"


def said(case):
    """The codes of an answer's errors, each once, in its order; warnings in brackets."""
    fatal = {error["code"] for error in case["errors"] if error["type"] == "fatal"}
    codes = dict.fromkeys(error["code"] for error in case["errors"])
    return ", ".join(code if code in fatal else f"({code})" for code in codes) or "no error"


def faults(reach):
    """By fault, in the order of the tests: the case of each relay that such a fault hits so."""
    found = {}
    for relay in RELAYS:
        for case in results(relay, "observe")["faults"]:
            if reach(case["hits"]):
                found.setdefault(case["fault"], {})[relay] = case
    return found


def usual(answers):
    """What most of them say."""
    return collections.Counter(answers).most_common(1)[0][0]


def observed(reach, figures):
    rows = []
    for fault, cases in faults(reach).items():
        answer = usual(map(said, cases.values()))

        def cell(relay):
            case = cases[relay]
            other = "" if said(case) == answer else f"{said(case)}: "
            return other + figures(relay, case)

        rows.append([fault, answer, *map(cell, RELAYS), span(cases.values())])
    return table(["fault", "answer", *RELAYS, "time"], rows)


def calls(_relay, case):
    return str(case["calls"])


def kept(relay, case):
    known = results(relay, "observe")["faultless"]["found"]["observables"]
    mark = MARKS.get(case.get("costs_others"), "")
    return f"{case['kept']['observables']} of {known}{mark}, {case['calls']}"


def faultless():
    rows = []
    for relay in RELAYS:
        it = results(relay, "observe")["faultless"]
        entities = ", ".join(f"{count} {kind}" for kind, count in it["found"]["entities"].items())
        row = [relay, str(it["asked"]), str(it["found"]["observables"]), entities, str(it["calls"])]
        rows.append(row)
    return table(["relay", "asked", "known", "entities", "calls"], rows)


def outcome(case):
    return "done" if case["status"] == "success" else said(case)


def acted():
    deeds = {}
    for relay in RELAYS:
        for case in (results(relay, "actions") or {"faults": []})["faults"]:
            deeds.setdefault(case["action"], {})[case["fault"]] = case
    names = list(deeds)

    rows = []
    for fault in deeds[names[0]]:
        cases = [deeds[name][fault] for name in names]
        answer = usual(map(outcome, cases))

        def cell(case):
            other = "" if outcome(case) == answer else f"{outcome(case)}: "
            return f"{other}{case['sent']}{' ?' if case['in_doubt'] else ''}"

        rows.append([fault, answer, *map(cell, cases), span(cases)])
    return table(["fault", "answer", *names, "time"], rows)


TABLES = {
    "faultless": faultless,
    "every call": lambda: observed(lambda hits: hits == "every call", calls),
    "one observable": lambda: observed(lambda hits: hits != "every call", kept),
    "actions": acted,
}


def main(write):
    text = DOCUMENT.read_text()
    true = BLOCK.sub(lambda block: block[1] + TABLES[block[2]]() + block[3], text)
    if write:
        DOCUMENT.write_text(true)
    elif true != text:
        sys.exit(f"{DOCUMENT} is out of date; run python3 .ci/reliability.py --write")


if __name__ == "__main__":
    main("--write" in sys.argv[1:])
