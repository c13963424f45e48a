//! A small relay for a product that does not exist, with everything that a relay may have.

mod map;

use http::HeaderName;
use relay_core::{
    About, Action, BadSetting, BaseUrl, Call, Documentation, Environment, Error, ErrorKind,
    Findings, Link, Observable, ObservableType, Partial, Relay, Request, Result, RoutePolicies,
    RoutePolicy, Secret, Trigger,
    ctim::Uri,
    join_bounded,
    oauth::{ClientCredentials, TokenCache, login_refusal},
};
use serde::Deserialize;
use serde_json::json;

use map::Hit;

/// How many searches run side by side.
const MAX_CONCURRENT_REQUESTS: usize = 10;
/// Asking about it makes the relay panic.
pub(crate) const PANICKING: &str = "panic.example";
/// Asking about it never ends, whatever the deadline.
pub(crate) const NEVER_ENDING: &str = "endless.example";

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const OPERATOR_KEY: HeaderName = HeaderName::from_static("x-operator-key");

/// The relay. `PRODUCT_URL` says where its product is; `PRODUCT_KEY` is the operator's own key.
pub(crate) struct Probe {
    product: BaseUrl,
    key: Option<Secret>,
    tokens: TokenCache,
}

/// What the token must carry: an application's id and secret.
#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    client_id: String,
    client_secret: Secret,
    /// A product elsewhere than the operator says.
    host: Option<String>,
}

impl relay_core::Credentials for Account {
    fn secrets(&self) -> Vec<&Secret> {
        vec![&self.client_secret]
    }

    fn account(&self) -> String {
        self.client_id.clone()
    }
}

impl Relay for Probe {
    type Credentials = Account;

    const ABOUT: About = About {
        name: "Probe",
        slug: "probe",
        version: "1.2.3",
        observables: &[
            (ObservableType::Domain, "domain"),
            (ObservableType::Ip, "IP address"),
            (ObservableType::Sha256, "SHA-256"),
        ],
        policies: RoutePolicies {
            refer: RoutePolicy::BodyFirst,
            trigger: RoutePolicy::BodyFirst,
            ..RoutePolicies::all(RoutePolicy::AuthFirst)
        },
        invalid_body_code: "invalid argument",
        documentation: Documentation { title: "Probe", url: "https://probe.example" },
        categories: &[],
        module_types: None,
    };

    fn new(environment: &Environment) -> Result<Self, BadSetting> {
        let missing = || BadSetting::new("PRODUCT_URL", "is missing; set the product's URL");
        let product = environment.url("PRODUCT_URL")?.ok_or_else(missing)?;
        let key = environment.text("PRODUCT_KEY").and_then(Secret::new);
        Ok(Self { product, key, tokens: TokenCache::default() })
    }

    fn fixed_urls(&self) -> Vec<&BaseUrl> {
        vec![&self.product]
    }

    async fn health(&self, call: &Call<'_, Account>) -> Result<()> {
        let mut request = Request::get(self.product(call)?.path("/me"));
        if let Some(key) = call.lent(self.key.as_ref()) {
            request = request.header(OPERATOR_KEY, key.header("")?);
        }
        let response = call.send(with_key(call, request)?).await?;
        if response.is_success() { Ok(()) } else { Err(response.refusal(None)) }
    }

    async fn observe(&self, call: &Call<'_, Account>, wanted: &[Observable]) -> Findings {
        let searches: Vec<_> = wanted.iter().map(|one| self.search(call, one)).collect();
        let mut all = Findings::default();
        for found in join_bounded(searches, MAX_CONCURRENT_REQUESTS).await {
            all.data.append(found.data);
            all.errors.extend(found.errors);
        }
        all
    }

    async fn deliberate(&self, call: &Call<'_, Account>, wanted: &[Observable]) -> Findings {
        match self.verdicts(call, wanted).await {
            Ok(malicious) => map::verdicts(call.now, wanted, &malicious).into(),
            Err(error) => error.into(),
        }
    }

    async fn refer(&self, call: &Call<'_, Account>, wanted: &[Observable]) -> Partial<Vec<Link>> {
        let mut links = Partial::<Vec<Link>>::default();
        for observable in wanted {
            match self.link(call, observable) {
                Ok(link) => links.data.extend(link),
                Err(error) => links.errors.push(error),
            }
        }
        links
    }

