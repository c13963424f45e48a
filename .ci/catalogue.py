"""Keeps the last column of docs/security.md true: the crates whose tests carry a row's id in their
names; every relay, where the rules that all relays keep do. Where no test does, the column says
why, or where else to look.

Usage: catalogue.py [--write]; without --write it fails where the column is out of date.
"""

import collections
import pathlib
import re
import sys

DOCUMENT = pathlib.Path("docs/security.md")
ROW = re.compile(r"^\| ([A-Z]\d\d) \| (.+) \| (.*?) ?\|$", re.MULTILINE)
# fn no01_j01_c02_what_must_hold() or <S>(), or class L10LeastPrivilege.
RUST = re.compile(r"\bfn ((?:[a-z]{1,2}\d\d?_)+)\w+[(<]")
PYTHON = re.compile(r"\bclass ([A-Z]\d\d)[A-Z]\w*\(unittest")


# Every rule in these folders is made a test of every relay.
RULES = re.compile(r"testing/testkit/src/(conformance|end_to_end)/")
EVERY = "every relay"


def place(source):
    """Who runs the tests of this file."""
    return EVERY if RULES.match(source.as_posix()) else source.parts[1]


def others(places):
    """Without the relays, where every relay is said."""
    relays = {folder.name for folder in pathlib.Path("relays").iterdir()}
    return places - relays if EVERY in places else places


def tested():
    """The places of tests by the ids that they carry."""
    where = collections.defaultdict(set)
    for folder in ("crates", "relays", "testing"):
        for source in pathlib.Path(folder).rglob("*.rs"):
            for ids in RUST.findall(source.read_text()):
                for one in ids.strip("_").split("_"):
                    where[one.upper()].add(place(source))
    for source in pathlib.Path(".ci").glob("*.py"):
        for one in PYTHON.findall(source.read_text()):
            where[one].add(f"`{source}`")
    return where


def main(write):
    where = tested()
    silent = []

    def row(match):
        one, what, said = match.groups()
        found = ", ".join(sorted(others(where[one])))
        if not (found or said):
            silent.append(one)
        return f"| {one} | {what} | {found or said} |"

    text = DOCUMENT.read_text()
    true = ROW.sub(row, text)
    if silent:
        sys.exit(f"{DOCUMENT}: no test, and no reason: {', '.join(silent)}")
    if write:
        DOCUMENT.write_text(true)
    elif true != text:
        sys.exit(f"{DOCUMENT} is out of date; run python3 .ci/catalogue.py --write")


if __name__ == "__main__":
    main("--write" in sys.argv[1:])
