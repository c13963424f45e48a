"""What the template of a release deploys: the same as the repository's, but for where the functions come from.

Both are turned into CloudFormation by the transform that AWS runs. Usage: test_release.py FOLDER
"""

import pathlib
import sys
import unittest

from samcli.yamlhelper import parse_yaml_file, yaml_dump
from samtranslator.translator.transform import transform

FOLDER = pathlib.Path(sys.argv.pop(1))
(TEMPLATE,) = FOLDER.glob("template-*.yaml")
VERSION = TEMPLATE.stem.removeprefix("template-")
SLUGS = sorted(manifest.parent.name for manifest in pathlib.Path("relays").glob("*/Cargo.toml"))
NAMES = ["".join(word.capitalize() for word in slug.split("-")) for slug in SLUGS]


class Policies:
    """No managed policy is named, so none has to be looked up."""

    def load(self):
        return {}


def deployed(path):
    """What CloudFormation makes of a template, with what `sam deploy` would have put into a bucket."""
    template = parse_yaml_file(path)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if isinstance(properties.get("CodeUri"), str):
            properties["CodeUri"] = "s3://bucket/code.zip"
        if resource["Type"] == "AWS::Serverless::Application":
            properties["Location"] = "https://bucket.example/relay.yaml"
    return transform(template, {"AWS::Region": "eu-west-1"}, Policies())


def comparable(template):
    """Resources without what says where the code comes from, and what is named after it."""
    resources = {}
    for name, resource in template["Resources"].items():
        properties = {**resource.get("Properties", {})}
        properties.pop("Code", None)
        properties.pop("TemplateURL", None)
        kind = resource["Type"]
        # A version is named after the hash of its code.
        name = name if kind != "AWS::Lambda::Version" else properties["FunctionName"]["Ref"] + "Version"
        # The transform tags what was a serverless application.
        if kind == "AWS::CloudFormation::Stack":
            properties.pop("Tags", None)
        resources[name] = {"Type": kind, "Condition": resource.get("Condition"), "Properties": properties}
    return resources


class Release(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.ours = deployed("template.yaml")
        self.released = deployed(str(TEMPLATE))

    def test_it_deploys_what_the_repository_deploys(self):
        ours, released = comparable(self.ours), comparable(self.released)
        self.assertEqual(ours.keys(), released.keys())
        for name, resource in ours.items():
            with self.subTest(name):
                self.assertEqual(yaml_dump(resource), yaml_dump(released[name]))

    def test_it_takes_the_functions_and_the_nested_template_from_the_bucket(self):
        for name, slug in zip(NAMES, SLUGS):
            code = self.released["Resources"][f"{name}Function"]["Properties"]["Code"]
            self.assertEqual(code, {
                "S3Bucket": {"Ref": "CodeBucket"},
                "S3Key": {"Fn::Sub": "${CodePrefix}" + f"{slug}-{VERSION}-" + "${Architecture}.zip"},
            })
            url = self.released["Resources"][name]["Properties"]["TemplateURL"]["Fn::Sub"]
            self.assertTrue(url.endswith("/${CodePrefix}" + f"relay-{VERSION}.yaml"), url)
        self.assertTrue((FOLDER / f"relay-{VERSION}.yaml").is_file())

    def test_its_parameters_are_ours_and_the_bucket(self):
        more = self.released["Parameters"].keys() - self.ours["Parameters"].keys()
        self.assertEqual(more, {"CodeBucket", "CodePrefix"})
        self.assertNotIn("Default", self.released["Parameters"]["CodeBucket"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
