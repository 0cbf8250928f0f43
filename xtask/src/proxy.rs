//! A proxy before the chain that fails on demand.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use crate::http;
use crate::report::Outcome;

/// What the proxy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// Requests and answers pass.
    Pass = 0,
    /// Every connection is closed without an answer, and nothing reaches the chain.
    Refuse = 1,
    /// Transactions reach the chain and their answers are lost; everything else passes.
    DropAnswers = 2,
    /// Every answer is [`FLOOD_BYTES`] of blanks, and nothing reaches the chain.
    Flood = 3,
}

/// A flood, as an answer: far more than anybody should read of one.
const FLOOD_BYTES: usize = 256 * 1024 * 1024;

/// A running proxy.
#[derive(Clone)]
pub struct Proxy {
    mode: Arc<AtomicU8>,
    flooded: Arc<AtomicUsize>,
    upstream: String,
    port: u16,
}

impl Proxy {
    /// Starts a proxy before a JSON-RPC endpoint.
    pub fn start(upstream: &str) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let proxy = Self { mode: Arc::default(), flooded: Arc::default(), upstream: upstream.to_owned(), port };
        let served = proxy.clone();
        http::serve(listener, move |stream| {
            // A client that hangs up is what this proxy is about.
            let _ = served.pass_on(stream);
        });
        Ok(proxy)
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Changes what it does.
    pub fn set(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::SeqCst);
    }

    /// How many bytes somebody has taken of a flood, at most.
    pub fn flooded(&self) -> usize {
        self.flooded.load(Ordering::SeqCst)
    }

    fn flood(&self, mut stream: &TcpStream) -> Outcome<()> {
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n")?;
        let blanks = vec![b' '; 64 * 1024];
        for piece in 1..=FLOOD_BYTES / blanks.len() {
            stream.write_all(&blanks)?;
            self.flooded.fetch_max(piece * blanks.len(), Ordering::SeqCst);
        }
        Ok(())
    }

    fn is(&self, mode: Mode) -> bool {
        self.mode.load(Ordering::SeqCst) == mode as u8
    }

    fn pass_on(&self, stream: &TcpStream) -> Outcome<()> {
        let request = http::receive(stream)?;
        if self.is(Mode::Refuse) {
            return Ok(());
        }
        if self.is(Mode::Flood) {
            return self.flood(stream);
        }
        let answer = http::post(&self.upstream, &request.body)?;
        let sends = String::from_utf8_lossy(&request.body).contains("eth_sendRawTransaction");
        if sends && self.is(Mode::DropAnswers) {
            return Ok(());
        }
        http::answer(stream, 200, &answer)
    }
}
