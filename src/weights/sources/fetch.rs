//! Fetches one file over HTTPS: resumed, hashed while it streams, and under its final name only when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::http::{Client, Reply};
use super::lock::{Lock, with_suffix};
use crate::weights::formats::storage::hex;

pub use super::fetch_error::FetchError;
pub use super::http::Timeouts;

/// Bytes moved at once.
const CHUNK: usize = 1 << 16;
/// How often a request is repeated after a failure, as long as nothing arrives in between.
const ATTEMPTS: u32 = 3;

/// A file to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// HTTPS, or HTTP on this machine.
    pub url: &'a str,
    /// Where the file goes. A file that is there is replaced when the new one is whole.
    pub out: &'a Path,
    /// The hash it must have, 64 lower-case hexadecimal digits. Only with a hash an interrupted download is resumed.
    pub sha256: Option<&'a str>,
    /// The size it must have, if known.
    pub size: Option<u64>,
    /// The size from which on it is refused.
    pub max_bytes: u64,
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Bytes here, those of an earlier attempt included.
    pub received: u64,
    /// Bytes of the whole file, if the server tells.
    pub total: Option<u64>,
    /// Bytes per second since this download began.
    pub per_second: f64,
}

impl Progress {
    /// Time left at the present speed, if the size is known and anything has arrived.
    pub fn time_left(&self) -> Option<Duration> {
        let left = self.total?.checked_sub(self.received)?;
        Duration::try_from_secs_f64(left as f64 / self.per_second).ok()
    }
}

/// A file that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// SHA-256 of its bytes, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

/// Fetches a file; blocks until it is whole, given up, or `cancel` is set.
///
/// What has arrived waits beside `out` in a file of its own, which a lock keeps to one program at a time. Failures of
/// the network are tried again from where they happened. Where nothing has arrived nothing is left.
///
/// # Errors
/// One sentence that names the address or file, and what to do. `out` is then as it was before.
pub fn fetch(
    request: &Request<'_>,
    timeouts: &Timeouts,
    progress: &mut dyn FnMut(Progress),
    cancel: &AtomicBool,
) -> Result<Fetched, FetchError> {
    let client = Client::new(request.url, timeouts)?;
    let folder = request.out.parent().unwrap_or(Path::new(""));
    let disk = |source| FetchError::disk(request.out, source);
    fs::create_dir_all(folder).map_err(disk)?;
    let _lock = Lock::of(request.out)?;
    client.watched(cancel, || {
        let mut download = Download::open(request, &client, progress, cancel)?;
        match download.run(timeouts) {
            Ok(()) => download.finish(),
            Err(error) => {
                download.give_up();
                Err(error)
            }
        }
    })
}

/// One file while it arrives.
struct Download<'a> {
    request: &'a Request<'a>,
    client: &'a Client,
    progress: &'a mut dyn FnMut(Progress),
    cancel: &'a AtomicBool,
    partial: PathBuf,
    file: File,
    /// Hash of everything received.
    hash: Sha256,
    received: u64,
    total: Option<u64>,
    started: Instant,
    /// Bytes that were there before.
    resumed: u64,
}

impl<'a> Download<'a> {
    /// Opens the partial file and hashes what is in it already.
    fn open(
        request: &'a Request<'a>,
        client: &'a Client,
        progress: &'a mut dyn FnMut(Progress),
        cancel: &'a AtomicBool,
    ) -> Result<Self, FetchError> {
        let disk = |source| FetchError::disk(request.out, source);
        // a part is continued only as a part of the same file
        let identity = request.sha256.unwrap_or_default().get(..16).unwrap_or_default();
        let partial = with_suffix(request.out, &format!(".{identity}.partial"));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(identity.is_empty())
            .open(&partial)
            .map_err(disk)?;
        let mut download = Self {
            request,
            client,
            progress,
            cancel,
            partial,
            file,
            hash: Sha256::new(),
            received: 0,
            total: request.size,
            started: Instant::now(),
            resumed: 0,
        };
        let mut buffer = vec![0; CHUNK];
        loop {
            match download.file.read(&mut buffer).map_err(disk)? {
                0 => break,
                read => {
                    download.hash.update(&buffer[..read]);
                    download.received += read as u64;
                }
            }
        }
        if download.received > request.size.unwrap_or(request.max_bytes) {
            download.restart()?;
        }
        download.resumed = download.received;
        Ok(download)
    }

