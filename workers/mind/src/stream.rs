//! An answer in pieces: from the provider's events to the caller's, and to the end of its reservation.

use aion_api::object::mind::Handed;
use aion_api::problem::Problem;
use aion_mind::budget::End;
use aion_mind::models::Prices;
use aion_mind::wire::front::{Chunks, Head, write_own};
use aion_mind::wire::{Event, Fault, Fold, Reply, StreamDecoder, Usage};
use aion_shell::call::fault;
use futures_util::future::{Either, select};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::js_sys::futures::JsFuture;
use worker::js_sys::{Promise, Uint8Array};
use worker::{Delay, Env, Response, ResponseBody, web_sys};

use crate::upstream::{Opened, wait};
use crate::{allowances, chat, ends};

#[wasm_bindgen]
extern "C" {
    /// A stream of the platform's own, which goes through scripts without any of their code (workers/entry.mjs).
    #[wasm_bindgen(catch, js_name = aionPipe)]
    fn pipe() -> Result<JsValue, JsValue>;

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

/// The words of an answer.
#[derive(Debug, Clone)]
pub enum Words {
    /// Ours.
    Own,
    /// Those of `OpenAI`'s clients.
    Theirs { head: Head, include_usage: bool },
}

/// Who writes the events of an answer.
pub enum Writer {
    Own,
    Theirs(Box<Chunks>),
}

impl Writer {
    pub fn new(words: &Words) -> Self {
        match words {
            Words::Own => Self::Own,
            Words::Theirs { head, include_usage } => Self::Theirs(Box::new(Chunks::new(head, *include_usage))),
        }
    }

    fn push(&mut self, event: &Event, out: &mut String) {
        match self {
            Self::Own => write_own(event, out),
            Self::Theirs(chunks) => chunks.push(event, out),
        }
    }
}

/// A stream that goes on after its first events.
pub struct Flow {
    pub opened: Opened,
    pub decoder: StreamDecoder,
    pub writer: Writer,
    /// The reservation.
    pub id: String,
    pub prices: Prices,
    /// What was reserved, micro-USD.
    pub worst: u64,
    /// Under which key the answer may be given again, and what there is of it.
    pub again: Option<(String, Fold)>,
}

/// The way between the flow and the caller, with the response that reads from it.
pub fn response() -> Result<(Sender, Response), Problem> {
    let pipe = pipe().map_err(|error| fault("stream", &worker::Error::from(error)))?.unchecked_into::<Pipe>();
    let made = || {
        let response = Response::from_body(ResponseBody::Stream(pipe.readable()))?;
        response.headers().set("content-type", "text/event-stream")?;
        response.headers().set("x-accel-buffering", "no")?;
        Ok(response)
    };
    made().map(|response| (pipe.writer(), response)).map_err(|error: worker::Error| fault("stream", &error))
}

/// An answer that is known, in pieces.
pub fn known(reply: &Reply, words: &Words) -> Result<Response, Problem> {
    let (mut writer, mut text) = (Writer::new(words), String::new());
    for event in reply.events() {
        writer.push(&event, &mut text);
    }
    let made = || {
        let response = Response::from_bytes(text.into_bytes())?;
        response.headers().set("content-type", "text/event-stream")?;
        Ok(response)
    };
    made().map_err(|error: worker::Error| fault("stream", &error))
}

impl Flow {
    /// Passes everything on, and settles the reservation: by usage if the answer is whole, at its worst case if the
    /// provider broke off or the caller has gone.
    pub async fn run(mut self, env: Env, handed: Handed, first: Vec<Event>, sender: Sender) {
        let (mut events, mut usage, mut whole) = (first, None::<Usage>, false);
        let mut patience = wait(self.opened.left_ms());
        loop {
            let mut text = String::new();
            for event in &events {
                match event {
                    Event::Usage(used) => usage = Some(*used),
                    Event::Stop { .. } => whole = true,
                    _ => {}
                }
                if let Some((_, fold)) = &mut self.again {
                    fold.push(event.clone());
                }
                self.writer.push(event, &mut text);
            }
            if !text.is_empty() && !give(&sender, &text, &mut patience).await {
                // Nobody listens: the provider is not asked to go on.
                break;
            }
            if self.decoder.is_over() || matches!(events.last(), Some(Event::Stop { .. } | Event::Error(_))) {
                break;
            }
            events = self.next().await.unwrap_or_else(|fault| vec![Event::Error(fault)]);
        }
        let end = if whole { End::Used(self.prices.settled(usage, self.worst)) } else { End::Unknown };
        let end = allowances::ended(&self.id, self.worst, end);
        // The caller sees the end at once, and the ledger hears of it.
        let closed = JsFuture::from(sender.close());
        let again = self.again.filter(|_| whole).and_then(|(key, fold)| chat::again(&key, &fold.finish().ok()?));
        match again {
            Some(_) => chat::end(&env, &handed, &self.id, end, again).await,
            None => ends::soon(&env, &handed, &self.id, end).await,
        }
        // Whoever has gone does not take the end either.
        _ = select(closed, patience).await;
    }

    async fn next(&mut self) -> Result<Vec<Event>, Fault> {
        Ok(match self.opened.next().await? {
            Some(piece) => self.decoder.push(&piece),
            None => self.decoder.finish(),
        })
    }
}

/// Whether the caller takes a piece, within the time that the whole may take.
async fn give(sender: &Sender, text: &str, patience: &mut Delay) -> bool {
    let taken = JsFuture::from(sender.write(&Uint8Array::from(text.as_bytes())));
    matches!(select(taken, patience).await, Either::Left((Ok(_), _)))
}
