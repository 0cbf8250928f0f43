//! An answer in pieces: from the provider's events to the caller's, and to the end of its reservation.

use aion_api::object::mind::Handed;
use aion_api::problem::Problem;
use aion_mind::budget::End;
use aion_mind::models::Prices;
use aion_mind::wire::front::{Chunks, Head, write_own};
use aion_mind::wire::{Event, Fault, Fold, Reply, StreamDecoder, Usage};
use aion_shell::call::fault;
use futures_channel::mpsc::{Receiver, Sender, channel};
use futures_util::FutureExt;
use futures_util::future::{Either, poll_fn, select};
use worker::{Env, Response};

use crate::chat;
use crate::upstream::{Opened, wait};

/// So many pieces wait for a caller who reads slowly; then the provider waits too.
const PIECES_WAITING: usize = 16;

/// The provider's end of the way to the caller.
type Pieces = Sender<worker::Result<Vec<u8>>>;

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

/// The channel between the flow and the caller, with the response that reads from it.
pub fn response() -> Result<(Pieces, Response), Problem> {
    let (sender, receiver): (_, Receiver<worker::Result<Vec<u8>>>) = channel(PIECES_WAITING);
    let made = || {
        let response = Response::from_stream(receiver)?;
        response.headers().set("content-type", "text/event-stream")?;
        response.headers().set("x-accel-buffering", "no")?;
        Ok(response)
    };
    made().map(|response| (sender, response)).map_err(|error: worker::Error| fault("stream", &error))
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
    pub async fn run(mut self, env: Env, handed: Handed, first: Vec<Event>, mut sender: Pieces) {
        let (mut events, mut usage, mut whole) = (first, None::<Usage>, false);
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
            if !text.is_empty() && !self.give(&mut sender, text).await {
                // Nobody listens: the provider is not asked to go on.
                break;
            }
            if self.decoder.is_over() || matches!(events.last(), Some(Event::Stop { .. } | Event::Error(_))) {
                break;
            }
            events = self.next().await.unwrap_or_else(|fault| vec![Event::Error(fault)]);
        }
        let end = if whole { End::Used(self.prices.settled(usage, self.worst)) } else { End::Unknown };
        drop(sender);
        let again = self.again.filter(|_| whole).and_then(|(key, fold)| chat::again(&key, &fold.finish().ok()?));
        chat::end(&env, &handed, &self.id, end, again).await;
    }

    async fn next(&mut self) -> Result<Vec<Event>, Fault> {
        Ok(match self.opened.next().await? {
            Some(piece) => self.decoder.push(&piece),
            None => self.decoder.finish(),
        })
    }

    /// Whether the caller takes a piece, within the time that the whole may take.
    async fn give(&self, sender: &mut Pieces, text: String) -> bool {
        let mut ready = std::pin::pin!(poll_fn(|context| sender.poll_ready(context)));
        if let Some(ready) = ready.as_mut().now_or_never() {
            return ready.is_ok() && sender.start_send(Ok(text.into_bytes())).is_ok();
        }
        match select(ready, wait(self.opened.left_ms())).await {
            Either::Left((Ok(()), _)) => {}
            Either::Left((Err(_), _)) | Either::Right(_) => return false,
        }
        sender.start_send(Ok(text.into_bytes())).is_ok()
    }
}
