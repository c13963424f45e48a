//! The accounts of the simulator: the data that each sees, and how the gateway treats it.

/// The credentials of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user name.
    pub username: &'static str,
    /// The password.
    pub password: &'static str,
}

/// The usual account: four-hour tokens, 100 000 calls an hour, no limit on parallel calls.
pub const ACCOUNT: Account = Account { username: "relay_api", password: "p@ss&word% 1" };
/// An account of another customer, with data of its own.
pub const SECOND_TENANT: Account = Account { username: "relay_second", password: "other-tenant" };
/// Sees the data of [`ACCOUNT`]; its password holds everything that a form must encode.
pub const AWKWARD_PASSWORD: Account = Account {
    username: "relay+awkward@corp.example",
    password: "a&b=c+d%25 é \"π\" 密码;#?/\\",
};
/// Sees the data of [`ACCOUNT`]; its tokens live for a minute.
pub const SHORT_LIVED_TOKENS: Account =
    Account { username: "relay_short_lived", password: "sixty seconds" };
/// Its tokens have expired when they are issued, so every search answers 401.
pub const OUTDATED_TOKENS: Account = Account { username: "relay_outdated", password: "too late" };
/// Sees the data of [`ACCOUNT`]; a token, good for four hours by its own words, serves one search
/// and is then revoked.
pub const SINGLE_USE_TOKENS: Account = Account { username: "relay_single_use", password: "once" };
/// Sees the data of [`ACCOUNT`]; a third call beside two others answers 409. Each call takes a
/// quarter of a second, less if another one was refused meanwhile.
pub const TWO_CALLS_AT_A_TIME: Account = Account { username: "relay_two", password: "two by two" };
/// Sees the data of [`ACCOUNT`]; a second call within one second answers 429 and asks to wait a
/// second.
pub const ONE_CALL_A_SECOND: Account = Account { username: "relay_slowly", password: "slow down" };
/// Its calls of this hour are used up: every search answers 429 and asks to wait an hour.
pub const SPENT_QUOTA: Account = Account { username: "relay_spent", password: "nothing left" };
/// Sees the data of [`ACCOUNT`]; 300 calls an hour, the vendor's example.
pub const USUAL_QUOTA: Account = Account { username: "relay_standard", password: "five a minute" };
/// Sees the data of [`ACCOUNT`]; its platform serves `/ioc/v1/events` only and answers 404 on the
/// plain path.
pub const VERSIONED_PATHS_ONLY: Account =
    Account { username: "relay_versioned", password: "version one" };
/// Sees the data of [`ACCOUNT`]; its platform serves `/ioc/events` only and answers 404 on the
/// versioned path.
pub const PLAIN_PATHS_ONLY: Account = Account { username: "relay_plain", password: "no version" };

/// The customer whose events an account sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Customer {
    First,
    Second,
}

/// An account and how the gateway treats it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subscription {
    pub(super) account: Account,
    pub(super) customer: Customer,
    /// From the issue of a token to its expiry; negative when it is issued too late.
    pub(super) token_seconds: i64,
    /// How many searches a token serves, if that is limited.
    pub(super) searches_per_token: Option<u32>,
    /// Calls in a window, and the window's length in seconds.
    pub(super) calls: usize,
    pub(super) window_seconds: i64,
    /// Calls at the same time, if that is limited.
    pub(super) parallel: Option<usize>,
    pub(super) serves_plain_path: bool,
    pub(super) serves_versioned_path: bool,
}

const USUAL: Subscription = Subscription {
    account: ACCOUNT,
    customer: Customer::First,
    token_seconds: 4 * 60 * 60,
    searches_per_token: None,
    calls: 100_000,
    window_seconds: 60 * 60,
    parallel: None,
    serves_plain_path: true,
    serves_versioned_path: true,
};

static SUBSCRIPTIONS: [Subscription; 12] = [
    USUAL,
    Subscription { account: SECOND_TENANT, customer: Customer::Second, ..USUAL },
    Subscription { account: AWKWARD_PASSWORD, ..USUAL },
    Subscription { account: SHORT_LIVED_TOKENS, token_seconds: 60, ..USUAL },
    Subscription { account: OUTDATED_TOKENS, token_seconds: -1, ..USUAL },
    Subscription { account: SINGLE_USE_TOKENS, searches_per_token: Some(1), ..USUAL },
    Subscription { account: TWO_CALLS_AT_A_TIME, parallel: Some(2), ..USUAL },
    Subscription { account: ONE_CALL_A_SECOND, calls: 1, window_seconds: 1, ..USUAL },
    Subscription { account: SPENT_QUOTA, calls: 0, ..USUAL },
    Subscription { account: USUAL_QUOTA, calls: 300, ..USUAL },
    Subscription { account: VERSIONED_PATHS_ONLY, serves_plain_path: false, ..USUAL },
    Subscription { account: PLAIN_PATHS_ONLY, serves_versioned_path: false, ..USUAL },
];

impl Subscription {
    /// The subscription of this user, if there is one.
    pub(super) fn of(username: &str) -> Option<&'static Self> {
        SUBSCRIPTIONS.iter().find(|subscription| subscription.account.username == username)
    }
}
