//! From method and path to a route, whatever stage or prefix stands before it.

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

/// Why a request has no route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    /// No route has such a path.
    UnknownPath,
    /// The path's route answers to this method alone.
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

    /// Its name in logs and metrics.
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

    /// Names a request by the last one or two parts of its path; empty parts do not count.
    ///
    /// Errors: the part of the request that no route has.
    pub fn of(method: &Method, path: &str) -> Result<Self, Miss> {
        let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
        let ends_with = |known: &str| {
            let known: Vec<_> = known.split('/').skip(1).collect();
            parts.ends_with(&known)
        };
        let found = Self::ALL.iter().find(|(_, _, known)| ends_with(known));
        let (route, wanted, _) = found.ok_or(Miss::UnknownPath)?;
        if method == wanted { Ok(*route) } else { Err(Miss::WrongMethod(wanted)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l01_f9_stages_prefixes_and_slashes_do_not_change_the_route() {
        let check = |method: Method, path: &str, expected: Result<Route, Miss>| {
            assert_eq!(Route::of(&method, path), expected, "{method} {path}");
        };
        for prefix in ["", "/prod", "/a/b/c", "/", "/respond"] {
            for (route, method, path) in Route::ALL {
                check(method.clone(), &format!("{prefix}{path}"), Ok(*route));
                check(method.clone(), &format!("{prefix}{path}/"), Ok(*route));
                check(method.clone(), &format!("{prefix}{}", path.replace('/', "//")), Ok(*route));
                check(Method::PUT, &format!("{prefix}{path}"), Err(Miss::WrongMethod(method)));
            }
        }
        for path in
            ["", "/", "/observe", "/observables", "/health/x", "/observe/observables/x", "/HEALTH"]
        {
            check(Method::POST, path, Err(Miss::UnknownPath));
        }
    }
}
