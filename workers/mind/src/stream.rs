//! An answer in pieces: from the provider's events to the caller's, and to the end of its reservation.

use std::pin::pin;

use aion_api::object::mind::Handed;
use aion_api::problem::Problem;
use aion_mind::budget::End;
use aion_mind::models::Prices;
use aion_mind::wire::front::{Chunks, Head, write_own};
use aion_mind::wire::{Event, Fault, Fold, Reply, StreamDecoder, Usage};
use aion_shell::call::fault;
use futures_util::future::{Either, join, select};
use worker::{Env, Response, ResponseBody};

use crate::outbox::{self, Gone, Outbox, Sender};
use crate::upstream::Opened;
use crate::{allowances, chat, ends};

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
    let made = || {
        let (sender, readable) = outbox::pipe()?;
        let response = Response::from_body(ResponseBody::Stream(readable))?;
        response.headers().set("content-type", "text/event-stream")?;
        response.headers().set("x-accel-buffering", "no")?;
        Ok((sender, response))
    };
    made().map_err(|error: worker::Error| fault("stream", &error))
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
        let mut outbox = Outbox::new(sender, self.opened.left_ms());
        loop {
            for event in &events {
                match event {
                    Event::Usage(used) => usage = Some(*used),
                    Event::Stop { .. } => whole = true,
                    _ => {}
                }
                if let Some((_, fold)) = &mut self.again {
                    fold.push(event.clone());
                }
                self.writer.push(event, outbox.text());
            }
            if self.decoder.is_over() || matches!(events.last(), Some(Event::Stop { .. } | Event::Error(_))) {
                break;
            }
            events = match self.next(&mut outbox).await {
                Ok(events) => events,
                // Nobody listens: the provider is not asked to go on.
                Err(Gone) => break,
            };
        }
        let end = if whole { End::Used(self.prices.settled(usage, self.worst)) } else { End::Unknown };
        let end = allowances::ended(&self.id, self.worst, end);
        // The caller sees the end at once, and the ledger hears of it.
        let closed = outbox.close();
        let again = self.again.filter(|_| whole).and_then(|(key, fold)| chat::again(&key, &fold.finish().ok()?));
        let told = async {
            match again {
                Some(_) => chat::end(&env, &handed, &self.id, end, again).await,
                None => ends::soon(&env, &handed, &self.id, end).await,
            }
        };
        join(closed, told).await;
    }

    /// What the provider says next, while the caller takes what it has said.
    async fn next(&mut self, outbox: &mut Outbox) -> Result<Vec<Event>, Gone> {
        outbox.room().await?;
        match select(pin!(outbox.drive()), pin!(self.read())).await {
            Either::Left((Gone, _)) => Err(Gone),
            Either::Right((read, _)) => Ok(read.unwrap_or_else(|fault| vec![Event::Error(fault)])),
        }
    }

    async fn read(&mut self) -> Result<Vec<Event>, Fault> {
        Ok(match self.opened.next().await? {
            Some(piece) => self.decoder.push(&piece),
            None => self.decoder.finish(),
        })
    }
}
