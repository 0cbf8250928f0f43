//! Tasks: filtered by what stands in the address, live, without rows that jump.

use aion_api::v1::tasks::{State, Task};
use aion_client::{Client, FetchTransport};
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, Effect, ElementChild, Get, GetUntracked, GlobalAttributes, IntoAny, Memo,
    OnAttribute, RwSignal, Set, Update, With, view,
};
use serde_json::Value;

use crate::app::App;
use crate::kit::action::Button;
use crate::kit::field::{Chosen, Select, Shape, TextField};
use crate::kit::state::{Empty, badge, counted, problem, task_state};
use crate::kit::table::{Column, table};
use crate::kit::time::ago;
use crate::page::{bulk, head, views};
use crate::remote::{Deed, Remote, Told, nothing, told};
use crate::route::{Route, TaskFilter};
use crate::text::{Text, t};

/// How often the list is asked for.
const LOOK_EVERY_MS: u64 = 2_000;

/// Rows that are shown, and those that came since.
#[derive(Clone, Copy)]
struct Rows {
    shown: RwSignal<Vec<Told<Task>>>,
    fresh: RwSignal<Vec<Told<Task>>>,
    next: RwSignal<Option<String>>,
}

impl Rows {
    fn new() -> Self {
        Self { shown: RwSignal::new(Vec::new()), fresh: RwSignal::new(Vec::new()), next: RwSignal::new(None) }
    }

    /// Takes the newest page in: what is shown changes in its place, what is new waits until somebody wants to see it.
    fn take(self, newest: Vec<Told<Task>>, next: Option<String>) {
        if self.shown.with(Vec::is_empty) {
            self.next.set(next);
            return self.shown.set(newest);
        }
        let mut fresh = Vec::new();
        self.shown.update(|shown| {
            for task in newest {
                match shown.iter_mut().find(|known| known.value.id == task.value.id) {
                    Some(known) => *known = task,
                    None => fresh.push(task),
                }
            }
        });
        self.fresh.set(fresh);
    }

    fn show_fresh(self) {
        let fresh = self.fresh.get_untracked();
        self.fresh.set(Vec::new());
        self.shown.update(|shown| {
            shown.splice(0..0, fresh);
        });
    }
}

/// The page.
pub fn show(app: App, filter: &TaskFilter) -> AnyView {
    let Some(session) = app.session.get_untracked() else {
        return nothing();
    };
    let (rows, wanted) = (Rows::new(), filter.clone());
    let asking = session.clone();
    let list = Remote::new(Some(LOOK_EVERY_MS), move || {
        let (client, wanted) = (asking.client(), wanted.clone());
        async move { client.tasks_where(&wanted.state, &wanted.label, None).await.map(told) }
    });
    Effect::new(move |_| {
        if let Some((newest, next)) = list.read(Clone::clone) {
            leptos::prelude::untrack(|| rows.take(newest, next));
        }
    });
    let filtered = *filter != TaskFilter::default();
    let (chosen, bulky) = (RwSignal::new(Vec::new()), session.clone());
    let client = move || session.client();
    let older = filter.clone();
    let body = list.once(move || {
        let empty = move || rows.shown.with(Vec::is_empty).then(|| empty(filtered));
        let (client, older) = (client.clone(), older.clone());
        view! {
            {move || fresh(rows)}
            {bulk::bar(app, &bulky, rows.shown, chosen, move || list.refresh())}
            {table(t(Text::Tasks), rows.shown, |task| task.print.clone(), columns(chosen))}
            {empty}
            {more(rows, older, client)}
        }
        .into_any()
    });
    view! { {head(t(Text::Tasks), t(Text::TasksLead), nothing())}{filters(app, filter)}{views::saved(filter)}{body} }
        .into_any()
}

fn empty(filtered: bool) -> AnyView {
    if filtered {
        view! { <Empty title=Text::NoTasksHere text=Text::NoTasksHereText /> }.into_any()
    } else {
        view! { <Empty title=Text::NoTasks text=Text::NoTasksText /> }.into_any()
    }
}

