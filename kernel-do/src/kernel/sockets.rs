//! Live events over hibernating `WebSocket`s: the platform keeps them while the object sleeps, and what an object sends
//! wakes nobody else. Each message is one event in JSON with the number of its link, by which a client that comes back
//! goes on (`?after=`). A socket ends with its task, and with the key that it was opened with. Where that is one of a
//! session which is over by the clock, it ends at the next event, of which it is told nothing.

use aion_api::object::Call;
use aion_api::object::kernel::Request;
use aion_api::problem::{Code, Problem};
use aion_shell::call::{self, fault};
use aion_task::audit::Link;
use aion_task::event::Event;
use worker::{Response, WebSocket, WebSocketPair};

use super::events::{self, REPLAY_MAX};
use super::shard::Shard;

/// So many sockets may be open at an object: the platform takes 32,768, and each costs a call for every event.
const SOCKETS_MAX: usize = 1_024;
/// Closing codes (RFC 6455 section 7.4.1).
const NORMAL: u16 = 1_000;
const POLICY_VIOLATION: u16 = 1_008;
/// The tag of a socket that ends with a session, before its end in Unix milliseconds.
const UNTIL: &str = "until:";

impl Shard {
    /// Opens a socket for a task's events: those after a number, then what happens.
    pub(super) fn open_socket(&self, call: &Call<Request>) -> Result<Response, Problem> {
        let Request::Events { task, after, until_ms } = &call.request else {
            return Err(Problem::internal());
        };
        let ended = self.is_ended(task)?;
        if self.state().get_websockets().len() >= SOCKETS_MAX {
            return Err(Problem::new(Code::LimitReached, "too many event streams are open").retry_after(5));
        }
        let pair = WebSocketPair::new().map_err(|error| fault("websocket", &error))?;
        let by = call.key.as_deref().map(tag);
        let until = until_ms.map(|until_ms| format!("{UNTIL}{until_ms}"));
        let tags: Vec<&str> = [Some(task.as_str()), by.as_deref(), until.as_deref()].into_iter().flatten().collect();
        self.state().accept_websocket_with_tags(&pair.server, &tags);
        self.has_sockets.set(true);
        for link in self.store().links(task, *after, REPLAY_MAX)? {
            let happened: Vec<Event> = serde_json::from_str(&link.events).map_err(|error| fault("log", &error))?;
            tell(&pair.server, task, &link, &happened);
        }
        if ended {
            close(&pair.server);
        }
        Response::from_websocket(pair.client).map_err(|error| fault("websocket", &error))
    }

    /// Ends the sockets of a key.
    pub(super) fn end_sockets(&self, key: &str) {
        for socket in self.state().get_websockets_with_tag(&tag(key)) {
            // One that is closed already is closed.
            _ = socket.close(Some(POLICY_VIOLATION), Some("the key was revoked"));
        }
    }

    fn is_over(&self, socket: &WebSocket) -> bool {
        let tags = self.state().get_tags(socket);
        let until = tags.iter().find_map(|tag| tag.strip_prefix(UNTIL)?.parse::<u64>().ok());
        until.is_some_and(|until_ms| until_ms <= call::now_ms())
    }

    /// Tells whoever listens over a socket.
    pub(super) fn publish_to_sockets(&self, link: &Link, happened: &[Event]) {
        if !self.has_sockets.get() {
            return;
        }
        let mut told: Vec<&str> = Vec::new();
        for event in happened {
            if told.contains(&event.task.as_str()) {
                continue;
            }
            told.push(&event.task);
            for socket in self.state().get_websockets_with_tag(&event.task) {
                if self.is_over(&socket) {
                    // One that is closed already is closed.
                    _ = socket.close(Some(POLICY_VIOLATION), Some("the session is over"));
                } else if tell(&socket, &event.task, link, happened) {
                    close(&socket);
                }
            }
        }
    }
}

/// The tag of a key's sockets; no id of a task has a colon.
fn tag(key: &str) -> String {
    format!("key:{key}")
}

/// Sends a link's events of a task; tells whether the task ended with them. A client that went away is not missed.
fn tell(socket: &WebSocket, task: &str, link: &Link, happened: &[Event]) -> bool {
    let mut ended = false;
    for event in happened.iter().filter(|event| event.task == task) {
        _ = socket.send_with_str(events::data(event, link).to_string());
        ended |= events::ends(event);
    }
    ended
}

fn close(socket: &WebSocket) {
    // One that is closed already is closed.
    _ = socket.close(Some(NORMAL), Some("the task has ended"));
}
