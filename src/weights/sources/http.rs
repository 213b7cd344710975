//! HTTPS requests with every guard in one place: addresses, redirects, time-outs, cancelling.

use std::io::{self, Read as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ureq::http::{Response, header};
use ureq::{Agent, Body, BodyReader};
use url::{Host, Url};

use super::fetch_error::FetchError;

/// More than any of the sources needs.
const MAX_REDIRECTS: usize = 8;
/// How often the watcher looks whether the user has cancelled.
const WATCH: Duration = Duration::from_millis(50);

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For anything to arrive on it.
    pub stall: Duration,
    /// Before the second attempt; the third waits twice as long.
    pub pause: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            stall: Duration::from_secs(20),
            pause: Duration::from_secs(1),
        }
    }
}

/// Makes requests that can be interrupted.
pub(crate) struct Client {
    agent: Agent,
}

/// A server's answer with the file, or the end of it.
pub(crate) struct Reply {
    /// Position in the file of the first byte that follows.
    pub first_byte: u64,
    /// Size of the whole file.
    pub total: Option<u64>,
    host: String,
    body: BodyReader<'static>,
}

impl Reply {
    /// Some of the next bytes; none at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, FetchError> {
        loop {
            match self.body.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self::error(ureq::Error::from(error), &self.host)),
                Ok(read) => return Ok(read),
            }
        }
    }
}

/// What the Hub says of a file before it sends to where the file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HubFile {
    pub sha256: String,
    pub size: Option<u64>,
}

impl Client {
    /// A client for requests that begin at `url`.
    pub(crate) fn new(url: &str, timeouts: &Timeouts) -> Result<Self, FetchError> {
        let address = checked(url)?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // followed here, so that each step is checked
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_resolve(Some(timeouts.connect))
            .timeout_connect(Some(timeouts.connect))
            .timeout_recv_response(Some(timeouts.stall))
            .timeout_per_read(Some(timeouts.stall))
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
        // a proxy has another loopback than this machine
        let config = if is_loopback(&address) {
            config.proxy(None)
        } else {
            config
        };
        Ok(Self {
            agent: config.build().new_agent(),
        })
    }

    /// Does `work`, during which setting `cancel` interrupts requests even where they wait for the server.
    pub(crate) fn watched<T>(
        &self,
        cancel: &AtomicBool,
        work: impl FnOnce() -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let done = AtomicBool::new(false);
        let agent = self.agent.clone();
        let result = thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    if cancel.load(Ordering::Relaxed) {
                        agent.shutdown();
                        return;
                    }
                    thread::park_timeout(WATCH);
                }
            });
            let result = work();
            done.store(true, Ordering::Release);
            watcher.thread().unpark();
            result
        });
        match result {
            Err(_) if cancel.load(Ordering::Relaxed) => Err(FetchError::Cancelled),
            other => other,
        }
    }

    /// Requests a file from `offset` on. The reply may begin elsewhere.
    pub(crate) fn get(&self, url: &str, offset: u64) -> Result<Reply, FetchError> {
        let mut address = checked(url)?;
        let mut range = (offset > 0).then(|| format!("bytes={offset}-"));
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self
                .agent
                .get(address.as_str())
                .header(header::ACCEPT_ENCODING, "identity");
            if let Some(range) = &range {
                request = request.header(header::RANGE, range);
            }
            let host = address.host_str().unwrap_or_default().to_owned();
            let response = request.call().map_err(|error| self::error(error, &host))?;
            match response.status().as_u16() {
                200 => return Ok(reply(response, host, 0)),
                206 if range.is_some() => return partial_reply(response, url, host),
                // what is here cannot be part of the file
                416 if range.is_some() => range = None,
                301 | 302 | 303 | 307 | 308 => address = redirected(url, &address, &response)?,
                status => {
                    let url = url.to_owned();
                    return Err(FetchError::Status { url, status });
                }
            }
        }
        Err(FetchError::Redirects { url: url.to_owned() })
    }

    /// Asks the Hub for the hash of a file. Redirects on the Hub itself, as after renaming a repository, are followed.
    pub(crate) fn hub_file(&self, url: &str) -> Result<HubFile, FetchError> {
        let mut address = checked(url)?;
        for _ in 0..=MAX_REDIRECTS {
            let host = address.host_str().unwrap_or_default().to_owned();
            let request = self
                .agent
                .head(address.as_str())
                .header(header::ACCEPT_ENCODING, "identity");
            let response = request.call().map_err(|error| self::error(error, &host))?;
            let text = |name: &str| response.headers().get(name)?.to_str().ok();
            let etag = text("x-linked-etag").map(|etag| etag.trim_start_matches("W/").trim_matches('"'));
            if let Some(sha256) = etag.filter(|etag| is_sha256(etag)) {
                return Ok(HubFile {
                    sha256: sha256.to_owned(),
                    size: text("x-linked-size").and_then(|size| size.parse().ok()),
                });
            }
            match response.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => {
                    let next = redirected(url, &address, &response)?;
                    if next.origin() != address.origin() {
                        break;
                    }
                    address = next;
                }
                200 => break,
                status => {
                    let url = url.to_owned();
                    return Err(FetchError::Status { url, status });
                }
            }
        }
        Err(FetchError::Unverifiable { url: url.to_owned() })
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An address that may be fetched from: HTTPS, or HTTP on this machine.
fn checked(url: &str) -> Result<Url, FetchError> {
    let parsed = Url::parse(url).ok();
    let allowed = parsed.filter(|url| match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    });
    allowed.ok_or_else(|| FetchError::Address { url: url.to_owned() })
}

