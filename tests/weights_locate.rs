//! Weights are looked for in a fixed order of places, and every place says why it was chosen or passed over.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod networks;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use gradcam_explorer::weights::locate::{Outcome, Place};
use gradcam_explorer::weights::{Environment, Located, locate};
use networks::{keras, safetensors, small, timm};

/// A small network whose number of classes tells it from the others.
fn put(path: &Path, classes: usize) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, safetensors(&keras(&small(classes)), &[])).unwrap();
    path.to_owned()
}

fn environment(root: &Path) -> Environment {
    Environment {
        weights: None,
        working: Some(root.join("working")),
        executable: Some(root.join("bin")),
        data: Some(root.join("data")),
        hub_cache: Some(root.join("hub")),
        hub_endpoint: None,
        hub_offline: false,
    }
}

fn classes(located: &Located) -> Option<usize> {
    located.weights.as_ref().map(|weights| weights.info().classes)
}

fn chosen(located: &Located) -> Vec<Place> {
    let chosen = located
        .visited
        .iter()
        .filter(|visited| matches!(visited.outcome, Outcome::Chosen));
    chosen.map(|visited| visited.place).collect()
}

#[test]
fn the_order_of_places() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let mut environment = environment(root);
    let check = |environment: &Environment, argument: Option<&Path>, expected: Option<usize>, place: Place| {
        let located = locate(argument, environment).unwrap();
        assert_eq!((classes(&located), chosen(&located)), (expected, vec![place]));
        assert_eq!(located.visited.last().unwrap().place, Place::BuiltIn);
        assert!(located.visited.iter().all(|visited| !visited.reason().is_empty()));
    };
    check(&environment, None, None, Place::BuiltIn);

    let repository = root.join("hub/models--timm--legacy_xception.tf_in1k");
    for (commit, classes) in [("aaa", 2), ("bbb", 3)] {
        let path = repository.join("snapshots").join(commit).join("model.safetensors");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, safetensors(&timm(&keras(&small(classes)), "fc"), &[])).unwrap();
    }
    check(&environment, None, Some(2), Place::HubCache);
    let cached = locate(None, &environment).unwrap().weights.unwrap();
    assert_eq!(cached.info().name, "timm/legacy_xception.tf_in1k");
    fs::create_dir_all(repository.join("refs")).unwrap();
    fs::write(repository.join("refs/main"), "bbb").unwrap();
    check(&environment, None, Some(3), Place::HubCache);

    put(&root.join("data/weights/net.safetensors"), 4);
    check(&environment, None, Some(4), Place::DataFolder);
    put(&root.join("bin/weights/net.safetensors"), 5);
    check(&environment, None, Some(5), Place::ExecutableFolder);
    put(&root.join("working/weights/zebra.safetensors"), 6);
    check(&environment, None, Some(6), Place::WorkingFolder);
    put(&root.join("working/weights/ape.safetensors"), 7);
    check(&environment, None, Some(7), Place::WorkingFolder);
    environment.weights = Some(put(&root.join("variable.safetensors"), 8));
    check(&environment, None, Some(8), Place::Variable);
    let argument = put(&root.join("argument.safetensors"), 9);
    check(&environment, Some(&argument), Some(9), Place::Argument);

    let located = locate(Some(&argument), &environment).unwrap();
    let later = located
        .visited
        .iter()
        .filter(|visited| matches!(visited.outcome, Outcome::Later));
    assert_eq!(later.count(), 8);
}

#[test]
fn unusable_files_are_passed_over_with_the_reason() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let broken = root.join("working/weights/a.safetensors");
    put(&broken, 3);
    fs::write(&broken, "no network").unwrap();
    put(&root.join("working/weights/demo.safetensors"), 3);
    fs::write(root.join("working/weights/notes.txt"), "").unwrap();
    put(&root.join("data/weights/net.safetensors"), 4);
    let located = locate(None, &environment(root)).unwrap();
    assert_eq!(classes(&located), Some(4));
    let reason = |path: &Path| {
        let visited = located
            .visited
            .iter()
            .find(|visited| visited.path.as_deref() == Some(path));
        visited.unwrap().reason()
    };
    assert!(reason(&broken).contains("a.safetensors is no whole safetensors file"));
    assert!(reason(&root.join("working/weights/demo.safetensors")).contains("built into the program"));
    assert!(reason(&root.join("bin/weights")).contains("no weights there"));
    assert_eq!(reason(&root.join("data/weights/net.safetensors")), "used");
}

#[test]
fn what_was_asked_for_must_be_usable() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    put(&root.join("data/weights/net.safetensors"), 4);
    let missing = root.join("missing.safetensors");
    let error = locate(Some(&missing), &environment(root)).err().unwrap().to_string();
    assert!(
        error.contains("missing.safetensors") && error.contains("check that it exists"),
        "{error}"
    );
    let mut environment = environment(root);
    environment.weights = Some(missing);
    assert!(locate(None, &environment).is_err());
    environment.weights = Some(root.to_owned());
    assert!(locate(None, &environment).is_err());
}

#[test]
fn variables_of_the_hub() {
    let check = |variables: &[(&str, &str)], cache: &str, offline: bool| {
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let environment = Environment::of_variables(&variable, Some("/home/me".into()));
        assert_eq!(environment.hub_cache, Some(cache.into()), "{variables:?}");
        assert_eq!(environment.hub_offline, offline, "{variables:?}");
        environment
    };
    check(&[], "/home/me/.cache/huggingface/hub", false);
    check(&[("XDG_CACHE_HOME", "/c")], "/c/huggingface/hub", false);
    check(&[("HF_HOME", "/hf"), ("XDG_CACHE_HOME", "/c")], "/hf/hub", false);
    check(
        &[("HF_HUB_CACHE", "/x"), ("HF_HOME", "/hf"), ("HF_HUB_OFFLINE", "1")],
        "/x",
        true,
    );
    check(
        &[("TRANSFORMERS_OFFLINE", "true"), ("HF_HOME", "")],
        "/home/me/.cache/huggingface/hub",
        true,
    );
    check(&[("HF_HUB_OFFLINE", "0")], "/home/me/.cache/huggingface/hub", false);
    let environment = check(
        &[
            ("GRADCAM_WEIGHTS", "/w.safetensors"),
            ("HF_ENDPOINT", "https://mirror.example"),
        ],
        "/home/me/.cache/huggingface/hub",
        false,
    );
    assert_eq!(environment.weights, Some("/w.safetensors".into()));
    assert_eq!(environment.hub_endpoint.as_deref(), Some("https://mirror.example"));
}
