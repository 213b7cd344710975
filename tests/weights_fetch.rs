//! Downloads from a server that misbehaves: never a wrong file under the final name, never a hang.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gradcam_explorer::weights::fetch::{FetchError, Fetched, Progress, Request, Timeouts, fetch};
use server::{Answer, Server};
use sha2::Digest as _;

const QUICK: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    stall: Duration::from_millis(300),
    pause: Duration::from_millis(10),
};
const SIZE: usize = 300_000;

fn content() -> Vec<u8> {
    (0..SIZE as u32)
        .map(|position| (position.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

fn sha256(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

struct Fixture {
    folder: tempfile::TempDir,
    server: Server,
    expected: String,
}

impl Fixture {
    fn new(answers: &[Answer]) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: Server::new(content(), answers.to_vec()),
            expected: sha256(&content()),
        }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("file.h5")
    }

    fn url(&self) -> String {
        format!("{}/file.h5", self.server.url)
    }

    fn partial(&self) -> PathBuf {
        self.folder
            .path()
            .join(format!("file.h5.{}.partial", &self.expected[..16]))
    }

    fn fetch(&self) -> Result<Fetched, FetchError> {
        self.fetch_with(&mut |_| {}, &AtomicBool::new(false))
    }

    fn fetch_with(&self, progress: &mut dyn FnMut(Progress), cancel: &AtomicBool) -> Result<Fetched, FetchError> {
        let (url, out) = (self.url(), self.out());
        let request = Request {
            url: &url,
            out: &out,
            sha256: Some(&self.expected),
            size: Some(SIZE as u64),
            max_bytes: SIZE as u64,
        };
        fetch(&request, &QUICK, progress, cancel)
    }

    /// The file is here, whole, and nothing else, where locks can go but the file itself.
    fn check_whole(&self, fetched: Result<Fetched, FetchError>) {
        let fetched = fetched.unwrap();
        assert_eq!(
            (fetched.sha256.as_str(), fetched.bytes),
            (self.expected.as_str(), SIZE as u64)
        );
        assert!(fs::read(self.out()).unwrap() == content());
        assert!(!self.partial().exists());
        assert_eq!(self.left(), ["file.h5"]);
    }

    /// The names of the files that are left; without the lock where that has to stay.
    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| cfg!(unix) || !name.ends_with(".lock")).collect()
    }

    /// The file is not here, and the error is one sentence.
    fn check_failed(&self, fetched: Result<Fetched, FetchError>, expected: &str) -> FetchError {
        let error = fetched.expect_err(expected);
        let message = error.to_string();
        assert!(message.contains(expected) && !message.contains('\n'), "{message}");
        assert!(!self.out().exists());
        // the next attempt can go on from what is left
        for name in self.left() {
            assert!(name.ends_with(".partial"), "{name}");
            assert!(fs::metadata(self.folder.path().join(name)).unwrap().len() > 0);
        }
        error
    }

    fn ranges(&self) -> Vec<Option<String>> {
        self.server
            .requests()
            .into_iter()
            .map(|request| request.range)
            .collect()
    }
}

#[test]
fn whole() {
    let fixture = Fixture::new(&[Answer::File]);
    let mut seen: Vec<Progress> = Vec::new();
    let fetched = fixture.fetch_with(&mut |progress| seen.push(progress), &AtomicBool::new(false));
    fixture.check_whole(fetched);
    assert!(seen.is_sorted_by_key(|progress| progress.received));
    let last = seen.last().unwrap();
    assert_eq!((last.received, last.total), (SIZE as u64, Some(SIZE as u64)));
    assert_eq!(last.time_left(), Some(Duration::ZERO));
    assert_eq!(fixture.ranges(), [None]);
}

#[test]
fn without_announced_length() {
    let fixture = Fixture::new(&[Answer::WithoutLength]);
    fixture.check_whole(fixture.fetch());
}

#[test]
fn resumes_where_an_earlier_attempt_ended() {
    for offset in [1, 1000, SIZE / 2, SIZE - 1] {
        let fixture = Fixture::new(&[Answer::File]);
        fs::write(fixture.partial(), &content()[..offset]).unwrap();
        fixture.check_whole(fixture.fetch());
        assert_eq!(fixture.ranges(), [Some(format!("bytes={offset}-"))]);
    }
    let complete = Fixture::new(&[Answer::Status(500)]);
    fs::write(complete.partial(), content()).unwrap();
    complete.check_whole(complete.fetch());
    assert!(complete.ranges().is_empty());
}

