//! Whether the platform refuses only with the problems that its description names, seen in its own log after the tests.

use std::collections::BTreeSet;
use std::path::Path;

use aion_api::operations::OPERATIONS;
use serde_json::Value;

use crate::files;
use crate::report::{Outcome, fail};

/// Fails if a line of the log says of an operation that it gave a problem which docs/openapi.json does not list for it.
pub fn check(log: &Path) -> Outcome<()> {
    let faults: BTreeSet<String> = files::read(log)?.lines().filter_map(fault).collect();
    if faults.is_empty() {
        return Ok(());
    }
    fail(format!("problems that their operations do not name: {}", faults.into_iter().collect::<Vec<_>>().join(", ")))
}

/// What is wrong with what a line tells. A line that was cut by the end of its process tells nothing.
fn fault(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line.get(line.find('{')?..)?).ok()?;
    let (route, problem) = (line["route"].as_str()?, line["problem"].as_str()?);
    let operation = OPERATIONS.iter().find(|operation| operation.id == route);
    let is_named = operation?.all_problems().iter().any(|code| code.as_str() == problem);
    (!is_named).then(|| format!("{route} {problem}"))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn a_problem_without_a_name_in_the_description_is_found() {
        let line = |problem: &str| format!(r#"[edge] {{"route":"readPlan","status":409,"problem":"{problem}"}}"#);
        assert_eq!(fault(&line("resource.unknown")), None);
        assert_eq!(fault(&line("state.conflict")), Some("readPlan state.conflict".to_owned()));
        assert_eq!(fault(r#"[edge] {"route":"readPlan","status":200,"problem":null}"#), None);
        assert_eq!(fault(r#"[edge] {"route":"readPl"#), None);
    }
}
