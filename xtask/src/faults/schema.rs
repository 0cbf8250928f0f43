//! `cargo xtask faults schema`: schemathesis over the whole OpenAPI document, with several seeds. It wants Python 3 and
//! is no part of `ci`; what it is installed with stands here.

use std::path::{Path, PathBuf};

use aion_client::{Client, NativeTransport};

use crate::first_light::wait;
use crate::harness::Harness;
use crate::report::{Context, Outcome, fail, step};
use crate::workspace::{at, scratch};
use crate::{build, files, process, secrets, setup};

/// The version that is installed.
const PACKAGE: &str = "schemathesis==4.32.5";
/// What must hold of every answer: it is documented, in status, media type and schema, and no fault of ours.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// Examples of an operation.
const EXAMPLES: &str = "30";
/// What costs seconds of both parties each time, what does not end by itself, what would have the rest refused, and
/// what has a body that the tool cannot write.
const LEFT_OUT: [&str; 5] = ["createWallet", "taskEvents", "putLimits", "revokeKey", "putFunction"];
/// That a method or a feature of DID Resolution is not supported is said with status 501: its HTTPS binding wants that.
/// A provider of models that the run itself has put is not there: that is said as a gateway does.
const CONFIG: &str = "[[operations]]
include-path = \"/1.0/identifiers/{did}\"
[operations.checks.not_a_server_error]
expected-statuses = [\"2xx\", \"3xx\", \"4xx\", \"501\"]
[[operations]]
include-path = [\"/v1/chat/completions\", \"/v1/mind/chat\"]
[operations.checks.not_a_server_error]
expected-statuses = [\"2xx\", \"3xx\", \"4xx\", \"502\", \"503\"]
";
/// Seeds, if the command line does not say.
const SEEDS: [&str; 3] = ["1", "2", "3"];

/// Runs it once a seed and fails unless every run is clean.
pub fn run(seeds: &[&str]) -> Outcome<()> {
    let seeds = if seeds.is_empty() { &SEEDS[..] } else { seeds };
    setup::for_platform()?;
    build::all()?;
    let program = installed()?;
    files::write(&scratch("schemathesis").join("schemathesis.toml"), CONFIG)?;
    let harness = Harness::start("faults/schema")?;
    let url = harness.url();
    let operator = Client::new(&url, NativeTransport::new()).with_key(&secrets::operator_token()?);
    let mut red = Vec::new();
    for seed in seeds {
        let key = wait(operator.create_tenant("schema"))?.context("POST /v1/tenants")?.key.api_key;
        let done = step(&format!("schemathesis, seed {seed}"), || {
            let mut tool = process::command(&program)?;
            tool.arg("run").arg(at("docs/openapi.json")).args(["--url", &url, "--seed", seed, "--checks", CHECKS]);
            tool.args(["--max-examples", EXAMPLES, "--workers", "2", "--no-color", "--suppress-health-check", "all"]);
            tool.args(["--generation-database", "none", "-H", &format!("Authorization: Bearer {key}")]);
            tool.args(LEFT_OUT.iter().flat_map(|operation| ["--exclude-operation-id", operation]));
            process::run(tool.current_dir(scratch("schemathesis")))
        });
        red.extend(done.err().map(|_| (*seed).to_owned()));
    }
    if red.is_empty() { Ok(()) } else { fail(format!("not clean with seed {}", red.join(", "))) }
}

/// Installs it into a folder of its own.
fn installed() -> Outcome<PathBuf> {
    let folder = scratch("schemathesis");
    let (program, stamp) = (folder.join("bin/schemathesis"), folder.join(".version"));
    if stamp.exists() && files::read(&stamp)? == PACKAGE {
        return Ok(program);
    }
    step("schemathesis from PyPI", || {
        process::run(process::command("python3")?.args(["-m", "venv"]).arg(&folder))?;
        process::run(process::command(pip(&folder))?.args(["install", "--quiet", PACKAGE]))
    })?;
    files::write(&stamp, PACKAGE)?;
    Ok(program)
}

fn pip(folder: &Path) -> PathBuf {
    folder.join("bin/pip")
}
