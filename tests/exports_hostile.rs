//! Files that cannot be written: one sentence each, and nothing is lost or left half done.

#![cfg(unix)]

mod program;

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Output};

use program::{SAMPLE, documents, program, run, stderr};

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Fails with one sentence that names a file.
fn assert_told(output: &Output, part: &str) {
    let told = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains(part), "{told}");
    assert!(!told.contains("partial"), "{told}");
}

#[test]
fn a_file_that_is_there_is_numbered_refused_or_replaced_as_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let explain = |way: &[&str]| run(&[&["explain", SAMPLE, "--out", out, "--json"], way].concat());
    let path = |output: &Output| {
        documents(output)[0]["maps"][0]["files"]["overlay"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = path(&explain(&[]));
    std::fs::write(&first, "mine").unwrap();
    let second = path(&explain(&[]));
    assert!(second.ends_with(".overlay-2.png"), "{second}");
    let refused = explain(&["--existing", "refuse"]);
    assert_eq!(refused.status.code(), Some(1));
    let told = documents(&refused)[0]["error"].as_str().unwrap().to_owned();
    assert!(
        told.contains(".overlay.png is there already and was left as it is"),
        "{told}"
    );
    assert_eq!(std::fs::read_to_string(&first).unwrap(), "mine");
    assert_eq!(path(&explain(&["--existing", "replace"])), first);
    assert!(std::fs::read(&first).unwrap() == std::fs::read(&second).unwrap());
    assert_eq!(names(folder.path()).len(), 2);
}

#[test]
fn a_file_that_may_not_grow_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
    let whole = program(
        &["explain", SAMPLE, "--out", folder.path().to_str().unwrap()],
        home.path(),
    );
    let mut limited = Command::new("sh");
    limited
        .args(["-c", script])
        .arg(whole.get_program())
        .args(whole.get_args());
    for (name, value) in whole.get_envs() {
        if let Some(value) = value {
            limited.env(name, value);
        }
    }
    let output = limited.output().unwrap();
    assert_told(&output, ".overlay.png could not be written: ");
    assert!(names(folder.path()).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_what_was_written_before_stays() {
    let inside = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", script]);
        command
    };
    let folder = tempfile::tempdir().unwrap();
    let mount = format!("mount -t tmpfs -o size=24k tmpfs '{}'", folder.path().display());
    if !inside(&mount).output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no disk of our own can be mounted here");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let whole = program(
        &["explain", SAMPLE, "--out", out, "--write", "csv,overlay"],
        home.path(),
    );
    let script = format!("{mount}; \"$0\" \"$@\"; status=$?; ls -A '{out}' >&2; exit $status");
    let mut full = inside(&script);
    full.arg(whole.get_program()).args(whole.get_args());
    for (name, value) in whole.get_envs() {
        if let Some(value) = value {
            full.env(name, value);
        }
    }
    let output = full.output().unwrap();
    let told = stderr(&output);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        lines.len() == 2 && lines[0].contains(".overlay.png could not be written: No space left on device"),
        "{told}"
    );
    assert!(lines[1].ends_with(".map.csv"), "{told}");
}

#[test]
fn a_folder_that_may_not_be_written_to_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("protected");
    std::fs::create_dir(&out).unwrap();
    std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(out.join("x"), "").is_ok() {
        // nothing is protected from who runs this; what the kernel keeps for itself is
        let output = run(&["explain", SAMPLE, "--out", "/proc/self"]);
        assert_told(&output, "could not be written");
        return;
    }
    let output = run(&["explain", SAMPLE, "--out", out.to_str().unwrap()]);
    assert_told(&output, ".overlay.png could not be written: ");
    let inner = out.join("inner");
    assert_told(
        &run(&["explain", SAMPLE, "--out", inner.to_str().unwrap()]),
        "inner cannot be made",
    );
}

#[test]
fn a_folder_that_is_a_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("file");
    std::fs::write(&out, "mine").unwrap();
    assert_told(
        &run(&["explain", SAMPLE, "--out", out.to_str().unwrap()]),
        "file cannot be made",
    );
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");
}

#[test]
fn names_that_are_no_text_and_names_of_255_bytes_are_written_and_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{}.png", "n".repeat(251));
    let odd = std::ffi::OsStr::from_bytes(b"lat\xE9in.png");
    for name in [std::ffi::OsStr::new(&long), odd] {
        let photo = folder.path().join(name);
        std::fs::copy(SAMPLE, &photo).unwrap();
        let mut explain = program(
            &["explain", "--out", "out", "--write", "overlay,json,figure"],
            folder.path(),
        );
        let output = explain.arg(&photo).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    let out = folder.path().join("out");
    let written = names(&out);
    assert_eq!(written.len(), 6, "{written:?}");
    assert!(written.iter().all(|name| name.len() <= 255));
    for name in written.iter().filter(|name| name.ends_with(".overlay.png")) {
        let picture = out.join(name);
        let photos = folder.path().to_str().unwrap();
        let output = run(&["explain", photos, "--from", picture.to_str().unwrap(), "--check"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
}

#[test]
fn endings_and_numbers_out_of_range_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    for (option, value, hint) in [
        ("--format", "gif", "png, jpeg or webp"),
        ("--format", "", "png, jpeg or webp"),
        ("--threshold", "2", "0 (all of the photo)"),
        ("--maximum", "-1", "above 0"),
        ("--figure-width", "3", "300"),
        ("--existing", "burn", "replace"),
    ] {
        let output = run(&["explain", SAMPLE, "--out", out, &format!("{option}={value}")]);
        assert_eq!(output.status.code(), Some(2), "{option} {value}");
        assert!(stderr(&output).contains(hint), "{}", stderr(&output));
    }
    assert!(names(folder.path()).is_empty());
}
