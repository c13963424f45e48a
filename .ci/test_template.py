"""What the templates promise: the catalogue's row L11, and that nothing drifts apart."""

import json
import pathlib
import re
import tomllib
import unittest

from templates import RELAY, RELAYS, STACK, View, relay, stack, variables

class L11Deployment(unittest.TestCase):
    def test_secrets_are_made_by_aws(self):
        secret = relay().properties("Secret")
        self.assertEqual(secret["GenerateSecretString"], {"PasswordLength": 64, "ExcludePunctuation": True})
        self.assertNotIn("SecretString", secret)

    def test_no_parameter_shows_a_secret(self):
        telling = re.compile(r"secret|password|token|(api|auth)key", re.IGNORECASE)
        not_secret = {"RequireTokenExpiry", "TokenClaims", "SecretKmsKeyArn", "AlarmTokensRefused", "HealthTokenArn"}
        not_secret |= {f"{name}HealthTokenArn" for name in RELAYS}
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
        chosen = stack(JwksHosts="none", TokenClaims="org_id=a", RelayBaseUrl="https://a.example/b")
        shared = chosen.of(STACK["Globals"]["Function"])["Environment"]["Variables"]
        self.assertEqual((shared["JWKS_HOSTS"], shared["TOKEN_CLAIMS"]), ("none", "org_id=a"))
        own = chosen.properties("MispFunction")["Environment"]["Variables"]
        self.assertEqual(own["RELAY_BASE_URL"], "https://a.example/b")

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
        for value in ("", "relays.example.com"):
            self.assertTrue(matches("DomainName", value), value)
        for value in ("https://relays.example.com", "relays.example.com/misp", "relays"):
            self.assertFalse(matches("DomainName", value), value)
        for value in ("/", "/relays/", "/a/b/"):
            self.assertTrue(matches("RolePath", value), value)
        self.assertFalse(matches("RolePath", "relays"))

    def test_a_gradual_deployment_goes_through_the_alias_and_back_on_alarms(self):
        plain = stack()
        self.assertEqual(plain.resources("AWS::Lambda::Alias"), {})
        self.assertEqual(plain.properties("Misp")["Parameters"]["Alias"], "")
        gradual = stack(Deployment="Canary10Percent5Minutes", Release="CHG1")
        for name in RELAYS:
            alias = STACK["Resources"][f"{name}Alias"]
            self.assertEqual(gradual.properties(f"{name}Alias")["Name"], "live")
            self.assertEqual(gradual.properties(name)["Parameters"]["Alias"], ":live")
            self.assertEqual(gradual.properties(f"{name}AliasPermission")["FunctionName"], f"<{name}Alias>")
            update = gradual.of(alias["UpdatePolicy"])["CodeDeployLambdaAliasUpdate"]
            self.assertEqual(update["DeploymentGroupName"], f"<{name}Deployment>")
            group = gradual.properties(f"{name}Deployment")
            self.assertEqual(group["DeploymentConfigName"], "CodeDeployDefault.LambdaCanary10Percent5Minutes")
            alarms = [alarm["Name"] for alarm in group["AlarmConfiguration"]["Alarms"]]
            told = ["ErrorsAlarm", "CannotServeAlarm", "GatewayErrorsAlarm"]
            self.assertEqual(alarms, [f"<{name}.Outputs.{alarm}>" for alarm in told])
            self.assertLessEqual(set(told), RELAY["Outputs"].keys())
            # What an earlier release was stays, to go back to.
            self.assertEqual(STACK["Resources"][f"{name}Version"]["UpdateReplacePolicy"], "Retain")
            self.assertEqual(gradual.properties(f"{name}Version")["Description"], "CHG1")

    def test_under_a_domain_of_ones_own_there_is_no_other_address(self):
        chosen = stack(DomainName="relays.example.com", DomainCertificateArn="arn:certificate")
        self.assertEqual(chosen.properties("Misp")["Parameters"]["DomainName"], "<Domain>")
        for name, slug in RELAYS.items():
            own = chosen.properties(f"{name}Function")["Environment"]["Variables"]
            self.assertEqual(own["RELAY_BASE_URL"], f"https://relays.example.com/{slug}")
        around = relay(DomainName="relays.example.com")
        self.assertIs(around.properties("Api")["DisableExecuteApiEndpoint"], True)
        self.assertEqual(around.properties("DomainMapping")["ApiMappingKey"], "misp")
        self.assertEqual(around.of(RELAY["Outputs"]["Url"]["Value"]), "https://relays.example.com/misp")
        self.assertIs(relay().properties("Api")["DisableExecuteApiEndpoint"], False)

    def test_parameters_that_need_each_other_are_refused_alone(self):
        self.assertEqual(stack().refusals(), [])
        alone = [
            ({"Deployment": "Canary10Percent5Minutes"}, "needs a Release"),
            ({"Deployment": "Canary10Percent5Minutes", "Release": "1", "Alarms": "false"}, "needs Alarms=true"),
            ({"DomainName": "relays.example.com"}, "needs DomainCertificateArn"),
            ({"RotationReminderDays": "90"}, "needs AlarmTopicArn"),
        ]
        for parameters, reason in alone:
            (refusal,) = stack(**parameters).refusals()
            self.assertIn(reason, refusal)
        self.assertEqual(len(View(STACK).refusals()), 1)

    def test_keys_of_ones_own_encrypt_everything(self):
        view = relay(SecretKmsKeyArn="arn:secret", LogsKmsKeyArn="arn:logs")
        self.assertEqual(view.properties("Secret")["KmsKeyId"], "arn:secret")
        for group in view.resources("AWS::Logs::LogGroup").values():
            self.assertEqual(group["Properties"]["KmsKeyId"], "arn:logs")
        shared = stack(EnvironmentKmsKeyArn="arn:settings").of(STACK["Globals"]["Function"])
        self.assertEqual(shared["KmsKeyArn"], "arn:settings")


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
        told = {f"{name}{what}" for name in RELAYS for what in ("Url", "SecretArn")} | {"DomainTarget"}
        self.assertEqual(STACK["Outputs"].keys(), told)
        for name in RELAYS:
            for what in ("Url", "SecretArn"):
                output = STACK["Outputs"][f"{name}{what}"]
                self.assertEqual(output["Condition"], f"Has{name}")
                self.assertEqual(stack().of(output["Value"]), f"<{name}.Outputs.{what}>")

    def test_every_documented_setting_is_a_parameter(self):
        documented = set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", pathlib.Path("docs/settings.md").read_text(), re.MULTILINE))
        declared, chosen = set(), set()
        shared = STACK["Globals"]["Function"]["Environment"]["Variables"]
        for name in RELAYS:
            function = STACK["Resources"][f"{name}Function"]
            own = shared | function["Properties"]["Environment"]["Variables"]
            declared |= own.keys()
            chosen |= {variable for variable, value in own.items() if refers(value) & STACK["Parameters"].keys()}
        self.assertEqual(declared, documented)
        # The stack makes the secret, and names its metrics after itself.
        self.assertEqual(documented - chosen, {"SECRET_KEY", "SECRET_ARN", "METRICS_NAMESPACE", "EXTRA_CA_BUNDLE"})

    def test_every_parameter_is_used_and_stands_in_one_group(self):
        text = pathlib.Path("template.yaml").read_text()
        for name in STACK["Parameters"]:
            self.assertRegex(text, rf"!Ref {name}\b", name)
        groups = STACK["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        grouped = [name for group in groups for name in group["Parameters"]]
        self.assertEqual(grouped, list(STACK["Parameters"]))
        # CloudFormation takes no more.
        self.assertLessEqual(len(grouped), 200)


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


def refers(value):
    """The names that a value of the template refers to."""
    if isinstance(value, list):
        return set().union(*map(refers, value))
    if not isinstance(value, dict):
        return set()
    return set().union(*({argument} if name == "Ref" else refers(argument) for name, argument in value.items()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
