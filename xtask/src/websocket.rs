//! A client of the `WebSocket` protocol (RFC 6455), as much of one as tests need: it connects, and reads texts until
//! the other side closes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::report::{Outcome, fail};

/// A socket that says nothing for longer has failed.
const PATIENCE: Duration = Duration::from_mins(1);
/// Any 16 bytes, base64: a server proves with them that it speaks the protocol; we trust ours.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// Operation codes of frames (section 5.2).
const TEXT: u8 = 1;
const CLOSE: u8 = 8;

/// What a server says at a path until it closes, and the code that it closes with.
pub fn read(port: u16, path: &str, api_key: &str) -> Outcome<(Vec<String>, u16)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {api_key}\r\nconnection: Upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    if line.split(' ').nth(1) != Some("101") {
        return fail(format!("no WebSocket: {}", line.trim()));
    }
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line)?;
    }
    let mut texts = Vec::new();
    loop {
        match frame(&mut reader)? {
            (TEXT, payload) => texts.push(String::from_utf8(payload)?),
            (CLOSE, payload) => {
                // Without a code there is no status (RFC 6455 section 7.1.5).
                let code = payload.first_chunk().map_or(1_005, |bytes| u16::from_be_bytes(*bytes));
                return Ok((texts, code));
            }
            _ => {}
        }
    }
}

/// One frame: its operation code and what it carries. Servers do not mask.
fn frame(reader: &mut impl Read) -> Outcome<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    reader.read_exact(&mut head)?;
    let length = match head[1] & 0x7f {
        126 => {
            let mut long = [0; 2];
            reader.read_exact(&mut long)?;
            usize::from(u16::from_be_bytes(long))
        }
        127 => return fail("a frame is longer than any of ours"),
        short => usize::from(short),
    };
    let mut payload = vec![0; length];
    reader.read_exact(&mut payload)?;
    Ok((head[0] & 0x0f, payload))
}

#[cfg(test)]
mod tests {
    use super::{CLOSE, TEXT, frame};

    #[test]
    fn frames_are_read_to_their_end() {
        let long = [&[0x81, 126, 1, 0][..], &[b'x'; 256]].concat();
        let bytes = [&[0x81, 2, b'o', b'k'][..], &long, &[0x88, 2, 3, 0xe8]].concat();
        let mut reader = &bytes[..];
        assert_eq!(frame(&mut reader).unwrap(), (TEXT, b"ok".to_vec()));
        assert_eq!(frame(&mut reader).unwrap().1.len(), 256);
        assert_eq!(frame(&mut reader).unwrap().0, CLOSE);
    }
}
