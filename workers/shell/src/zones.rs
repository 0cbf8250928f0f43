//! Time zones by the platform's `Intl`, whose database it keeps up to date.

use aion_task::schedule::Zones;
use aion_task::time;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::js_sys::{Array, Date, Object, Reflect};

#[wasm_bindgen]
extern "C" {
    /// The binding of js-sys throws where a zone is unknown; this one says so.
    #[wasm_bindgen(js_namespace = Intl)]
    type DateTimeFormat;

    #[wasm_bindgen(constructor, catch, js_namespace = Intl)]
    fn new(locale: &str, options: &JsValue) -> Result<DateTimeFormat, JsValue>;

    #[wasm_bindgen(method, catch, js_name = formatToParts)]
    fn format_to_parts(this: &DateTimeFormat, date: &Date) -> Result<Array, JsValue>;
}

/// The platform's time zones.
pub struct Platform;

impl Zones for Platform {
    fn offset_s(&self, zone: &str, unix_ms: u64) -> Option<i32> {
        let utc_ms = unix_ms - unix_ms % 1_000;
        let [year, month, day, hour, minute, second] = fields(zone, utc_ms).ok()??;
        let local = format!("{year:0>4}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute:0>2}:{second:0>2}Z");
        // Before 1970 in local time: the first hours of Unix time west of Greenwich, where no schedule runs.
        let local_ms = time::parse_rfc3339(&local).unwrap_or(0);
        let offset_s = (local_ms.cast_signed() - utc_ms.cast_signed()) / 1_000;
        i32::try_from(offset_s).ok()
    }
}

/// Year, month, day, hour, minute and second of a zone's wall clock. The error is one of an unknown zone.
fn fields(zone: &str, unix_ms: u64) -> Result<Option<[String; 6]>, JsValue> {
    const NAMES: [&str; 6] = ["year", "month", "day", "hour", "minute", "second"];
    let options = Object::new();
    for (name, value) in [("timeZone", zone), ("hourCycle", "h23"), ("calendar", "gregory")] {
        Reflect::set(&options, &name.into(), &value.into())?;
    }
    for name in NAMES {
        Reflect::set(&options, &name.into(), &"numeric".into())?;
    }
    let date = Date::new(&JsValue::from_str(&time::rfc3339(unix_ms)));
    let mut fields: [String; 6] = Default::default();
    for part in DateTimeFormat::new("en-US", &options)?.format_to_parts(&date)?.iter() {
        let text = |name: &str| Reflect::get(&part, &name.into()).ok().and_then(|value| value.as_string());
        let place = text("type").and_then(|kind| NAMES.iter().position(|name| *name == kind));
        if let (Some(place), Some(value)) = (place, text("value")) {
            fields[place] = value;
        }
    }
    let whole = fields.iter().all(|field| !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit()));
    Ok(whole.then_some(fields))
}
