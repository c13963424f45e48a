//! A relay for a product that does not exist: every IP address was seen just now.

use relay_core::{
    About, BadSetting, Call, Credentials, Documentation, Environment, Findings, Incoming,
    Observable, ObservableType, Relay, Result, RoutePolicies, RoutePolicy, Secret, Service,
    ctim::{ObservedTime, Sighting},
};
use serde_json::json;

#[derive(Debug, serde::Deserialize)]
struct NoClaims {}
impl Credentials for NoClaims {
    fn secrets(&self) -> Vec<&Secret> {
        Vec::new()
    }
}

struct Minimal;
impl Relay for Minimal {
    type Credentials = NoClaims;
    const ABOUT: About = About {
        name: "Minimal",
        slug: "minimal",
        version: "1.0.0",
        observables: &[(ObservableType::Ip, "IP address")],
        policies: RoutePolicies::observe_only(RoutePolicy::AuthFirst),
        invalid_body_code: "invalid argument",
        documentation: Documentation { title: "Minimal", url: "https://example.com" },
        categories: &[],
        module_types: None,
    };
    fn new(_: &Environment) -> Result<Self, BadSetting> {
        Ok(Self)
    }
    async fn health(&self, _: &Call<'_, NoClaims>) -> Result<()> {
        Ok(()) // A relay with a product sends a request: `call.send(Request::get(…)).await`.
    }
    async fn observe(&self, call: &Call<'_, NoClaims>, observables: &[Observable]) -> Findings {
        let mut found = Findings::default();
        for one in observables {
            let id = Self::ABOUT.namespace().sighting(&["1"], one.kind.as_str(), &one.value);
            let (source, time) = (call.product(), ObservedTime::at(call.now));
            found.data.add_sighting(Sighting::of(id, source, one.clone(), time));
        }
        found
    }
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "an example shows its answer")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // On Lambda, the whole of it is `relay_core::serve::run::<Minimal>().await`.
    let secret = "a secret of 64 random characters, shared with the module in XDR";
    let service = Service::<Minimal>::new(&Environment::of([("SECRET_KEY", secret)])).await?;
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    let token = jsonwebtoken::encode(&Default::default(), &json!({}), &key)?;
    let body = json!([{"type": "ip", "value": "203.0.113.7"}]).to_string();
    println!(
        "{}",
        service.answer(Incoming::post("/observe/observables", &token, body)?).await.json()
    );
    Ok(())
}
