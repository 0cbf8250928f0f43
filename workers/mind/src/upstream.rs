//! A request on its way to a provider, and its answer as it comes in.

use std::pin::Pin;
use std::time::Duration;

use aion_mind::models::Timeouts;
use aion_mind::wire::{Class, Fault, HttpRequest, of_binding};
use aion_shell::call::{self, now_ms};
use futures_util::future::{Either, select};
use futures_util::stream::{self, LocalBoxStream, StreamExt};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::js_sys::futures::JsFuture;
use worker::js_sys::{self, Uint8Array};
use worker::web_sys::{self, AbortController, AbortSignal, RequestRedirect};
use worker::{Delay, Env, Headers};

/// An answer may have so many bytes: what a reply may have, as JSON escapes it at its widest.
const ANSWER_MAX_BYTES: usize = 12 << 20;

/// A body that says it is no longer is one piece: a stream is asked for its pieces one by one, by way of promises.
const SHORT_MAX_BYTES: u64 = 64 << 10;

/// The binding of Workers AI, where there is one.
const AI: &str = "AI";

type Pieces = LocalBoxStream<'static, worker::Result<Vec<u8>>>;

/// An answer that has begun. Whoever drops it hangs up.
pub struct Opened {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    body: Option<Pieces>,
    /// The body comes as one piece: if it does not, a part of it may have come nevertheless.
    pub is_one_piece: bool,
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
    let controller = AbortController::new().map_err(|_| Fault::of(Class::Request))?;
    let raw = raw(request, &controller.signal()).map_err(|_| Fault::of(Class::Request))?;
    let sent = std::pin::pin!(JsFuture::from(fetch(&raw)));
    let (timer, at_ms) = (Box::pin(wait(timeouts.first_byte_ms.into())), sent_ms + u64::from(timeouts.first_byte_ms));
    match select(sent, timer).await {
        Either::Left((Ok(answer), timer)) => {
            let response = answer.dyn_into::<web_sys::Response>().map_err(|_| Fault::of(Class::Upstream))?;
            let headers = Headers(response.headers()).entries().collect();
            let (status, controller, timer) = (response.status(), Some(controller), Some((timer, at_ms)));
            let (body, is_one_piece) = body_of(response);
            let begun = false;
            Ok(Opened { status, headers, body, is_one_piece, controller, timeouts, sent_ms, begun, bytes: 0, timer })
        }
        Either::Left((Err(_), _)) => Err(Fault::of(Class::Upstream)),
        Either::Right(_) => {
            controller.abort();
            Err(Fault::of(Class::Timeout))
        }
    }
}

/// The pieces of a body, if it has one, and whether it is one piece.
fn body_of(response: web_sys::Response) -> (Option<Pieces>, bool) {
    let length = response.headers().get("content-length").ok().flatten().and_then(|length| length.parse::<u64>().ok());
    match length {
        Some(1..=SHORT_MAX_BYTES) => {
            (response.array_buffer().ok().map(|body| stream::once(call::whole(body)).boxed_local()), true)
        }
        _ => (worker::Response::from(response).stream().ok().map(StreamExt::boxed_local), false),
    }
}

#[wasm_bindgen(inline_js = "
export async function infer(ai, model, body) {
  const answer = await ai.run(model, JSON.parse(body));
  return answer instanceof ReadableStream ? new Response(answer) : Response.json(answer);
}
")]
extern "C" {
    /// Has the binding of Workers AI answer: a stream as the body of a response, a whole answer as one of JSON.
    #[wasm_bindgen(js_name = infer)]
    fn infer_raw(ai: &JsValue, model: &str, body: &str) -> js_sys::Promise;
}

#[wasm_bindgen]
extern "C" {
    /// Sends a request, as the platform does it.
    fn fetch(request: &web_sys::Request) -> js_sys::Promise;
}

/// Whether there is a binding of Workers AI.
pub fn can_infer(env: &Env) -> bool {
    env.ai(AI).is_ok()
}

/// Has Workers AI answer, and waits for the beginning of it. It cannot be told that nobody waits any more.
pub async fn infer(env: &Env, model: &str, body: &[u8], timeouts: Timeouts) -> Result<Opened, Fault> {
    let (sent_ms, text) = (now_ms(), String::from_utf8_lossy(body));
    let ai = env.ai(AI).map_err(|_| Fault::of(Class::Model))?;
    let asked = std::pin::pin!(JsFuture::from(infer_raw(ai.as_ref(), model, &text)));
    match select(asked, wait(timeouts.first_byte_ms.into())).await {
        Either::Left((Ok(answer), _)) => {
            let response = answer.dyn_into::<web_sys::Response>().map_err(|_| Fault::of(Class::Garbage))?;
            let (body, is_one_piece) = body_of(response);
            let headers = Vec::new();
            Ok(Opened {
                status: 200,
                headers,
                body,
                is_one_piece,
                controller: None,
                timeouts,
                sent_ms,
                begun: false,
                bytes: 0,
                timer: None,
            })
        }
        Either::Left((Err(thrown), _)) => {
            let error = thrown.dyn_into::<js_sys::Error>().map(|error| String::from(error.message()));
            Err(of_binding(&error.unwrap_or_default()))
        }
        Either::Right(_) => Err(Fault::of(Class::Timeout)),
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

fn raw(request: &HttpRequest, signal: &AbortSignal) -> worker::Result<web_sys::Request> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, &value.value())?;
    }
    let init = web_sys::RequestInit::new();
    init.set_method(request.method);
    init.set_headers(headers.as_ref());
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(signal));
    init.set_body(&Uint8Array::from(request.body.as_slice()));
    Ok(web_sys::Request::new_with_str_and_init(&request.url, &init)?)
}
