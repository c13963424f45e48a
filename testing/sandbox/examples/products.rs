//! The five simulators on the ports that the files in `events/env/` name, for a function that is run by
//! `cargo lambda watch`, `sam local` or the Runtime Interface Emulator.

use std::{
    future,
    io::{self, Write},
};

use sandbox::{Product, Sandbox};

const FIRST_PORT: u16 = 9101;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut running = Vec::new();
    for (product, port) in Product::ALL.into_iter().zip(FIRST_PORT..) {
        let sandbox = Sandbox::start_on(product, port).await?;
        writeln!(io::stdout(), "{} {}", sandbox.url(), product.slug())?;
        running.push(sandbox);
    }
    future::pending().await
}
