//! The webhook: each event is sent until it arrives, those of one alert in order, with one id however often.

use std::time::Duration;

use aion_api::Secret;
use aion_api::object::eyes::catalogue::ALERT_DELIVERIES;
use aion_api::problem::Problem;
use aion_api::time::rfc3339;
use aion_api::webhook;
use aion_shell::call::{fault, now_ms};
use aion_telemetry::alert::Event;
use aion_telemetry::delivery::retry_after_ms;
use futures_util::future::{Either, join_all, select};
use wasm_bindgen::JsValue;
use worker::{AbortController, Delay, Env, Fetch, Headers, Method, RequestInit, RequestRedirect};

use super::Alerts;
use super::store::Waiting;

/// How long the webhook may take to answer.
const TIMEOUT_MS: u64 = 10_000;

impl Alerts {
    /// Sends the first of each alert that is due. What follows it is due as soon as it is done.
    pub(super) async fn deliver(&self) -> Result<(), Problem> {
        let store = self.store();
        let due = store.due(now_ms())?;
        let Some(hook) = store.newest()?.alerts.webhook.filter(|_| !due.is_empty()) else {
            return Ok(());
        };
        let tried = join_all(due.iter().map(|waiting| send(&self.env, &hook.url, waiting))).await;
        let (store, now_ms) = (self.store(), now_ms());
        let mut recorder = self.recorder.borrow_mut();
        for (waiting, result) in due.iter().zip(tried) {
            let (number, tries) = (waiting.number, waiting.tries + 1);
            let outcome = match (&result, retry_after_ms(tries)) {
                (Ok(status), _) => {
                    store.delivered(number, tries, now_ms, &format!("status {status}"))?;
                    "delivered"
                }
                (Err(reason), Some(wait_ms)) => {
                    store.again(number, tries, now_ms + wait_ms, reason)?;
                    "failed"
                }
                (Err(reason), None) => {
                    store.give_up(number, tries, now_ms, reason)?;
                    "given_up"
                }
            };
            recorder.add(ALERT_DELIVERIES, &[("outcome", outcome)], 1);
        }
        Ok(())
    }
}

/// Sends an event once: the status of an answer that takes it, or why there is none.
async fn send(env: &Env, url: &str, waiting: &Waiting) -> Result<u16, String> {
    let request = request(env, url, waiting).map_err(|error| {
        _ = fault("webhook", &error);
        "the request could not be made: see the log".to_owned()
    })?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let fetch = Fetch::Request(request);
    let sent = std::pin::pin!(fetch.send_with_signal(&signal));
    let answer = select(sent, Delay::from(Duration::from_millis(TIMEOUT_MS))).await;
    let result = match answer {
        Either::Left((Ok(response), _)) => Ok(response.status_code()),
        Either::Left((Err(_), _)) => Err("the connection failed".to_owned()),
        Either::Right(_) => Err(format!("no answer in {TIMEOUT_MS} ms")),
    };
    // Nobody reads the body.
    controller.abort();
    match result? {
        status @ 200..=299 => Ok(status),
        status => Err(format!("status {status}")),
    }
}

fn request(env: &Env, url: &str, waiting: &Waiting) -> worker::Result<worker::Request> {
    let Waiting { number, event, .. } = waiting;
    let secret = Secret::new(env.secret("WEBHOOK_SECRET")?.to_string());
    let body = body(*number, event);
    // The same however often it is sent, and no other event's of any deployment's life.
    let id = format!("evt_{}_{number}", event.at_ms);
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    headers.set("user-agent", "aion-alerts")?;
    for (name, value) in webhook::headers(&secret, &id, now_ms(), &body) {
        headers.set(name, &value)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_headers(headers).with_redirect(RequestRedirect::Manual);
    init.with_body(Some(JsValue::from_str(&body)));
    worker::Request::new_with_init(url, &init)
}

/// What is sent, as Standard Webhooks recommends: type, time and data.
fn body(number: u64, event: &Event) -> String {
    let data = serde_json::json!({
        "number": number, "name": event.rule, "series": event.series, "severity": event.severity,
        "summary": event.summary, "value": event.value, "threshold": event.threshold
    });
    let kind = format!("alert.{}", event.kind.as_str());
    serde_json::json!({ "type": kind, "timestamp": rfc3339(event.at_ms), "data": data }).to_string()
}
