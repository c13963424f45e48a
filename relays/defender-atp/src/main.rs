//! The Lambda function of the Microsoft Defender for Endpoint relay.

use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    relay_core::serve::run::<defender_atp::DefenderAtp>().await
}
