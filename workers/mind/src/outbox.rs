//! What of an answer in pieces is on its way to the caller.
//!
//! A piece goes at once if the caller has had none for a moment, and together with those that came since otherwise:
//! what a piece costs is one turn of scripts, sockets and whoever reads, however short it is. Who takes what he is
//! given more slowly than the provider speaks makes the provider wait.

use std::future::pending;

use aion_shell::call::now_ms;
use futures_util::future::{Either, select};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::js_sys::futures::JsFuture;
use worker::js_sys::{Promise, Uint8Array};
use worker::{Delay, web_sys};

use crate::upstream::wait;

/// Between two pieces lies so much, milliseconds: a quarter of what a screen needs for a picture, and less than models
/// need for a word.
const REST_MS: u64 = 4;
/// So much waits for the caller before the provider does, bytes: what a provider says in a second.
const WAITING_MAX_BYTES: usize = 64 << 10;

#[wasm_bindgen]
extern "C" {
    /// A stream of the platform's own, which goes through scripts without any of their code (workers/entry.mjs).
    #[wasm_bindgen(catch, js_name = aionPipe)]
    fn pipe_raw() -> Result<JsValue, JsValue>;

    /// Both of its ends.
    type Pipe;

    #[wasm_bindgen(method, getter)]
    fn readable(this: &Pipe) -> web_sys::ReadableStream;

    #[wasm_bindgen(method, getter)]
    fn writer(this: &Pipe) -> Sender;

    /// The provider's end of the way to the caller.
    pub type Sender;

    /// Done as soon as the caller has taken it: one who reads slowly makes the provider wait.
    #[wasm_bindgen(method)]
    fn write(this: &Sender, piece: &Uint8Array) -> Promise;

    #[wasm_bindgen(method)]
    fn close(this: &Sender) -> Promise;
}

/// The two ends of a way to the caller: who gives, and what the caller reads.
pub fn pipe() -> worker::Result<(Sender, web_sys::ReadableStream)> {
    let pipe = pipe_raw()?.unchecked_into::<Pipe>();
    Ok((pipe.writer(), pipe.readable()))
}

/// The caller takes nothing any more.
pub struct Gone;

/// What is on its way.
pub struct Outbox {
    sender: Sender,
    /// What waits.
    text: String,
    state: State,
    /// Until when the caller may take it.
    patience: Delay,
}

enum State {
    Idle,
    /// The caller is being given something.
    Giving(JsFuture<JsValue>),
    /// It has been given something, and gets the next not before then, Unix milliseconds. Nothing wakes for that as
    /// long as nothing waits: a timer for each piece of a slow model would cost as much as the piece.
    Resting(u64, Option<Delay>),
    /// It has gone.
    Gone,
}

impl Outbox {
    /// For a caller who has so many milliseconds for the whole.
    pub fn new(sender: Sender, left_ms: u64) -> Self {
        Self { sender, text: String::new(), state: State::Idle, patience: wait(left_ms) }
    }

    /// Where what is to go is written.
    pub const fn text(&mut self) -> &mut String {
        &mut self.text
    }

    /// Gives what waits as long as it is polled, and loses nothing if it is dropped before its end, which is that the
    /// caller has gone.
    pub async fn drive(&mut self) -> Gone {
        loop {
            if self.text.is_empty() && matches!(self.state, State::Idle | State::Resting(..)) {
                pending::<()>().await;
            }
            if let Err(gone) = self.step().await {
                return gone;
            }
        }
    }

    /// Waits until there is room for more.
    pub async fn room(&mut self) -> Result<(), Gone> {
        while self.text.len() > WAITING_MAX_BYTES {
            self.hasten().await?;
        }
        Ok(())
    }

    /// Gives all of it, and the end.
    pub async fn close(mut self) {
        while !self.text.is_empty() || matches!(self.state, State::Giving(_)) {
            if let Err(Gone) = self.hasten().await {
                return;
            }
        }
        // Whoever has gone does not take the end either.
        _ = select(JsFuture::from(self.sender.close()), self.patience).await;
    }

    /// A step without rest.
    async fn hasten(&mut self) -> Result<(), Gone> {
        if matches!(self.state, State::Resting(..)) {
            self.state = State::Idle;
        }
        self.step().await
    }

    async fn step(&mut self) -> Result<(), Gone> {
        self.state = match &mut self.state {
            State::Idle => {
                let piece = Uint8Array::from(self.text.as_bytes());
                self.text.clear();
                State::Giving(JsFuture::from(self.sender.write(&piece)))
            }
            State::Giving(given) => match select(given, &mut self.patience).await {
                Either::Left((Ok(_), _)) => State::Resting(now_ms().saturating_add(REST_MS), None),
                Either::Left((Err(_), _)) | Either::Right(_) => State::Gone,
            },
            State::Resting(until_ms, timer) => {
                let left_ms = until_ms.saturating_sub(now_ms());
                if left_ms > 0 {
                    timer.get_or_insert_with(|| wait(left_ms)).await;
                }
                State::Idle
            }
            State::Gone => return Err(Gone),
        };
        if matches!(self.state, State::Gone) { Err(Gone) } else { Ok(()) }
    }
}
