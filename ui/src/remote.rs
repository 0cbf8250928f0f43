//! What comes from the API: asked for when a page opens, asked for again while it is looked at.

use std::any::Any;
use std::cell::Cell;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use aion_api::problem::{Code, Fault};
use aion_api::v1::List;
use aion_client::Error;
use leptos::leptos_dom::helpers::set_interval_with_handle;
use leptos::prelude::{
    AnyView, Get, GetUntracked, GetValue, IntoAny, LocalStorage, Memo, RwSignal, Set, StoredValue, With,
    expect_context, on_cleanup,
};
use leptos::task::spawn_local;
use serde::Serialize;

use crate::app::App;
use crate::browser;
use crate::kit::state::{failed, loading};

/// A failure as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failure {
    /// Its kind in words.
    pub title: String,
    /// What happened.
    pub detail: String,
    /// The catalogue's code; empty where no answer came.
    pub code: String,
    /// The request's id; empty where no answer came.
    pub request: String,
    /// What is wrong with what was sent.
    pub faults: Vec<Fault>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Problem { document, .. } => Self {
                title: document.title,
                detail: document.detail,
                code: document.code.to_string(),
                request: document.instance.rsplit(':').next().unwrap_or_default().to_owned(),
                faults: document.errors,
            },
            other => Self { detail: other.to_string(), ..Self::default() },
        }
    }
}

/// An answer that is compared by what it says: most types of the API are no values to compare.
#[derive(Debug, Clone)]
pub struct Told<T> {
    /// The answer.
    pub value: T,
    /// All of it as JSON, which tells it apart.
    pub print: String,
}

impl<T: Serialize> Told<T> {
    /// An answer.
    pub fn new(value: T) -> Self {
        let print = serde_json::to_string(&value).unwrap_or_default();
        Self { value, print }
    }
}

impl<T> PartialEq for Told<T> {
    fn eq(&self, other: &Self) -> bool {
        self.print == other.print
    }
}

/// The entries of a list, and where the next page begins.
pub type Page<T> = (Vec<Told<T>>, Option<String>);

/// A page of a list, told.
pub fn told<T: Serialize>(list: List<T>) -> Page<T> {
    (list.items.into_iter().map(Told::new).collect(), list.next_cursor)
}

/// How far an answer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State<T> {
    /// Not there yet.
    Loading,
    /// There.
    Ready(T),
    /// Not there, and why.
    Failed(Failure),
}

/// A value whose type only its reader knows: everything that is not about a type is compiled once for all of them,
/// which is a third of the console's size.
#[derive(Clone)]
struct Shared(Arc<dyn Any + Send + Sync>);

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// An answer that is under way.
type Answer = Pin<Box<dyn Future<Output = Result<Shared, Error>>>>;
/// What asks again.
type Ask = StoredValue<Rc<dyn Fn()>, LocalStorage>;
/// Whether two values of one type say the same.
type Same = fn(&Shared, &Shared) -> bool;

/// An answer that is kept up to date.
pub struct Remote<T: 'static> {
    state: RwSignal<State<Shared>>,
    ask: Ask,
    of: PhantomData<fn() -> T>,
}

impl<T: 'static> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: 'static> Copy for Remote<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Remote<T> {
    /// Asks now, and again every so many milliseconds while somebody looks, if that is said. What changed is shown,
    /// what did not is left alone.
    pub fn new<F, A>(every_ms: Option<u64>, ask: F) -> Self
    where
        F: Fn() -> A + 'static,
        A: Future<Output = Result<T, Error>> + 'static,
    {
        let ask = move || -> Answer {
            let answer = ask();
            Box::pin(async move { answer.await.map(|value| Shared(Arc::new(value))) })
        };
        let same: Same = |a, b| a.0.downcast_ref::<T>() == b.0.downcast_ref::<T>();
        let (state, ask) = asked(every_ms, Box::new(ask), same);
        Self { state, ask, of: PhantomData }
    }

    /// Asks again now.
    pub fn refresh(self) {
        (self.ask.get_value())();
    }

    /// Puts an answer that came in another way.
    pub fn put(self, value: T) {
        self.state.set(State::Ready(Shared(Arc::new(value))));
    }

    /// Reads the answer, if it is there.
    pub fn read<R>(self, read: impl FnOnce(&T) -> R) -> Option<R> {
        ready(self.state).and_then(|value| value.0.downcast_ref::<T>().map(read))
    }

    /// The answer as a view makes it; what stands there before and instead of it.
    pub fn shown(self, view: impl Fn(T) -> AnyView + Send + 'static) -> AnyView {
        let view = move |value: &Shared| value.0.downcast_ref::<T>().map_or_else(nothing, |value| view(value.clone()));
        shown(self.state, self.ask, Box::new(view))
    }

