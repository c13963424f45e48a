//! Credentials of AWS from profiles, SSO and roles, against a stub of the three services that give
//! and take them.
//!
//! Source: the API references of IAM Identity Center (GetRoleCredentials), STS (AssumeRole) and Secrets
//! Manager (GetSecretValue), and "Configuration and credential file settings" of the AWS CLI.

use std::{fs, path::Path};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, Uri},
};
use serde_json::json;
use tempfile::TempDir;

use crate::tool::{Run, Server, relayctl, run};

const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:relay-AbCdEf";
const START_URL: &str = "https://soc.awsapps.example/start";
/// The name of the file in which the AWS CLI keeps the token for that URL: its SHA-1 digest.
const CACHED: &str = "cc7ea33bdb2d79462c1d5a940bf111197983928e.json";

const CONFIG: &str = "
[profile plain]
region = eu-central-1

[profile signed-in]
sso_start_url = https://soc.awsapps.example/start
sso_region = eu-central-1
sso_account_id = 123456789012
sso_role_name = relay-operator
region = eu-central-1

[profile role]
role_arn = arn:aws:iam::123456789012:role/relay-operator
source_profile = plain
region = eu-central-1
";
const CREDENTIALS: &str = "
[plain]
aws_access_key_id = AKIAPROFILE
aws_secret_access_key = example
";

/// Gives credentials for an SSO token and for a role, and a secret to those who have some.
fn service() -> Server {
    Server::start(Router::new().fallback(answer))
}

async fn answer(uri: Uri, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let text = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    if uri.path() == "/federation/credentials" {
        let is_known = text("x-amz-sso_bearer_token") == "sso-token"
            && uri.query() == Some("role_name=relay-operator&account_id=123456789012");
        let given = json!({"roleCredentials": {
            "accessKeyId": "ASIASSO", "secretAccessKey": "example", "sessionToken": "session",
            "expiration": 4_102_444_800_000_i64,
        }});
        let refused = json!({"message": "Session token not found or invalid"}).to_string();
        let refused = (StatusCode::UNAUTHORIZED, refused);
        return if is_known { (StatusCode::OK, given.to_string()) } else { refused };
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    if body.starts_with("Action=AssumeRole") && text("authorization").contains("=AKIAPROFILE/") {
        return (StatusCode::OK, ASSUMED.to_owned());
    }
    let caller = ["AKIAPROFILE", "ASIASSO", "ASIAROLE", "AKIAENVIRONMENT"]
        .into_iter()
        .find(|key| text("authorization").contains(&format!("Credential={key}/")));
    match (text("x-amz-target"), caller) {
        ("secretsmanager.GetSecretValue", Some(caller)) => {
            let secret = json!({
                "ARN": ARN, "Name": "relay", "VersionId": caller, "CreatedDate": 1_772_366_400.0,
                "SecretString": "a-secret-of-sixty-four-letters-that-is-not-one-anywhere-else-0123",
            });
            let is_previous = body.contains("AWSPREVIOUS");
            let absent = json!({"__type": "ResourceNotFoundException"}).to_string();
            if is_previous {
                (StatusCode::BAD_REQUEST, absent)
            } else {
                (StatusCode::OK, secret.to_string())
            }
        }
        _ => (StatusCode::BAD_REQUEST, json!({"__type": "AccessDeniedException"}).to_string()),
    }
}

const ASSUMED: &str = r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/relay-operator/x</Arn>
<AssumedRoleId>AROAEXAMPLE:x</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>example</SecretAccessKey>
<SessionToken>session</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>"#;

/// A home folder with an AWS configuration, and this SSO token.
fn home(token: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(".aws/config", CONFIG);
    write(".aws/credentials", CREDENTIALS);
    let token = json!({
        "startUrl": START_URL, "region": "eu-central-1", "accessToken": token,
        "expiresAt": "2099-01-01T00:00:00Z",
    });
    write(&format!(".aws/sso/cache/{CACHED}"), &token.to_string());
    home
}

fn rotate(home: &Path, url: &str, more: &[&str], environment: &[(&str, &str)]) -> Run {
    let arguments = ["rotate", "--secret-arn", ARN, "--dry-run", "--json"];
    let mut command = relayctl(&[&arguments[..], more].concat());
    command.env("HOME", home).env("AWS_ENDPOINT_URL", url);
    run(command.env("AWS_EC2_METADATA_DISABLED", "true").envs(environment.iter().copied()))
}

#[test]
fn credentials_are_found_as_the_aws_cli_finds_them() {
    let service = service();
    let home = home("sso-token");
    let check = |more: &[&str], environment: &[(&str, &str)], expected: &str| {
        let rotated = rotate(home.path(), &service.url, more, environment).done().json();
        assert_eq!(rotated["previous"], expected, "{more:?} {environment:?}");
    };
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT"), ("AWS_SECRET_ACCESS_KEY", "example")];
    check(&["--profile", "plain"], &[], "AKIAPROFILE");
    check(&[], &[("AWS_PROFILE", "plain")], "AKIAPROFILE");
    check(&["--profile", "signed-in"], &[], "ASIASSO");
    check(&["--profile", "role"], &[], "ASIAROLE");
    check(&[], &keys, "AKIAENVIRONMENT");
    // A profile that is named is meant, whatever the environment holds.
    check(&["--profile", "signed-in"], &keys, "ASIASSO");
}

#[test]
fn a_token_is_made_with_a_secret_that_a_profile_may_read() {
    let service = service();
    let home = home("sso-token");
    let by_name = ["--secret-arn", "relay", "--region", "eu-central-1", "--profile", "plain"];
    let token = |name: &str, more: &[&str]| {
        let arguments = [&["token", name, "--relay", "misp"], &by_name[..], more].concat();
        let mut command = relayctl(&arguments);
        command.env("HOME", home.path()).env("AWS_ENDPOINT_URL", &service.url);
        command.env("CLAIM_AUTHKEY", "key");
        command
    };
    let made = run(&mut token("make", &["--json"])).done().json();
    let made = made["token"].as_str().unwrap();
    run(token("verify", &[]).env("RELAY_TOKEN", made)).done();
}

#[test]
fn who_is_not_signed_in_is_told_how() {
    let service = service();
    let home = home("ended-token");
    let refused = |more: &[&str], environment: &[(&str, &str)]| {
        let run =
            rotate(home.path(), &service.url, more, environment).failed(2, "\"kind\":\"usage\"");
        let failure: serde_json::Value = serde_json::from_str(&run.err).unwrap();
        let text = |name: &str| failure[name].as_str().unwrap_or_default().to_owned();
        (text("message"), text("hint"))
    };
    let (message, hint) = refused(&["--profile", "signed-in"], &[]);
    assert!(message.starts_with("AWS gives no credentials: "), "{message}");
    assert!(hint.starts_with("aws sso login --profile signed-in"), "{hint}");
    let (message, hint) = refused(&[], &[]);
    assert!(message.starts_with("there are no AWS credentials"), "{message}");
    assert!(hint.contains("aws sso login"), "{hint}");
    let (message, hint) = refused(&["--profile", "it's mine"], &[]);
    assert!(message.contains("profile"), "{message}");
    assert!(hint.contains(r"--profile 'it'\''s mine'"), "{hint}");
}
