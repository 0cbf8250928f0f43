//! Client of AION-Ω's HTTP API over the types of core/api: typed calls, retries that respect `Retry-After` and
//! idempotency keys, and the same problems. It runs natively and in wasm.
//!
//! ```no_run
//! # async fn tour() -> Result<(), aion_client::Error> {
//! use aion_client::{Client, NativeTransport};
//! let client = Client::new("http://127.0.0.1:4000", NativeTransport::new()).with_key("aion_test_…");
//! let wallet = client.wallet("wal_4fK0aYxV2nQ8sT1uW7bZ").await?;
//! println!("{:?}", wallet.address);
//! # Ok(()) }
//! ```

mod calls;
mod error;
mod mind;
pub mod sse;
#[cfg(target_arch = "wasm32")]
mod stream;
mod transport;
mod watch;

pub use aion_api as api;
pub use error::Error;
#[cfg(target_arch = "wasm32")]
pub use stream::Pieces;
#[cfg(target_arch = "wasm32")]
pub use transport::fetch::{FetchTransport, Stop};
#[cfg(not(target_arch = "wasm32"))]
pub use transport::native::NativeTransport;
pub use transport::{Request, Response, Transport};

use aion_api::operations::Method;
use aion_api::problem::ProblemDocument;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A request is sent again at most this often when the server asks for it.
const RETRIES_MAX: u32 = 4;
/// The client waits at most this long between two of them, whatever the server says.
const RETRY_WAIT_MAX_MS: u64 = 10_000;

/// A client of one deployment.
pub struct Client<T> {
    base: String,
    transport: T,
    credential: Option<String>,
    retries: u32,
}

impl<T: Transport> Client<T> {
    /// A client of the deployment at `base`, for example `https://aion.example`, without a credential.
    pub fn new(base: &str, transport: T) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), transport, credential: None, retries: RETRIES_MAX }
    }

    /// The same client with a credential: an API key, or the operator's token.
    #[must_use]
    pub fn with_key(mut self, credential: &str) -> Self {
        self.credential = Some(credential.to_owned());
        self
    }

    /// The same client that never sends a request again by itself.
    #[must_use]
    pub fn without_retries(mut self) -> Self {
        self.retries = 0;
        self
    }

    /// What carries the requests.
    pub const fn transport(&self) -> &T {
        &self.transport
    }

    /// Sends a request and gives the answer as it is, without retries.
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        self.transport.send(self.prepared(request)).await.map_err(Error::Transport)
    }

    /// A request as it leaves: to the deployment, with the credential.
    fn prepared(&self, mut request: Request) -> Request {
        request.url = format!("{}{}", self.base, request.url);
        if let Some(credential) = &self.credential {
            request.headers.push(("authorization".to_owned(), format!("Bearer {credential}")));
        }
        request
    }

    /// Sends any request with the retries of the typed calls, and gives its answer as it came; null where it is empty.
    pub async fn ask(&self, request: Request) -> Result<Value, Error> {
        let response = self.call_raw(request).await?;
        if response.body.is_empty() { Ok(Value::Null) } else { response.json() }
    }

    /// Sends a request that may be repeated, and reads its answer.
    async fn call<R: DeserializeOwned>(&self, request: Request) -> Result<R, Error> {
        let response = self.call_raw(request).await?;
        serde_json::from_slice(&response.body).map_err(|error| Error::Unreadable(error.to_string()))
    }

    async fn call_raw(&self, request: Request) -> Result<Response, Error> {
        let repeatable = request.method == Method::Get || request.header("idempotency-key").is_some();
        let mut attempt = 0;
        loop {
            let result = self.send(request.clone()).await.and_then(accept);
            let wait_ms = match &result {
                Err(error) if repeatable && attempt < self.retries => error.retry_wait_ms(attempt),
                _ => None,
            };
            let Some(wait_ms) = wait_ms else {
                return result;
            };
            self.transport.sleep(wait_ms.min(RETRY_WAIT_MAX_MS)).await;
            attempt += 1;
        }
    }

    async fn read<R: DeserializeOwned>(&self, path: &str) -> Result<R, Error> {
        self.call(Request::new(Method::Get, path)).await
    }

    /// Puts a document; `follows` is the version that it follows, if that matters.
    async fn put_after<B: Serialize, R: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
        follows: Option<u64>,
    ) -> Result<R, Error> {
        let mut request = Request::new(Method::Put, path).with_json(body)?;
        if let Some(version) = follows {
            request = request.with_header("if-match", &format!("\"{version}\""));
        }
        self.call(request).await
    }

    async fn post<B: Serialize, R: DeserializeOwned>(
        &self,
        path: &str,
        idempotency_key: Option<&str>,
        body: &B,
    ) -> Result<R, Error> {
        let mut request = Request::new(Method::Post, path).with_json(body)?;
        if let Some(key) = idempotency_key {
            request.headers.push(("idempotency-key".to_owned(), key.to_owned()));
        }
        self.call(request).await
    }
}

fn accept(response: Response) -> Result<Response, Error> {
    if (200..300).contains(&response.status) {
        return Ok(response);
    }
    let retry_after_s = response.header("retry-after").and_then(|text| text.parse().ok());
    match serde_json::from_slice::<Box<ProblemDocument>>(&response.body) {
        Ok(document) => Err(Error::Problem { document, retry_after_s }),
        Err(_) => Err(Error::Unreadable(format!("status {} without a problem document", response.status))),
    }
}