#[test]
fn resumes_within_one_download() {
    let fixture = Fixture::new(&[Answer::Cut(100_000), Answer::Cut(50_000), Answer::Cut(0), Answer::File]);
    fixture.check_whole(fixture.fetch());
    let ranges = [
        None,
        Some("bytes=100000-"),
        Some("bytes=150000-"),
        Some("bytes=150000-"),
    ];
    assert_eq!(fixture.ranges(), ranges.map(|range| range.map(str::to_owned)));
}

#[test]
fn a_server_may_ignore_ranges_or_send_others() {
    for answers in [
        &[Answer::IgnoringRange][..],
        &[Answer::OtherRange, Answer::File],
        &[Answer::Status(416), Answer::File],
    ] {
        let fixture = Fixture::new(answers);
        fs::write(fixture.partial(), &content()[..70_000]).unwrap();
        fixture.check_whole(fixture.fetch());
    }
}

#[test]
fn a_part_of_another_file_is_found_out_and_discarded() {
    let fixture = Fixture::new(&[Answer::File]);
    fs::write(fixture.partial(), vec![7; 1000]).unwrap();
    fixture.check_failed(fixture.fetch(), "instead of");
    assert!(!fixture.partial().exists());
    fixture.check_whole(fixture.fetch());
    // more than the whole file
    let fixture = Fixture::new(&[Answer::File]);
    fs::write(fixture.partial(), vec![7; SIZE + 1]).unwrap();
    fixture.check_whole(fixture.fetch());
}

#[test]
fn wrong_hash_and_wrong_size() {
    let mut fixture = Fixture::new(&[Answer::File]);
    fixture.expected = "0".repeat(64);
    let error = fixture.check_failed(fixture.fetch(), &sha256(&content()));
    assert!(matches!(error, FetchError::WrongHash { .. }));
    assert!(!fixture.partial().exists());

    let fixture = Fixture::new(&[Answer::File]);
    let (url, out) = (fixture.url(), fixture.out());
    let request = Request {
        url: &url,
        out: &out,
        sha256: None,
        size: Some(SIZE as u64 + 1),
        max_bytes: u64::MAX,
    };
    let fetched = fetch(&request, &QUICK, &mut |_| {}, &AtomicBool::new(false));
    fixture.check_failed(fetched, "bytes instead of");
}

#[test]
fn without_a_hash_the_size_is_limited_and_nothing_is_resumed() {
    for answer in [Answer::File, Answer::WithoutLength] {
        let fixture = Fixture::new(&[answer]);
        let (url, out) = (fixture.url(), fixture.out());
        let mut request = Request {
            url: &url,
            out: &out,
            sha256: None,
            size: None,
            max_bytes: SIZE as u64 - 1,
        };
        let fetched = fetch(&request, &QUICK, &mut |_| {}, &AtomicBool::new(false));
        fixture.check_failed(fetched, "larger than the 299999 bytes");
        request.max_bytes += 1;
        let fetched = fetch(&request, &QUICK, &mut |_| {}, &AtomicBool::new(false)).unwrap();
        assert_eq!(fetched.sha256, fixture.expected);
        assert_eq!(fixture.ranges(), [None, None]);
    }
}

#[test]
fn a_file_that_is_announced_as_too_large_is_refused_before_it_arrives() {
    // the server would send nothing more for a minute
    let fixture = Fixture::new(&[Answer::Stall(1000)]);
    let (url, out) = (fixture.url(), fixture.out());
    let request = Request {
        url: &url,
        out: &out,
        sha256: None,
        size: None,
        max_bytes: SIZE as u64 - 1,
    };
    let mut arrived = 0;
    let fetched = fetch(
        &request,
        &QUICK,
        &mut |progress| arrived = progress.received,
        &AtomicBool::new(false),
    );
    fixture.check_failed(fetched, "larger than the 299999 bytes");
    assert_eq!((arrived, fixture.ranges().len()), (0, 1));
}

