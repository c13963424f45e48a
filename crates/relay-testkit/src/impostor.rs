//! A server whose certificate nobody vouches for.

use std::{
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use rustls::{ServerConfig, ServerConnection, crypto::aws_lc_rs};

/// Serves TLS handshakes on 127.0.0.1 until the test ends; gives its URL.
///
/// # Panics
///
/// When no port can be opened.
pub fn impostor() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("https://{}", listener.local_addr().expect("an open port has a number"));
    let config = Arc::new(config());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            shake_hands(stream, Arc::clone(&config));
        }
    });
    url
}

fn config() -> ServerConfig {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let key = own.signing_key.serialize_der().try_into().expect("its key");
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions the provider knows")
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.into()], key)
        .expect("a key that fits the certificate")
}

/// The client ends it; how does not matter here.
fn shake_hands(mut stream: TcpStream, config: Arc<ServerConfig>) {
    let mut connection = ServerConnection::new(config).expect("a sound configuration");
    while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
}
