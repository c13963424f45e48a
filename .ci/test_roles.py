"""What the templates grant, held against every action that AWS has, and what their deployment needs: the catalogue's row L10."""

import fnmatch
import functools
import importlib.resources
import json
import pathlib
import unittest

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from templates import RELAY, RELAYS, STACK, relay, stack


@functools.cache
def every_action():
    """Every action that AWS knows, as service:action in lower case."""
    known = importlib.resources.files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json")
    services = json.loads(known.read_text())
    return [f"{service}:{action}" for service, facts in services.items() for action in facts["Actions"]]


def granted(role, effect="Allow"):
    """Every pair of action and resource that a role allows."""
    pairs = set()
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert {"Sid", "Effect", "Action", "Resource"} <= statement.keys(), statement
            if statement["Effect"] == effect:
                pairs |= {(action, statement["Resource"]) for action in actions(statement)}
    return pairs


def actions(statement):
    """Every action of AWS that a statement is about."""
    patterns = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    matching = {pattern: fnmatch.filter(every_action(), pattern.lower()) for pattern in patterns}
    for pattern, found in matching.items():
        assert found, f"AWS knows no {pattern}"
    return set().union(*matching.values())


OWN = {
    ("secretsmanager:getsecretvalue", "<Secret>"),
    ("logs:createlogstream", "<Logs.Arn>"),
    ("logs:putlogevents", "<Logs.Arn>"),
}
TRACES = {("xray:puttracesegments", "*"), ("xray:puttelemetryrecords", "*")}
VPC = {
    (f"ec2:{action}", "*")
    for action in (
        "assignprivateipaddresses",
        "createnetworkinterface",
        "deletenetworkinterface",
        "describenetworkinterfaces",
        "describesubnets",
        "unassignprivateipaddresses",
    )
}


class L10LeastPrivilege(unittest.TestCase):
    def test_a_role_reads_its_secret_and_writes_its_log_and_nothing_else(self):
        self.assertEqual(granted(relay().properties("Role")), OWN)

    def test_tracing_and_a_vpc_add_what_they_need_and_only_when_they_are_on(self):
        self.assertEqual(granted(relay(Tracing="Active").properties("Role")), OWN | TRACES)
        joined = relay(InVpc="true").properties("Role")
        self.assertEqual(granted(joined), OWN | VPC)
        # Lambda does this for the function; its own code may not.
        self.assertEqual(granted(joined, "Deny"), VPC)
        (denied,) = (one for one in joined["Policies"][0]["PolicyDocument"]["Statement"] if one["Effect"] == "Deny")
        self.assertRegex(denied["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"], ":function:stack-misp$")

    def test_a_key_is_used_for_what_it_encrypts_only(self):
        role = relay(SecretKmsKeyArn="arn:secrets", EnvironmentKmsKeyArn="arn:settings").properties("Role")
        self.assertEqual(granted(role), OWN | {("kms:decrypt", "arn:secrets"), ("kms:decrypt", "arn:settings")})
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            self.assertEqual("Condition" in statement, statement["Action"] == "kms:Decrypt", statement)

    def test_every_role_is_bounded_and_has_its_path(self):
        chosen = {"PermissionsBoundaryArn": "arn:boundary", "RolePath": "/relays/"}
        views = [relay(HealthTokenArn="arn:token", **chosen)]
        views.append(stack(Deployment="Canary10Percent5Minutes", RotationReminderDays=90, AlarmTopicArn="arn:topic", **chosen))
        roles = [role["Properties"] for view in views for role in view.resources("AWS::IAM::Role").values()]
        self.assertEqual(len(roles), 5)
        for role in roles:
            self.assertEqual((role["PermissionsBoundary"], role["Path"]), ("arn:boundary", "/relays/"))

    def test_the_other_roles_do_one_thing_each(self):
        function = "arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function:"
        checked = relay(HealthTokenArn="arn:token", Alias=":live")
        asks = {("secretsmanager:getsecretvalue", "arn:token"), ("lambda:invokefunction", f"{function}stack-misp:live")}
        self.assertEqual(granted(checked.properties("HealthRole")), asks)
        self.assertEqual(granted(checked.properties("HealthScheduleRole")), {("states:startexecution", "<HealthCheck>")})
        view = stack(Deployment="Canary10Percent5Minutes", RotationReminderDays=90, AlarmTopicArn="arn:topic")
        self.assertEqual(granted(view.properties("ReminderRole")), {("sns:publish", "arn:topic")})
        moves = {f"lambda:{action}" for action in ("getalias", "getprovisionedconcurrencyconfig", "updatealias")}
        moves = {(action, f"{function}<AWS::StackName>-*") for action in moves}
        self.assertEqual(granted(view.properties("DeploymentRole")), moves | {("cloudwatch:describealarms", "*")})

    def test_a_role_has_no_policy_of_others(self):
        role = relay().properties("Role")
        self.assertEqual(role.keys(), {"AssumeRolePolicyDocument", "Path", "Policies"})

    def test_only_lambda_takes_a_role(self):
        (statement,) = relay().properties("Role")["AssumeRolePolicyDocument"]["Statement"]
        wanted = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        self.assertEqual(statement, wanted)

    def test_every_function_has_the_role_of_its_own_relay(self):
        for name in RELAYS:
            function = stack().properties(f"{name}Function")
            self.assertEqual(function["Role"], f"<{name}.Outputs.RoleArn>")
            self.assertNotIn("Policies", function)

    def test_only_a_relays_own_gateway_calls_its_function(self):
        permissions = stack().resources("AWS::Lambda::Permission")
        self.assertEqual(permissions.keys(), {f"{name}Permission" for name in RELAYS})
        for name in RELAYS:
            wanted = {
                "Action": "lambda:InvokeFunction",
                "FunctionName": f"<{name}Function>",
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": f"<{name}.Outputs.RequestsArn>",
            }
            self.assertEqual(permissions[f"{name}Permission"]["Properties"], wanted)
        requests = relay().of(RELAY["Outputs"]["RequestsArn"]["Value"])
        self.assertRegex(requests, r"^arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<Api>/\*$")


