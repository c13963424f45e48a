//! What a token carries for a product, as facts: for the tool that makes tokens, and for the form
//! that Threat Response shows.

/// One member of a token that a relay reads.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// Its name in the token: `client_id`.
    pub name: &'static str,
    /// Another name, which the relay reads too and new tokens do not have.
    pub former_name: Option<&'static str>,
    /// What a form calls it: `Client ID`.
    pub title: &'static str,
    /// What may stand there.
    pub kind: ClaimKind,
    /// Whether the relay refuses a token without it.
    pub is_required: bool,
    /// Where to find it and what it does, in one sentence or two.
    pub tooltip: &'static str,
}

/// What may stand in a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimKind {
    /// A secret that a product made.
    ApiKey,
    /// A secret that a person or an administrator chose.
    Password,
    /// Any text.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
}

impl Claim {
    /// The claim that every relay reads besides its own.
    pub const ENTITIES_LIMIT: Self = Self {
        name: "CTR_ENTITIES_LIMIT",
        former_name: None,
        title: "Entities limit",
        kind: ClaimKind::Number,
        is_required: false,
        tooltip: "How many entities of each type an observable may have in an answer, 1 to 1000; 100 when left out.",
    };

    /// Whether its value must not be shown.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self.kind, ClaimKind::ApiKey | ClaimKind::Password)
    }
}
