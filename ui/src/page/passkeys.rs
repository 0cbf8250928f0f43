//! The passkeys of whoever has signed in as a member: a part of the settings.

use std::sync::Arc;

use aion_api::operations::Method;
use aion_api::passkey::FRESH_MS;
use aion_api::session::SESSION_MS;
use leptos::prelude::{AnyView, ClassAttribute, ElementChild, Get, GetUntracked, IntoAny, RwSignal, Set, Signal, view};
use serde_json::{Value, json};

use crate::app::App;
use crate::browser;
use crate::kit::action::{Button, Copy, Weight};
use crate::kit::dialog::Confirm;
use crate::kit::field::{TextField, required};
use crate::kit::table::Column;
use crate::kit::time::ago;
use crate::page::answer::{at, by_name, column, listed, text};
use crate::page::question::{Meant, Question, asking};
use crate::passkey;
use crate::remote::{Deed, Failure, Remote, nothing};
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

const PATH: &str = "/v1/session/passkeys";

/// The part, anew whenever somebody has signed in again.
pub fn section(app: App) -> AnyView {
    (move || app.session.get().map_or_else(nothing, |session| shown(app, session))).into_any()
}

fn shown(app: App, session: Session) -> AnyView {
    let (fresh, removing): (bool, Meant) = (is_fresh(&session), RwSignal::new(None));
    let list = at(&session, PATH.to_owned(), None);
    let columns = move || {
        let act = move |passkey: &Value| {
            let passkey = passkey.clone();
            let ask = move || removing.set(Some(removal(&passkey)));
            view! { <Button label=t(Text::Remove) weight=Weight::Quiet press=ask /> }.into_any()
        };
        let did = |passkey: &Value| match text(passkey, "did") {
            did if did.is_empty() => "—".into_any(),
            did => view! { <Copy value=did short=true /> }.into_any(),
        };
        let did = Column::new(Text::ApprovesAs, did);
        let added = Column::new(Text::Created, |passkey: &Value| ago(&text(passkey, "addedAt")));
        let acts = fresh.then(|| Column::new(Text::Actions, act));
        [column(Text::Name, "name").ordered(by_name), did, added].into_iter().chain(acts).collect()
    };
    let table = listed(list, "items", t(Text::Passkeys), columns, [Text::NoPasskeys, Text::NoPasskeysText]);
    let changing = if fresh { adding(app, session.clone(), list) } else { stale(app) };
    view! {
        <p class="lead">{t(Text::PasskeysLead)}</p>{table}<p class="hint">{t(Text::PasskeysApprove)}</p>{changing}
        {asking(app, session, removing, false, move |_: Value| list.refresh())}
    }
    .into_any()
}

/// Whether the server lets this session change passkeys; it looks for itself.
fn is_fresh(session: &Session) -> bool {
    let end_ms = session.until.as_deref().and_then(browser::read_time);
    #[allow(clippy::cast_precision_loss, reason = "hours in milliseconds")]
    let left_ms = (SESSION_MS - FRESH_MS) as f64;
    end_ms.is_some_and(|end_ms| end_ms - browser::now_ms() > left_ms)
}

fn stale(app: App) -> AnyView {
    view! {
        <p class="hint">{t(Text::PasskeysFresh)}</p>
        <div class="actions"><Button label=t(Text::SignInAgain) press=move || app.again.set(true) /></div>
    }
    .into_any()
}

fn removal(passkey: &Value) -> Question {
    let path = format!("{PATH}/{}", text(passkey, "id"));
    let effects = vec![fill(Text::PasskeyRemoved, &[&text(passkey, "name")]), t(Text::PasskeyLast).to_owned()];
    let request = Arc::new(move |_: &str| request(Method::Delete, &path, None));
    Question { label: Text::Remove, effects, danger: true, request }
}

fn adding(app: App, session: Session, list: Remote<Value>) -> AnyView {
    let (open, deed) = (RwSignal::new(false), Deed::new());
    let (name, wrong) = (RwSignal::new(String::new()), RwSignal::new(None));
    let effects = Signal::derive(|| {
        [Text::PasskeyMade, Text::PasskeyWanted, Text::PasskeyEnds].map(t).map(str::to_owned).to_vec()
    });
    let act = move || {
        let named = name.get_untracked().trim().to_owned();
        wrong.set(required(&named));
        if !named.is_empty() {
            deed.run(added(session.clone(), named), move |()| {
                open.set(false);
                name.set(String::new());
                app.tell(t(Text::Done));
                list.refresh();
            });
        }
    };
    view! {
        <div class="actions">
            <Button label=t(Text::AddPasskey) weight=Weight::Primary press=move || open.set(true) />
        </div>
        <Confirm open=open id="passkey" title=t(Text::AddPasskey) effects=effects label=t(Text::AddPasskey) deed=deed
            act=act>
            <TextField id="passkey-name" label=t(Text::Name) value=name error=wrong hint=t(Text::PasskeyNameHint) />
        </Confirm>
    }
    .into_any()
}

async fn added(session: Session, name: String) -> Result<(), Failure> {
    let options = session.ask(request(Method::Post, "/v1/session/passkeys:challenge", None)).await?;
    let credential = passkey::create(&options).await?;
    session.ask(request(Method::Post, PATH, Some(&json!({ "name": name, "credential": credential })))).await?;
    Ok(())
}
