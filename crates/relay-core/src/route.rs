//! Finds the route of a call by method and path, whatever stage or prefix stands before the path.

use http::Method;

/// The routes of the relay protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the paths say it")]
pub enum Route {
    Health,
    Observe,
    Deliberate,
    Refer,
    Respond,
    Trigger,
    Version,
    Watchdog,
}

/// Why a call has no route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteError {
    /// No route has such a path.
    UnknownPath,
    /// The path's route has this method.
    WrongMethod(&'static Method),
}

impl Route {
    /// Every route with its method and path.
    pub const ALL: &'static [(Self, Method, &'static str)] = &[
        (Self::Health, Method::POST, "/health"),
        (Self::Observe, Method::POST, "/observe/observables"),
        (Self::Deliberate, Method::POST, "/deliberate/observables"),
        (Self::Refer, Method::POST, "/refer/observables"),
        (Self::Respond, Method::POST, "/respond/observables"),
        (Self::Trigger, Method::POST, "/respond/trigger"),
        (Self::Version, Method::POST, "/version"),
        (Self::Watchdog, Method::GET, "/watchdog"),
    ];

    /// Returns its name in logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Observe => "observe",
            Self::Deliberate => "deliberate",
            Self::Refer => "refer",
            Self::Respond => "respond",
            Self::Trigger => "trigger",
            Self::Version => "version",
            Self::Watchdog => "watchdog",
        }
    }

    /// Finds a route by the last one or two segments of the path; empty segments do not count.
    ///
    /// # Errors
    ///
    /// No route has the path, or the route has another method.
    pub fn of(method: &Method, path: &str) -> Result<Self, RouteError> {
        let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let ends_with = |known: &str| {
            let known: Vec<_> = known.split('/').skip(1).collect();
            segments.ends_with(&known)
        };
        let found = Self::ALL.iter().find(|(_, _, known)| ends_with(known));
        let (route, expected, _) = found.ok_or(RouteError::UnknownPath)?;
        if method == expected { Ok(*route) } else { Err(RouteError::WrongMethod(expected)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l01_f9_stages_prefixes_and_slashes_do_not_change_the_route() {
        let check = |method: Method, path: &str, expected: Result<Route, RouteError>| {
            assert_eq!(Route::of(&method, path), expected, "{method} {path}");
        };
        for prefix in ["", "/prod", "/a/b/c", "/", "/respond"] {
            for (route, method, path) in Route::ALL {
                check(method.clone(), &format!("{prefix}{path}"), Ok(*route));
                check(method.clone(), &format!("{prefix}{path}/"), Ok(*route));
                check(method.clone(), &format!("{prefix}{}", path.replace('/', "//")), Ok(*route));
                check(
                    Method::PUT,
                    &format!("{prefix}{path}"),
                    Err(RouteError::WrongMethod(method)),
                );
            }
        }
        for path in
            ["", "/", "/observe", "/observables", "/health/x", "/observe/observables/x", "/HEALTH"]
        {
            check(Method::POST, path, Err(RouteError::UnknownPath));
        }
    }
}
