//! Chat: a conversation with a model of the tenant's, whose answers are shown as they come.

use aion_api::operations::Method;
use aion_client::sse::Events;
use aion_client::{Pieces, Stop};
use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, GetValue, GlobalAttributes,
    IntoAny, OnAttribute, OnTargetAttribute, PropAttribute, RwSignal, Set, SetValue, Signal, StoredValue, Update,
    on_cleanup, view,
};
use leptos::task::spawn_local;
use serde_json::Value;

use crate::app::App;
use crate::browser;
use crate::conversation::{Turn, body};
use crate::kit::action::{Button, Weight};
use crate::kit::field::{Shape, TextField, required};
use crate::kit::state::problem;
use crate::page::answer::{at, items, text};
use crate::page::head;
use crate::remote::{Failure, nothing};
use crate::session::{Session, request};
use crate::text::{Text, t};

/// Any model that can do what is asked.
const ANY_MODEL: &str = "auto";

/// A conversation.
#[derive(Clone, Copy)]
struct Chat {
    turns: RwSignal<Vec<Turn>>,
    /// The answer that comes.
    coming: RwSignal<Option<Turn>>,
    failure: RwSignal<Option<Failure>>,
    message: RwSignal<String>,
    stop: StoredValue<Stop, leptos::prelude::LocalStorage>,
    /// Whether a person has stopped it.
    stopped: RwSignal<bool>,
}

/// The page.
pub fn show(app: App) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let chat = Chat {
        turns: RwSignal::new(Vec::new()),
        coming: RwSignal::new(None),
        failure: RwSignal::new(None),
        message: RwSignal::new(String::new()),
        stop: StoredValue::new_local(Stop::new()),
        stopped: RwSignal::new(false),
    };
    on_cleanup(move || {
        if let Some(stop) = chat.stop.try_get_value() {
            stop.stop();
        }
    });
    view! { {head(t(Text::Chat), t(Text::ChatLead), nothing())}{log(chat)}{form(session, chat)} }.into_any()
}

/// What was said.
fn log(chat: Chat) -> AnyView {
    let said = move || chat.turns.get().iter().map(turn).collect_view();
    let coming = move || chat.coming.get().map(|coming| turn(&coming));
    let busy = move || chat.coming.get().is_some().to_string();
    let failure = move || chat.failure.get().map(|failure| problem(&failure));
    view! {
        <div class="chat" role="log" aria-label=t(Text::Chat) aria-busy=busy>{said}{coming}</div>
        {failure}
    }
    .into_any()
}

fn turn(turn: &Turn) -> AnyView {
    let (class, who) = if turn.asks { ("turn turn-asks", Text::ChatYou) } else { ("turn", Text::Model) };
    let notes = turn.notes.join(" · ");
    let notes = (!notes.is_empty()).then(|| view! { <p class="hint">{notes}</p> }.into_any());
    view! {
        <div class=class><p class="hint">{t(who)}</p><p class="turn-text">{turn.text.clone()}</p>{notes}</div>
    }
    .into_any()
}

