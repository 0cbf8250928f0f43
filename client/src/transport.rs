//! What carries requests: one trait, a native and a wasm one.

use aion_api::operations::Method;

use crate::Error;

#[cfg(target_arch = "wasm32")]
pub(crate) mod fetch;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod native;

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query; the client puts its base before them.
    pub url: String,
    /// Headers, with lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: Method, path: &str) -> Self {
        Self { method, url: path.to_owned(), headers: Vec::new(), body: None }
    }

    /// The same request with a JSON body.
    pub fn with_json<B: serde::Serialize>(mut self, body: &B) -> Result<Self, Error> {
        self.body = Some(serde_json::to_vec(body).map_err(|error| Error::Unwritable(error.to_string()))?);
        Ok(self.with_header("content-type", "application/json"))
    }

    /// The same request with a header more.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A header of this request.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Headers, with lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// A header of this answer.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The body as JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| Error::Unreadable(error.to_string()))
    }

    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Sends requests and waits.
pub trait Transport {
    /// Sends one request; the error says why no answer came.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response, String>>;

    /// Waits.
    fn sleep(&self, ms: u64) -> impl Future<Output = ()>;
}
