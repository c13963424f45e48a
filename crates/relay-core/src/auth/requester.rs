//! `REQUESTED_FROM`: what texts that are written into products say of who asked for an action, and
//! from where.

use super::VerifiedToken;
use crate::{
    ctim::harmless,
    error::Result,
    settings::{BadSetting, Environment},
};

const SETTING: &str = "REQUESTED_FROM";
const DEFAULT: &str = "Cisco XDR";
/// The longest setting, in characters.
const MAX_PLACE: usize = 64;
/// The longest name of a user or an organisation. All together stay below the 255 characters that
/// products keep of such a text.
const MAX_NAME: usize = 80;
/// The claims in which XDR names the user. Source: Cisco XDR API, "Call the API / JWT".
const USER: [&str; 2] = [
    "https://schemas.cisco.com/iroh/identity/claims/user/email",
    "https://schemas.cisco.com/iroh/identity/claims/user/nick",
];
/// The claim in which XDR names the user's organisation.
const ORGANISATION: [&str; 1] = ["https://schemas.cisco.com/iroh/identity/claims/org/name"];

/// The place that actions are requested from.
pub(crate) struct RequestedFrom(String);

impl RequestedFrom {
    /// Reads the setting.
    pub(crate) fn new(environment: &Environment) -> Result<Self, BadSetting> {
        let place = environment.text(SETTING).unwrap_or(DEFAULT);
        if place.chars().count() <= MAX_PLACE && plain(place) == place {
            return Ok(Self(place.to_owned()));
        }
        let reason = format!("must be up to {MAX_PLACE} visible characters, without < > and links");
        Err(BadSetting::new(SETTING, reason))
    }

    /// Returns the place, and who asks as far as the token says it, such as
    /// `Cisco XDR by mara@contoso.example of Contoso`. Only a token of the operator's own is believed.
    pub(crate) fn by(&self, token: &VerifiedToken) -> String {
        let name = |claims: &[&str]| {
            let names = claims.iter().filter_map(|claim| token.claims.text(claim)).map(plain);
            names.filter(|_| token.is_of_operator).find(|name| !name.is_empty())
        };
        let user = name(&USER).map(|user| format!(" by {user}"));
        let organisation = name(&ORGANISATION).map(|organisation| format!(" of {organisation}"));
        [Some(self.0.clone()), user, organisation].into_iter().flatten().collect()
    }
}

/// Returns the beginning of a text as one line that hides nothing and holds no markup.
fn plain(text: &str) -> String {
    let line = harmless(text.replace(['\n', '\t'], " ").replace(['<', '>'], ""));
    line.trim().chars().take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::auth::Claims;

    fn place(setting: &str) -> Result<RequestedFrom, BadSetting> {
        RequestedFrom::new(&Environment::of([(SETTING, setting)]))
    }

    fn token(claims: &Value, is_of_operator: bool) -> VerifiedToken {
        let claims = Claims::new(claims.as_object().cloned().unwrap_or_default());
        VerifiedToken { claims, id: String::new(), is_of_operator }
    }

    #[test]
    fn l09_a_place_is_a_short_visible_text() {
        let longest = "x".repeat(MAX_PLACE);
        for (setting, expected) in [
            ("", DEFAULT),
            (" SOC of Contoso (Wien) ", "SOC of Contoso (Wien)"),
            ("Überwachung & Co. #1", "Überwachung & Co. #1"),
            (&longest, &longest),
        ] {
            let place = place(setting).unwrap();
            assert_eq!(place.by(&token(&json!({}), true)), expected, "{setting}");
        }
        let too_long = "x".repeat(MAX_PLACE + 1);
        for bad in ["a<b", "a>b", "a\nb", "a\u{202e}b", "[a](b)", "a\u{0}b", &too_long] {
            let complaint = place(bad).err().unwrap().to_string();
            assert!(complaint.starts_with("REQUESTED_FROM must be "), "{bad:?}: {complaint}");
        }
    }

    #[test]
    fn a_verified_token_of_the_operators_says_who_asks() {
        let place = place("").unwrap();
        let check = |claims: Value, expected: &str| {
            assert_eq!(place.by(&token(&claims, true)), expected, "{claims}");
            assert_eq!(place.by(&token(&claims, false)), "Cisco XDR", "{claims}");
        };
        let [email, nick] = USER;
        let [organisation] = ORGANISATION;
        check(
            json!({email: "mara@contoso.example", nick: "Mara", organisation: "Contoso"}),
            "Cisco XDR by mara@contoso.example of Contoso",
        );
        check(json!({email: " ", nick: "Mara K."}), "Cisco XDR by Mara K.");
        check(json!({organisation: "Contoso"}), "Cisco XDR of Contoso");
        check(json!({email: 7, nick: ["x"], organisation: {}}), "Cisco XDR");
        check(json!({"email": "anybody@else.example", "sub": "x"}), "Cisco XDR");
        check(json!({nick: "a\n<b>\u{202e}[c](d)"}), "Cisco XDR by a b[c] (d)");
    }

    #[test]
    fn all_names_together_are_bounded() {
        let place = place(&"ä".repeat(MAX_PLACE)).unwrap();
        let [email, ..] = USER;
        let [organisation] = ORGANISATION;
        let claims = json!({email: "é".repeat(500), organisation: "x".repeat(500)});
        assert!(place.by(&token(&claims, true)).chars().count() < 240);
    }
}
