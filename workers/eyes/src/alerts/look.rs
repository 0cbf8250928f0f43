//! One look at the numbers.

use aion_api::object::eyes::catalogue::ALERTS_FIRING;
use aion_api::problem::Problem;
use aion_api::v1::alerts::{Table, silenced};
use aion_shell::call::now_ms;
use aion_telemetry::alert::{Phase, States, View, step};

use super::Alerts;
use crate::{front, meter};

impl Alerts {
    /// Asks every meter, goes one step on, and stores states and events together. If a meter does not answer nothing is
    /// judged: what is missing would look like silence.
    pub(super) async fn look(&self) -> Result<(), Problem> {
        let seen = self.store().newest()?;
        let numbers = front::sum(&self.env, &meter::Order::Named(seen.alerts.metrics())).await?;
        let (store, now_ms) = (self.store(), now_ms());
        let alerts = store.newest()?;
        // Rules that came meanwhile may look at other metrics: with them it looks again at once.
        if alerts.version != seen.version {
            return Ok(());
        }
        let table = alerts.alerts;
        let view = View { numbers: &numbers, silenced: &silenced(&table, now_ms) };
        let before = store.states()?;
        let (states, events) = step(&table.rules, &before, &view, now_ms);
        // One implicit transaction: nothing is awaited in between.
        store.put_states(now_ms, &states)?;
        for event in &events {
            store.append(event, table.webhook.is_some())?;
        }
        self.count(&table, &before, &states);
        Ok(())
    }

    fn count(&self, table: &Table, before: &States, states: &States) {
        let mut recorder = self.recorder.borrow_mut();
        // A rule that is gone is said to be well once; then its gauge vanishes.
        for (name, by_series) in before.iter().filter(|(name, _)| !states.contains_key(*name)) {
            if let Some(state) = by_series.values().next() {
                recorder.set(ALERTS_FIRING, &[("alert", name), ("severity", state.severity.as_str())], 0);
            }
        }
        for rule in &table.rules {
            let own = states.get(&rule.name).into_iter().flat_map(|by_series| by_series.values());
            let firing = own.filter(|state| matches!(state.phase, Phase::Firing | Phase::Resolving)).count();
            let labels = [("alert", rule.name.as_str()), ("severity", rule.severity.as_str())];
            recorder.set(ALERTS_FIRING, &labels, i64::try_from(firing).unwrap_or(i64::MAX));
        }
    }
}
