"""What the templates grant and promise: the catalogue's rows L10 and L11, and that nothing drifts apart.

A template is looked at as CloudFormation would see it, with conditions and parameters resolved; what
only a deployment knows stays a name. Roles are held against every action that AWS has.
"""

import fnmatch
import functools
import importlib.resources
import json
import pathlib
import re
import tomllib
import unittest

from samcli.yamlhelper import parse_yaml_file

SLUGS = sorted(manifest.parent.name for manifest in pathlib.Path("relays").glob("*/Cargo.toml"))
# The names of the relays in the template, such as GraphSecurity, and their folders.
RELAYS = {"".join(word.capitalize() for word in slug.split("-")): slug for slug in SLUGS}
NO_VALUE = object()

STACK = parse_yaml_file("template.yaml")
RELAY = parse_yaml_file("relay.yaml")


class View:
    """A template with these parameters."""

    def __init__(self, template, **parameters):
        self.template = template
        declared = template["Parameters"].items()
        self.parameters = {name: facts.get("Default", f"<{name}>") for name, facts in declared}
        unknown = parameters.keys() - self.parameters.keys()
        assert not unknown, unknown
        self.parameters |= parameters

    def of(self, value):
        """A value with everything resolved that is known before a deployment."""
        if isinstance(value, list):
            every = [self.of(item) for item in value]
            return [item for item in every if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in ("Ref", "Condition", "Fn::If", "Fn::Equals", "Fn::Not", "Fn::Join", "Fn::Sub", "Fn::GetAtt"):
                return self.function(name, argument)
        every = {name: self.of(item) for name, item in value.items()}
        return {name: item for name, item in every.items() if item is not NO_VALUE}

    def function(self, name, argument):
        if name == "Ref":
            return NO_VALUE if argument == "AWS::NoValue" else self.parameters.get(argument, f"<{argument}>")
        if name == "Condition":
            return self.of(self.template["Conditions"][argument])
        if name == "Fn::If":
            condition, yes, no = argument
            return self.of(yes if self.function("Condition", condition) else no)
        if name == "Fn::Equals":
            one, other = self.of(argument)
            return str(one) == str(other)
        if name == "Fn::Not":
            return not self.of(argument[0])
        if name == "Fn::Join":
            return argument[0].join(self.of(argument[1]))
        if name == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda match: str(self.parameters.get(match[1], f"<{match[1]}>")), argument)
        return "<" + ".".join(argument if isinstance(argument, list) else [argument]) + ">"

    def resources(self, kind=None):
        """The resources that exist, resolved, by their names."""
        exist = {
            name: self.of(facts)
            for name, facts in self.template["Resources"].items()
            if "Condition" not in facts or self.function("Condition", facts["Condition"])
        }
        return {name: facts for name, facts in exist.items() if kind in (None, facts["Type"])}

    def properties(self, name):
        return self.resources()[name]["Properties"]


def stack(**parameters):
    """The whole stack with every relay."""
    return View(STACK, **{f"Deploy{name}": "true" for name in RELAYS} | parameters)


def relay(**parameters):
    """What stands around one relay."""
    usual = {"Name": "stack-misp", "Tracing": "PassThrough", "InVpc": "false", "Alarms": "true", "AlarmTopicArn": ""}
    return View(RELAY, **usual | parameters)


@functools.cache
def every_action():
    """Every action that AWS knows, as service:action in lower case."""
    known = importlib.resources.files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json")
    services = json.loads(known.read_text())
    return [f"{service}:{action}" for service, facts in services.items() for action in facts["Actions"]]


def granted(role):
    """Every pair of action and resource that a role allows."""
    pairs = set()
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement.keys() == {"Sid", "Effect", "Action", "Resource"}, statement
            assert statement["Effect"] == "Allow", statement
            patterns = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            for pattern in patterns:
                matching = fnmatch.filter(every_action(), pattern.lower())
                assert matching, f"AWS knows no {pattern}"
                pairs |= {(action, statement["Resource"]) for action in matching}
    return pairs


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
        self.assertEqual(granted(relay(InVpc="true").properties("Role")), OWN | VPC)

    def test_a_role_has_no_policy_of_others(self):
        role = relay().properties("Role")
        self.assertEqual(role.keys(), {"AssumeRolePolicyDocument", "Policies"})

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


