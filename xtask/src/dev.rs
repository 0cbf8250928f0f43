//! `cargo xtask dev`: the whole platform on this machine.

use std::path::PathBuf;
use std::thread;

use serde_json::Value;

use crate::console::quick::Quick;
use crate::first_light::{self, Light};
use crate::platform::{self, Place};
use crate::report::{Context, Outcome, fail, failure, now, say, step};
use crate::workspace::scratch;
use crate::{build, chain, files, http, llama, secrets, setup};

/// What the command line asks for.
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line by its own name")]
pub struct Options {
    port: u16,
    chain_port: u16,
    reset: bool,
    first_light: bool,
    exit: bool,
    json: bool,
    /// With llama.cpp's server as first light's provider,
    mind: bool,
    /// and this model, if it is not ours.
    model: Option<PathBuf>,
}

impl Options {
    /// Reads the words after `dev`.
    pub fn parse(words: &[&str]) -> Outcome<Self> {
        let (port, chain_port, model) = (4000, 8545, None);
        let mut options =
            Self { port, chain_port, reset: false, first_light: true, exit: false, json: false, mind: false, model };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut port = || words.next().unwrap_or(&"").parse().context(format!("{word} wants a port"));
            match *word {
                "--port" => options.port = port()?,
                "--chain-port" => options.chain_port = port()?,
                "--reset" => options.reset = true,
                "--no-first-light" => options.first_light = false,
                "--exit-after-first-light" => options.exit = true,
                "--json" => options.json = true,
                "--with-mind" => options.mind = true,
                "--model" => {
                    let path = words.next().ok_or_else(|| failure("--model wants a file"))?;
                    options.model = Some(std::path::absolute(path)?);
                }
                other => return fail(format!("`dev` does not know {other}; see `cargo xtask help`")),
            }
        }
        if options.model.is_some() && !options.mind {
            return fail("--model goes with --with-mind");
        }
        if options.mind && !options.first_light {
            return fail("--with-mind goes to first light's tenant: leave --no-first-light out");
        }
        Ok(options)
    }
}

/// Sets everything up, starts it, has first light, and stays until Ctrl-C.
pub fn run(options: &Options) -> Outcome<()> {
    let start = now();
    setup::for_platform()?;
    let console = Quick::own();
    let changes = console.changes();
    build::all_with(|| console.ready())?;
    let home = scratch("dev");
    let state = home.join("chain.json");
    // Storage and chain belong together: one without the other is a platform whose transactions vanished.
    if options.reset || !state.exists() {
        files::remove(&home)?;
    }
    std::fs::create_dir_all(&home)?;
    let chain = chain::start(options.chain_port, Some(&state), &home.join("logs/chain.log"))?;
    chain::prepare(&chain.url)?;
    let place = Place {
        port: options.port,
        storage: home.join("storage"),
        logs: home.join("logs"),
        rpc_url: chain.url.clone(),
        registry: home.join("registry"),
        assets: Some(console.dist()),
    };
    let mut server = step("the Workers", || {
        let mut server = place.start_all()?;
        platform::wait_for_all(&place.url(), &mut server)?;
        Ok(server)
    })?;
    say(format_args!("ready after {:.1} s", start.elapsed().as_secs_f64()));
    let light = if options.first_light { Some(first_light::run(&place.url(), &chain.url)?) } else { None };
    if options.json {
        println!("{}", light.as_ref().map_or(Value::Null, |light| light.report.clone()));
    }
    if let Some(light) = &light {
        light.check()?;
    }
    let llama = if let Some(light) = light.as_ref().filter(|_| options.mind) {
        let package = llama::find().context("llama.cpp cannot be had here")?;
        let llama = llama::start(&package, options.model.as_deref(), http::free_port()?, &place.logs)?;
        llama.register(&place.url(), &light.api_key)?;
        Some(llama)
    } else {
        None
    };
    if options.exit {
        return Ok(());
    }
    greet(&place, light.as_ref())?;
    if let Some(llama) = &llama {
        llama.greet(&place.url());
    }
    let url = place.url();
    thread::spawn(move || console.watch(changes, &url));
    platform::stay(&mut server)
}

fn greet(place: &Place, light: Option<&Light>) -> Outcome<()> {
    let url = place.url();
    say(format_args!("\nAION-Ω is at {url} until Ctrl-C. Its chain: 137 at the RPC URL in .dev.vars."));
    let host = place.public_host();
    say(format_args!("The console: http://{host}, signed in with an API key, or with the operator's token."));
    say(format_args!("A change below ui is built again by itself; load the console's page anew to see it."));
    say(format_args!("The operator's token is OPERATOR_TOKEN in .dev.vars. Three calls to try:"));
    let Some(light) = light else {
        return Ok(());
    };
    // Announcing the test key of a local tenant is what makes the calls below work by copying them.
    say(format_args!("\n  export KEY={}", light.api_key));
    say(format_args!("  curl {url}/health/ready"));
    say(format_args!("  curl -H \"authorization: Bearer $KEY\" {url}/v1/tasks/{}", light.task));
    say(format_args!("  curl -H \"authorization: Bearer $KEY\" {url}/v1/wallets"));
    say(format_args!("\n  Numbers and alerts, with the operator's token: {url}/v1/metrics, {url}/v1/alerts/states"));
    say(format_args!("\n  {url}/docs describes every operation. Gas payer: {}", secrets::lane_address()?));
    Ok(())
}
