//! The secret that a relay and its tokens share: made, or taken from where the relay has it.

use aws_lc_rs::rand;
use relay_core::{Environment, auth::SecretsManager};

use crate::{
    failure::{Failure, Outcome},
    terminal::progress::during,
    web::client,
};

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// What the relays expect.
const LENGTH: usize = 64;

/// A secret, and whether this process made it.
pub(crate) struct Shared {
    pub(crate) text: String,
    pub(crate) is_new: bool,
}

impl Shared {
    /// The secret by `arn`, else the relay's own setting `SECRET_KEY` or `SECRET_ARN`, else a new
    /// one.
    pub(crate) async fn find(arn: Option<&str>, environment: &Environment) -> Outcome<Self> {
        let set = environment.text("SECRET_KEY").filter(|_| arn.is_none());
        if let Some(text) = set {
            return Ok(Self { text: text.to_owned(), is_new: false });
        }
        match arn.or(environment.text("SECRET_ARN")) {
            Some(arn) => Ok(Self { text: current(arn, environment).await?, is_new: false }),
            None => Ok(Self { text: made()?, is_new: true }),
        }
    }
}

/// 64 random letters and digits.
pub(crate) fn made() -> Outcome<String> {
    // Every letter is equally likely: bytes of the last, incomplete run through them do not count.
    let fair = 256 - 256 % LETTERS.len();
    let mut text = String::with_capacity(LENGTH);
    let mut bytes = [0; LENGTH];
    while text.len() < LENGTH {
        rand::fill(&mut bytes)
            .map_err(|_| Failure::Usage("the system has no random numbers.".to_owned()))?;
        let fit = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        text.extend(
            fit.map(|byte| char::from(LETTERS[byte % LETTERS.len()])).take(LENGTH - text.len()),
        );
    }
    Ok(text)
}

/// The secret's place in AWS, reached as a relay reaches it.
pub(crate) fn place(arn: &str, environment: &Environment) -> Outcome<SecretsManager> {
    Ok(SecretsManager::new(environment, arn, &client(environment)?)?)
}

async fn current(arn: &str, environment: &Environment) -> Outcome<String> {
    let place = place(arn, environment)?;
    let secrets = during("Reading the secret", place.read()).await?;
    let missing = || Failure::Usage("SECRET_ARN has no current version.".to_owned());
    secrets.into_iter().next().ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_secrets_are_long_plain_and_different() {
        let secrets: Vec<_> = (0..50).map(|_| made().unwrap()).collect();
        for secret in &secrets {
            assert_eq!(secret.len(), LENGTH);
            assert!(secret.bytes().all(|byte| LETTERS.contains(&byte)));
        }
        let all = secrets.concat();
        assert!(LETTERS.iter().all(|letter| all.contains(char::from(*letter))));
        assert_ne!(secrets[0], secrets[1]);
    }
}
