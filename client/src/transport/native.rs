//! Requests by a blocking native client; each future is ready at its first poll.

use std::time::Duration;

use super::{Request, Response, Transport};

/// An answer has at most this many bytes: a page of the largest tasks with room to spare.
const ANSWER_MAX_BYTES: u64 = 32 * 1024 * 1024;
/// A request has this long: longer than any answer that does not stream.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Sends requests over TCP.
pub struct NativeTransport {
    agent: ureq::Agent,
}

impl NativeTransport {
    /// A transport that keeps its connections.
    #[must_use]
    pub fn new() -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).build();
        Self { agent: config.into() }
    }

    fn send_blocking(&self, request: Request) -> Result<Response, ureq::Error> {
        let mut builder = ureq::http::Request::builder().method(request.method.as_str()).uri(request.url);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let mut response = self.agent.run(builder.body(request.body.unwrap_or_default())?)?;
        let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let body = response.body_mut().with_config().limit(ANSWER_MAX_BYTES).read_to_vec()?;
        Ok(Response { status: response.status().as_u16(), headers, body })
    }
}

impl Default for NativeTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl Transport for NativeTransport {
    async fn send(&self, request: Request) -> Result<Response, String> {
        self.send_blocking(request).map_err(|error| error.to_string())
    }

    async fn sleep(&self, ms: u64) {
        std::thread::sleep(Duration::from_millis(ms));
    }
}
