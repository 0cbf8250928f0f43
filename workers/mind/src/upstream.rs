//! A request on its way to a provider, and its answer as it comes in.

use std::pin::Pin;
use std::time::Duration;

use aion_mind::models::Timeouts;
use aion_mind::wire::{Class, Fault, HttpRequest};
use aion_shell::call::now_ms;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use worker::js_sys::Uint8Array;
use worker::web_sys::{self, RequestRedirect};
use worker::{AbortController, ByteStream, Delay, Fetch, Headers};

/// An answer may have so many bytes: what a reply may have, as JSON escapes it at its widest.
const ANSWER_MAX_BYTES: usize = 12 << 20;

/// An answer that has begun. Whoever drops it hangs up.
pub struct Opened {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    body: Option<ByteStream>,
    controller: Option<AbortController>,
    timeouts: Timeouts,
    /// When the request left, Unix milliseconds.
    pub sent_ms: u64,
    /// Whether a piece of it has come.
    begun: bool,
    bytes: usize,
    /// What wakes whoever waits for a piece, and when. One timer lasts for many pieces: each moves the time on by
    /// itself, and a timer for each would cost as much as the piece.
    timer: Option<(Pin<Box<Delay>>, u64)>,
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(controller) = self.controller.take() {
            controller.abort();
        }
    }
}

/// Sends a request, and waits for status and headers. Redirects are not followed: a key goes where it was meant to go.
pub async fn open(request: &HttpRequest, timeouts: Timeouts) -> Result<Opened, Fault> {
    let sent_ms = now_ms();
    let raw = raw(request).map_err(|_| Fault::of(Class::Request))?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let fetch = Fetch::Request(raw);
    let sent = std::pin::pin!(fetch.send_with_signal(&signal));
    match select(sent, wait(timeouts.first_byte_ms.into())).await {
        Either::Left((Ok(mut response), _)) => {
            let headers = response.headers().entries().collect();
            let (status, body, controller) = (response.status_code(), response.stream().ok(), Some(controller));
            Ok(Opened { status, headers, body, controller, timeouts, sent_ms, begun: false, bytes: 0, timer: None })
        }
        Either::Left((Err(_), _)) => Err(Fault::of(Class::Upstream)),
        Either::Right(_) => {
            controller.abort();
            Err(Fault::of(Class::Timeout))
        }
    }
}

impl Opened {
    /// The next piece; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let patience_ms = if self.begun { self.timeouts.idle_ms } else { self.timeouts.first_byte_ms };
        let until_ms = now_ms().saturating_add(u64::from(patience_ms).min(self.left_ms()));
        let Some(body) = &mut self.body else {
            return Ok(None);
        };
        let mut next = body.next();
        let piece = loop {
            // One that wakes too late is of no use, one that wakes early is followed by another.
            let kept = self.timer.take().filter(|(_, at_ms)| *at_ms <= until_ms);
            let timer = kept.unwrap_or_else(|| (Box::pin(wait(until_ms.saturating_sub(now_ms()))), until_ms));
            let (timer, _) = self.timer.insert(timer);
            match select(next, timer).await {
                Either::Left((piece, _)) => break piece,
                Either::Right(_) if now_ms() >= until_ms => return Err(Fault::of(Class::Timeout)),
                Either::Right(((), still)) => next = still,
            }
            self.timer = None;
        };
        let piece = match piece {
            None => {
                // Nobody is to be hung up on.
                self.controller = None;
                return Ok(None);
            }
            Some(Ok(piece)) => piece,
            Some(Err(_)) => return Err(Fault::of(Class::Cut)),
        };
        self.begun = true;
        self.bytes += piece.len();
        if self.bytes > ANSWER_MAX_BYTES {
            return Err(Fault::of(Class::Garbage));
        }
        Ok(Some(piece))
    }

    /// It is read by another future from now on, which no timer of this one wakes.
    pub fn moved(mut self) -> Self {
        self.timer = None;
        self
    }

    /// All of it.
    pub async fn rest(&mut self) -> Result<Vec<u8>, Fault> {
        let mut all = Vec::new();
        while let Some(piece) = self.next().await? {
            all.extend(piece);
        }
        Ok(all)
    }

    /// How long the whole may take from now on, milliseconds.
    pub fn left_ms(&self) -> u64 {
        self.sent_ms.saturating_add(self.timeouts.total_ms.into()).saturating_sub(now_ms())
    }
}

/// A wait.
pub fn wait(ms: u64) -> Delay {
    Delay::from(Duration::from_millis(ms))
}

fn raw(request: &HttpRequest) -> worker::Result<worker::Request> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, &value.value())?;
    }
    let init = web_sys::RequestInit::new();
    init.set_method(request.method);
    init.set_headers(headers.as_ref());
    init.set_redirect(RequestRedirect::Manual);
    init.set_body(&Uint8Array::from(request.body.as_slice()));
    Ok(web_sys::Request::new_with_str_and_init(&request.url, &init)?.into())
}
