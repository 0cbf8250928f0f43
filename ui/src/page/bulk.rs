//! What is done to many tasks at once: they are chosen one by one, told how many and what happens, and then asked.

use std::sync::Arc;

use aion_api::operations::Method;
use aion_api::v1::tasks::Task;
use leptos::prelude::{
    AnyView, ClassAttribute, ElementChild, Get, GetUntracked, GlobalAttributes, IntoAny, RwSignal, Set, Signal, With,
    view,
};
use serde_json::json;

use crate::app::App;
use crate::kit::action::{Button, Weight};
use crate::kit::dialog::Confirm;
use crate::kit::field::{Chosen, TextField, choice, required};
use crate::kit::state::counted;
use crate::kit::table::Column;
use crate::page::task::{can_cancel, can_redrive};
use crate::remote::{Deed, Told, nothing};
use crate::session::{Session, request};
use crate::text::{Text, fill, t};

/// The rows of the list.
type Shown = RwSignal<Vec<Told<Task>>>;

/// The column in which tasks are chosen.
pub fn column(chosen: Chosen) -> Column<Told<Task>> {
    Column::new(Text::Choose, move |task: &Told<Task>| choice(chosen, task.value.id.clone(), &task.value.id, true))
}

/// What can be done to many.
#[derive(Clone, Copy)]
struct Act {
    id: &'static str,
    verb: &'static str,
    fits: fn(&Task) -> bool,
    /// Its button, its question, and what it does.
    texts: [Text; 3],
}

const CANCEL: Act = Act {
    id: "cancel-many",
    verb: "cancel",
    fits: can_cancel,
    texts: [Text::CancelMany, Text::CancelManyTitle, Text::CancelManyEffect],
};
const REDRIVE: Act = Act {
    id: "redrive-many",
    verb: "redrive",
    fits: can_redrive,
    texts: [Text::RedriveMany, Text::RedriveManyTitle, Text::RedriveManyEffect],
};

/// The bar that stands while some are chosen.
pub fn bar(app: App, session: &Session, shown: Shown, chosen: Chosen, again: impl Fn() + Copy + 'static) -> AnyView {
    let count = move || chosen.with(Vec::len);
    let all = move || chosen.set(shown.with(|tasks| tasks.iter().map(|task| task.value.id.clone()).collect()));
    let again: Arc<dyn Fn()> = Arc::new(again);
    let [cancelling, redriving] = [RwSignal::new(false), RwSignal::new(false)];
    let buttons = move || {
        if count() == 0 {
            return nothing();
        }
        view! {
            <div class="actions bulk" role="status">
                <span class="tabular">{counted(Text::Chosen, count())}</span>
                <Button label=t(Text::ChooseAll) weight=Weight::Quiet press=all />
                <Button label=t(Text::ChooseNone) weight=Weight::Quiet press=move || chosen.set(Vec::new()) />
                {button(CANCEL, shown, chosen, cancelling)}{button(REDRIVE, shown, chosen, redriving)}
            </div>
        }
        .into_any()
    };
    view! {
        {buttons}
        {dialog(CANCEL, app, session.clone(), shown, chosen, cancelling, Arc::clone(&again))}
        {dialog(REDRIVE, app, session.clone(), shown, chosen, redriving, again)}
    }
    .into_any()
}

/// Those of the chosen that it can be done to.
fn meant(act: Act, shown: Shown, chosen: Chosen) -> Vec<String> {
    let chosen = chosen.get();
    shown.with(|tasks| {
        let fits = tasks.iter().filter(|task| chosen.contains(&task.value.id) && (act.fits)(&task.value));
        fits.map(|task| task.value.id.clone()).collect()
    })
}

fn button(act: Act, shown: Shown, chosen: Chosen, open: RwSignal<bool>) -> AnyView {
    let count = meant(act, shown, chosen).len();
    let weight = if act.id == CANCEL.id { Weight::Danger } else { Weight::Plain };
    let press = move || open.set(true);
    view! { <Button label=counted(act.texts[0], count) weight=weight disabled=count == 0 press=press /> }.into_any()
}

fn dialog(
    act: Act,
    app: App,
    session: Session,
    shown: Shown,
    chosen: Chosen,
    open: RwSignal<bool>,
    again: Arc<dyn Fn()>,
) -> AnyView {
    let (deed, reason, wrong) = (Deed::new(), RwSignal::new(String::new()), RwSignal::new(None));
    let reasoned = act.id == REDRIVE.id;
    let effects = Signal::derive(move || {
        let (all, count) = (chosen.with(Vec::len), meant(act, shown, chosen).len());
        let mut lines = vec![counted(act.texts[2], count)];
        if all > count {
            lines.push(counted(Text::ManyLeft, all - count));
        }
        if reasoned {
            lines.push(t(Text::RedriveMoney).to_owned());
        }
        lines
    });
    let again = leptos::prelude::StoredValue::new_local(again);
    let go = move || {
        let written = reason.get_untracked().trim().to_owned();
        wrong.set(if reasoned { required(&written) } else { None });
        if reasoned && written.is_empty() {
            return;
        }
        let (session, tasks) = (session.clone(), leptos::prelude::untrack(|| meant(act, shown, chosen)));
        let work = async move {
            let (mut done, mut refused) = (0_usize, 0_usize);
            for task in tasks {
                let body = reasoned.then(|| json!({ "reason": written }));
                let asked = request(Method::Post, &format!("/v1/tasks/{task}/{}", act.verb), body.as_ref());
                match session.ask(asked).await {
                    Ok(_) => done += 1,
                    // One that ended meanwhile does not keep the others from it.
                    Err(error) if error.code().is_some() => refused += 1,
                    Err(error) => return Err(error),
                }
            }
            Ok((done, refused))
        };
        deed.run(work, move |(done, refused)| {
            open.set(false);
            chosen.set(Vec::new());
            app.tell(&fill(Text::ManyDone, &[&done.to_string(), &refused.to_string()]));
            leptos::prelude::WithValue::with_value(&again, |again| again());
        });
    };
    view! {
        <Confirm open=open id=act.id title=t(act.texts[1]) effects=effects label=t(act.texts[1])
            danger=!reasoned deed=deed act=go>
            {reasoned.then(|| {
                view! {
                    <TextField id="many-reason" label=t(Text::Reason) value=reason error=wrong
                        hint=t(Text::ReasonHint) />
                }
                .into_any()
            })}
        </Confirm>
    }
    .into_any()
}
