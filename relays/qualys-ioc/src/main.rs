//! The Lambda function of the Qualys IOC relay.

use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    relay_core::serve::run::<qualys_ioc::QualysIoc>().await
}