    async fn respond(
        &self,
        _call: &Call<'_, Account>,
        wanted: &[Observable],
    ) -> Partial<Vec<Action>> {
        let isolate = |observable: &Observable| Action {
            id: "isolate".to_owned(),
            title: "Isolate".into(),
            description: "Cuts the host off the network.".into(),
            categories: vec!["Probe"],
            query_params: observable.into(),
        };
        wanted.iter().map(isolate).collect::<Vec<_>>().into()
    }

    async fn trigger(&self, call: &Call<'_, Account>, trigger: &Trigger) -> Result<()> {
        let request = Request::post(self.product(call)?.path("/act"))
            .json(&json!({"value": trigger.observable_value, "from": call.requested_from()}))?;
        let response = match trigger.action_id.as_str() {
            "isolate" => call.send(with_key(call, request)?).await?,
            "isolate-with-token" => self.send_with_token(call, request).await?,
            _ => return Err(Trigger::unsupported()),
        };
        if response.is_success() { Ok(()) } else { Err(response.refusal(None)) }
    }
}

impl Probe {
    fn product(&self, call: &Call<'_, Account>) -> Result<BaseUrl> {
        let Some(host) = &call.credentials.host else { return Ok(self.product.clone()) };
        let text = "The host in the token must be an https URL.";
        BaseUrl::from_token(host).ok_or_else(|| Error::new(ErrorKind::InvalidInput, text))
    }

    async fn search(&self, call: &Call<'_, Account>, about: &Observable) -> Findings {
        assert_ne!(about.value, PANICKING, "the relay stumbles");
        if about.value == NEVER_ENDING {
            std::future::pending().await
        }
        let mut hits = Vec::new();
        let outcome = self.read_pages(call, about, &mut hits).await;
        let data = map::entities(call.now, about, hits.iter().take(call.limit));
        Findings { data, errors: outcome.err().into_iter().collect() }
    }

    async fn read_pages(
        &self,
        call: &Call<'_, Account>,
        about: &Observable,
        hits: &mut Vec<Hit>,
    ) -> Result<()> {
        let product = self.product(call)?;
        let mut next = Request::get(product.path("/search")).query("value", &about.value);
        while hits.len() < call.limit {
            let response = self.send_with_token(call, next).await?;
            if !response.is_success() {
                return Err(response.refusal(None));
            }
            let page: Page = response.json()?;
            hits.extend(page.hits);
            let Some(link) = page.next else { break };
            next = Request::get(product.same_origin(&link).ok_or_else(|| response.malformed())?);
        }
        Ok(())
    }

    async fn send_with_token(
        &self,
        call: &Call<'_, Account>,
        request: Request,
    ) -> Result<relay_core::Response> {
        let login = ClientCredentials {
            endpoint: self.product(call)?.path("/login"),
            client_id: &call.credentials.client_id,
            client_secret: &call.credentials.client_secret,
            scope: "search",
            refusal: login_refusal,
        };
        self.tokens.send(call, &login, request).await
    }

    /// A question by POST, about all at once.
    async fn verdicts(
        &self,
        call: &Call<'_, Account>,
        wanted: &[Observable],
    ) -> Result<Vec<String>> {
        let values: Vec<_> = wanted.iter().map(|one| &one.value).collect();
        let request = Request::post(self.product(call)?.path("/verdicts"))
            .json(&json!({"values": values}))?
            .repeatable();
        let response = call.send(with_key(call, request)?).await?;
        if !response.is_success() {
            return Err(response.refusal(None));
        }
        Ok(response.json::<Verdicts>()?.malicious)
    }

    fn link(&self, call: &Call<'_, Account>, observable: &Observable) -> Result<Option<Link>> {
        let address = self.product(call)?.segments(&["o", &observable.value])?;
        Ok(Uri::parse(address.url().as_str()).map(|url| Link {
            id: format!("ref-probe-{}-{}", observable.kind, observable.value),
            title: "Search in Probe".to_owned(),
            description: "What Probe knows of it.".to_owned(),
            url,
            categories: vec!["Probe"],
        }))
    }
}

fn with_key(call: &Call<'_, Account>, request: Request) -> Result<Request> {
    Ok(request.header(API_KEY, call.credentials.client_secret.header("")?))
}

#[derive(Deserialize)]
struct Page {
    hits: Vec<Hit>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Verdicts {
    malicious: Vec<String>,
}
