//! What is checked before a route asks the relay.

/// The order of the checks before a route asks the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoutePolicy {
    /// The body is checked first, then the token.
    BodyFirst,
    /// The token is checked first, then the body.
    AuthFirst,
    /// The body is checked. A valid token adds its claims; without one, settings have to do. Only
    /// for `/refer/observables` of relays whose links need no request and no secret.
    TokenOptional,
    /// Nothing is checked; the answer is the route's empty one.
    Disabled,
}

/// The policies of the routes that differ between relays. `/health` always needs a token and no body.
#[derive(Debug, Clone, Copy)]
pub struct RoutePolicies {
    /// `/observe/observables`.
    pub observe: RoutePolicy,
    /// `/deliberate/observables`.
    pub deliberate: RoutePolicy,
    /// `/refer/observables`.
    pub refer: RoutePolicy,
    /// `/respond/observables`.
    pub respond: RoutePolicy,
    /// `/respond/trigger`.
    pub trigger: RoutePolicy,
}

impl RoutePolicies {
    /// Returns the same policy for every route.
    #[must_use]
    pub const fn all(policy: RoutePolicy) -> Self {
        Self {
            observe: policy,
            deliberate: policy,
            refer: policy,
            respond: policy,
            trigger: policy,
        }
    }

    /// Returns this policy for observing, and disables the other routes.
    #[must_use]
    pub const fn observe_only(policy: RoutePolicy) -> Self {
        Self { observe: policy, ..Self::all(RoutePolicy::Disabled) }
    }
}
