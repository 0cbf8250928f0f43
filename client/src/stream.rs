//! Answers that come in pieces, and the way to end them.

use aion_api::trace::REQUEST_ID_HEADER;

use crate::transport::fetch::{self, Stop};
use crate::{Client, Error, FetchTransport, Request, Response, accept};

/// An answer that comes in pieces; the connection ends with it.
pub struct Pieces {
    body: fetch::Body,
    request_id: String,
    stop: Stop,
}

impl Client<FetchTransport> {
    /// Sends a request, and gives the answer as it comes; `stop` ends it at any time, before it has begun as well.
    pub async fn stream(&self, request: Request, stop: &Stop) -> Result<Pieces, Error> {
        let response = fetch::begin(self.prepared(request), Some(stop)).await.map_err(Error::Transport)?;
        let mut head = Response { status: response.status(), headers: response.headers(), body: Vec::new() };
        if !(200..300).contains(&head.status) {
            head.body = response.whole().await.map_err(Error::Transport)?;
        }
        let head = accept(head)?;
        let request_id = head.header(REQUEST_ID_HEADER).unwrap_or_default().to_owned();
        Ok(Pieces { body: response.body().map_err(Error::Transport)?, request_id, stop: stop.clone() })
    }
}

impl Pieces {
    /// The next piece; nothing at the end.
    pub async fn next(&self) -> Result<Option<Vec<u8>>, Error> {
        self.body.next().await.map_err(Error::Transport)
    }

    /// The request's id.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}

impl Drop for Pieces {
    /// Nobody reads on: the other side is told.
    fn drop(&mut self) {
        self.stop.stop();
    }
}