    /// Forgets what has arrived.
    fn restart(&mut self) -> Result<(), FetchError> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map_err(|source| FetchError::disk(self.request.out, source))?;
        self.hash = Sha256::new();
        self.received = 0;
        self.resumed = 0;
        Ok(())
    }

    /// Requests until everything is here, again after failures that may pass.
    fn run(&mut self, timeouts: &Timeouts) -> Result<(), FetchError> {
        let mut failures = 0;
        while self.total.is_none_or(|total| self.received < total) {
            let before = self.received;
            let error = match self.transfer() {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if self.cancel.load(Ordering::Relaxed) {
                return Err(FetchError::Cancelled);
            }
            failures = if self.received > before { 1 } else { failures + 1 };
            if !error.may_pass() || failures >= ATTEMPTS {
                return Err(error);
            }
            self.pause(timeouts.pause * failures)?;
        }
        Ok(())
    }

    /// Waits before the next attempt, unless cancelled.
    fn pause(&self, time: Duration) -> Result<(), FetchError> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(FetchError::Cancelled);
            }
            thread::sleep(Duration::from_millis(20).min(time));
        }
        Ok(())
    }

    /// One request for what is missing, and its reply to the end.
    fn transfer(&mut self) -> Result<(), FetchError> {
        let mut reply = self.client.get(self.request.url, self.received)?;
        if reply.first_byte != self.received {
            // the server sends from the start, or from somewhere else
            self.restart()?;
            if reply.first_byte != 0 {
                reply = self.client.get(self.request.url, 0)?;
            }
        }
        self.total = match (self.request.size, reply.total) {
            (Some(expected), Some(found)) if expected != found => {
                let url = self.request.url.to_owned();
                return Err(FetchError::WrongSize { url, expected, found });
            }
            (expected, found) => expected.or(found),
        };
        // what says that it is too large need not arrive first
        let max = self.request.max_bytes;
        if self.total.is_some_and(|total| total > max) {
            let url = self.request.url.to_owned();
            return Err(FetchError::TooLarge { url, max });
        }
        self.receive(reply)
    }

    fn receive(&mut self, mut reply: Reply) -> Result<(), FetchError> {
        let mut buffer = vec![0; CHUNK];
        loop {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(FetchError::Cancelled);
            }
            let read = match (reply.read(&mut buffer), self.total) {
                (Err(FetchError::Unreachable { .. }), Some(expected)) => {
                    let url = self.request.url.to_owned();
                    let received = self.received;
                    return Err(FetchError::Cut {
                        url,
                        received,
                        expected,
                    });
                }
                (read, _) => read?,
            };
            if read == 0 {
                break;
            }
            let max = self.total.unwrap_or(u64::MAX).min(self.request.max_bytes);
            if self.received + read as u64 > max {
                let url = self.request.url.to_owned();
                return Err(FetchError::TooLarge { url, max });
            }
            let written = self.file.write_all(&buffer[..read]);
            if let Err(source) = written {
                // what was written of the chunk is not in the hash
                let reset = self.file.set_len(self.received);
                return Err(FetchError::disk(self.request.out, reset.err().unwrap_or(source)));
            }
            self.hash.update(&buffer[..read]);
            self.received += read as u64;
            let elapsed = self.started.elapsed().as_secs_f64().max(1e-3);
            (self.progress)(Progress {
                received: self.received,
                total: self.total,
                per_second: (self.received - self.resumed) as f64 / elapsed,
            });
        }
        match self.total {
            Some(expected) if self.received < expected => Err(FetchError::Cut {
                url: self.request.url.to_owned(),
                received: self.received,
                expected,
            }),
            _ => Ok(()),
        }
    }

    /// Leaves what the next attempt can go on from, and nothing else.
    fn give_up(&self) {
        if self.received == 0 || self.request.sha256.is_none() {
            // what failed before is what a person needs to know
            fs::remove_file(&self.partial).ok();
        }
    }

    /// Checks the hash, and gives the file its name once it is on the disk.
    fn finish(self) -> Result<Fetched, FetchError> {
        let out = self.request.out;
        let sha256 = hex(&self.hash.finalize());
        if let Some(expected) = self.request.sha256
            && expected != sha256
        {
            // resuming it would never make it right
            fs::remove_file(&self.partial).map_err(|source| FetchError::disk(out, source))?;
            return Err(FetchError::WrongHash {
                url: self.request.url.to_owned(),
                expected: expected.to_owned(),
                found: sha256,
            });
        }
        let placed = self
            .file
            .sync_all()
            .and_then(|()| fs::rename(&self.partial, out))
            .and_then(|()| sync_folder(out));
        placed.map_err(|source| FetchError::disk(out, source))?;
        Ok(Fetched {
            sha256,
            bytes: self.received,
        })
    }
}

/// Brings the new name to the disk too.
#[cfg(unix)]
fn sync_folder(out: &Path) -> io::Result<()> {
    match out.parent() {
        Some(folder) if folder != Path::new("") => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// Windows writes names through by itself.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
