//! The secret that signs and verifies tokens: a new one, or the relay's own.

use aws_lc_rs::rand;
use relay_core::{Environment, SecretsManager};

use crate::{
    aws::AwsArguments,
    failure::{Failure, Outcome},
    terminal::progress::during,
    web::client,
};

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// The length that docs/deploy.md recommends.
const LENGTH: usize = 64;

/// A signing secret, and whether this process made it.
pub(crate) struct SigningSecret {
    pub(crate) text: String,
    pub(crate) is_new: bool,
}

impl SigningSecret {
    /// The secret by `arn`, else the relay's own setting `SECRET_KEY` or `SECRET_ARN`, else a new
    /// one.
    pub(crate) async fn find(
        arn: Option<&str>,
        aws: &AwsArguments,
        environment: &Environment,
    ) -> Outcome<Self> {
        let set = environment.text("SECRET_KEY").filter(|_| arn.is_none());
        if let Some(text) = set {
            return Ok(Self { text: text.to_owned(), is_new: false });
        }
        match arn.or(environment.text("SECRET_ARN")) {
            Some(arn) => {
                let settings = aws.settings(environment.clone()).await?;
                Ok(Self { text: current(arn, &settings).await?, is_new: false })
            }
            None => Ok(Self { text: generate()?, is_new: true }),
        }
    }
}

/// Returns 64 random letters and digits.
pub(crate) fn generate() -> Outcome<String> {
    // Bytes of the last, incomplete run through the alphabet would make some letters more likely.
    let limit = 256 - 256 % ALPHABET.len();
    let mut text = String::with_capacity(LENGTH);
    let mut bytes = [0; LENGTH];
    while text.len() < LENGTH {
        rand::fill(&mut bytes)
            .map_err(|_| Failure::Usage("the system has no random numbers.".to_owned()))?;
        let usable = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < limit);
        text.extend(
            usable
                .map(|byte| char::from(ALPHABET[byte % ALPHABET.len()]))
                .take(LENGTH - text.len()),
        );
    }
    Ok(text)
}

/// Returns the secret's place in Secrets Manager, reached as a relay reaches it.
pub(crate) fn manager(arn: &str, environment: &Environment) -> Outcome<SecretsManager> {
    Ok(SecretsManager::new(environment, arn, &client(environment)?)?)
}

async fn current(arn: &str, environment: &Environment) -> Outcome<String> {
    let manager = manager(arn, environment)?;
    let secrets = during("Reading the secret", manager.read()).await?;
    let missing = || Failure::Usage("SECRET_ARN has no current version.".to_owned());
    secrets.into_iter().next().ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_alphanumeric_and_different() {
        let secrets: Vec<_> = (0..50).map(|_| generate().unwrap()).collect();
        for secret in &secrets {
            assert_eq!(secret.len(), LENGTH);
            assert!(secret.bytes().all(|byte| ALPHABET.contains(&byte)));
        }
        let all = secrets.concat();
        assert!(ALPHABET.iter().all(|letter| all.contains(char::from(*letter))));
        assert_ne!(secrets[0], secrets[1]);
    }
}
