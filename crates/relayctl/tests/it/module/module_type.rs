//! `relayctl module type`: printed, created and changed.

use serde_json::{Value, json};

use super::{
    URL, settings,
    stub::{ThreatResponse, check_type},
};
use crate::tool::{file, relayctl, run};

fn printed(arguments: &[&str]) -> Value {
    let region: &[&str] = if arguments.contains(&"--region") { &[] } else { &["--region", "nam"] };
    let arguments = [&["module", "type", "--url", URL], region, arguments].concat();
    run(&mut relayctl(&arguments)).done().json()
}

#[test]
fn every_module_type_has_the_published_form() {
    for relay in catalog::RELAYS {
        for options in [&[][..], &["--max-instances", "3"], &["--region", "eu"]] {
            let module_type = printed(&[&["--relay", relay.about.slug], options].concat());
            check_type(&module_type, true).unwrap();
            let categories = module_type["product_categories"].as_array().unwrap();
            assert!(!categories.is_empty(), "{}", relay.about.slug);
        }
    }
    let mut unknown = printed(&["--relay", "misp"]);
    unknown["disable_automatic_health_check"] = json!(true);
    assert!(check_type(&unknown, true).is_err());
}

#[test]
fn a_module_type_tells_what_the_relay_is() {
    let module_type = printed(&["--relay", "misp", "--region", "apjc", "--max-instances", "2"]);
    assert_eq!(
        module_type["properties"],
        json!({
            "supported-apis": settings("", "")["supported-apis"],
            "url": URL,
            "auth-type": "configuration-token",
            "configuration-token-alg": "RS256",
            "custom_jwks_host": "visibility.apjc.amp.cisco.com",
        })
    );
    let key = &module_type["configuration_spec"][0];
    assert_eq!(
        (&key["key"], &key["type"], &key["required"]),
        (&json!("custom_AuthKey"), &json!("api_key"), &json!(true))
    );
    let category = json!([{"id": "threat-intel", "description": "Threat intelligence"}]);
    assert_eq!(module_type["product_categories"], category);
    assert_eq!(
        module_type["external_references"][1],
        json!({"external_id": "misp", "class": "threat-relays:relay"})
    );
    assert_eq!(module_type["flags"], json!(["third-party", "community"]));
    assert_eq!(module_type["max_nb_instances"], 2);
    let logos = ["logo", "logo_dark"].map(|name| module_type[name].as_str().unwrap());
    assert!(logos.iter().all(|logo| logo.starts_with("data:image/svg+xml;base64,")));
    assert_ne!(logos[0], logos[1]);
}

#[test]
fn a_module_type_takes_pictures() {
    let picture = |bytes: &[u8]| {
        let file = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    };
    let (light, dark) = (picture(b"\x89PNG"), picture(b"\x89PNG\r\n"));
    let [light, dark] = [&light, &dark].map(|file| file.path().to_str().unwrap());
    let module_type = printed(&["--relay", "misp", "--logo", light]);
    assert_eq!(module_type["logo"], "data:image/png;base64,iVBORw==");
    assert_eq!(module_type["logo_dark"], module_type["logo"]);
    let module_type = printed(&["--relay", "misp", "--logo", light, "--logo-dark", dark]);
    assert_eq!(module_type["logo_dark"], "data:image/png;base64,iVBORw0K");
    let other = file("GIF89a");
    let other = other.path().to_str().unwrap();
    let arguments =
        ["module", "type", "--relay", "misp", "--url", URL, "--region", "eu", "--logo", other];
    run(&mut relayctl(&arguments)).failed(2, "must be an .svg or a .png file");
}

#[test]
fn a_module_type_is_created_only_when_that_is_meant() {
    let api = ThreatResponse::start();
    let push = ["type", "--relay", "misp", "--url", URL, "--region", "nam", "--push"];
    api.run(&["type", "--relay", "misp", "--url", URL]).failed(2, "give --region: nam, eu or apjc");
    let would = api.run(&[&push[..], &["--dry-run", "--json"]].concat()).done().json();
    assert_eq!(would["would_create"], printed(&["--relay", "misp"]));
    api.run(&push).failed(2, "say --yes");
    assert_eq!((api.writes(), api.types().len()), (0, 0));
    let created = api.run(&[&push[..], &["--yes", "--json"]].concat()).done().json();
    assert_eq!(created["created"], json!({"id": "type-1", "title": "MISP"}));
    assert_eq!(api.types()[0]["properties"]["url"], URL);
}

#[test]
fn an_update_sends_what_differs_and_nothing_else() {
    let api = ThreatResponse::start();
    let kind = ["type", "--relay", "misp", "--region", "nam"];
    api.run(&[&kind[..], &["--url", URL, "--push", "--yes"]].concat()).done();
    let update = [&kind[..], &["--update", "type-1"]].concat();
    let same = api.run(&[&update[..], &["--url", URL]].concat()).done();
    assert!(same.out.contains("is as it should be"), "{same:?}");
    let moved = [&update[..], &["--url", "https://new.example"]].concat();
    let would = api.run(&[&moved[..], &["--dry-run", "--json"]].concat()).done().json();
    let change = would["would_change"].as_object().unwrap();
    assert_eq!(change.keys().collect::<Vec<_>>(), ["properties"]);
    api.run(&moved).failed(2, "say --yes");
    assert_eq!(api.writes(), 1);
    api.run(&[&moved[..], &["--yes"]].concat()).done();
    assert_eq!(api.types()[0]["properties"]["url"], "https://new.example");
    assert_eq!((api.types().len(), api.writes()), (1, 2));
    let unknown = [&kind[..], &["--url", URL, "--update", "type-7"]].concat();
    api.run(&unknown).failed(1, "there is no module type type-7; --push creates one");
    let both = [&unknown[..], &["--push"]].concat();
    api.run(&both).failed(2, "cannot be used with");
}
