//! The Microsoft Defender for Endpoint relay as a Lambda function.

use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    relay_core::serve::run::<defender_atp::Defender>().await
}
