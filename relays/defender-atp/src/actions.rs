//! What can be done: the documented actions, how the menu shows them and what each one sends
//! (spec §8.1, §8.2). Data, not code.

use relay_core::ObservableType::{self, Domain, Ip, Ipv6, Md5, MsMachineId, Sha1, Sha256, Url};

/// What every action's id begins with.
const PREFIX: &str = "microsoft-defender-";

/// One thing that can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Something done on a device.
    Device(&'static DeviceAction),
    /// An indicator added for a value.
    AddIndicator(&'static NewIndicator),
    /// An indicator taken away.
    RemoveIndicator,
}

impl Action {
    /// Every action, in the order of the documentation.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let devices = DEVICE_ACTIONS.iter().map(Self::Device);
        devices.chain(NEW_INDICATORS.iter().map(Self::AddIndicator)).chain([Self::RemoveIndicator])
    }

    /// The action of this id; with or without the common prefix, in any case.
    pub(crate) fn named(text: &str) -> Option<Self> {
        let is_meant = |action: &Self| {
            action.word().eq_ignore_ascii_case(text) || action.id().eq_ignore_ascii_case(text)
        };
        Self::all().find(is_meant)
    }

    /// The action of this id, exactly as it was offered.
    pub(crate) fn of_id(id: &str) -> Option<Self> {
        Self::all().find(|action| action.id() == id)
    }

    /// Comes back as `action-id`: `microsoft-defender-FullIsolation`.
    pub(crate) fn id(self) -> String {
        format!("{PREFIX}{}", self.word())
    }

    fn word(self) -> &'static str {
        match self {
            Self::Device(action) => action.word,
            Self::AddIndicator(new) => new.word,
            Self::RemoveIndicator => "remove-indicator",
        }
    }
}

/// What a pair of actions switches on and off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Switch {
    Isolation,
    Restriction,
}

impl Switch {
    pub(crate) const ALL: [Self; 2] = [Self::Isolation, Self::Restriction];

    /// The product's types of the machine actions that switch on and off.
    pub(crate) fn types(self) -> (&'static str, &'static str) {
        match self {
            Self::Isolation => ("Isolate", "Unisolate"),
            Self::Restriction => ("RestrictCodeExecution", "UnrestrictCodeExecution"),
        }
    }
}

/// Which way an action moves its switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    On(Switch),
    Off(Switch),
}

/// One action on a device.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DeviceAction {
    word: &'static str,
    pub(crate) title: &'static str,
    /// Its name in the product's list of available actions; what undoes another has none.
    pub(crate) available_as: Option<&'static str>,
    /// The last part of the request's path.
    pub(crate) verb: &'static str,
    /// The member of the body beside `Comment`.
    pub(crate) parameter: Option<(&'static str, &'static str)>,
    pub(crate) turn: Option<Turn>,
    /// The application permission it needs.
    pub(crate) permission: &'static str,
}

impl DeviceAction {
    /// Whether it cuts a device off or stops its programs.
    pub(crate) fn confines(&self) -> bool {
        matches!(self.turn, Some(Turn::On(_)))
    }
}

/// An action without parameter and switch; the table fills in the rest.
const PLAIN: DeviceAction = DeviceAction {
    word: "",
    title: "",
    available_as: None,
    verb: "",
    parameter: None,
    turn: None,
    permission: "",
};

