//! CTIM's severities in their order.

/// A severity, the least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    #[default]
    Unknown,
    None,
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    const NAMED: [(&str, Self); 6] = [
        ("Critical", Self::Critical),
        ("High", Self::High),
        ("Medium", Self::Medium),
        ("Low", Self::Low),
        ("Info", Self::Info),
        ("None", Self::None),
    ];

    /// Returns the severity of this name; unknown for every other text.
    pub(super) fn of(name: Option<&str>) -> Self {
        let named = Self::NAMED.into_iter().find(|(known, _)| Some(*known) == name);
        named.map_or(Self::Unknown, |(_, severity)| severity)
    }

    /// Returns the name; nothing for the unknown severity.
    pub(super) fn name(self) -> &'static str {
        let named = Self::NAMED.into_iter().find(|(_, severity)| *severity == self);
        named.map_or("", |(name, _)| name)
    }

    /// Returns how grave something is, as a sentence begins.
    pub(super) fn word(self) -> &'static str {
        match self.name() {
            "" => "Of unknown severity",
            name => name,
        }
    }
}
