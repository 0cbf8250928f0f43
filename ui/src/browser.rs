//! What the console asks the browser for: address, storage, clock, numbers and times in a language, randomness.

use std::cmp::Ordering;

use js_sys::{Array, Date, Intl, JsString, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, Storage, Window};

use crate::lang::Lang;

/// The window; there is one wherever the console runs.
pub fn window() -> Option<Window> {
    web_sys::window()
}

/// A member of a value of JavaScript; undefined where there is none.
pub fn member(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// The document.
pub fn document() -> Option<Document> {
    window()?.document()
}

/// The element that shows the page: language and colours stand on it.
pub fn root() -> Option<Element> {
    document()?.document_element()
}

/// Path and query of the address.
pub fn address() -> (String, String) {
    let location = window().map(|window| window.location());
    let part = |read: fn(&web_sys::Location) -> Result<String, JsValue>| {
        location.as_ref().and_then(|location| read(location).ok()).unwrap_or_default()
    };
    (part(web_sys::Location::pathname), part(web_sys::Location::search))
}

/// The host of the address, without its port: what the passkeys of this site are bound to.
pub fn host() -> String {
    window().and_then(|window| window.location().hostname().ok()).unwrap_or_default()
}

/// Shows another address, as a step of the history or in place of the one that is shown.
pub fn show_address(path: &str, replace: bool) {
    let Some(history) = window().and_then(|window| window.history().ok()) else {
        return;
    };
    // A browser that refuses (too many calls) shows an old address above the right page.
    let _ = if replace {
        history.replace_state_with_url(&JsValue::NULL, "", Some(path))
    } else {
        history.push_state_with_url(&JsValue::NULL, "", Some(path))
    };
}

/// Loads the page anew.
pub fn reload() {
    if let Some(window) = window() {
        let _ = window.location().reload();
    }
}

fn local() -> Option<Storage> {
    window()?.local_storage().ok().flatten()
}

fn session() -> Option<Storage> {
    window()?.session_storage().ok().flatten()
}

/// A choice that is remembered on this machine.
pub fn remembered(name: &str) -> Option<String> {
    local()?.get_item(name).ok().flatten()
}

/// Remembers a choice on this machine; where nothing can be stored, it lasts as long as the page.
pub fn remember(name: &str, value: Option<&str>) {
    if let Some(storage) = local() {
        let _ = match value {
            Some(value) => storage.set_item(name, value),
            None => storage.remove_item(name),
        };
    }
}

/// What is kept as long as this tab is open, and in no other one.
pub fn kept(name: &str) -> Option<String> {
    session()?.get_item(name).ok().flatten()
}

/// Keeps something as long as this tab is open.
pub fn keep(name: &str, value: Option<&str>) {
    if let Some(storage) = session() {
        let _ = match value {
            Some(value) => storage.set_item(name, value),
            None => storage.remove_item(name),
        };
    }
}

/// Now, Unix milliseconds.
pub fn now_ms() -> f64 {
    Date::now()
}

/// Whether nobody looks at the page.
pub fn is_hidden() -> bool {
    document().is_some_and(|document| document.hidden())
}

/// A key that nobody had before: 128 random bits, hex.
pub fn fresh_key() -> String {
    let mut bytes = [0_u8; 16];
    let crypto = window().and_then(|window| window.crypto().ok());
    if let Some(crypto) = crypto {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    alloy_primitives::hex::encode(bytes)
}

/// Copies a text; whether that worked is told to `then`.
pub fn copy(text: &str, then: impl FnOnce(bool) + 'static) {
    // Only pages of a secure origin have a clipboard.
    let Some(window) = window().filter(Window::is_secure_context) else {
        return then(false);
    };
    let promise = window.navigator().clipboard().write_text(text);
    leptos::task::spawn_local(async move {
        then(wasm_bindgen_futures::JsFuture::from(promise).await.is_ok());
    });
}

/// The element with this id.
pub fn by_id(id: &str) -> Option<Element> {
    document()?.get_element_by_id(id)
}

/// Moves the focus to the element with this id.
pub fn focus(id: &str) {
    if let Some(element) = by_id(id).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

fn locales() -> Array {
    Array::of1(&JsValue::from_str(Lang::spoken().tag()))
}

fn options(pairs: &[(&str, &str)]) -> Object {
    let object = Object::new();
    for (name, value) in pairs {
        let _ = Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    object
}

/// A count in the language that is spoken; never an amount of money.
pub fn number(value: f64) -> String {
    let format = Intl::NumberFormat::new(&locales(), &options(&[]));
    let format: js_sys::Function = format.format().unchecked_into();
    let text = format.call1(&JsValue::UNDEFINED, &JsValue::from_f64(value));
    text.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

/// A number as JavaScript writes it, which is how canonical JSON does (RFC 8785 section 3.2.2.3).
pub fn number_of_js(value: f64) -> String {
    js_sys::JSON::stringify(&JsValue::from_f64(value)).map(String::from).unwrap_or_default()
}

/// Unix milliseconds of a time (RFC 3339).
pub fn read_time(text: &str) -> Option<f64> {
    let ms = Date::parse(text);
    (!ms.is_nan()).then_some(ms)
}

/// A time in full, in the language that is spoken and the zone of this machine.
pub fn full_time(ms: f64) -> String {
    let format = Intl::DateTimeFormat::new(&locales(), &options(&[("dateStyle", "medium"), ("timeStyle", "medium")]));
    let format: js_sys::Function = format.format().unchecked_into();
    let text = format.call1(&JsValue::UNDEFINED, &Date::new(&JsValue::from_f64(ms)));
    text.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

/// How long ago a time is, or how far ahead: `3 minutes ago`.
pub fn relative_time(ms: f64) -> String {
    let seconds = ((ms - now_ms()) / 1000.0).round();
    let (value, unit) = match seconds.abs() {
        s if s < 60.0 => (seconds, "second"),
        s if s < 3_600.0 => ((seconds / 60.0).round(), "minute"),
        s if s < 86_400.0 => ((seconds / 3_600.0).round(), "hour"),
        _ => ((seconds / 86_400.0).round(), "day"),
    };
    let format = Intl::RelativeTimeFormat::new(&locales(), &options(&[("numeric", "auto"), ("style", "short")]));
    format.format(value, unit).into()
}

/// A duration: `340 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(ms: f64) -> String {
    let ms = ms.max(0.0);
    let whole = |value: f64| number(value.floor());
    match ms {
        ms if ms < 1_000.0 => format!("{} ms", whole(ms)),
        ms if ms < 60_000.0 => format!("{} s", number((ms / 100.0).floor() / 10.0)),
        ms if ms < 3_600_000.0 => format!("{} min {} s", whole(ms / 60_000.0), whole(ms % 60_000.0 / 1_000.0)),
        ms => format!("{} h {} min", whole(ms / 3_600_000.0), whole(ms % 3_600_000.0 / 60_000.0)),
    }
}

/// A time as the API writes it (RFC 3339, UTC).
pub fn rfc3339(ms: f64) -> String {
    Date::new(&JsValue::from_f64(ms)).to_iso_string().into()
}

/// Two texts by the alphabet of the language that is spoken; the browser knows all alphabets, and brings their tables.
pub fn compared(a: &str, b: &str) -> Ordering {
    let order = JsString::from(a).locale_compare(b, &locales(), &Object::new());
    order.cmp(&0)
}

/// A text in small letters.
pub fn lower(text: &str) -> String {
    JsString::from(text).to_locale_lower_case(Some(Lang::spoken().tag())).into()
}
