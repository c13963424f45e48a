//! The function: Gigamon ThreatINSIGHT behind the relay protocol.

use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    relay_core::serve::run::<gigamon_threatinsight::GigamonThreatInsight>().await
}
