"""Every `sam build` and `sam deploy` of the pages, run as it stands there against a simulator of AWS, on a stack that does not
exist yet: what would be deployed has the parameters of its environment, all of them, and the functions are built for the
processor that it names.

The simulator knows no nested applications, so a deployment ends when its change set is carried out; the change set is what is
looked at. Compiling is left to .ci/deploy: a script stands in the place of cargo. MOTO_PROXY names moto's proxy.
"""

import contextlib
import os
import pathlib
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
import tomllib
import unittest

import boto3
from samcli.lib.bootstrap.bootstrap import SAM_CLI_STACK_NAME, _get_stack_template

from templates import RELAYS, STACK, View

PAGES = [pathlib.Path("README.md"), *sorted(pathlib.Path("docs").glob("*.md"))]
ENVIRONMENTS = tomllib.loads(pathlib.Path("samconfig.toml").read_text())
COPIED = ["template.yaml", "relay.yaml", "samconfig.toml", *map(str, pathlib.Path("relays").glob("*/Cargo.toml"))]
# What `sam build` starts; it notes how, and compiles nothing.
CARGO = """#!/bin/sh
[ "$1" = lambda ] || exit 1
echo "$(basename "$PWD") $*" >>"$BUILDS"
mkdir -p "target/lambda/$(basename "$PWD")"
echo "$*" >"target/lambda/$(basename "$PWD")/bootstrap"
"""


def commands():
    """The sam commands of the pages, by page and in their order: those in blocks, and those with options in the text."""
    for page in PAGES:
        text = page.read_text()
        lines = re.findall(r"^sam [^\n]*(?:\\\n[^\n]*)*", text, re.MULTILINE)
        lines += [line for line in re.findall(r"`(sam [^`\n]+)`", text) if "--" in line]
        for line in lines:
            yield page.name, shlex.split(line.replace("\\\n", " "))


def option(command, name):
    return command[command.index(name) + 1] if name in command else None


def stack_of(environment):
    return ENVIRONMENTS[environment]["deploy"]["parameters"]["stack_name"]


def overrides(command):
    """The parameters that a command should have: those of its environment, and its own."""
    environment = ENVIRONMENTS[option(command, "--config-env") or "default"]
    of_environment = environment.get("global", environment.get("build"))["parameters"]["parameter_overrides"]
    own = command[command.index("--parameter-overrides") + 1 :] if "--parameter-overrides" in command else []
    return dict(pair.split("=", 1) for pair in [*of_environment, *(word for word in own if "=" in word)])


@contextlib.contextmanager
def simulator():
    """Moto's proxy, which answers for every host of AWS; gives the variables that lead to it."""
    proxy = pathlib.Path(os.environ["MOTO_PROXY"])
    (certificates,) = proxy.parent.parent.glob("lib/python*/site-packages/moto/moto_proxy/ca.crt")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen([proxy, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.1)
            address = f"http://127.0.0.1:{port}"
            yield {
                "HTTP_PROXY": address, "HTTPS_PROXY": address, "AWS_CA_BUNDLE": str(certificates),
                "REQUESTS_CA_BUNDLE": str(certificates), "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
                "AWS_DEFAULT_REGION": "eu-west-1", "SAM_CLI_TELEMETRY": "0",
            }
        finally:
            process.terminate()


class Commands(unittest.TestCase):
    maxDiff = None

    def test_they_name_environments_stacks_functions_and_files_that_exist(self):
        stacks = {stack_of(name) for name in ("dev", "staging", "prod")}
        for page, command in commands():
            with self.subTest(page=page, command=shlex.join(command)):
                self.assertIn(option(command, "--config-env"), {None} | ENVIRONMENTS.keys())
                self.assertIn(option(command, "--stack-name"), {None} | stacks)
                for name in ("--event", "--env-vars"):
                    self.assertTrue(pathlib.Path(option(command, name) or ".").exists())
                functions = [word for word in command if word.endswith("Function")]
                self.assertLessEqual(set(functions), STACK["Resources"].keys())

    def test_what_is_built_and_deployed_is_the_environment_whole(self):
        with simulator() as variables, tempfile.TemporaryDirectory() as folder:
            os.environ.update(variables)
            formation = boto3.client("cloudformation")
            # The simulator forgets the tags of a change set, by which the SAM CLI knows its own bucket.
            tags = [{"Key": "ManagedStackSource", "Value": "AwsSamCli"}]
            formation.create_stack(StackName=SAM_CLI_STACK_NAME, TemplateBody=_get_stack_template(), Tags=tags)
            copy = self.copy(pathlib.Path(folder))
            deployed = set()
            for page, command in commands():
                if command[1] in ("build", "deploy"):
                    with self.subTest(page=page, command=shlex.join(command)):
                        deployed.add(self.check(command, copy, formation))
        self.assertLessEqual({"dev", "prod"}, deployed)

    def copy(self, folder):
        for name in COPIED:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, folder / name)
        (folder / "bin").mkdir()
        (folder / "bin/cargo").write_text(CARGO)
        (folder / "bin/cargo").chmod(0o755)
        os.environ |= {"PATH": f"{folder}/bin:{os.environ['PATH']}", "BUILDS": str(folder / "builds")}
        return folder

    def check(self, command, folder, formation):
        """Runs a command; returns the environment that it deployed."""
        wanted = overrides(command)
        builds = folder / "builds"
        builds.write_text("")
        ran = subprocess.run(command, cwd=folder, input="y\n", capture_output=True, text=True)
        said = ran.stdout + ran.stderr
        if command[1] == "build":
            self.assertEqual(ran.returncode, 0, said)
            built = dict(line.split(" ", 1) for line in builds.read_text().splitlines())
            named = {RELAYS[word.removesuffix("Function")] for word in command if word.endswith("Function")}
            self.assertEqual(built.keys(), named or set(RELAYS.values()))
            for options in built.values():
                self.assertEqual("--arm64" in options, wanted["Architecture"] == "arm64")
            return None
        environment = option(command, "--config-env")
        name = option(command, "--stack-name") or stack_of(environment)
        # The simulator lists those of all stacks.
        listed = formation.list_change_sets(StackName=name)["Summaries"]
        latest = [one["ChangeSetId"] for one in listed if one["StackName"] == name][-1]
        changes = formation.describe_change_set(ChangeSetName=latest, StackName=name)
        chosen = {one["ParameterKey"]: one["ParameterValue"] for one in changes["Parameters"]}
        self.assertEqual({key: value for key, value in chosen.items() if key in wanted}, wanted, said)
        others = {key: value for key, value in chosen.items() if key not in wanted}
        self.assertEqual(others, {key: str(STACK["Parameters"][key].get("Default", "")) for key in others})
        self.assertEqual(View(STACK, **chosen).refusals(), [])
        return environment


if __name__ == "__main__":
    unittest.main(verbosity=2)
