//! A network's labels come from its metadata, else from a file beside it, else from what its size suggests.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod networks;

use std::fs;
use std::path::Path;

use gradcam_explorer::weights::{LabelsOrigin, LabelsProblem, NetworkLabels, Weights};
use networks::{keras, safetensors, small};

fn open(folder: &Path, classes: usize, metadata: &[(&str, &str)]) -> NetworkLabels {
    let path = folder.join("deer.safetensors");
    fs::write(&path, safetensors(&keras(&small(classes)), metadata)).unwrap();
    Weights::open(&path).unwrap().labels()
}

fn names(found: &NetworkLabels) -> Vec<String> {
    found.labels.iter().map(|label| label.display_name()).collect()
}

#[test]
fn metadata_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("labels.txt"), "a\nb\n").unwrap();
    let found = open(folder.path(), 2, &[("labels", r#"["red_deer", "elk"]"#)]);
    assert_eq!(names(&found), ["red deer", "elk"]);
    assert_eq!((found.origin, found.problem), (LabelsOrigin::Metadata, None));
}

#[test]
fn files_beside_the_weights() {
    let check = |file: &str, content: &str| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), content).unwrap();
        let found = open(folder.path(), 3, &[]);
        assert_eq!(
            names(&found),
            ["red deer", "elk", "moose"],
            "{file}: {:?}",
            found.problem
        );
        assert_eq!(found.origin, LabelsOrigin::File(folder.path().join(file)));
        assert_eq!(found.problem, None);
    };
    check("labels.txt", "red_deer\nelk\nmoose\n");
    check("labels.txt", "\u{feff}red_deer\r\n elk\r\nmoose\r\n\r\n");
    check("deer.labels.txt", "red deer\nelk\nmoose");
    check("labels.json", r#"["red_deer", "elk", "moose"]"#);
    check("deer.labels.json", r#"["red_deer", "elk", "moose"]"#);
    check("labels.json", r#"{"0": "red_deer", "1": "elk", "2": "moose"}"#);
    check(
        "labels.json",
        r#"{"2": ["n03", "moose"], "0": ["n01", "red_deer"], "1": ["n02", "elk"]}"#,
    );
    check("class_indices.json", r#"{"elk": 1, "moose": 2, "red_deer": 0}"#);
    check(
        "class_indices.json",
        "\u{feff}{\"elk\": 1, \"moose\": 2, \"red_deer\": 0}",
    );
    check("labels.json", "\u{feff}[\"red_deer\", \"elk\", \"moose\"]");
}

#[test]
fn labels_in_utf_16_as_editors_and_spreadsheets_write_them() {
    for (file, content) in [
        ("labels.txt", "red_deer\r\nelk\r\nmoose\r\n"),
        ("labels.json", r#"["red_deer", "elk", "moose"]"#),
        ("class_indices.json", r#"{"elk": 1, "moose": 2, "red_deer": 0}"#),
    ] {
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let text = format!("\u{feff}{content}");
            let bytes: Vec<u8> = text.encode_utf16().flat_map(to_bytes).collect();
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(file), bytes).unwrap();
            let found = open(folder.path(), 3, &[]);
            assert_eq!(names(&found), ["red deer", "elk", "moose"], "{file}");
        }
    }
}

#[test]
fn a_blank_line_in_the_middle_is_a_class_with_a_number_for_its_name() {
    for (file, content) in [
        ("labels.txt", "elk\n \nmoose\n"),
        ("labels.json", r#"["elk", "", "moose"]"#),
        ("labels.json", r#"{"0": "elk", "1": "_", "2": "moose"}"#),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), content).unwrap();
        let found = open(folder.path(), 3, &[]);
        assert_eq!(names(&found), ["elk", "class 1", "moose"], "{content}");
        assert_eq!(found.labels.display_name(1), "class 1");
        assert_eq!(found.labels.find("class 1"), Ok(1));
        assert_eq!(found.problem, None);
    }
}

#[test]
fn unusable_labels_are_reported_and_replaced() {
    let check = |file: &str, content: &[u8], expected: &str| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), content).unwrap();
        let found = open(folder.path(), 3, &[]);
        assert_eq!(names(&found), ["class 0", "class 1", "class 2"]);
        assert_eq!(found.origin, LabelsOrigin::Numbered);
        let message = found.problem.unwrap().to_string();
        assert!(message.contains(expected) && message.contains(file), "{message}");
    };
    check(
        "labels.txt",
        b"red deer\nelk\n",
        "names 2 classes, but the network has 3",
    );
    check("labels.txt", b"", "names 0 classes");
    check("labels.txt", b"\xff\xfe\x00", "no text");
    check("labels.json", b"{", "neither");
    check("labels.json", b"[1, 2, 3]", "neither");
    check("labels.json", br#"{"a": "b", "c": "d", "e": "f"}"#, "no index");
    check("class_indices.json", br#"{"a": 0, "b": 2, "c": 3}"#, "gaps");
    check("class_indices.json", br#"{"a": 0, "b": 1, "c": 1}"#, "gaps");
    check("labels.txt", &b"x\n".repeat(3 << 20), "larger");
}

#[test]
fn a_thousand_classes_are_imagenet_unless_told_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let found = open(folder.path(), 1000, &[]);
    assert_eq!(found.labels.display_name(285), "Egyptian cat");
    assert_eq!(found.origin, LabelsOrigin::ImageNet);
    let mine: Vec<String> = (0..1000).map(|index| format!("part {index}")).collect();
    let found = open(
        folder.path(),
        1000,
        &[("labels", &serde_json::to_string(&mine).unwrap())],
    );
    assert_eq!(found.labels.display_name(285), "part 285");
    let found = open(folder.path(), 1000, &[("labels", "imagenet")]);
    assert_eq!(
        (found.labels.display_name(0).as_str(), found.origin),
        ("tench", LabelsOrigin::Metadata)
    );
    let found = open(folder.path(), 7, &[("labels", "imagenet")]);
    assert_eq!(found.labels.display_name(6), "class 6");
    assert!(matches!(
        found.problem,
        Some(LabelsProblem::Count {
            found: 1000,
            classes: 7,
            ..
        })
    ));
}
