//! The Microsoft Graph Security relay as a Lambda function.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    relay_core::serve::run::<graph_security::GraphSecurity>().await
}