fn form(session: Session, chat: Chat) -> AnyView {
    let (model, wrong) = (RwSignal::new(ANY_MODEL.to_owned()), RwSignal::new(None::<String>));
    let providers = at(&session, "/v1/mind/providers".to_owned(), None);
    // Who may not read providers writes the name of a model.
    let names = Signal::derive(move || {
        let of =
            |row: &Value| items(&row["provider"], "models").iter().map(|one| text(one, "name")).collect::<Vec<_>>();
        let known = providers.read(|told| items(told, "providers").iter().flat_map(of).collect::<Vec<_>>());
        known.unwrap_or_default()
    });
    let send = StoredValue::new_local(move || {
        let written = chat.message.get_untracked().trim().to_owned();
        wrong.set(required(&written));
        if written.is_empty() || chat.coming.get_untracked().is_some() {
            return;
        }
        chat.ask(&session, model.get_untracked().trim(), &written);
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        (send.get_value())();
    };
    // Enter sends; with the shift key it begins a line.
    let key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            (send.get_value())();
        }
    };
    let error =
        move || wrong.get().map(|wrong| view! { <p class="field-error" id="message-error">{wrong}</p> }.into_any());
    let invalid = move || wrong.get().map(|_| "true");
    let described = move || if wrong.get().is_some() { "message-hint message-error" } else { "message-hint" };
    let buttons = move || {
        if chat.coming.get().is_none() {
            return view! { <Button label=t(Text::ChatSend) weight=Weight::Primary submit=true press=|| {} /> }
                .into_any();
        }
        let stop = move || {
            chat.stopped.set(true);
            chat.stop.get_value().stop();
        };
        view! { <Button label=t(Text::ChatStop) weight=Weight::Danger press=stop /> }.into_any()
    };
    view! {
        <form class="form chat-form" on:submit=submit>
            <TextField id="chat-model" label=t(Text::Model) value=model options=names shape=Shape::Code />
            <div class="field">
                <label for="message">{t(Text::ChatMessage)}</label>
                <textarea id="message" class="input" rows="4" prop:value=move || chat.message.get()
                    aria-describedby=described aria-invalid=invalid on:keydown=key
                    on:input:target=move |event| chat.message.set(event.target().value())></textarea>
                <p class="hint" id="message-hint">{t(Text::ChatHint)}</p>
                {error}
            </div>
            <div class="form-end">{buttons}</div>
        </form>
    }
    .into_any()
}

impl Chat {
    /// Says something, and takes in what is answered.
    fn ask(self, session: &Session, model: &str, written: &str) {
        self.turns.update(|turns| turns.push(Turn::of_person(written)));
        self.message.set(String::new());
        self.failure.set(None);
        self.stopped.set(false);
        self.coming.set(Some(Turn::default()));
        // The button that was pressed makes room for another one.
        browser::focus("message");
        let stop = Stop::new();
        self.stop.set_value(stop.clone());
        let mut asked = request(Method::Post, "/v1/mind/chat", Some(&Value::Null));
        asked.body = Some(body(model, &self.turns.get_untracked()).into_bytes());
        let (client, written) = (session.client(), written.to_owned());
        spawn_local(async move {
            let mut answer = Turn::default();
            let failure = match client.stream(asked, &stop).await {
                Ok(pieces) => self.listen(&pieces, &mut answer).await,
                Err(error) => Some(error.into()),
            };
            self.end(answer, failure, written);
        });
    }

    /// Shows an answer as it comes; why it did not come whole.
    async fn listen(self, pieces: &Pieces, answer: &mut Turn) -> Option<Failure> {
        let (mut events, mut failure, mut whole) = (Events::default(), None, false);
        let broken = |detail: String| Failure { title: t(Text::ChatFailed).to_owned(), detail, ..Failure::default() };
        loop {
            let piece = match pieces.next().await {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(error) => {
                    failure = Some(error.into());
                    break;
                }
            };
            for event in events.push(&piece).unwrap_or_default() {
                whole |= event.name == "stop";
                failure = failure.or(answer.take(&event).map(broken));
            }
            // Nothing listens any more once the page was left.
            self.coming.try_set(Some(answer.clone()));
        }
        if !whole && failure.is_none() {
            failure = Some(broken(String::new()));
        }
        failure.map(|failure| Failure { request: pieces.request_id().to_owned(), ..failure })
    }

    /// An answer is over. Of one that has not begun nothing stays: what was asked goes back to where it was written.
    fn end(self, mut answer: Turn, failure: Option<Failure>, written: String) {
        let Some(stopped) = self.stopped.try_get_untracked() else {
            return;
        };
        self.coming.set(None);
        if answer.is_empty() {
            self.turns.update(|turns| drop(turns.pop()));
            if self.message.get_untracked().is_empty() {
                self.message.set(written);
            }
        } else {
            if stopped {
                answer.notes.push(t(Text::ChatStopped).to_owned());
            }
            self.turns.update(|turns| turns.push(answer));
        }
        self.failure.set(failure.filter(|_| !stopped));
        browser::focus("message");
    }
}