#[test]
fn statuses() {
    for (status, expected) in [(404, "no such file"), (403, "access denied"), (418, "418")] {
        let fixture = Fixture::new(&[Answer::Status(status)]);
        fixture.check_failed(fixture.fetch(), expected);
        assert_eq!(fixture.ranges().len(), 1, "{status} is no reason to try again");
    }
    let fixture = Fixture::new(&[Answer::Status(503)]);
    fixture.check_failed(fixture.fetch(), "a failure of the server");
    assert_eq!(fixture.ranges().len(), 3);
    let fixture = Fixture::new(&[Answer::Status(500), Answer::Status(429), Answer::File]);
    fixture.check_whole(fixture.fetch());
}

#[test]
fn stall() {
    let fixture = Fixture::new(&[Answer::Stall(10_000), Answer::Stall(0)]);
    let start = Instant::now();
    fixture.check_failed(fixture.fetch(), "sends nothing any more");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(fs::read(fixture.partial()).unwrap(), &content()[..10_000]);
    let fixture = Fixture::new(&[Answer::Stall(10_000), Answer::File]);
    fixture.check_whole(fixture.fetch());
}

#[test]
fn redirects() {
    let target = Fixture::new(&[Answer::File]);
    let fixture = Fixture::new(&[Answer::Redirect("/moved".to_owned()), Answer::Redirect(target.url())]);
    fixture.check_whole(fixture.fetch());
    assert_eq!(fixture.server.requests()[1].path, "/moved");
    for to in [
        "/around",
        "http://example.invalid/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "",
    ] {
        let fixture = Fixture::new(&[Answer::Redirect(to.to_owned())]);
        fixture.check_failed(fixture.fetch(), "redirects");
    }
}

