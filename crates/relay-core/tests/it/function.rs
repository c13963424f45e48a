//! The tests' small relay as Lambda would start it.

mod relay;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    relay_core::serve::run::<relay::Probe>().await
}
