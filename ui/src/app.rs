//! What all pages share: the page that is shown, who is signed in, the language, and messages.

use std::cell::Cell;

use aion_api::operations::Method;
use leptos::ev;
use leptos::prelude::{
    Callback, ClassAttribute, Effect, ElementChild, Get, GetUntracked, IntoAny, IntoView, RwSignal, Set, Update,
    provide_context, view, window_event_listener,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent};

use crate::browser;
use crate::lang::Lang;
use crate::route::{ROOT, Route};
use crate::session::{Session, request};
use crate::shell::Shell;

/// Names under which choices are remembered; ui/page/early.js reads them before the first paint.
const LANGUAGE: &str = "aion.language";
const THEME: &str = "aion.theme";

thread_local! {
    /// The console that is shown.
    static SHOWN: Cell<Option<App>> = const { Cell::new(None) };
}

/// A message that goes away by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// Its number.
    pub id: u64,
    /// What it says.
    pub text: String,
}

/// What all pages share.
#[derive(Clone, Copy)]
pub struct App {
    /// The page that is shown.
    pub route: RwSignal<Route>,
    /// Who is signed in.
    pub session: RwSignal<Option<Session>>,
    /// The language.
    pub lang: RwSignal<Lang>,
    /// `light`, `dark`, or nothing for what the machine says.
    pub theme: RwSignal<String>,
    /// Messages.
    pub toasts: RwSignal<Vec<Toast>>,
    /// Whether the last request reached the server.
    pub reached: RwSignal<bool>,
    /// Whether the palette is open.
    pub palette: RwSignal<bool>,
    /// Whether the session is over by itself or was ended by somebody else.
    pub over: RwSignal<bool>,
    /// Whether the dialog is open in which one signs in again.
    pub again: RwSignal<bool>,
}

impl App {
    fn new() -> Self {
        let (path, query) = browser::address();
        let chosen = browser::remembered(LANGUAGE).and_then(|tag| Lang::of_tag(&tag));
        let own = || {
            let tag = browser::window().and_then(|window| window.navigator().language())?;
            Lang::of_tag(&tag)
        };
        let kept = Session::kept();
        let over = kept.as_ref().is_some_and(Session::is_over);
        Self {
            route: RwSignal::new(Route::parse(&path, &query)),
            session: RwSignal::new(kept.filter(|_| !over)),
            lang: RwSignal::new(chosen.or_else(own).unwrap_or_default()),
            theme: RwSignal::new(browser::remembered(THEME).unwrap_or_default()),
            toasts: RwSignal::new(Vec::new()),
            reached: RwSignal::new(true),
            palette: RwSignal::new(false),
            over: RwSignal::new(over),
            again: RwSignal::new(false),
        }
    }

    /// Shows a page.
    pub fn go(self, route: Route) {
        browser::show_address(&route.path(), false);
        self.arrive(route);
    }

    /// Shows a page without a step of the history: what differs is a filter.
    pub fn refine(self, route: Route) {
        browser::show_address(&route.path(), true);
        self.route.set(route);
    }

    fn arrive(self, route: Route) {
        self.route.set(route);
        if let Some(window) = browser::window() {
            window.scroll_to_with_x_and_y(0.0, 0.0);
        }
        browser::focus("content");
    }

    /// Says something that goes away by itself.
    pub fn tell(self, text: &str) {
        let id = self.toasts.get_untracked().last().map_or(1, |toast| toast.id + 1);
        self.toasts.update(|toasts| toasts.push(Toast { id, text: text.to_owned() }));
        let away = move || self.toasts.update(|toasts| toasts.retain(|toast| toast.id != id));
        leptos::prelude::set_timeout(away, std::time::Duration::from_secs(6));
    }

    /// Signs in.
    pub fn sign_in(self, session: Session) {
        Session::keep(Some(&session));
        let before = self.session.get_untracked();
        if before.is_some_and(|before| before.tenant() != session.tenant()) {
            // What is shown is the other tenant's.
            return browser::reload();
        }
        self.session.set(Some(session));
        self.over.set(false);
        self.again.set(false);
    }

