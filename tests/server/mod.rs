//! A small HTTP server on this machine that misbehaves on demand.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The file, from where the request asks, as a good server does.
    File,
    /// The whole file, whatever the request asks.
    IgnoringRange,
    /// The file without announcing its length.
    WithoutLength,
    /// The announced file, but the connection ends after so many bytes.
    Cut(usize),
    /// So many bytes, and then nothing for a long time.
    Stall(usize),
    /// The file in small pieces, with a pause after each.
    Slow(Duration),
    /// Only a status.
    Status(u16),
    /// To another address.
    Redirect(String),
    /// What the Hub answers to HEAD: hash and size.
    Hub(String),
    /// A range that was not asked for.
    OtherRange,
}

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub range: Option<String>,
}

/// Serves one file until the test ends.
pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// Answers the first requests as told, and all further ones as the last.
    pub fn new(file: Vec<u8>, answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (file, log) = (Arc::new(file), requests.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (file, log, answers) = (file.clone(), log.clone(), answers.clone());
                // a test may have left while a reply was on its way
                thread::spawn(move || stream.map(|stream| serve(stream, &file, &log, &answers)));
            }
        });
        Self { url, requests }
    }

    pub fn requests(&self) -> Vec<Received> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, file: &[u8], log: &Mutex<Vec<Received>>, answers: &[Answer]) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    let mut words = first.split(' ').map(str::to_owned);
    let mut received = Received {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        range: None,
    };
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        if name.eq_ignore_ascii_case("range") {
            received.range = Some(value.trim().to_owned());
        }
    }
    let answer = {
        let mut log = log.lock().unwrap();
        log.push(received.clone());
        answers[(log.len() - 1).min(answers.len() - 1)].clone()
    };
    let start: usize = received
        .range
        .as_deref()
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok())
        .unwrap_or(0);
    let ranged = |stream: &mut TcpStream| {
        if start >= file.len() {
            write!(
                stream,
                "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )?;
            return Ok(&[][..]);
        }
        let (status, length) = if start > 0 {
            ("206 Partial Content", file.len() - start)
        } else {
            ("200 OK", file.len())
        };
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n"
        )?;
        if start > 0 {
            write!(
                stream,
                "Content-Range: bytes {start}-{}/{}\r\n",
                file.len() - 1,
                file.len()
            )?;
        }
        write!(stream, "\r\n")?;
        std::io::Result::Ok(&file[start..])
    };
    match answer {
        Answer::File => {
            let rest = ranged(&mut stream)?;
            stream.write_all(rest)
        }
        Answer::IgnoringRange => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                file.len()
            )?;
            stream.write_all(file)
        }
        Answer::WithoutLength => {
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            stream.write_all(file)
        }
        Answer::Cut(after) => {
            let rest = ranged(&mut stream)?;
            stream.write_all(&rest[..after.min(rest.len())])
        }
        Answer::Stall(after) => {
            let rest = ranged(&mut stream)?;
            stream.write_all(&rest[..after.min(rest.len())])?;
            thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        Answer::Slow(pause) => {
            let rest = ranged(&mut stream)?;
            for piece in rest.chunks(1000) {
                stream.write_all(piece)?;
                thread::sleep(pause);
            }
            Ok(())
        }
        Answer::Status(status) => {
            write!(
                stream,
                "HTTP/1.1 {status} As Told\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
        }
        Answer::Redirect(to) => {
            write!(
                stream,
                "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
        }
        Answer::Hub(sha256) => {
            write!(
                stream,
                "HTTP/1.1 302 Found\r\nLocation: https://cdn.invalid/x\r\nX-Linked-Etag: \"{sha256}\"\r\n"
            )?;
            write!(
                stream,
                "X-Linked-Size: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                file.len()
            )
        }
        Answer::OtherRange => {
            write!(
                stream,
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/{}\r\n",
                file.len()
            )?;
            write!(stream, "Content-Length: 5\r\nConnection: close\r\n\r\n12345")
        }
    }
}