#[test]
fn addresses() {
    for url in [
        "http://example.invalid/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "x",
        "",
        "https://",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let request = Request {
            url,
            out: &folder.path().join("x"),
            sha256: None,
            size: None,
            max_bytes: 1,
        };
        let error = fetch(&request, &QUICK, &mut |_| {}, &AtomicBool::new(false)).unwrap_err();
        assert!(matches!(error, FetchError::Address { .. }), "{url}: {error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn no_server() {
    let fixture = Fixture::new(&[Answer::File]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    drop(listener);
    let out = fixture.out();
    let request = Request {
        url: &url,
        out: &out,
        sha256: None,
        size: None,
        max_bytes: 1,
    };
    let fetched = fetch(&request, &QUICK, &mut |_| {}, &AtomicBool::new(false));
    fixture.check_failed(fetched, "127.0.0.1 cannot be reached");
}

#[test]
fn a_download_of_which_nothing_arrived_leaves_nothing() {
    for answer in [
        Answer::Status(404),
        Answer::Status(503),
        Answer::Stall(0),
        Answer::Cut(0),
    ] {
        let fixture = Fixture::new(std::slice::from_ref(&answer));
        assert!(fixture.fetch().is_err());
        assert_eq!(fixture.left(), [""; 0], "{answer:?}");
    }
}

#[test]
fn cancel_while_bytes_arrive_and_while_none_do() {
    let fixture = Fixture::new(&[Answer::Slow(Duration::from_millis(2)), Answer::File]);
    let cancel = AtomicBool::new(false);
    let fetched = fixture.fetch_with(
        &mut |progress| cancel.store(progress.received > 20_000, Ordering::Relaxed),
        &cancel,
    );
    let error = fixture.check_failed(fetched, "cancelled");
    assert!(matches!(error, FetchError::Cancelled));
    let kept = fs::read(fixture.partial()).unwrap();
    assert!(kept.len() > 20_000 && kept == content()[..kept.len()]);
    fixture.check_whole(fixture.fetch());

    let fixture = Fixture::new(&[Answer::Stall(0)]);
    let (cancel, patient) = (AtomicBool::new(false), Duration::from_secs(60));
    let (url, out) = (fixture.url(), fixture.out());
    let request = Request {
        url: &url,
        out: &out,
        sha256: None,
        size: None,
        max_bytes: u64::MAX,
    };
    let start = Instant::now();
    let fetched = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(200));
            cancel.store(true, Ordering::Relaxed);
        });
        let timeouts = Timeouts {
            stall: patient,
            ..QUICK
        };
        fetch(&request, &timeouts, &mut |_| {}, &cancel)
    });
    assert!(matches!(fetched, Err(FetchError::Cancelled)), "{fetched:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn two_at_once() {
    let fixture = Fixture::new(&[Answer::Slow(Duration::from_millis(1))]);
    let results: Vec<_> = std::thread::scope(|scope| {
        let fetch = || scope.spawn(|| fixture.fetch());
        let both = [fetch(), fetch()];
        both.map(|thread| thread.join().unwrap()).into_iter().collect()
    });
    let (done, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    for error in refused {
        assert!(matches!(error, Err(FetchError::Busy { .. })), "{error:?}");
    }
    fixture.check_whole(done.into_iter().next().unwrap());
}

#[test]
fn an_existing_file_stays_until_the_new_one_is_whole() {
    let fixture = Fixture::new(&[
        Answer::Cut(1000),
        Answer::Cut(0),
        Answer::Cut(0),
        Answer::Cut(0),
        Answer::File,
    ]);
    fs::write(fixture.out(), "old").unwrap();
    let error = fixture.fetch().unwrap_err();
    assert!(matches!(error, FetchError::Cut { received: 1000, .. }), "{error}");
    assert_eq!(fs::read_to_string(fixture.out()).unwrap(), "old");
    fixture.check_whole(fixture.fetch());
}

#[test]
fn a_folder_that_cannot_be_written() {
    let fixture = Fixture::new(&[Answer::File]);
    let file = fixture.folder.path().join("no folder");
    fs::write(&file, "").unwrap();
    let url = fixture.url();
    let request = Request {
        url: &url,
        out: &file.join("file.h5"),
        sha256: None,
        size: None,
        max_bytes: u64::MAX,
    };
    let error = fetch(&request, &QUICK, &mut |_| {}, &AtomicBool::new(false)).unwrap_err();
    assert!(matches!(error, FetchError::Disk { .. }), "{error}");
}

/// Runs this test's own program again, to download to the folder and from the address in its environment.
fn child(folder: &Path, url: &str, expected: &str, limit: Option<u32>) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = match limit {
        None => Command::new(program),
        Some(blocks) => {
            // the shell's limit on the size of files, in blocks of 512 bytes; ignoring its signal leaves an error
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
            shell.arg(program);
            shell
        }
    };
    command.args(["--exact", "child_process", "--nocapture", "--test-threads=1"]);
    command.envs([
        ("FETCH_FOLDER", folder.as_os_str()),
        ("FETCH_URL", url.as_ref()),
        ("FETCH_SHA256", expected.as_ref()),
    ]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Not a test by itself: the part of the tests below that runs in another process.
#[test]
fn child_process() {
    let variable = |name| std::env::var(name).ok();
    let (Some(folder), Some(url), Some(sha256)) = (
        variable("FETCH_FOLDER"),
        variable("FETCH_URL"),
        variable("FETCH_SHA256"),
    ) else {
        return;
    };
    let request = Request {
        url: &url,
        out: &Path::new(&folder).join("file.h5"),
        sha256: Some(&sha256),
        size: None,
        max_bytes: u64::MAX,
    };
    let fetched = fetch(&request, &Timeouts::default(), &mut |_| {}, &AtomicBool::new(false));
    println!(
        "child: {}",
        fetched.map_or_else(|error| error.to_string(), |fetched| fetched.sha256)
    );
}

#[test]
#[cfg(unix)]
fn disk_full() {
    let fixture = Fixture::new(&[Answer::File]);
    // 100 KiB of the 300 kB; the lock and what is printed fit in
    let output = child(fixture.folder.path(), &fixture.url(), &fixture.expected, Some(200))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        printed.contains("cannot be written") && printed.contains("free space"),
        "{output:?}"
    );
    assert!(!fixture.out().exists());
    let kept = fs::read(fixture.partial()).unwrap();
    assert!(
        kept.len() <= 102_400 && kept == content()[..kept.len()],
        "{}",
        kept.len()
    );
    fixture.check_whole(fixture.fetch());
}

#[test]
fn killed_in_the_middle_and_started_again() {
    let fixture = Fixture::new(&[Answer::Stall(123_456), Answer::File]);
    let mut process = child(fixture.folder.path(), &fixture.url(), &fixture.expected, None)
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while fs::metadata(fixture.partial()).map_or(0, |metadata| metadata.len()) < 123_456 {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(10));
    }
    let error = fixture.fetch().unwrap_err();
    assert!(matches!(error, FetchError::Busy { .. }), "{error}");
    process.kill().unwrap(); // SIGKILL on Unix
    process.wait().unwrap();
    assert!(!fixture.out().exists());
    fixture.check_whole(fixture.fetch());
    assert_eq!(fixture.ranges().last().unwrap().as_deref(), Some("bytes=123456-"));
}
