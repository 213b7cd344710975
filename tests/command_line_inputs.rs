//! What `explain` takes: names of all kinds, addresses, pipes, folders, and classes that are called by numbers.

mod program;

use std::path::Path;
use std::process::{Output, Stdio};

use program::{SAMPLE, documents, program, run, stderr, stdout};
use serde_json::Value;

/// A folder with copies of the sample under these names.
fn folder_with(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(SAMPLE, path).unwrap();
    }
    folder
}

/// The images of all documents: their names, and whether they were predicted.
fn explained(output: &Output) -> Vec<(String, bool)> {
    let name = |document: &Value| {
        let image = document["image"].as_str().unwrap();
        Path::new(image).file_name().unwrap().to_string_lossy().into_owned()
    };
    let documents = documents(output);
    documents
        .iter()
        .map(|document| (name(document), document["error"].is_null()))
        .collect()
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_has_its_document_with_its_bytes() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = folder_with(&["a.png", "z.png"]);
    let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"m\xE9.png"));
    std::fs::copy(SAMPLE, odd).unwrap();
    let out = folder.path().join(std::ffi::OsStr::from_bytes(b"out\xE9"));
    let output = program(&["explain", "--json"], folder.path())
        .args([folder.path(), Path::new("--out"), &out])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(
        explained(&output),
        [("a.png", true), ("m\u{FFFD}.png", true), ("z.png", true)].map(|(name, fine)| (name.to_owned(), fine))
    );
    let documents = documents(&output);
    assert!(documents[0]["image_bytes"].is_null());
    assert!(documents[1]["image_bytes"].as_str().unwrap().ends_with("/m%E9.png"));
    let files = &documents[1]["maps"][0]["files"];
    assert!(files["overlay_bytes"].as_str().unwrap().contains("/out%E9/"), "{files}");
}

#[test]
fn a_long_name_is_shortened_for_what_is_written() {
    let name = format!("{}.png", "n".repeat(240));
    let folder = folder_with(&[&name]);
    let image = folder.path().join(name);
    let out = folder.path().join("out");
    let output = run(&[
        "explain",
        image.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--json",
    ]);
    assert!(output.status.success(), "{}", stdout(&output));
    let overlay = documents(&output)[0]["maps"][0]["files"]["overlay"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(Path::new(&overlay).is_file(), "{overlay}");
}

#[test]
fn file_addresses_and_pipes_are_images_too() {
    let folder = folder_with(&["a b.png"]);
    let address = format!("file://{}/a%20b.png", folder.path().display());
    let output = run(&["explain", &address, "--json"]);
    assert_eq!(explained(&output), [("a b.png".to_owned(), true)]);
    for argument in ["-", if cfg!(unix) { "/dev/stdin" } else { "-" }] {
        let mut child = program(&["explain", argument, "--json"], folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let bytes = std::fs::read(SAMPLE).unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), &bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        let documents = documents(&output);
        assert_eq!(
            (&documents[0]["image"], documents[0]["width"].as_u64()),
            (&argument.into(), Some(640))
        );
    }
}

#[test]
fn a_folder_is_explained_in_natural_order_without_what_this_program_wrote() {
    let folder = folder_with(&["p10.png", "p2.png", "p1.png"]);
    let path = folder.path().to_str().unwrap();
    let expected = ["p1.png", "p2.png", "p10.png"].map(|name| (name.to_owned(), true));
    let first = run(&["explain", path, "--out", path, "--json"]);
    assert_eq!(explained(&first), expected);
    let second = run(&["explain", path, "--out", path, "--json"]);
    assert_eq!(explained(&second), expected);
    assert!(
        stderr(&second).contains("3 pictures that this program wrote are left out"),
        "{}",
        stderr(&second)
    );
}

#[test]
fn a_broken_image_in_a_folder_is_reported_like_one_named_directly() {
    let folder = folder_with(&["a.png", "inner/b.png", "inner/deep/c.png"]);
    std::fs::write(folder.path().join("broken.JPG"), "no image").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "no image").unwrap();
    let path = folder.path().to_str().unwrap();
    let output = run(&["explain", path, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        explained(&output),
        [("a.png".to_owned(), true), ("broken.JPG".to_owned(), false)]
    );
    let output = run(&["explain", path, "--json", "--recursive"]);
    let names: Vec<String> = explained(&output).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a.png", "broken.JPG", "b.png", "c.png"]);
}

#[test]
fn a_folder_without_images_says_what_is_in_it() {
    let folder = folder_with(&["inner/b.png"]);
    std::fs::write(folder.path().join("notes.txt"), "no image").unwrap();
    let output = run(&["explain", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let told = stderr(&output);
    assert!(
        told.contains("no images in this folder, but 1 other file and 1 folder; --recursive"),
        "{told}"
    );
}

#[test]
fn a_class_called_by_a_number_is_chosen_by_its_name_and_the_index_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let weights = folder.path().join("w.safetensors");
    std::fs::copy(
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/formats/small.safetensors"),
        &weights,
    )
    .unwrap();
    let classes = documents(&run(&["classes", "--json", "--weights", weights.to_str().unwrap()])).len();
    // the last class is called 0
    let names: Vec<String> = (1..classes)
        .map(|class| format!("c{class}"))
        .chain(["0".to_owned()])
        .collect();
    std::fs::write(
        folder.path().join("labels.json"),
        serde_json::to_string(&names).unwrap(),
    )
    .unwrap();
    let output = run(&[
        "explain",
        SAMPLE,
        "--weights",
        weights.to_str().unwrap(),
        "--class",
        "0",
        "--json",
    ]);
    let document = &documents(&output)[0];
    assert_eq!(
        document["maps"][0]["class"].as_u64(),
        Some(classes as u64 - 1),
        "{}",
        stderr(&output)
    );
    assert!(
        stderr(&output).contains("not for index 0 (\"c1\")"),
        "{}",
        stderr(&output)
    );
}
