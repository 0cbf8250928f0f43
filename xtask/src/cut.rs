//! Requests whose bodies end before the length that they have said, before the runtime itself: a development server in
//! front would answer them by itself.

use aion_client::{Client, NativeTransport};

use crate::bench::load::Connection;
use crate::bench::workerd;
use crate::first_light::wait;
use crate::report::{Outcome, fail, say};
use crate::workspace::scratch;
use crate::{build, secrets};

/// One that the edge reads, and those that it passes on.
const PATHS: [&str; 3] = ["/v1/definitions:check", "/v1/chat/completions", "/v1/mind/chat"];
/// What they say of their length, bytes: such as are read as one, and such as are read in parts.
const LENGTHS: [usize; 2] = [500, 100_000];
/// What comes.
const BEGUN: &str = r#"{"model":"other","#;

/// Sends each, and wants to hear that it is malformed; how many were looked at.
pub fn check() -> Outcome<u32> {
    build::one("edge")?;
    build::one("mind")?;
    let running = workerd::edge_with_mind(&scratch("cut"))?;
    let url = format!("http://127.0.0.1:{}", running.port);
    let operator = Client::new(&url, NativeTransport::default()).with_key(&secrets::operator_token()?);
    let key = wait(operator.create_tenant("cut"))??.key.api_key;
    let mut seen = 0;
    for path in PATHS {
        for length in LENGTHS {
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nauthorization: Bearer {key}\r\n\
                 content-type: application/json\r\ncontent-length: {length}\r\n\r\n",
                running.port
            );
            let (status, body) = Connection::open(running.port)?.send_last(format!("{head}{BEGUN}").as_bytes())?;
            let body = String::from_utf8_lossy(&body);
            if status != 400 || !body.contains("request.malformed") {
                return fail(format!("{path} with {} of {length} bytes answers {status}: {body}", BEGUN.len()));
            }
            seen += 1;
        }
    }
    say(format_args!("{seen} bodies that were cut are told to be malformed"));
    Ok(seen)
}
