"""The templates as CloudFormation sees them, with conditions and parameters resolved. What only a deployment knows stays a name."""

import pathlib
import re

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
            if name in ("Ref", "Condition") or name.startswith("Fn::"):
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
        if name == "Fn::And":
            return all(self.of(argument))
        if name == "Fn::Or":
            return any(self.of(argument))
        if name == "Fn::Split":
            return self.of(argument[1]).split(argument[0])
        if name == "Fn::Select":
            return self.of(argument[1])[argument[0]]
        if name == "Fn::Join":
            return argument[0].join(self.of(argument[1]))
        if name == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda match: str(self.parameters.get(match[1], f"<{match[1]}>")), argument)
        assert name == "Fn::GetAtt", name
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

    def refusals(self):
        """What the rules say of these parameters."""
        failed = []
        for rule in self.template["Rules"].values():
            if self.of(rule.get("RuleCondition", True)):
                failed += [one["AssertDescription"] for one in rule["Assertions"] if not self.of(one["Assert"])]
        return failed


def variables(function):
    """The names of a function's variables, the shared ones included."""
    shared = STACK["Globals"]["Function"]["Environment"]["Variables"].keys()
    return shared | function["Properties"]["Environment"]["Variables"].keys()


def stack(**parameters):
    """The whole stack with every relay."""
    return View(STACK, **{f"Deploy{name}": "true" for name in RELAYS} | parameters)


def relay(**parameters):
    """What stands around one relay."""
    usual = {"Name": "stack-misp", "Relay": "misp", "Tracing": "PassThrough", "InVpc": "false", "Alarms": "true"}
    usual |= {"Dashboard": "true", "RolePath": "/"}
    usual |= dict.fromkeys((name for name in RELAY["Parameters"] if name.endswith("Arn")), "")
    usual |= {"Alias": "", "DomainName": "", "HealthSource": ""}
    return View(RELAY, **usual | parameters)
