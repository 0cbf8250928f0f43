//! What happens, as it happens: a stream of events that is followed while somebody looks, and taken up where it was
//! left. Whoever follows asks for the thing itself after each event; where no stream can be had, the page asks by the
//! clock as it does anyway.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use aion_api::operations::Method;
use aion_client::sse::Events;
use aion_client::{FetchTransport, Pieces, Request, Stop, Transport};
use leptos::leptos_dom::helpers::set_interval_with_handle;
use leptos::prelude::{
    AnyView, ClassAttribute, ElementChild, Get, GetUntracked, GetValue, GlobalAttributes, IntoAny, RwSignal, Set,
    StoredValue, on_cleanup, view,
};
use leptos::task::spawn_local;

use crate::app::App;
use crate::browser;
use crate::kit::action::{Button, Weight};
use crate::kit::state::{Tone, badge};
use crate::session::Session;
use crate::text::{Text, t};

/// A stream that ended is asked for again after this time, as it says itself; twice as long each time that it cannot
/// be had, up to half a minute.
const AGAIN_MS: u64 = 2_000;
const AGAIN_MAX_MS: u64 = 30_000;
/// How often it is looked whether the stream is to be there.
const LOOK_EVERY_MS: u64 = 500;
/// A stream says something every 15 seconds: one that is silent for so long has lost its way.
const SILENT_MAX_MS: f64 = 40_000.0;

/// What became of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is shown, and more can happen.
    GoesOn,
    /// Nothing happens any more, or nobody looks.
    Over,
    /// It did not come: the clock asks for it, and shows why.
    Failed,
}

/// Asks for the thing, and shows it.
pub type Look = Rc<dyn Fn() -> Pin<Box<dyn Future<Output = Seen>>>>;

/// How something is followed.
#[derive(Clone, Copy)]
pub struct Follow {
    /// Whether a stream tells what happens.
    live: RwSignal<bool>,
    /// Whether somebody wants to look at it as it is.
    paused: RwSignal<bool>,
}

impl Follow {
    /// Not yet.
    pub fn new() -> Self {
        Self { live: RwSignal::new(false), paused: RwSignal::new(false) }
    }

    /// Whether the page need not ask by the clock.
    pub fn is_enough(self) -> bool {
        // A page that was left asks for nothing.
        self.live.try_get_untracked() != Some(false) || self.paused.try_get_untracked() != Some(false)
    }

    /// Whether its page is still there.
    pub fn is_there(self) -> bool {
        self.live.try_get_untracked().is_some()
    }

    /// How it is followed, in a word, with the way to stop that and to go on.
    pub fn shown(self, app: App) -> AnyView {
        let word = move || {
            let (text, tone) = match (self.paused.get(), self.live.get(), app.reached.get()) {
                (true, _, _) => (Text::FollowPaused, Tone::Warn),
                (_, true, _) => (Text::FollowLive, Tone::Good),
                (_, _, false) => (Text::FollowOffline, Tone::Bad),
                _ => (Text::FollowAsking, Tone::Calm),
            };
            badge(t(text), tone)
        };
        let button = move || {
            let (label, next) = if self.paused.get() { (Text::Resume, false) } else { (Text::Pause, true) };
            view! { <Button label=t(label) weight=Weight::Quiet press=move || self.paused.set(next) /> }.into_any()
        };
        view! { <span class="follow"><span role="status">{word}</span>{button}</span> }.into_any()
    }

    /// Follows the events at a path until the page is left, or nothing can happen any more.
    pub fn begin(self, app: App, session: &Session, path: String, look: Look) {
        let way = Rc::new(Way { stop: RefCell::new(Stop::new()), heard_ms: Cell::new(0.0), left: Cell::new(false) });
        let watching = Rc::clone(&way);
        let watch = move || {
            let silent = browser::now_ms() - watching.heard_ms.get() > SILENT_MAX_MS;
            if self.live.try_get_untracked() == Some(true) && (silent || !self.is_wanted()) {
                watching.stop.borrow().stop();
            }
        };
        if let Ok(handle) = set_interval_with_handle(watch, Duration::from_millis(LOOK_EVERY_MS)) {
            on_cleanup(move || handle.clear());
        }
        let leaving = StoredValue::new_local(Rc::clone(&way));
        on_cleanup(move || {
            if let Some(way) = leaving.try_get_value() {
                way.left.set(true);
                way.stop.borrow().stop();
            }
        });
        spawn_local(self.run(app, session.clone(), path, look, way));
    }

    /// Whether there is anybody to follow it for, and a way to do so.
    fn is_wanted(self) -> bool {
        let online = browser::window().is_none_or(|window| window.navigator().on_line());
        self.paused.try_get_untracked() == Some(false) && !browser::is_hidden() && online
    }

    async fn run(self, app: App, session: Session, path: String, look: Look, way: Rc<Way>) {
        let (mut events, mut again_ms) = (Events::default(), AGAIN_MS);
        while !way.left.get() {
            if !self.is_wanted() {
                FetchTransport.sleep(LOOK_EVERY_MS).await;
                continue;
            }
            let stop = Stop::new();
            way.stop.replace(stop.clone());
            let request = Request::new(Method::Get, &path).with_header("last-event-id", after(&events));
            if let Ok(pieces) = session.client().stream(request, &stop).await {
                again_ms = AGAIN_MS;
                self.live.try_set(true);
                app.reached.try_set(true);
                let seen = read(&pieces, &mut events, &look, &way).await;
                self.live.try_set(false);
                if seen == Seen::Over {
                    return;
                }
            }
            // What half came is not waited for: it comes again.
            events = events.taken_up();
            FetchTransport.sleep(again_ms).await;
            again_ms = (again_ms * 2).min(AGAIN_MAX_MS);
        }
    }
}

/// What the follower and its page share.
struct Way {
    stop: RefCell<Stop>,
    /// When anything came, Unix milliseconds.
    heard_ms: Cell<f64>,
    left: Cell<bool>,
}

/// The number that a stream goes on after.
fn after(events: &Events) -> &str {
    if events.last_id().is_empty() { "0" } else { events.last_id() }
}

/// Reads a stream to its end, or to what ends it.
async fn read(pieces: &Pieces, events: &mut Events, look: &Look, way: &Way) -> Seen {
    way.heard_ms.set(browser::now_ms());
    while let Ok(Some(bytes)) = pieces.next().await {
        way.heard_ms.set(browser::now_ms());
        let Ok(told) = events.push(&bytes) else {
            break;
        };
        if !told.is_empty() {
            match look().await {
                Seen::GoesOn => {}
                seen => return seen,
            }
        }
    }
    Seen::GoesOn
}