class L11Deployment(unittest.TestCase):
    def test_secrets_are_made_by_aws(self):
        secret = relay().properties("Secret")
        self.assertEqual(secret["GenerateSecretString"], {"PasswordLength": 64, "ExcludePunctuation": True})
        self.assertNotIn("SecretString", secret)

    def test_no_parameter_shows_a_secret(self):
        telling = re.compile(r"secret|password|token|(api|auth)key", re.IGNORECASE)
        not_secret = {"RequireTokenExpiry", "TokenClaims"}
        for template in (STACK, RELAY):
            for name, facts in template["Parameters"].items():
                if telling.search(name) and name not in not_secret:
                    self.assertIs(facts.get("NoEcho"), True, name)

    def test_the_signing_secret_is_never_a_variable(self):
        variables = STACK["Globals"]["Function"]["Environment"]["Variables"]
        self.assertEqual(variables["SECRET_KEY"], "")
        for name in RELAYS:
            own = stack().properties(f"{name}Function")["Environment"]["Variables"]
            self.assertEqual(own["SECRET_ARN"], f"<{name}.Outputs.SecretArn>")
            self.assertNotIn("SECRET_KEY", own)

    def test_functions_are_small_fast_and_end_in_time(self):
        shared = stack().of(STACK["Globals"]["Function"])
        wanted = {
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Architectures": ["arm64"],
            "MemorySize": 512,
            "Timeout": 29,
            "ReservedConcurrentExecutions": 20,
            "Tracing": "PassThrough",
        }
        self.assertEqual(shared | wanted, shared)
        self.assertTrue({"Layers", "VpcConfig"}.isdisjoint(shared))
        self.assertEqual(relay().properties("Integration")["TimeoutInMillis"], 29000)

    def test_what_a_function_has_can_be_chosen(self):
        chosen = stack(
            Architecture="x86_64", ReservedConcurrency=0, Tracing="Active", CaLayerArn="arn:layer",
            SubnetIds="subnet-1", SecurityGroupIds="sg-1",
        ).of(STACK["Globals"]["Function"])
        self.assertEqual(chosen["Architectures"], ["x86_64"])
        self.assertNotIn("ReservedConcurrentExecutions", chosen)
        self.assertEqual(chosen["Tracing"], "Active")
        self.assertEqual(chosen["Layers"], ["arn:layer"])
        self.assertEqual(chosen["VpcConfig"], {"SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1"})
        self.assertEqual(chosen["Environment"]["Variables"]["EXTRA_CA_BUNDLE"], "/opt/ca.pem")

    def test_a_gateway_is_throttled_and_logs_no_header(self):
        stage = relay(ThrottlingRate=20, ThrottlingBurst=40).properties("Stage")
        wanted = {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 40}
        self.assertEqual(stage["DefaultRouteSettings"], wanted)
        line = json.loads(stage["AccessLogSettings"]["Format"])
        self.assertEqual(line["status"], "$context.status")
        for value in line.values():
            self.assertNotRegex(value, r"header|authorizer|queryString|requestOverride")

    def test_logs_end(self):
        groups = relay(LogRetentionDays=30).resources("AWS::Logs::LogGroup")
        self.assertEqual(len(groups), 2)
        for group in groups.values():
            self.assertEqual(group["Properties"]["RetentionInDays"], 30)
        for name in RELAYS:
            logging = stack().properties(f"{name}Function")["LoggingConfig"]
            self.assertEqual(logging, {"LogGroup": f"<{name}.Outputs.LogGroup>"})

    def test_logs_hold_the_audit_so_they_outlive_the_stack(self):
        groups = [facts for facts in RELAY["Resources"].values() if facts["Type"] == "AWS::Logs::LogGroup"]
        for group in groups:
            self.assertEqual(group["DeletionPolicy"], "RetainExceptOnCreate")
            self.assertEqual(group["UpdateReplacePolicy"], "Retain")
        self.assertEqual(STACK["Parameters"]["LogRetentionDays"]["Default"], 365)

    def test_who_is_an_authorised_caller_can_be_chosen(self):
        chosen = {"JwksHosts": "none", "TokenClaims": "org_id=a", "RelayBaseUrl": "https://a.example/b"}
        variables = stack(**chosen).of(STACK["Globals"]["Function"])["Environment"]["Variables"]
        names = {"JWKS_HOSTS": "none", "TOKEN_CLAIMS": "org_id=a", "RELAY_BASE_URL": "https://a.example/b"}
        self.assertEqual(variables | names, variables)

    def test_parameters_refuse_what_the_relays_would(self):
        def matches(parameter, value):
            return re.fullmatch(STACK["Parameters"][parameter]["AllowedPattern"], value) is not None

        for value in ("", "dc1", "dc1.corp.example, SRV-7,сервер_7"):
            self.assertTrue(matches("DefenderProtectedMachines", value), value)
        for value in ("a;b", '"a"', "'a'", "{id}", "*.corp.example", "a/b", "[a]"):
            self.assertFalse(matches("DefenderProtectedMachines", value), value)
        for value in ("", "org_id=a", "org_id=a,org_id=b", "https://x.example/org=a=b"):
            self.assertTrue(matches("TokenClaims", value), value)
        for value in (",", "org_id", "=a", "a=b,c"):
            self.assertFalse(matches("TokenClaims", value), value)
        self.assertFalse(matches("RelayBaseUrl", "http://a.example"))

    def test_there_are_alarms_and_they_reach_somebody(self):
        watched = relay(AlarmTopicArn="arn:topic").resources("AWS::CloudWatch::Alarm")
        about = {alarm["Properties"]["MetricName"] for alarm in watched.values()}
        self.assertEqual(about, {"Errors", "Throttles", "Duration", "ProductFailures", "CannotServe-<Relay>", "Refused-<Relay>"})
        for alarm in watched.values():
            self.assertEqual(alarm["Properties"]["AlarmActions"], ["arn:topic"])
        for alarm in relay().resources("AWS::CloudWatch::Alarm").values():
            self.assertNotIn("AlarmActions", alarm["Properties"])
        unwatched = relay(Alarms="false")
        self.assertEqual(unwatched.resources("AWS::CloudWatch::Alarm"), {})
        self.assertEqual(unwatched.resources("AWS::Logs::MetricFilter"), {})

    def test_alarms_look_at_metrics_that_the_relays_write(self):
        alarm = relay(Relay="misp").properties("ProductFailuresAlarm")
        source = pathlib.Path("crates/relay-core/src/telemetry.rs").read_text()
        self.assertIn(f'"{alarm["MetricName"]}"', source)
        self.assertEqual(alarm["Dimensions"], [{"Name": "Relay", "Value": "misp"}])
        namespace = stack().of(STACK["Globals"]["Function"])["Environment"]["Variables"]["METRICS_NAMESPACE"]
        for name in RELAYS:
            self.assertEqual(stack().properties(name)["Parameters"]["MetricsNamespace"], namespace)