/// Every action on a device.
pub(crate) const DEVICE_ACTIONS: &[DeviceAction] = &[
    DeviceAction {
        word: "FullIsolation",
        title: "Isolate Device: Full",
        available_as: Some("FullIsolation"),
        verb: "isolate",
        parameter: Some(("IsolationType", "Full")),
        turn: Some(Turn::On(Switch::Isolation)),
        permission: "Machine.Isolate",
    },
    DeviceAction {
        word: "SelectiveIsolation",
        title: "Isolate Device: Selective",
        available_as: Some("SelectiveIsolation"),
        verb: "isolate",
        parameter: Some(("IsolationType", "Selective")),
        turn: Some(Turn::On(Switch::Isolation)),
        permission: "Machine.Isolate",
    },
    DeviceAction {
        word: "Unisolate",
        title: "Release from isolation",
        verb: "unisolate",
        turn: Some(Turn::Off(Switch::Isolation)),
        permission: "Machine.Isolate",
        ..PLAIN
    },
    DeviceAction {
        word: "RestrictCodeExecution",
        title: "Restrict app execution",
        available_as: Some("RestrictCodeExecution"),
        verb: "restrictCodeExecution",
        turn: Some(Turn::On(Switch::Restriction)),
        permission: "Machine.RestrictExecution",
        ..PLAIN
    },
    DeviceAction {
        word: "UnrestrictCodeExecution",
        title: "Remove app restrictions",
        verb: "unrestrictCodeExecution",
        turn: Some(Turn::Off(Switch::Restriction)),
        permission: "Machine.RestrictExecution",
        ..PLAIN
    },
    DeviceAction {
        word: "RunAntiVirusScanQuick",
        title: "Run antivirus scan: Quick",
        available_as: Some("RunAntiVirusScan"),
        verb: "runAntiVirusScan",
        parameter: Some(("ScanType", "Quick")),
        permission: "Machine.Scan",
        ..PLAIN
    },
    DeviceAction {
        word: "RunAntiVirusScanFull",
        title: "Run antivirus scan: Full",
        available_as: Some("RunAntiVirusScan"),
        verb: "runAntiVirusScan",
        parameter: Some(("ScanType", "Full")),
        permission: "Machine.Scan",
        ..PLAIN
    },
    DeviceAction {
        word: "CollectInvestigationPackage",
        title: "Collect investigation package",
        available_as: Some("CollectInvestigationPackage"),
        verb: "collectInvestigationPackage",
        permission: "Machine.CollectForensics",
        ..PLAIN
    },
    DeviceAction {
        word: "InitiateInvestigation",
        title: "Initiate automated investigation",
        available_as: Some("InitiateInvestigation"),
        verb: "startInvestigation",
        permission: "Alert.ReadWrite.All",
        ..PLAIN
    },
];

/// An indicator that can be added for a value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NewIndicator {
    word: &'static str,
    /// What the menu calls it.
    pub(crate) label: &'static str,
    /// The product's action for everything but files.
    pub(crate) action: &'static str,
    /// The product's action for files.
    pub(crate) action_on_files: &'static str,
    /// The action `Audit` requires it.
    pub(crate) generates_alert: bool,
    pub(crate) severity: Option<&'static str>,
}

/// Every indicator that can be added.
pub(crate) const NEW_INDICATORS: &[NewIndicator] = &[
    NewIndicator {
        word: "add-indicator-alert",
        label: "Alert",
        action: "Audit",
        action_on_files: "Audit",
        generates_alert: true,
        severity: Some("High"),
    },
    NewIndicator {
        word: "add-indicator-alert-and-block",
        label: "Alert and Block",
        action: "Block",
        action_on_files: "BlockAndRemediate",
        generates_alert: true,
        severity: Some("High"),
    },
    NewIndicator {
        word: "add-indicator-allowed",
        label: "Allow",
        action: "Allowed",
        action_on_files: "Allowed",
        generates_alert: false,
        severity: None,
    },
];

/// What the product calls an indicator of this type; none for a type that has no indicators.
pub(crate) fn indicator_type(kind: ObservableType) -> Option<&'static str> {
    Some(match kind {
        Sha1 => "FileSha1",
        Sha256 => "FileSha256",
        Md5 => "FileMd5",
        Ip | Ipv6 => "IpAddress",
        Domain => "DomainName",
        Url => "Url",
        _ => return None,
    })
}

/// Whether this type is a device, on which machine actions are done.
pub(crate) fn is_device(kind: ObservableType) -> bool {
    kind == MsMachineId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_documented_ones() {
        let ids: Vec<_> = Action::all().map(Action::id).collect();
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
            Action::of_id("microsoft-defender-remove-indicator"),
            Some(Action::RemoveIndicator)
        );
        for id in ["remove-indicator", "Microsoft-Defender-Remove-Indicator", "", PREFIX] {
            assert_eq!(Action::of_id(id), None, "{id}");
        }
        let scan = Action::named("runantivirusscanquick");
        assert_eq!(scan, Action::named("microsoft-defender-RunAntiVirusScanQuick"));
        assert!(scan.is_some() && Action::named("Offboard").is_none());
    }

    #[test]
    fn isolating_and_restricting_confine() {
        let confining = DEVICE_ACTIONS.iter().filter(|action| action.confines());
        let words: Vec<_> = confining.map(|action| action.word).collect();
        assert_eq!(words, ["FullIsolation", "SelectiveIsolation", "RestrictCodeExecution"]);
    }
}
