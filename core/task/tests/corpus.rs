//! Tasks as every version has stored them: each is read, goes on and comes to its end. A changed format makes the last
//! version's files differ from what is stored now; then a new version is added with `CORPUS=write`, under a new number,
//! and the old files stay.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use aion_task::machine::{Submission, apply, question_digest, submit};
use aion_task::task::{State, Stored};
use aion_task::{Command, Definition, Outcome, Task, machine};
use serde_json::{Value, json};

/// The version whose files are what is stored now.
const NEWEST: &str = "v1";
/// A time after every wait of the corpus.
const LATER_MS: u64 = 400 * 24 * 60 * 60 * 1_000;

struct Case {
    task: Task,
    definition: Rc<Definition>,
}

impl Case {
    fn new(steps: &Value, input: Value) -> Self {
        let call = json!({ "do": "identity.create", "with": { "name": "x" } });
        let definition = json!({ "labels": { "corpus": "yes" }, "steps": steps });
        let text = definition.to_string().replace("\"call\"", &call.to_string());
        let definition = Rc::new(Definition::parse(&serde_json::from_str(&text).unwrap()).unwrap());
        let (id, tenant) = ("tsk_00aaaaaaaaaaaaaaaaaaaa".to_owned(), "t".to_owned());
        let (trace, parent) = (String::new(), None);
        let new = Submission { id, tenant, definition: Rc::clone(&definition), input, parent, trace };
        let mut case = Self { task: submit(new, 1_000).unwrap().0, definition };
        case.apply(Command::Due { room: 6 });
        case
    }

    fn apply(&mut self, command: Command) {
        apply(&mut self.task, &self.definition, command, 2_000, 7).unwrap();
    }

    fn reply(mut self, step: &str, outcome: Outcome) -> Self {
        let (step, epoch) = (step.to_owned(), self.task.steps[step].epoch);
        self.apply(Command::Reply { step, epoch, outcome });
        self
    }

    fn with(mut self, command: impl FnOnce(&Task) -> Command) -> Self {
        let command = command(&self.task);
        self.apply(command);
        self
    }

    fn file(&self) -> Value {
        let Stored { body, blobs } = self.task.to_stored().unwrap();
        json!({ "definition": *self.definition, "hash": self.definition.hash(), "body": body, "blobs": blobs })
    }
}

fn decided(task: &Task) -> Command {
    let digest = question_digest(&task.id, "a", &task.steps["a"]);
    let (by, proof) = ("did:key:z6Mk1".to_owned(), "jws".to_owned());
    let decision = machine::Decision { by, approve: true, digest, proof, at_ms: 2_000 };
    Command::Decide { step: "a".to_owned(), decision }
}