class Stack(unittest.TestCase):
    def test_every_relay_is_there_and_builds_in_its_own_folder(self):
        functions = stack().resources("AWS::Serverless::Function").keys()
        self.assertEqual(functions, {f"{name}Function" for name in RELAYS})
        for name, slug in RELAYS.items():
            function = STACK["Resources"][f"{name}Function"]
            self.assertEqual(function["Metadata"], {"BuildMethod": "rust-cargolambda"})
            self.assertEqual(function["Properties"]["CodeUri"], f"relays/{slug}")

    def test_relays_are_deployed_alone_or_together(self):
        def parts(name):
            return {name, f"{name}Function", f"{name}Permission"}

        everything = set().union(*(parts(name) for name in RELAYS))
        self.assertEqual(stack().resources().keys(), everything)
        for name in RELAYS:
            alone = View(STACK, **{f"Deploy{name}": "true"})
            self.assertEqual(alone.resources().keys(), parts(name))
        self.assertEqual(View(STACK).resources(), {})

    def test_what_stands_around_the_relays_is_alike(self):
        own = {"Name", "Relay", "Product"}
        first, *others = (stack().properties(name)["Parameters"] for name in RELAYS)
        for other in others:
            self.assertEqual({**other, **{key: first[key] for key in own}}, first)
        self.assertEqual(first.keys(), RELAY["Parameters"].keys())

    def test_names_agree(self):
        for name, slug in RELAYS.items():
            around = stack().properties(name)["Parameters"]
            self.assertEqual(around["Relay"], slug)
            self.assertEqual(around["Name"], f"<AWS::StackName>-{slug}")
            self.assertEqual(stack().properties(f"{name}Function")["FunctionName"], around["Name"])

    def test_every_relays_url_and_secret_are_told(self):
        told = {f"{name}{what}" for name in RELAYS for what in ("Url", "SecretArn")}
        self.assertEqual(STACK["Outputs"].keys(), told)
        for name in RELAYS:
            for what in ("Url", "SecretArn"):
                output = STACK["Outputs"][f"{name}{what}"]
                self.assertEqual(output["Condition"], f"Has{name}")
                self.assertEqual(stack().of(output["Value"]), f"<{name}.Outputs.{what}>")

    def test_every_variable_is_documented_and_every_parameter_used(self):
        settings = pathlib.Path("docs/settings.md").read_text()
        documented = set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", settings, re.MULTILINE))
        for function in stack().resources("AWS::Serverless::Function").values():
            self.assertLessEqual(variables(function), documented)
        text = pathlib.Path("template.yaml").read_text()
        for name in STACK["Parameters"]:
            self.assertIn(f"!Ref {name}", text)


