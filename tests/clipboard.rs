//! The clipboard of a real X11 display (Xvfb) against `xclip`. Skipped where either is missing, unless
//! `REQUIRE_DISPLAY=1` says that they have to be there.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gradcam_explorer::gui::clipboard::{Answer, Clipboard, Destination};
use gradcam_explorer::imaging::Photo;
use image::ImageEncoder as _;
use image::codecs::png::PngEncoder;

/// Nothing in here takes longer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A display of its own, which ends with the test.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Starts Xvfb on a number that it chooses itself; none where it is not installed.
    fn start() -> Option<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "320x240x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut number = String::new();
        BufReader::new(server.stdout.take()?).read_line(&mut number).ok()?;
        let name = format!(":{}", number.trim());
        Some(Self { server, name })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Runs the tests below, which need a display, in a process that has one.
#[test]
fn pictures_paths_and_text_go_through_the_clipboard() {
    let has_xclip = Command::new("xclip").arg("-version").output().is_ok();
    let Some(display) = Display::start().filter(|_| has_xclip) else {
        eprintln!("skipped: Xvfb or xclip is not installed");
        let required = std::env::var("REQUIRE_DISPLAY").is_ok_and(|value| value == "1");
        assert!(!required, "REQUIRE_DISPLAY=1, but Xvfb or xclip is not installed");
        return;
    };
    let inner = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--test-threads", "1"])
        .env("DISPLAY", &display.name)
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&inner.stdout);
    assert!(
        inner.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&inner.stderr)
    );
    assert!(said.contains("4 passed"), "{said}");
}

/// Pixels that no PNG makes much smaller.
fn noise(width: u32, height: u32) -> Photo {
    let mut seed = 1_u32;
    let mut byte = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    let rgb = (0..width * height * 3).map(|_| byte()).collect();
    Photo::new(width, height, rgb).unwrap()
}

fn clipboard() -> Clipboard {
    Clipboard::start(|| ()).unwrap()
}

/// What pasting gives.
fn pasted(destination: Destination) -> Answer {
    let clipboard = clipboard();
    clipboard.paste(destination);
    clipboard.wait(PATIENCE).expect("an answer")
}

/// Gives the clipboard to xclip, with bytes of one kind, until the next that takes it.
fn hold(kind: &str, bytes: &[u8]) {
    let mut xclip = Command::new("xclip")
        .args(["-selection", "clipboard", "-target", kind, "-in"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    xclip.stdin.take().unwrap().write_all(bytes).unwrap();
    // it goes on in the background, and holds the clipboard some time after this
    assert!(xclip.wait().unwrap().success());
    let start = Instant::now();
    while read(kind) != bytes {
        assert!(start.elapsed() < PATIENCE, "xclip does not hold {kind}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What other applications find on the clipboard.
fn read(kind: &str) -> Vec<u8> {
    let xclip = Command::new("xclip")
        .args(["-selection", "clipboard", "-target", kind, "-out"])
        .output();
    xclip.unwrap().stdout
}

fn png(photo: &Photo) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(&photo.rgb, photo.width, photo.height, image::ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

/// egui asked for text first, which xclip answers with pixels that it then cannot be rid of; nothing was pasted.
#[test]
#[ignore = "needs a display; run by the first test"]
fn a_picture_of_two_megabytes_is_pasted_from_xclip() {
    let bytes = png(&noise(900, 800));
    assert!(bytes.len() > 2_000_000);
    hold("image/png", &bytes);
    // and once more
    for _ in 0..2 {
        assert!(pasted(Destination::Window) == Answer::Encoded(bytes.clone()));
    }
}

#[test]
#[ignore = "needs a display; run by the first test"]
fn copied_files_and_text_are_pasted() {
    hold("text/uri-list", b"file:///tmp/a%20b.png\r\nfile:///tmp/c.png\r\n");
    let files = ["/tmp/a b.png", "/tmp/c.png"].map(PathBuf::from).to_vec();
    assert_eq!(pasted(Destination::Window), Answer::Files(files));
    hold("UTF8_STRING", "hütte\r\nhat".as_bytes());
    for destination in [Destination::Window, Destination::Field] {
        assert_eq!(pasted(destination), Answer::Text("hütte\nhat".to_owned()));
    }
}

#[test]
#[ignore = "needs a display; run by the first test"]
fn an_empty_clipboard_has_nothing() {
    hold("application/x-unknown", b"?");
    for destination in [Destination::Window, Destination::Field] {
        assert!(pasted(destination) == Answer::Nothing, "{destination:?}");
    }
}

#[test]
#[ignore = "needs a display; run by the first test"]
fn a_copied_picture_can_be_read_by_others() {
    let photo = noise(300, 200);
    let clipboard = clipboard();
    clipboard.copy(Arc::new(photo.clone()));
    assert_eq!(clipboard.wait(PATIENCE), Some(Answer::Copied));
    let image = image::load_from_memory(&read("image/png")).unwrap().into_rgb8();
    assert!(image.into_raw() == photo.rgb);
    let start = Instant::now();
    drop(clipboard);
    assert!(start.elapsed() < PATIENCE);
}
