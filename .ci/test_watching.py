"""What tells how the relays fare: alarms, dashboard, queries, access log, health check; against the names in the code."""

import json
import pathlib
import re
import unittest

from templates import RELAY, RELAYS, STACK, relay, stack

TELEMETRY = pathlib.Path("crates/relay-core/src/telemetry.rs").read_text()
# The metrics that the code writes by Relay.
COUNTS = TELEMETRY[TELEMETRY.index("const COUNTS") :].split("];")[0]
WRITTEN = {"Duration", "CredentialDaysLeft"} | set(re.findall(r'"([A-Z]\w+)"', COUNTS))
assert 'const CREDENTIAL_DAYS_LEFT: &str = "CredentialDaysLeft";' in TELEMETRY
# Metrics of AWS' own that are looked at; "Metrics and dimensions" of API Gateway's, Lambda's and Step Functions' guides.
OF_AWS = {
    "AWS/ApiGateway": ("ApiId", {"Count", "4xx", "5xx", "Latency"}),
    "AWS/Lambda": ("FunctionName", {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"}),
    "AWS/States": ("StateMachineArn", {"ExecutionsSucceeded"}),
}
OPERATE = pathlib.Path("docs/operate.md").read_text()


class L11Alarms(unittest.TestCase):
    def test_they_reach_somebody_or_are_not_made(self):
        watched = relay(AlarmTopicArn="arn:topic", HealthTokenArn="arn:token").resources("AWS::CloudWatch::Alarm")
        self.assertEqual(watched.keys(), RELAY_ALARMS)
        for alarm in watched.values():
            self.assertEqual(alarm["Properties"]["AlarmActions"], ["arn:topic"])
        for alarm in relay().resources("AWS::CloudWatch::Alarm").values():
            self.assertNotIn("AlarmActions", alarm["Properties"])
        unwatched = relay(Alarms="false", HealthTokenArn="arn:token")
        self.assertEqual(unwatched.resources("AWS::CloudWatch::Alarm"), {})
        self.assertEqual(unwatched.resources("AWS::Logs::MetricFilter"), {})

    def test_they_look_at_metrics_that_exist(self):
        view = relay(MetricsNamespace="stack", HealthTokenArn="arn:token")
        filters = view.resources("AWS::Logs::MetricFilter").values()
        (filtered,) = (one["MetricName"] for facts in filters for one in facts["Properties"]["MetricTransformations"])
        for name, alarm in view.resources("AWS::CloudWatch::Alarm").items():
            facts = alarm["Properties"]
            dimensions = [one["Name"] for one in facts.get("Dimensions", [])]
            if facts["Namespace"] == "stack":
                known = WRITTEN if dimensions else {filtered}
                self.assertIn(dimensions, (["Relay"], []), name)
            else:
                dimension, known = OF_AWS[facts["Namespace"]]
                self.assertEqual(dimensions, [dimension], name)
            self.assertIn(facts["MetricName"], known, name)

    def test_the_relays_write_where_the_alarms_look(self):
        namespace = stack().of(STACK["Globals"]["Function"])["Environment"]["Variables"]["METRICS_NAMESPACE"]
        for name in RELAYS:
            self.assertEqual(stack().properties(name)["Parameters"]["MetricsNamespace"], namespace)

    def test_every_alarm_and_every_metric_is_explained(self):
        explained = set(re.findall(r"^\| `(\w+)`", section("Alarms"), re.MULTILINE))
        self.assertEqual({f"{name}Alarm" for name in explained}, RELAY_ALARMS)
        cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section("Metrics"), re.MULTILINE)
        self.assertEqual(set(re.findall(r"\w+", " ".join(cells))), WRITTEN)


RELAY_ALARMS = {name for name, facts in RELAY["Resources"].items() if facts["Type"] == "AWS::CloudWatch::Alarm"}


def section(title):
    return re.split(r"^## ", OPERATE.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


class Dashboard(unittest.TestCase):
    def test_it_draws_metrics_that_exist_and_all_that_the_relays_write(self):
        body = json.loads(relay(MetricsNamespace="stack").properties("RelayDashboard")["DashboardBody"])
        drawn = set()
        for widget in body["widgets"]:
            for namespace, metric, dimension, _, options in widget["properties"]["metrics"]:
                self.assertTrue(options["label"])
                if namespace == "stack":
                    self.assertEqual(dimension, "Relay")
                    self.assertIn(metric, WRITTEN)
                    drawn.add(metric)
                else:
                    self.assertEqual(dimension, OF_AWS[namespace][0])
                    self.assertIn(metric, OF_AWS[namespace][1])
        self.assertEqual(drawn, WRITTEN)
        places = {(widget["properties"]["title"], widget["x"], widget["y"]) for widget in body["widgets"]}
        self.assertEqual(len({place[1:] for place in places}), len(body["widgets"]))
        self.assertNotIn("RelayDashboard", relay(Dashboard="false").resources())


class Lines(unittest.TestCase):
    def test_the_access_log_has_the_ids_of_the_functions_lines(self):
        line = json.loads(relay().properties("Stage")["AccessLogSettings"]["Format"])
        self.assertEqual(line["gateway_request_id"], "$context.requestId")
        self.assertEqual(line["request_id"], "$context.integration.requestId")
        self.assertEqual(line["source"], "$context.identity.sourceIp")
        for name in ("request_id", "gateway_request_id", "source"):
            self.assertIn(f"{name} = ", TELEMETRY)

    def test_the_page_has_the_queries_of_the_stack(self):
        shown = re.findall(r"^```text\n(.*?)\n```$", section("Questions to the logs"), re.MULTILINE | re.DOTALL)
        queries = relay().resources("AWS::Logs::QueryDefinition").values()
        self.assertEqual(shown, [facts["Properties"]["QueryString"] for facts in queries])
        for facts in queries:
            self.assertTrue(facts["Properties"]["Name"].startswith("stack-misp/"))


class Health(unittest.TestCase):
    def states(self, **parameters):
        view = relay(HealthTokenArn="arn:token", **parameters)
        return view.properties("HealthCheck")["Definition"]["States"]

    def test_there_is_none_unless_somebody_makes_a_token_for_it(self):
        kinds = {facts["Type"] for facts in relay().resources().values()}
        self.assertTrue(kinds.isdisjoint({"AWS::StepFunctions::StateMachine", "AWS::Scheduler::Schedule"}))

    def test_it_asks_as_a_gateway_does_and_leaves_no_token_behind(self):
        machine = relay(HealthTokenArn="arn:token").properties("HealthCheck")
        self.assertEqual(machine["StateMachineType"], "EXPRESS")
        self.assertNotIn("LoggingConfiguration", machine)
        asked = self.states(Alias=":live")["AskRelay"]["Arguments"]
        self.assertTrue(asked["FunctionName"].endswith(":function:stack-misp:live"))
        event = json.loads(pathlib.Path("events/misp/health.json").read_text())
        missing = event["requestContext"].keys() - asked["Payload"]["requestContext"].keys()
        self.assertEqual(missing, {"domainPrefix", "routeKey"})

    def test_it_comes_from_an_address_that_may_call(self):
        for listed, expected in (("", ""), ("192.0.2.7", "192.0.2.7"), ("198.51.100.0/24, 192.0.2.7", "198.51.100.0")):
            source = stack(AllowedSources=listed).properties("Misp")["Parameters"]["HealthSource"]
            self.assertEqual(source, expected)
            event = self.states(HealthSource=source)["AskRelay"]["Arguments"]["Payload"]
            self.assertEqual(event["requestContext"]["http"]["sourceIp"], expected)

    def test_silence_is_an_alarm(self):
        alarm = relay(HealthTokenArn="arn:token").properties("HealthAlarm")
        self.assertEqual((alarm["TreatMissingData"], alarm["EvaluationPeriods"]), ("breaching", 3))


if __name__ == "__main__":
    unittest.main(verbosity=2)
