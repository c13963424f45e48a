//! What can be done: every action, how the menu shows it, and what it sends. Data, not code:
//! docs/relays/defender-atp.md#actions.

use microsoft::defender::DeviceCommand;
use relay_core::ObservableType;

/// The beginning of every action's id.
const ID_PREFIX: &str = "microsoft-defender-";

/// One action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DefenderAction {
    /// Something done on a device.
    Device(&'static DeviceAction),
    /// An indicator added for a value.
    AddIndicator(&'static IndicatorAction),
    /// An indicator removed.
    RemoveIndicator,
}

impl DefenderAction {
    /// Every action, in the order of the documentation.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let on_devices = DEVICE_ACTIONS.iter().map(Self::Device);
        let on_indicators = INDICATOR_ACTIONS.iter().map(Self::AddIndicator);
        on_devices.chain(on_indicators).chain([Self::RemoveIndicator])
    }

    /// The action that a setting names: with or without the common prefix, in any case.
    pub(crate) fn from_setting(text: &str) -> Option<Self> {
        let is_named = |action: &Self| {
            action.name().eq_ignore_ascii_case(text) || action.id().eq_ignore_ascii_case(text)
        };
        Self::all().find(is_named)
    }

    /// The action of this id, exactly as it was offered.
    pub(crate) fn from_id(id: &str) -> Option<Self> {
        Self::all().find(|action| action.id() == id)
    }

    /// Comes back as `action-id`: `microsoft-defender-FullIsolation`.
    pub(crate) fn id(self) -> String {
        format!("{ID_PREFIX}{}", self.name())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Device(action) => action.name,
            Self::AddIndicator(action) => action.name,
            Self::RemoveIndicator => "remove-indicator",
        }
    }
}

/// A state of a device that one action begins and another ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceState {
    Isolated,
    Restricted,
}

impl DeviceState {
    pub(crate) const ALL: [Self; 2] = [Self::Isolated, Self::Restricted];

    /// The product's types of the machine actions that begin and end it.
    pub(crate) fn machine_action_types(self) -> (&'static str, &'static str) {
        match self {
            Self::Isolated => ("Isolate", "Unisolate"),
            Self::Restricted => ("RestrictCodeExecution", "UnrestrictCodeExecution"),
        }
    }
}

/// How an action changes the state of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transition {
    Begin(DeviceState),
    End(DeviceState),
}

/// One action on a device.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DeviceAction {
    name: &'static str,
    /// What the menu calls it: the texts before and behind the device's name.
    pub(crate) menu: (&'static str, &'static str),
    /// What it does to the device, as one sentence.
    pub(crate) effect: &'static str,
    pub(crate) command: DeviceCommand,
    /// Its name in the product's list of available actions; an action that ends a state has none.
    pub(crate) available_as: Option<&'static str>,
    pub(crate) transition: Option<Transition>,
}

impl DeviceAction {
    const fn new(
        name: &'static str,
        menu: (&'static str, &'static str),
        endpoint: &'static str,
        permission: &'static str,
        effect: &'static str,
    ) -> Self {
        let command = DeviceCommand { endpoint, parameter: None, permission };
        Self { name, menu, effect, command, available_as: None, transition: None }
    }

    /// What the menu calls it for a device: `Isolate ws-204 (full)`.
    pub(crate) fn title(&self, device: &str) -> String {
        let (before, behind) = self.menu;
        format!("{before} {device}{behind}")
    }

    const fn available_as(self, name: &'static str) -> Self {
        Self { available_as: Some(name), ..self }
    }

    const fn with(self, member: &'static str, value: &'static str) -> Self {
        let command = DeviceCommand { parameter: Some((member, value)), ..self.command };
        Self { command, ..self }
    }

    const fn begins(self, state: DeviceState) -> Self {
        Self { transition: Some(Transition::Begin(state)), ..self }
    }

    const fn ends(self, state: DeviceState) -> Self {
        Self { transition: Some(Transition::End(state)), ..self }
    }

    /// Whether it cuts a device off or stops its programs.
    pub(crate) fn confines(&self) -> bool {
        matches!(self.transition, Some(Transition::Begin(_)))
    }
}

const ISOLATE: &str = "Machine.Isolate";
const RESTRICT: &str = "Machine.RestrictExecution";

