//! The Lambda function of the Microsoft Graph Security relay.

use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    relay_core::serve::run::<graph_security::GraphSecurity>().await
}