class Files(unittest.TestCase):
    def test_environments_set_parameters_that_exist_and_no_secret(self):
        environments = tomllib.loads(pathlib.Path("samconfig.toml").read_text())
        self.assertLessEqual({"dev", "staging", "prod"}, environments.keys())
        for name in ("dev", "staging", "prod"):
            pairs = environments[name]["global"]["parameters"]["parameter_overrides"]
            chosen = dict(pair.split("=", 1) for pair in pairs)
            self.assertLessEqual(chosen.keys(), STACK["Parameters"].keys())
            self.assertIn("true", [chosen.get(f"Deploy{relay}") for relay in RELAYS])
            self.assertFalse([key for key in chosen if STACK["Parameters"][key].get("NoEcho")])

    def test_the_release_profile_leaves_nothing_to_cargo_lambda(self):
        profile = tomllib.loads(pathlib.Path("Cargo.toml").read_text())["profile"]["release"]
        # What it would set where the profile is silent; an aborting panic costs the instance.
        self.assertLessEqual({"strip", "lto", "codegen-units", "panic"}, profile.keys())
        self.assertEqual(profile["panic"], "unwind")

    def test_local_runs_set_variables_that_are_declared(self):
        for name, slug in RELAYS.items():
            local = json.loads(pathlib.Path(f"events/env/{slug}.json").read_text())
            self.assertEqual(local.keys(), {"Parameters", f"{name}Function"})
            chosen = local["Parameters"].keys() | local[f"{name}Function"].keys()
            self.assertLessEqual(chosen, variables(stack().resources()[f"{name}Function"]))


def variables(function):
    """The names of a function's variables, the shared ones included."""
    shared = STACK["Globals"]["Function"]["Environment"]["Variables"].keys()
    return shared | function["Properties"]["Environment"]["Variables"].keys()


if __name__ == "__main__":
    unittest.main(verbosity=2)