/// Every action on a device.
pub(crate) const DEVICE_ACTIONS: &[DeviceAction] = &[
    DeviceAction::new(
        "FullIsolation",
        ("Isolate", " (full)"),
        "isolate",
        ISOLATE,
        "Cuts the device off the network; only Defender still reaches it.",
    )
    .with("IsolationType", "Full")
    .available_as("FullIsolation")
    .begins(DeviceState::Isolated),
    DeviceAction::new(
        "SelectiveIsolation",
        ("Isolate", " (selective)"),
        "isolate",
        ISOLATE,
        "Cuts the device off the network but for Defender, Outlook, Teams and Skype.",
    )
    .with("IsolationType", "Selective")
    .available_as("SelectiveIsolation")
    .begins(DeviceState::Isolated),
    DeviceAction::new(
        "Unisolate",
        ("Release", " from isolation"),
        "unisolate",
        ISOLATE,
        "Connects the device to the network again.",
    )
    .ends(DeviceState::Isolated),
    DeviceAction::new(
        "RestrictCodeExecution",
        ("Restrict apps on", ""),
        "restrictCodeExecution",
        RESTRICT,
        "Lets the device run only programs that Microsoft has signed.",
    )
    .available_as("RestrictCodeExecution")
    .begins(DeviceState::Restricted),
    DeviceAction::new(
        "UnrestrictCodeExecution",
        ("Remove app restrictions from", ""),
        "unrestrictCodeExecution",
        RESTRICT,
        "Lets the device run all programs again.",
    )
    .ends(DeviceState::Restricted),
    DeviceAction::new(
        "RunAntiVirusScanQuick",
        ("Run antivirus scan on", " (quick)"),
        "runAntiVirusScan",
        "Machine.Scan",
        "Has Microsoft Defender Antivirus look where malware usually starts from.",
    )
    .with("ScanType", "Quick")
    .available_as("RunAntiVirusScan"),
    DeviceAction::new(
        "RunAntiVirusScanFull",
        ("Run antivirus scan on", " (full)"),
        "runAntiVirusScan",
        "Machine.Scan",
        "Has Microsoft Defender Antivirus look through all files, which can take hours.",
    )
    .with("ScanType", "Full")
    .available_as("RunAntiVirusScan"),
    DeviceAction::new(
        "CollectInvestigationPackage",
        ("Collect investigation package from", ""),
        "collectInvestigationPackage",
        "Machine.CollectForensics",
        "Gathers what runs, starts and connects on the device; the portal offers the package for download.",
    )
    .available_as("CollectInvestigationPackage"),
    DeviceAction::new(
        "InitiateInvestigation",
        ("Start automated investigation of", ""),
        "startInvestigation",
        "Alert.ReadWrite.All",
        "Has Defender examine the device and propose or do what remedies it.",
    )
    .available_as("InitiateInvestigation"),
];

/// An indicator that can be added for a value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IndicatorAction {
    name: &'static str,
    /// What the menu calls it, before the value.
    pub(crate) title: &'static str,
    /// What devices do when they meet the value, as one sentence.
    pub(crate) effect: &'static str,
    /// The product's action for everything but files.
    action: &'static str,
    /// The product's action for files.
    action_on_files: &'static str,
    /// Required with `Audit`.
    pub(crate) generates_alert: bool,
    pub(crate) severity: Option<&'static str>,
}

impl IndicatorAction {
    /// The product's action for a type.
    pub(crate) fn action_on(&self, kind: ObservableType) -> &'static str {
        if kind.hash_digits().is_some() { self.action_on_files } else { self.action }
    }
}

/// Every indicator that can be added.
pub(crate) const INDICATOR_ACTIONS: &[IndicatorAction] = &[
    IndicatorAction {
        name: "add-indicator-alert",
        title: "Add indicator: alert on",
        effect: "Every device that meets it raises an alert; nothing is blocked.",
        action: "Audit",
        action_on_files: "Audit",
        generates_alert: true,
        severity: Some("High"),
    },
    IndicatorAction {
        name: "add-indicator-alert-and-block",
        title: "Add indicator: alert on and block",
        effect: "Every device blocks it, quarantines it where it is a file, and raises an alert.",
        action: "Block",
        action_on_files: "BlockAndRemediate",
        generates_alert: true,
        severity: Some("High"),
    },
    IndicatorAction {
        name: "add-indicator-allowed",
        title: "Add indicator: allow",
        effect: "No device blocks it or raises an alert because of it.",
        action: "Allowed",
        action_on_files: "Allowed",
        generates_alert: false,
        severity: None,
    },
];

/// Whether this type is a device, which has actions of its own.
pub(crate) fn is_device(kind: ObservableType) -> bool {
    kind == ObservableType::MsMachineId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_documented_ones() {
        let ids: Vec<_> = DefenderAction::all().map(DefenderAction::id).collect();
        assert_eq!(
            ids,
            [
                "microsoft-defender-FullIsolation",
                "microsoft-defender-SelectiveIsolation",
                "microsoft-defender-Unisolate",
                "microsoft-defender-RestrictCodeExecution",
                "microsoft-defender-UnrestrictCodeExecution",
                "microsoft-defender-RunAntiVirusScanQuick",
                "microsoft-defender-RunAntiVirusScanFull",
                "microsoft-defender-CollectInvestigationPackage",
                "microsoft-defender-InitiateInvestigation",
                "microsoft-defender-add-indicator-alert",
                "microsoft-defender-add-indicator-alert-and-block",
                "microsoft-defender-add-indicator-allowed",
                "microsoft-defender-remove-indicator",
            ]
        );
    }

    #[test]
    fn a_trigger_names_an_action_exactly_and_a_setting_loosely() {
        assert_eq!(
            DefenderAction::from_id("microsoft-defender-remove-indicator"),
            Some(DefenderAction::RemoveIndicator)
        );
        for id in ["remove-indicator", "Microsoft-Defender-Remove-Indicator", "", ID_PREFIX] {
            assert_eq!(DefenderAction::from_id(id), None, "{id}");
        }
        let scan = DefenderAction::from_setting("runantivirusscanquick");
        let by_id = DefenderAction::from_setting("microsoft-defender-RunAntiVirusScanQuick");
        assert_eq!(scan, by_id);
        assert!(scan.is_some() && DefenderAction::from_setting("Offboard").is_none());
    }

    #[test]
    fn isolating_and_restricting_confine() {
        let confining = DEVICE_ACTIONS.iter().filter(|action| action.confines());
        let names: Vec<_> = confining.map(|action| action.name).collect();
        assert_eq!(names, ["FullIsolation", "SelectiveIsolation", "RestrictCodeExecution"]);
    }
}