# What CloudFormation may ask for on behalf of such resources, and the templates give no cause for: each by a part of its name.
UNNEEDED = (
    "bearertoken", "capacityprovider", "dataprotection", "deletionprotection", "elasticfilesystem:", "firehose:", "functionscaling",
    "indexpolic", "logs:deleteresourcepolicy", "onpremises", "provisionedconcurrency", "recursion", "replicat",
    "runtimemanagement", "s3:", "s3files:",
    # It generates the secrets; who deploys them need not be able to read them.
    "secretsmanager:getsecretvalue",
)


class Deploying(unittest.TestCase):
    """docs/deploy-policy.json is enough for who deploys the stack."""

    maxDiff = None

    def setUp(self):
        policy = json.loads(pathlib.Path("docs/deploy-policy.json").read_text())
        self.allowed = set().union(*(actions(statement) for statement in policy["Statement"]))

    def test_it_lets_cloudformation_make_change_and_delete_every_resource(self):
        kinds = {facts["Type"] for template in (STACK, RELAY) for facts in template["Resources"].values()}
        kinds -= {"AWS::Serverless::Application"}
        kinds = {"AWS::Lambda::Function" if kind == "AWS::Serverless::Function" else kind for kind in kinds}
        lacking = {}
        for kind in sorted(kinds):
            schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", kind).schema
            for handler in ("create", "read", "update", "delete"):
                needed = schema.get("handlers", {}).get(handler, {}).get("permissions", [])
                needed = {one.lower() for one in needed} & set(every_action())
                missing = {one for one in needed - self.allowed if not any(part in one for part in UNNEEDED)}
                lacking |= {f"{handler} {kind}": sorted(missing)} if missing else {}
        self.assertEqual(lacking, {})


if __name__ == "__main__":
    unittest.main(verbosity=2)
