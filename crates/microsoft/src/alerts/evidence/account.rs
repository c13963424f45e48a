//! Accounts of users, and mailboxes.

use relay_core::lenient::{Object, Text};
use serde::Deserialize;

use crate::defender::observables::is_system_account;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::alerts) struct UserEvidence {
    #[serde(rename = "userAccount")]
    pub(super) account: Object<UserAccount>,
}

/// An account.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::alerts) struct UserAccount {
    /// Without the domain.
    pub(in crate::alerts) account_name: Text,
    /// Has the form of a mail address, and mostly is one.
    pub(in crate::alerts) user_principal_name: Text,
    user_sid: Text,
}

impl UserAccount {
    /// Whether the account is one of the operating system's.
    pub(in crate::alerts) fn is_of_system(&self) -> bool {
        is_system_account(self.user_sid.as_deref())
    }
}

/// A mailbox.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::alerts) struct Mailbox {
    pub(in crate::alerts) primary_address: Text,
    pub(in crate::alerts) upn: Text,
    #[serde(rename = "userAccount")]
    pub(in crate::alerts) account: Object<UserAccount>,
}

impl Mailbox {
    pub(in crate::alerts) fn emails(&self) -> impl Iterator<Item = &str> {
        [self.primary_address.as_deref(), self.upn.as_deref()].into_iter().flatten()
    }
}
