//! The weights come from the first source that has them, verified, and are imported.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod networks;
mod server;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gradcam_explorer::weights::fetch::{FetchError, Timeouts};
use gradcam_explorer::weights::{
    Address, DOWNLOADED, DownloadError, Environment, Fingerprint, Source, Weights, download,
};
use networks::{keras, safetensors, small, timm};
use server::{Answer, Server};
use sha2::Digest as _;

const QUICK: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    stall: Duration::from_millis(500),
    pause: Duration::from_millis(10),
};

fn leaked(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn sha256(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn source(name: &'static str, address: Address, sha256: Option<&str>) -> Source {
    Source {
        name,
        address,
        sha256: sha256.map(leaked),
        size: None,
        licence: "none at all",
        official: false,
    }
}

fn url(name: &'static str, server: &Server, sha256: &str) -> Source {
    source(
        name,
        Address::Url(leaked(&format!("{}/x.h5", server.url))),
        Some(sha256),
    )
}

const HUB: Address = Address::Hub {
    repository: "deer/xception",
    revision: "main",
    file: "sub/model.safetensors",
};

fn run(sources: &[Source], folder: &Path, environment: &Environment) -> Result<Weights, DownloadError> {
    download(
        sources,
        folder,
        environment,
        &QUICK,
        &mut |_, _| {},
        &AtomicBool::new(false),
    )
}

#[test]
fn the_first_source_that_has_them() {
    let file = networks::hdf5::keras1(&keras(&small(3)), 2, "dense_2");
    let hash = sha256(&file);
    let (gone, wrong, good) = (
        Server::new(vec![], vec![Answer::Status(404)]),
        Server::new(b"something else".to_vec(), vec![Answer::File]),
        Server::new(file, vec![Answer::File]),
    );
    let sources = [
        url("gone", &gone, &hash),
        url("wrong", &wrong, &hash),
        url("good", &good, &hash),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    let weights = download(
        &sources,
        &folder.path().join("new"),
        &Environment::default(),
        &QUICK,
        &mut |source, progress| seen.push((source.name, progress.received)),
        &AtomicBool::new(false),
    )
    .unwrap();
    assert_eq!(seen.last().unwrap().0, "good");
    let info = weights.info();
    assert_eq!(
        info.path.as_deref(),
        Some(folder.path().join("new").join(DOWNLOADED).as_path())
    );
    assert_eq!((info.name.as_str(), info.licence()), ("good", Some("none at all")));
    assert_eq!(info.source(), Some(format!("{}/x.h5", good.url).as_str()));
    assert_eq!(info.source_sha256(), Some(hash.as_str()));
    assert_eq!(weights.fingerprint().unwrap(), Fingerprint::Unknown);
    let left: Vec<_> = fs::read_dir(folder.path().join("new"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        left.iter()
            .all(|name| name == DOWNLOADED || !cfg!(unix) && name.to_string_lossy().ends_with(".lock")),
        "{left:?}"
    );
}

#[test]
fn all_sources_fail() {
    let (gone, broken) = (
        Server::new(vec![], vec![Answer::Status(404)]),
        Server::new(vec![], vec![Answer::Status(500)]),
    );
    let sources = [url("gone", &gone, &sha256(b"")), url("broken", &broken, &sha256(b""))];
    let folder = tempfile::tempdir().unwrap();
    let error = run(&sources, folder.path(), &Environment::default())
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("status 404") && error.contains("status 500") && !error.contains('\n'),
        "{error}"
    );
    assert!(!folder.path().join(DOWNLOADED).exists());
    let nothing = run(&[], folder.path(), &Environment::default()).err().unwrap();
    assert!(matches!(nothing, DownloadError::NoSource));
}

#[test]
fn the_hub_tells_the_hash_of_files_that_are_not_pinned() {
    let file = safetensors(&timm(&keras(&small(4)), "classifier.1"), &[]);
    let hub = Server::new(file.clone(), vec![Answer::Hub(sha256(&file)), Answer::File]);
    let environment = Environment {
        hub_endpoint: Some(format!("{}/", hub.url)),
        ..Environment::default()
    };
    let sources = [source("hub", HUB, None)];
    let folder = tempfile::tempdir().unwrap();
    let weights = run(&sources, folder.path(), &environment).unwrap();
    assert_eq!(weights.info().classes, 4);
    assert_eq!(weights.info().source_sha256(), Some(sha256(&file).as_str()));
    let requests = hub.requests();
    let methods: Vec<&str> = requests.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["HEAD", "GET"]);
    assert!(
        requests
            .iter()
            .all(|request| request.path == "/deer/xception/resolve/main/sub/model.safetensors")
    );

    // another hash than the bytes have, none at all, and a repository that was renamed
    for (answers, expected) in [
        (vec![Answer::Hub(sha256(b"other")), Answer::File], "instead of"),
        (vec![Answer::Status(200)], "without a sha256"),
        (vec![Answer::Hub("c0ffee".to_owned())], "without a sha256"),
        (
            vec![Answer::Redirect("https://cdn.invalid/".to_owned())],
            "without a sha256",
        ),
        (vec![Answer::Status(401)], "access denied"),
    ] {
        let hub = Server::new(file.clone(), answers);
        let environment = Environment {
            hub_endpoint: Some(hub.url.clone()),
            ..Environment::default()
        };
        let error = run(&sources, tempfile::tempdir().unwrap().path(), &environment)
            .err()
            .unwrap();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let renamed = vec![
        Answer::Redirect("/new/place".to_owned()),
        Answer::Hub(sha256(&file)),
        Answer::File,
    ];
    let hub = Server::new(file, renamed);
    let environment = Environment {
        hub_endpoint: Some(hub.url.clone()),
        ..Environment::default()
    };
    run(&sources, tempfile::tempdir().unwrap().path(), &environment).unwrap();
}

#[test]
fn offline_leaves_the_hub_alone() {
    let hub = Server::new(vec![], vec![Answer::Status(500)]);
    let environment = Environment {
        hub_endpoint: Some(hub.url.clone()),
        hub_offline: true,
        ..Environment::default()
    };
    let error = run(
        &[source("hub", HUB, None)],
        tempfile::tempdir().unwrap().path(),
        &environment,
    )
    .err()
    .unwrap();
    assert!(error.to_string().contains("HF_HUB_OFFLINE"), "{error}");
    assert!(hub.requests().is_empty());
}

#[test]
fn a_file_that_is_no_network_leaves_the_old_weights() {
    let file = b"verified, but no network".to_vec();
    let hash = sha256(&file);
    let server = Server::new(file, vec![Answer::File]);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(DOWNLOADED), "old").unwrap();
    let error = run(&[url("odd", &server, &hash)], folder.path(), &Environment::default())
        .err()
        .unwrap();
    assert!(error.to_string().contains("no whole safetensors file"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join(DOWNLOADED)).unwrap(), "old");
}

#[test]
fn cancelling_stops_at_once_and_for_all_sources() {
    let file = vec![1; 1_000_000];
    let slow = Server::new(file.clone(), vec![Answer::Slow(Duration::from_millis(2))]);
    let other = Server::new(file.clone(), vec![Answer::File]);
    let sources = [url("slow", &slow, &sha256(&file)), url("other", &other, &sha256(&file))];
    let cancel = AtomicBool::new(false);
    let folder = tempfile::tempdir().unwrap();
    let stop = &mut |_: &Source, _| cancel.store(true, Ordering::Relaxed);
    let result = download(&sources, folder.path(), &Environment::default(), &QUICK, stop, &cancel);
    assert!(matches!(result, Err(DownloadError::Fetch(FetchError::Cancelled))));
    assert!(other.requests().is_empty());
}

#[test]
fn an_imported_file_counts_as_its_source_only_while_its_tensors_are_the_same() {
    // nobody can make a file with the official hash, so the metadata claim it, as an import of the official file would
    let official = gradcam_explorer::weights::OFFICIAL_SHA256;
    let tensors = keras(&small(3));
    let plain = safetensors(&tensors, &[]);
    let header = u64::from_le_bytes(plain[..8].try_into().unwrap()) as usize + 8;
    let data = sha256(&plain[header..]);
    let fingerprint = |metadata: &[(&str, &str)], tensors| {
        let bytes = safetensors(tensors, metadata);
        Weights::from_bytes("x", bytes.into()).unwrap().fingerprint().unwrap()
    };
    let claims = [("source_sha256", official), ("data_sha256", data.as_str())];
    assert_eq!(fingerprint(&claims, &tensors), Fingerprint::OfficialKeras);
    let mut tuned = tensors.clone();
    tuned.get_mut("predictions/bias").unwrap().1[0] += 0.5;
    assert_eq!(fingerprint(&claims, &tuned), Fingerprint::Unknown);
    assert_eq!(fingerprint(&claims[..1], &tensors), Fingerprint::Unknown);
    assert_eq!(fingerprint(&claims[1..], &tensors), Fingerprint::Unknown);
}