/// The address that a reply leads to.
fn redirected(url: &str, address: &Url, response: &Response<Body>) -> Result<Url, FetchError> {
    let location = response
        .headers()
        .get(header::LOCATION)
        .and_then(|location| location.to_str().ok());
    let joined = location.and_then(|location| address.join(location).ok());
    let next = joined.and_then(|next| checked(next.as_str()).ok());
    // a server elsewhere has no business on this machine
    let next = next.filter(|next| !is_loopback(next) || is_loopback(address));
    next.ok_or_else(|| FetchError::Redirects { url: url.to_owned() })
}

/// A reply from the start of a file or from `first_byte` on.
fn reply(response: Response<Body>, host: String, first_byte: u64) -> Reply {
    let length = response.body().content_length();
    Reply {
        first_byte,
        total: length.and_then(|length| length.checked_add(first_byte)),
        host,
        body: response.into_body().into_reader(),
    }
}

/// A reply of status 206, which says where it begins: `Content-Range: bytes 100-199/200`.
fn partial_reply(response: Response<Body>, url: &str, host: String) -> Result<Reply, FetchError> {
    let range = response
        .headers()
        .get(header::CONTENT_RANGE)
        .and_then(|range| range.to_str().ok());
    let range = range.and_then(|range| range.strip_prefix("bytes "));
    let first_byte = range.and_then(|range| range.split('-').next()?.trim().parse().ok());
    let Some(first_byte) = first_byte else {
        let url = url.to_owned();
        return Err(FetchError::Status { url, status: 206 });
    };
    let whole = range.and_then(|range| range.rsplit('/').next()?.trim().parse().ok());
    let mut reply = reply(response, host, first_byte);
    reply.total = whole.or(reply.total);
    Ok(reply)
}

/// The failure of a request in plain words.
fn error(error: ureq::Error, host: &str) -> FetchError {
    let host = host.to_owned();
    match error {
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => FetchError::Unreachable {
            host,
            reason: "no answer in time".to_owned(),
        },
        ureq::Error::Timeout(_) => FetchError::Stalled { host },
        ureq::Error::HostNotFound => FetchError::Unreachable {
            host,
            reason: "its name is not known".to_owned(),
        },
        other => FetchError::Unreachable {
            host,
            reason: other.to_string(),
        },
    }
}
