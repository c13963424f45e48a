"""Runs a relay's binary under AWS' Runtime Interface Emulator, in front of its product's simulator,
and expects an answer without errors to every event in its folder, and to the one of the scheduled health check.

Usage: emulate.py BINARY, named after its relay, with sandbox's example `products` built.
"""

import contextlib
import json
import os
import pathlib
import platform
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import samcli

import templates

MACHINE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
EMULATOR = pathlib.Path(samcli.__file__).parent / f"local/rapid/aws-lambda-rie-{MACHINE}"
PRODUCTS = pathlib.Path("target/debug/examples/products")
# What only a deployment knows, as the events of the folder have it.
DEPLOYED = {"<Api>": "relay", "<AWS::Region>": "eu-west-1", "<AWS::URLSuffix>": "amazonaws.com", "<AWS::AccountId>": "123456789012"}
# Lambda ends a function that needs longer; nothing here needs a tenth of it.
TIMEOUT_SECONDS = 29


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(*command, **options):
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.terminate()


def settings(relay):
    """The variables of a relay's function, as `sam local` sets them."""
    shared, own = json.loads(pathlib.Path(f"events/env/{relay}.json").read_text()).values()
    return shared | own


def events(relay):
    """The events of a relay's folder, and the health check of its stack with the token of one of them, by their names."""
    found = {file.stem: file.read_bytes() for file in sorted(pathlib.Path("events", relay).glob("*.json"))}
    check = templates.relay(HealthTokenArn="arn:token").properties("HealthCheck")["Definition"]["States"]["AskRelay"]
    scheduled = check["Arguments"]["Payload"]
    scheduled["headers"]["authorization"] = json.loads(found["health"])["headers"]["authorization"]
    text = json.dumps(scheduled)
    for name, value in DEPLOYED.items():
        text = text.replace(name, value)
    return found | {"health, by schedule": text.encode()}


def invoke(port, event):
    url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    ends = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, event, TIMEOUT_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


def complaint(name, answer):
    """What is wrong with an answer; none if nothing is."""
    if answer.get("statusCode") != 200:
        return f"not HTTP 200 but {answer}"
    body = json.loads(answer["body"])
    if "errors" in body:
        return f"errors {body['errors']}"
    if name.startswith("observe") and not body["data"].get("sightings", {}).get("count"):
        return "no sightings"
    if name.startswith("health") and body["data"]["status"] != "ok":
        return f"not healthy but {body}"
    if name == "version" and list(body) != ["version"]:
        return f"no version but {body}"
    return None


def main(binary):
    EMULATOR.chmod(0o755)
    binary = pathlib.Path(binary).resolve()
    relay = binary.name
    port = free_port()
    emulator = [EMULATOR, "--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    emulator += ["--runtime-api-address", f"127.0.0.1:{free_port()}", binary]
    environment = {"PATH": os.environ["PATH"], "AWS_LAMBDA_FUNCTION_TIMEOUT": str(TIMEOUT_SECONDS)}
    environment |= settings(relay)
    log = pathlib.Path(f"target/ci/{relay}.log")
    failed = 0
    with (
        running(PRODUCTS, stdout=subprocess.PIPE) as products,
        log.open("w") as lines,
        running(*emulator, env=environment, stdout=lines, stderr=lines),
    ):
        # One line for each product, printed when its simulator listens.
        for _ in pathlib.Path("relays").iterdir():
            products.stdout.readline()
        for name, event in events(relay).items():
            wrong = complaint(name, invoke(port, event))
            failed += wrong is not None
            print(f"{relay}, {name}: {wrong or 'ok'}")
    if failed:
        sys.exit(f"{failed} events of {relay} failed; its log is {log}")


if __name__ == "__main__":
    main(*sys.argv[1:])
