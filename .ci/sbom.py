"""Writes a software bill of materials (CycloneDX 1.6) of one function: what `cargo tree` says is
linked into it with its own features, with licences and checksums. The same sources give the same
bytes; SOURCE_DATE_EPOCH says when they are from.

Usage: sbom.py RELAY TARGET FILE
"""

import datetime
import json
import os
import subprocess
import sys
import tomllib
import uuid

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL


def cargo(*arguments):
    return subprocess.run(("cargo", *arguments, "--locked"), check=True, capture_output=True, text=True).stdout


def linked(relay, target):
    """Every package below a relay with the packages that it uses itself, as name and version."""
    tree = cargo("tree", "--package", relay, "--target", target, "--edges", "normal", "--prefix", "depth",
                 "--no-dedupe", "--format", " {p}")
    uses, above = {}, []
    for line in tree.splitlines():
        depth, name, version, *_ = line.split()
        package = (name, version.removeprefix("v"))
        del above[int(depth):]
        uses.setdefault(package, set())
        if above:
            uses[above[-1]].add(package)
        above.append(package)
    return uses


def licences():
    packages = json.loads(cargo("metadata", "--format-version", "1"))["packages"]
    return {(it["name"], it["version"]): it["license"] for it in packages}


def checksums():
    with open("Cargo.lock", "rb") as lock:
        packages = tomllib.load(lock)["package"]
    return {(it["name"], it["version"]): it["checksum"] for it in packages if "checksum" in it}


def bill(relay, target):
    licence, checksum = licences(), checksums()

    def component(package):
        name, version = package
        hashes = [HashType(alg=HashAlgorithm.SHA_256, content=checksum[package])] if package in checksum else []
        # Older manifests write "MIT/Apache-2.0" for a choice.
        terms = licence[package].replace("/", " OR ")
        return Component(
            type=ComponentType.APPLICATION if name == relay else ComponentType.LIBRARY,
            name=name, version=version, bom_ref=f"{name}@{version}", hashes=hashes,
            licenses=[LicenseExpression(terms)], purl=PackageURL("cargo", None, name, version),
        )

    uses = linked(relay, target)
    known = {package: component(package) for package in uses}
    bom = Bom(components=[it for it in known.values() if it.name != relay])
    bom.metadata.component = main = next(it for it in known.values() if it.name == relay)
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, f"{main.purl}/{target}")
    made = float(os.environ.get("SOURCE_DATE_EPOCH", 0))
    bom.metadata.timestamp = datetime.datetime.fromtimestamp(made, datetime.timezone.utc)
    for package, used in uses.items():
        bom.register_dependency(known[package], [known[it] for it in used])
    return bom


def main(relay, target, file):
    text = JsonV1Dot6(bill(relay, target)).output_as_string(indent=2)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong:
        sys.exit(f"the bill of materials is not valid: {wrong}")
    with open(file, "w", encoding="utf-8") as output:
        output.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