fn filters(app: App, filter: &TaskFilter) -> AnyView {
    let (state, label) = (RwSignal::new(filter.state.clone()), RwSignal::new(filter.label.clone()));
    let wrong = RwSignal::new(None);
    let mut options = vec![(String::new(), t(Text::AllStates).to_owned())];
    options.extend(State::NAMES.iter().map(|state| ((*state).to_owned(), task_state(state).0)));
    let apply = move || {
        let filter = TaskFilter { state: state.get_untracked(), label: label.get_untracked().trim().to_owned() };
        if !filter.label.is_empty() && !filter.label.contains(':') {
            return wrong.set(Some(t(Text::LabelForm).to_owned()));
        }
        if app.route.get_untracked() != Route::Tasks(filter.clone()) {
            app.refine(Route::Tasks(filter));
        }
    };
    Effect::new(move |before: Option<String>| {
        let now = state.get();
        if before.is_some_and(|before| before != now) {
            apply();
        }
        now
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        apply();
    };
    view! {
        <form class="filters" on:submit=submit>
            <Select id="filter-state" label=t(Text::State) value=state options=options />
            <TextField id="filter-label" label=t(Text::Label) value=label error=wrong shape=Shape::Code />
            <Button label=t(Text::Filter) submit=true press=|| {} />
        </form>
    }
    .into_any()
}

fn fresh(rows: Rows) -> AnyView {
    let count = rows.fresh.with(Vec::len);
    if count == 0 {
        return nothing();
    }
    let label = counted(Text::ShowNew, count);
    view! { <div class="fresh" role="status"><Button label=label press=move || rows.show_fresh() /></div> }.into_any()
}

fn more(
    rows: Rows,
    filter: TaskFilter,
    client: impl Fn() -> Client<FetchTransport> + Send + Sync + 'static,
) -> AnyView {
    let deed = Deed::new();
    let next = Memo::new(move |_| rows.next.get());
    let press = move || {
        let (client, filter, cursor) = (client(), filter.clone(), rows.next.get_untracked());
        let work = async move { client.tasks_where(&filter.state, &filter.label, cursor.as_deref()).await.map(told) };
        deed.run(work, move |(older, next)| {
            rows.shown.update(|shown| shown.extend(older));
            rows.next.set(next);
        });
    };
    let press = leptos::prelude::Callback::new(move |()| press());
    view! {
        {move || deed.failure.get().map(|failure| problem(&failure))}
        {move || {
            next.get().map(|_| {
                let press = move || leptos::prelude::Callable::run(&press, ());
                let button = view! { <Button label=t(Text::LoadMore) busy=deed.busy press=press /> };
                view! { <div class="more">{button}</div> }.into_any()
            })
        }}
    }
    .into_any()
}

fn text_of<'a>(task: &'a Task, name: &str) -> &'a str {
    task.more.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// How many steps are done, and how many there are.
pub fn progress(task: &Task) -> (usize, usize) {
    let steps = task.steps.as_object();
    let passed = |step: &&Value| matches!(step["state"].as_str(), Some("ok" | "skipped"));
    steps.map_or((0, 0), |steps| (steps.values().filter(passed).count(), steps.len()))
}

fn columns(chosen: Chosen) -> Vec<Column<Told<Task>>> {
    let id = |task: &Told<Task>| {
        let id = task.value.id.clone();
        let path = Route::Task(id.clone()).path();
        view! { <a class="link mono" href=path>{id}</a> }.into_any()
    };
    let state = |task: &Told<Task>| {
        let (word, tone) = task_state(&task.value.state);
        badge(word, tone)
    };
    let steps = |task: &Told<Task>| {
        let (passed, all) = progress(&task.value);
        format!("{passed} / {all}").into_any()
    };
    let what = |task: &Told<Task>| {
        let kinds = task.value.steps.as_object().into_iter().flatten().filter_map(|(_, step)| step["kind"].as_str());
        let mut kinds: Vec<&str> = kinds.collect();
        kinds.dedup();
        let rest = kinds.len().saturating_sub(3);
        let shown: Vec<String> = kinds.into_iter().take(3).map(str::to_owned).collect();
        let rest = (rest > 0).then(|| format!(" +{rest}"));
        view! { <span class="mono muted">{shown.join(", ")}{rest}</span> }.into_any()
    };
    let labels = |task: &Told<Task>| {
        let labels = task.value.more.get("labels").and_then(Value::as_object).cloned().unwrap_or_default();
        let labels = labels.into_iter().map(|(name, value)| {
            let text = format!("{name}:{}", value.as_str().unwrap_or_default());
            let filter = TaskFilter { state: String::new(), label: text.clone() };
            view! { <a class="label" href=Route::Tasks(filter).path()>{text}</a> }.into_any()
        });
        labels.collect_view().into_any()
    };
    vec![
        bulk::column(chosen),
        Column::new(Text::Task, id),
        Column::new(Text::State, state).ordered(|a, b| a.value.state.cmp(&b.value.state)),
        Column::new(Text::Steps, steps).numeric(),
        Column::new(Text::What, what),
        Column::new(Text::Labels, labels),
        Column::new(Text::Created, |task: &Told<Task>| ago(text_of(&task.value, "createdAt")))
            .ordered(|a, b| text_of(&a.value, "createdAt").cmp(text_of(&b.value, "createdAt"))),
        Column::new(Text::Updated, |task: &Told<Task>| ago(text_of(&task.value, "updatedAt")))
            .ordered(|a, b| text_of(&a.value, "updatedAt").cmp(text_of(&b.value, "updatedAt"))),
    ]
}