/// A task in every state in which one can be stored.
fn cases() -> BTreeMap<&'static str, Case> {
    let one = |step: Value| Case::new(&json!({ "a": step }), json!({}));
    let call = || one(json!("call"));
    let undoable = json!({ "a": { "do": "identity.create", "with": { "name": "x" },
        "compensate": { "do": "identity.create", "with": { "name": "y" } } },
        "b": { "do": "identity.create", "needs": ["a"], "with": { "name": "z" } } });
    let output = || json!({ "id": "u:x" });
    let busy = Outcome::Retry { code: "busy".to_owned(), reason: "later".to_owned(), after_ms: 10 };
    let fatal = || Outcome::Fatal { code: "no".to_owned(), reason: "never".to_owned() };
    let approval = json!({ "do": "wait.approval", "with": { "question": "Go?", "count": 2,
        "by": ["did:key:z6Mk1", "did:key:z6Mk2"], "within": "P1D" } });
    let nested = json!({ "steps": { "n": { "do": "sleep", "with": { "duration": "1h" } } } });
    let lost = |task: &Task| {
        let (step, reason) = ("a".to_owned(), "the connection failed".to_owned());
        Command::Unknown { step, epoch: task.steps["a"].epoch, reason }
    };
    let signal = |_: &Task| Command::Signal { name: "early".to_owned(), payload: json!(1), key: "k".to_owned() };
    let undoing = Case::new(&undoable, json!({})).reply("a", Outcome::Done { output: output() });
    let undoing = undoing.with(|_| Command::Due { room: 6 }).reply("b", fatal());
    let each = json!({ "a": { "do": "identity.create", "with": { "name": "${{ item }}" },
        "each": { "in": "input.names", "parallel": 2 } } });
    let large = json!({ "text": "x".repeat(20_000) });
    BTreeMap::from([
        ("leased", call()),
        ("pending", call().reply("a", Outcome::Pending)),
        ("callback", call().reply("a", Outcome::Callback)),
        ("unknown", call().with(lost)),
        ("retry", call().reply("a", busy)),
        ("done", call().reply("a", Outcome::Done { output: output() })),
        ("failed", call().reply("a", fatal())),
        ("cancelling", call().with(|_| Command::Cancel)),
        ("sleeping", one(json!({ "do": "sleep", "with": { "duration": "1h" } }))),
        ("signal", one(json!({ "do": "wait.signal", "with": { "name": "go", "within": "1h" } })).with(signal)),
        ("approval", one(approval).with(decided)),
        ("child", one(json!({ "do": "task.start", "with": { "definition": nested } }))),
        ("undoing", undoing),
        ("items", Case::new(&each, json!({ "names": ["a", "b", "c"] }))),
        ("large", Case::new(&json!({ "a": "call" }), large)),
        (
            "dead",
            one(json!({ "do": "identity.create", "with": { "name": "x" }, "retry": { "attempts": 1 } }))
                .reply("a", Outcome::Retry { code: "busy".to_owned(), reason: "later".to_owned(), after_ms: 0 }),
        ),
    ])
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn read(path: &Path) -> Case {
    let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let blob = |_: &str, hash: &str| Ok::<_, ()>(file["blobs"][hash].as_str().map(str::to_owned));
    let task = Task::from_stored(file["body"].as_str().unwrap(), blob).unwrap();
    let definition = Definition::stored(&file["definition"].to_string(), file["hash"].as_str().unwrap()).unwrap();
    assert!(task.is_of(&definition), "{}", path.display());
    Case { task, definition: Rc::new(definition) }
}

#[test]
fn what_is_stored_now_is_what_the_newest_version_stored() {
    for (name, case) in cases() {
        let (path, now) = (folder().join(NEWEST).join(format!("{name}.json")), case.file());
        if std::env::var("CORPUS").is_ok_and(|wish| wish == "write") && !path.exists() {
            fs::write(&path, format!("{now:#}\n")).unwrap();
        }
        let stored: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(stored, now, "{name}: the format has changed; store a new version of the corpus");
    }
}

#[test]
fn tasks_of_every_version_come_to_their_end() {
    let mut seen = 0;
    for version in fs::read_dir(folder()).unwrap() {
        for file in fs::read_dir(version.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            end(read(&path), &path);
            seen += 1;
        }
    }
    assert!(seen >= cases().len());
}

/// Whatever a task waits for comes: times, answers, the child's end.
fn end(Case { mut task, definition }: Case, path: &Path) {
    let mut now_ms = LATER_MS;
    for _ in 0..20 {
        now_ms += 400 * 24 * 60 * 60 * 1_000;
        apply(&mut task, &definition, Command::Due { room: 6 }, now_ms, 7).unwrap();
        let mut commands = Vec::new();
        for (step, record) in &task.steps {
            let (step, epoch) = (step.clone(), record.epoch);
            if let aion_task::task::StepState::Child { task: child } = &record.state {
                let (child, state, output) = (child.clone(), State::Done, json!({}));
                commands.push(Command::ChildEnded { step, child, state, output });
            } else if record.state.is_in_flight() {
                commands.push(Command::Reply {
                    step,
                    epoch,
                    outcome: Outcome::Done { output: json!({ "id": "u:x" }) },
                });
            }
        }
        if task.state == State::Dead {
            commands.push(Command::Redrive { reason: "the corpus goes on".to_owned(), from: None });
        }
        for command in commands {
            apply(&mut task, &definition, command, now_ms, 7).unwrap();
        }
        if task.state.is_terminal() && task.state != State::Dead {
            return;
        }
    }
    assert!(task.state.is_terminal(), "{} is stuck: {:?}", path.display(), task.steps);
}
