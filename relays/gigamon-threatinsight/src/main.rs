//! The Lambda function of the Gigamon ThreatINSIGHT relay.

use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    relay_core::serve::run::<gigamon_threatinsight::GigamonThreatinsight>().await
}
