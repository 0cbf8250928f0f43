//! Scopes as people see and choose them.

use aion_api::Scope;
use leptos::prelude::{
    AnyView, ClassAttribute, CollectView, ElementChild, Get, GetUntracked, GlobalAttributes, IntoAny, RwSignal, Set,
    StoredValue, WithValue, view,
};
use serde_json::Value;

use crate::kit::field::Checkbox;
use crate::kit::state::{Tone, badge};
use crate::text::{Text, t};

/// Scopes as a list shows them.
pub fn shown(scopes: &[Value]) -> AnyView {
    if scopes.len() == Scope::ALL.len() {
        return badge(t(Text::AllScopes), Tone::Warn);
    }
    let scopes = scopes.iter().filter_map(Value::as_str);
    let scopes = scopes.map(|scope| view! { <code class="scope">{scope.to_owned()}</code>" " }.into_any());
    scopes.collect_view().into_any()
}

/// Scopes that are chosen.
#[derive(Clone, Copy)]
pub struct Scopes {
    all: StoredValue<Vec<(Scope, RwSignal<bool>)>>,
    wrong: RwSignal<Option<String>>,
}

impl Scopes {
    /// None are chosen yet.
    pub fn new() -> Self {
        let all = Scope::ALL.iter().map(|scope| (*scope, RwSignal::new(false))).collect();
        Self { all: StoredValue::new(all), wrong: RwSignal::new(None) }
    }

    /// Chooses these and no others.
    pub fn choose(self, names: &[Value]) {
        self.all.with_value(|all| {
            for (scope, chosen) in all {
                chosen.set(names.iter().any(|name| *name == scope.as_str()));
            }
        });
    }

    /// The names of those that are chosen; that there are none is said beside the boxes.
    pub fn wanted(self) -> Vec<&'static str> {
        let chosen = |all: &Vec<(Scope, RwSignal<bool>)>| {
            all.iter().filter(|(_, chosen)| chosen.get_untracked()).map(|(scope, _)| scope.as_str()).collect::<Vec<_>>()
        };
        let names = self.all.with_value(chosen);
        self.wrong.set(names.is_empty().then(|| t(Text::ChooseScopes).to_owned()));
        names
    }

    /// What those that are chosen mean.
    pub fn told(self) -> String {
        let money = |all: &Vec<(Scope, RwSignal<bool>)>| {
            // Each is looked at, so that each is listened to.
            all.iter().filter(|(scope, chosen)| chosen.get() && scope.moves_money_or_rights()).count() > 0
        };
        t(if self.all.with_value(money) { Text::KeyMoney } else { Text::KeyReads }).to_owned()
    }

    /// The boxes in which they are chosen.
    pub fn boxes(self, prefix: &'static str) -> AnyView {
        let scope = |(scope, chosen): &(Scope, RwSignal<bool>)| {
            let id = format!("{prefix}-{}", scope.as_str().replace(':', "-"));
            view! { <Checkbox id=id label=scope.as_str() checked=*chosen /> }.into_any()
        };
        view! {
            <fieldset class="choices scopes">
                <legend>{t(Text::Scopes)}</legend>
                {self.all.with_value(|all| all.iter().map(scope).collect_view())}
                {move || {
                    let wrong = self.wrong.get();
                    wrong.map(|wrong| view! { <p class="field-error" role="alert">{wrong}</p> }.into_any())
                }}
            </fieldset>
        }
        .into_any()
    }
}
