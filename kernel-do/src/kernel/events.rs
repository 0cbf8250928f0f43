//! Live events as server-sent events (HTML Living Standard section 9.2).
//!
//! The last event of a link carries its number as `id`, so a client that comes back with it misses nothing; at worst
//! it sees events of one link again. Listeners live in memory: when the object goes, their streams end, and they come
//! back.

use std::cell::RefCell;
use std::fmt::Write;
use std::time::Duration;

use aion_api::problem::{Code, Problem};
use aion_api::time::rfc3339;
use aion_shell::call;
use aion_task::audit::Link;
use aion_task::event::Event;
use aion_task::task::State;
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::unfold;
use serde_json::{Value, json};
use worker::{Delay, Headers, Response};

/// Links that are replayed before what happens is followed; a task has some dozens.
pub(super) const REPLAY_MAX: usize = 10_000;
/// A stream that says nothing for longer is cut by proxies on its way.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// So many streams may be open at an object: what waits for each is some hundred bytes an event.
const LISTENERS_MAX: usize = 256;
/// What a stream begins with: when to come back after a break.
const HELLO: &str = "retry: 2000\n\n";
/// What a stream says when nothing happens.
const STILL_HERE: &str = ":\n\n";

/// Events on their way to a client, as text.
pub(super) type Lines = UnboundedReceiver<String>;

/// A new stream's two ends.
pub(super) fn channel() -> (UnboundedSender<String>, Lines) {
    let (sender, lines) = unbounded();
    // The other end is here: this cannot fail.
    _ = sender.unbounded_send(HELLO.to_owned());
    (sender, lines)
}

/// Sends a link's events of a task; tells whether the task ended with them.
pub(super) fn send(sender: &UnboundedSender<String>, task: &str, link: &Link, events: Vec<Event>) -> bool {
    let own: Vec<Event> = events.into_iter().filter(|event| event.task == task).collect();
    let mut text = String::new();
    // Writing to a string cannot fail.
    for (place, event) in own.iter().enumerate() {
        if place + 1 == own.len() {
            _ = writeln!(text, "id: {}", link.seq);
        }
        _ = write!(text, "data: {}\n\n", data(event, link));
    }
    // A client that went away is noticed here; its listener goes with the next event.
    _ = sender.unbounded_send(text);
    own.iter().any(ends)
}

/// An event as clients get it: with the number and the time of its link.
pub(super) fn data(event: &Event, link: &Link) -> Value {
    let mut data = json!(event);
    data["seq"] = json!(link.seq);
    data["at"] = json!(rfc3339(link.at_ms));
    data
}

/// Whether a task ends with an event.
pub(super) fn ends(event: &Event) -> bool {
    let kind = event.kind.strip_prefix("task.").unwrap_or_default();
    State::ALL.iter().any(|state| state.is_terminal() && state.as_str() == kind)
}

struct Listener {
    task: String,
    /// The key that it was opened with.
    key: Option<String>,
    sender: UnboundedSender<String>,
}

/// The open streams of a shard.
#[derive(Default)]
pub(super) struct Listeners(RefCell<Vec<Listener>>);

impl Listeners {
    pub(super) fn add(&self, task: &str, key: Option<&str>, sender: UnboundedSender<String>) -> Result<(), Problem> {
        let mut listeners = self.0.borrow_mut();
        listeners.retain(|listener| !listener.sender.is_closed());
        if listeners.len() >= LISTENERS_MAX {
            return Err(Problem::new(Code::LimitReached, "too many event streams are open").retry_after(5));
        }
        listeners.push(Listener { task: task.to_owned(), key: key.map(str::to_owned), sender });
        Ok(())
    }

    /// Ends the streams of a key.
    pub(super) fn end(&self, key: &str) {
        self.0.borrow_mut().retain(|listener| listener.key.as_deref() != Some(key));
    }

    /// Tells whoever listens; a stream ends with its task.
    pub(super) fn publish(&self, link: &Link, events: &[Event]) {
        self.0.borrow_mut().retain(|listener| {
            let concerned = events.iter().any(|event| event.task == listener.task);
            let ended = concerned && send(&listener.sender, &listener.task, link, events.to_vec());
            !ended && !listener.sender.is_closed()
        });
    }
}

/// The response that carries a stream; it ends with the session that listens, if one does.
pub(super) fn stream(lines: Lines, until_ms: Option<u64>) -> worker::Result<Response> {
    let body = unfold(lines, move |mut lines| async move {
        let left = || until_ms.map_or(HEARTBEAT, |end| Duration::from_millis(end.saturating_sub(call::now_ms())));
        let text = match select(lines.next(), Delay::from(left().min(HEARTBEAT))).await {
            Either::Left((text, _)) => text?,
            Either::Right(_) => STILL_HERE.to_owned(),
        };
        (!left().is_zero()).then(|| (Ok::<Vec<u8>, worker::Error>(text.into_bytes()), lines))
    });
    let headers = Headers::new();
    headers.set("content-type", "text/event-stream")?;
    headers.set("cache-control", "no-store")?;
    Ok(Response::from_stream(Box::pin(body))?.with_headers(headers))
}