    /// Waits for the first answer, then shows a view once, which reads what changes by itself.
    pub fn once(self, view: impl Fn() -> AnyView + Send + 'static) -> AnyView {
        once(self.state, self.ask, Box::new(view))
    }
}

fn asked(every_ms: Option<u64>, ask: Box<dyn Fn() -> Answer>, same: Same) -> (RwSignal<State<Shared>>, Ask) {
    let (state, app) = (RwSignal::new(State::Loading), expect_context::<App>());
    let under_way = Rc::new(Cell::new(false));
    let ask: Rc<dyn Fn()> = Rc::new(move || {
        if under_way.replace(true) {
            return;
        }
        let (answer, under_way) = (ask(), Rc::clone(&under_way));
        spawn_local(async move {
            let answer = answer.await;
            under_way.set(false);
            settle(state, app, answer, same);
        });
    });
    ask();
    if let Some(every_ms) = every_ms {
        let again = Rc::clone(&ask);
        let tick = move || {
            if !browser::is_hidden() {
                again();
            }
        };
        if let Ok(handle) = set_interval_with_handle(tick, Duration::from_millis(every_ms)) {
            on_cleanup(move || handle.clear());
        }
    }
    (state, StoredValue::new_local(ask))
}

fn ready(state: RwSignal<State<Shared>>) -> Option<Shared> {
    state.with(|state| match state {
        State::Ready(value) => Some(value.clone()),
        _ => None,
    })
}

fn shown(state: RwSignal<State<Shared>>, ask: Ask, view: Box<dyn Fn(&Shared) -> AnyView + Send>) -> AnyView {
    (move || match state.get() {
        State::Loading => loading(),
        State::Ready(value) => view(&value),
        State::Failed(failure) => failed(&failure, move || (ask.get_value())()),
    })
    .into_any()
}

fn once(state: RwSignal<State<Shared>>, ask: Ask, view: Box<dyn Fn() -> AnyView + Send>) -> AnyView {
    let phase = Memo::new(move |_| {
        state.with(|state| match state {
            State::Loading => State::Loading,
            State::Ready(_) => State::Ready(()),
            State::Failed(failure) => State::Failed(failure.clone()),
        })
    });
    (move || match phase.get() {
        State::Loading => loading(),
        State::Ready(()) => view(),
        State::Failed(failure) => failed(&failure, move || (ask.get_value())()),
    })
    .into_any()
}

/// Takes an answer in. One that fails after one that did not leaves that shown, and the top of the page says that it is
/// not of now.
fn settle(state: RwSignal<State<Shared>>, app: App, answer: Result<Shared, Error>, same: Same) {
    let Some(before) = state.try_get_untracked() else {
        // The page was left.
        return;
    };
    let reached = !matches!(answer, Err(Error::Transport(_)));
    if app.reached.try_get_untracked() != Some(reached) {
        app.reached.set(reached);
    }
    let after = match answer {
        Ok(value) => State::Ready(value),
        Err(Error::Transport(_)) if matches!(before, State::Ready(_)) => return,
        Err(error) => {
            if error.code() == Some(Code::CredentialInvalid) {
                app.lapse();
                if matches!(before, State::Ready(_)) {
                    return;
                }
            }
            State::Failed(error.into())
        }
    };
    let unchanged = match (&before, &after) {
        (State::Ready(before), State::Ready(after)) => same(before, after),
        (before, after) => before == after,
    };
    if !unchanged {
        state.set(after);
    }
}

/// What a deed does: first what is waited for, then what follows from it.
type Work = Pin<Box<dyn Future<Output = Result<Box<dyn FnOnce()>, Failure>>>>;

/// Something that a person has done: whether it is under way, and what became of it.
#[derive(Clone, Copy)]
pub struct Deed {
    /// Whether it is under way.
    pub busy: RwSignal<bool>,
    /// Why it failed, if it did.
    pub failure: RwSignal<Option<Failure>>,
}

impl Deed {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { busy: RwSignal::new(false), failure: RwSignal::new(None) }
    }

    /// Does it, unless it is under way; `then` gets what came of it.
    pub fn run<T: 'static, E: Into<Failure> + 'static>(
        self,
        work: impl Future<Output = Result<T, E>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        self.carry_out(Box::pin(async move {
            let value = work.await.map_err(E::into)?;
            Ok(Box::new(move || then(value)) as Box<dyn FnOnce()>)
        }));
    }

    fn carry_out(self, work: Work) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        spawn_local(async move {
            let result = work.await;
            if self.busy.try_set(false).is_some() {
                return;
            }
            match result {
                Ok(then) => then(),
                Err(failure) => {
                    if failure.code == Code::CredentialInvalid.as_str() {
                        App::lapse_shown();
                    }
                    self.failure.set(Some(failure));
                }
            }
        });
    }
}

/// A view of nothing.
pub fn nothing() -> AnyView {
    ().into_any()
}