    /// Forgets the credential; a session ends with it.
    pub fn sign_out(self) {
        if let Some(session) = self.session.get_untracked().filter(|session| session.until.is_some()) {
            let end = session.ask(request(Method::Delete, "/v1/session", None));
            // One that is over already is none to be told of.
            leptos::task::spawn_local(async move { drop(end.await) });
        }
        Session::keep(None);
        self.again.set(false);
        self.over.set(false);
        self.session.set(None);
    }

    /// The server does not know the credential any more. Whoever has signed in signs in again over the page that is
    /// shown, with what is written on it; a key that was revoked has nothing to come back with.
    pub fn lapse(self) {
        let Some(session) = self.session.get_untracked() else {
            return;
        };
        if session.until.is_none() {
            self.sign_out();
        } else if !self.over.get_untracked() {
            self.over.set(true);
            self.again.set(true);
        }
    }

    /// The same for whoever does not know the console that is shown.
    pub fn lapse_shown() {
        if let Some(app) = SHOWN.get() {
            app.lapse();
        }
    }

    /// Looks whether the session is over.
    pub fn look(self) {
        if self.session.get_untracked().is_some_and(|session| session.is_over()) {
            self.lapse();
        }
    }

    /// Chooses a language, and remembers it.
    pub fn speak(self, lang: Lang) {
        browser::remember(LANGUAGE, Some(lang.tag()));
        self.lang.set(lang);
    }

    /// Chooses colours, and remembers them.
    pub fn paint(self, theme: &str) {
        browser::remember(THEME, Some(theme).filter(|theme| !theme.is_empty()));
        self.theme.set(theme.to_owned());
    }
}

/// Shows the console in the page that loaded it.
pub fn mount() {
    if let Some(starting) = browser::by_id("starting") {
        starting.remove();
    }
    leptos::mount::mount_to_body(|| {
        let app = App::new();
        provide_context(app);
        SHOWN.set(Some(app));
        on_root(app);
        listen(app);
        view! {
            <div class="app">
                {move || {
                    // All of it is shown anew in another language: nothing has to listen to it by itself.
                    app.lang.get().speak();
                    view! { <Shell /> }.into_any()
                }}
            </div>
        }
        .into_view()
    });
}

/// Language and colours stand on the element that everything stands in.
fn on_root(app: App) {
    Effect::new(move |_| {
        let (lang, theme) = (app.lang.get(), app.theme.get());
        let Some(root) = browser::root() else {
            return;
        };
        let _ = root.set_attribute("lang", lang.tag());
        let _ = if theme.is_empty() {
            root.remove_attribute("data-theme")
        } else {
            root.set_attribute("data-theme", &theme)
        };
    });
}

fn listen(app: App) {
    let _ = window_event_listener(ev::popstate, move |_| {
        let (path, query) = browser::address();
        app.route.set(Route::parse(&path, &query));
    });
    let _ = window_event_listener(ev::click, move |event| {
        if let Some(route) = link(&event) {
            event.prevent_default();
            app.go(route);
        }
    });
    let shortcuts = Callback::new(move |event: web_sys::KeyboardEvent| {
        if (event.meta_key() || event.ctrl_key()) && event.key() == "k" {
            event.prevent_default();
            app.palette.set(!app.palette.get_untracked());
        } else if event.key() == "/" && !is_writing(&event) {
            event.prevent_default();
            app.palette.set(true);
        }
    });
    let _ = window_event_listener(ev::keydown, move |event| {
        leptos::prelude::Callable::run(&shortcuts, event);
    });
}

/// The page that a click on a link of ours means; not if the browser has something else to do with it.
fn link(event: &MouseEvent) -> Option<Route> {
    let modified = event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key() || event.button() != 0;
    if modified || event.default_prevented() {
        return None;
    }
    let target: Element = event.target()?.dyn_into().ok()?;
    let href = target.closest("a[href]").ok().flatten()?.get_attribute("href")?;
    let (path, query) = href.split_once('?').unwrap_or((&href, ""));
    let ours = path == "/" || path == ROOT || path.starts_with(&format!("{ROOT}/"));
    ours.then(|| Route::parse(path, query))
}

/// Whether a key belongs to a field.
fn is_writing(event: &web_sys::KeyboardEvent) -> bool {
    let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
    target.is_some_and(|target| ["INPUT", "TEXTAREA", "SELECT"].contains(&target.tag_name().as_str()))
}
