//! What comes over the network, from a server on this machine: pictures and weights, with progress, cancel and failures.

use std::path::Path;
use std::time::Duration;

use eframe::App as _;
use egui::Key;
use gradcam_explorer::explorer::{NetworkSource, Reply, Surroundings};
use gradcam_explorer::weights::fetch::Timeouts;
use gradcam_explorer::weights::{Address, DOWNLOADED, Environment, Source};
use sha2::Digest as _;

use crate::networks;
use crate::server::{Answer, Server};
use crate::support::{DOG_AND_CAT, Memory, QUICK, Window, sample, small_weights};

/// A picture whose file takes a few dozen of the server's slow pieces.
fn picture() -> Vec<u8> {
    std::fs::read(sample(DOG_AND_CAT)).unwrap()
}

/// Types an address as a person does.
fn open_address(window: &mut Window, address: &str) {
    window.command_key(Key::L);
    window.type_text(address);
    window.click("Open");
}

#[test]
fn the_picture_at_a_web_address_is_fetched_once_shown_and_predicted() {
    let server = Server::new(picture(), vec![Answer::File]);
    let mut window = Window::empty();
    open_address(&mut window, &format!("{}/folder/drawing.png", server.url));
    window.wait("its map", |state| state.shown.is_some());
    let image = window.state().images.current().unwrap();
    assert_eq!((image.name.as_str(), image.size), ("drawing.png", [640, 480]));
    assert!(window.state().download.is_none());
    assert_eq!(window.told(), [""; 0]);
    let paths: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/folder/drawing.png"]);
}

#[test]
fn what_is_no_picture_is_told_with_its_name_and_leaves_the_rest() {
    let server = Server::new(b"<html>not found</html>".to_vec(), vec![Answer::File]);
    let mut window = Window::with_sample(DOG_AND_CAT);
    open_address(&mut window, &format!("{}/page.png", server.url));
    let told = window.wait_until_told();
    assert!(told.contains("page.png"), "{told}");
    window.wait("the sample again", |state| state.images.list().len() == 1);
    assert_eq!(window.state().images.current().unwrap().name, DOG_AND_CAT);
    assert!(window.state().shown.is_some() && window.state().download.is_none());
}

#[test]
fn a_server_without_the_picture_is_told_with_the_address() {
    let server = Server::new(picture(), vec![Answer::Status(404)]);
    let mut window = Window::empty();
    let address = format!("{}/gone.png", server.url);
    open_address(&mut window, &address);
    let told = window.wait_until_told();
    assert!(told.contains(&address) && told.contains("404"), "{told}");
    assert!(window.state().images.list().is_empty());
}

#[test]
fn addresses_elsewhere_without_encryption_are_refused_before_anything_is_sent() {
    let server = Server::new(
        picture(),
        vec![Answer::Redirect("http://192.0.2.1/picture.png".to_owned())],
    );
    let mut window = Window::empty();
    open_address(&mut window, "http://192.0.2.1/picture.png");
    let told = window.wait_until_told();
    assert!(
        told.contains("http://192.0.2.1/picture.png is no https:// address"),
        "{told}"
    );
    window.click("Close note");
    // nor does a server lead there
    open_address(&mut window, &format!("{}/picture.png", server.url));
    let told = window.wait_until_told();
    assert!(told.contains("redirects") && told.contains("https://"), "{told}");
    assert!(window.state().images.list().is_empty());
}

#[test]
fn a_slow_picture_shows_its_progress_and_can_be_cancelled() {
    let server = Server::new(picture(), vec![Answer::Slow(Duration::from_millis(20))]);
    let mut window = Window::empty();
    let address = format!("{}/slow.png", server.url);
    open_address(&mut window, &address);
    let bytes = picture().len() as u64;
    window.wait("some of it", |state| {
        state
            .download
            .as_ref()
            .is_some_and(|(_, progress)| progress.received > 2000)
    });
    let (what, progress) = window.state().download.clone().unwrap();
    assert_eq!((what.as_str(), progress.total), (address.as_str(), Some(bytes)));
    assert!(progress.received < bytes);
    assert!(window.has(&format!("Fetching {address}")));
    window.click("Cancel");
    let told = window.wait_until_told();
    assert!(told.contains(&address) && told.contains("cancelled"), "{told}");
    assert!(window.state().images.list().is_empty() && window.state().download.is_none());
    assert!(!window.has("Cancel"));
}

#[test]
fn a_picture_that_is_taken_off_the_list_is_no_longer_fetched() {
    let server = Server::new(picture(), vec![Answer::Slow(Duration::from_millis(20)), Answer::File]);
    let mut window = Window::empty();
    open_address(&mut window, &format!("{}/slow.png", server.url));
    window.wait("some of it", |state| state.download.is_some());
    window.key(Key::Delete);
    window.wait("the end of the download", |state| state.download.is_none());
    assert_eq!(window.told(), [""; 0]);
    // the worker is free for the next
    open_address(&mut window, &format!("{}/quick.png", server.url));
    window.wait("its map", |state| state.shown.is_some());
    assert_eq!(window.state().images.list().len(), 1);
}

/// The server was waited for until the time-out, and nothing else was fetched meanwhile.
#[test]
fn a_picture_that_does_not_come_is_given_up_when_it_is_taken_off_the_list() {
    let server = Server::new(picture(), vec![Answer::Stall(0), Answer::File]);
    let mut window = Window::in_surroundings(Surroundings {
        environment: Environment::default(),
        sources: Vec::new(),
        timeouts: Timeouts {
            stall: Duration::from_secs(600),
            ..QUICK
        },
    });
    open_address(&mut window, &format!("{}/silent.png", server.url));
    window.wait("the request", |_| !server.requests().is_empty());
    window.key(Key::Delete);
    open_address(&mut window, &format!("{}/quick.png", server.url));
    window.wait("its map", |state| state.shown.is_some());
    assert_eq!(window.told(), [""; 0]);
}

#[test]
fn weights_that_arrive_leave_the_field_that_is_being_typed_in() {
    let folder = tempfile::tempdir().unwrap();
    let weights = small_weights(folder.path());
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.command_key(Key::L);
    window.type_text("https://exam");
    window
        .harness
        .state_mut()
        .state_mut()
        .receive(Reply::WeightsReady(weights));
    window.wait("the network", |state| {
        state
            .network
            .as_ref()
            .is_some_and(|network| network.weights.classes == 7)
    });
    assert_eq!(window.state().path_field.as_ref().unwrap().text, "https://exam");
}

/// A window that finds the weights at these servers, one after another.
fn window_with_sources(servers: &[&Server], file: &[u8], data: &Path) -> Window {
    let leaked = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let hash: String = sha2::Sha256::digest(file)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let sources = servers.iter().map(|server| Source {
        name: "three things",
        address: Address::Url(leaked(format!("{}/x.h5", server.url))),
        sha256: Some(leaked(hash.clone())),
        size: None,
        licence: "none at all",
        official: false,
    });
    Window::in_surroundings(Surroundings {
        environment: Environment {
            data: Some(data.to_owned()),
            ..Environment::default()
        },
        sources: sources.collect(),
        timeouts: QUICK,
    })
}

/// A network of three classes as Keras would write it.
fn weights() -> Vec<u8> {
    networks::hdf5::keras1(&networks::keras(&networks::small(3)), 2, "dense_2")
}

#[test]
fn weights_are_one_click_away_and_speak_once_they_are_there() {
    let file = weights();
    let gone = Server::new(Vec::new(), vec![Answer::Status(404)]);
    let good = Server::new(file.clone(), vec![Answer::Slow(Duration::from_millis(1))]);
    let data = tempfile::tempdir().unwrap();
    let mut window = window_with_sources(&[&gone, &good], &file, data.path());
    assert!(
        gone.requests().is_empty() && good.requests().is_empty(),
        "never without being asked"
    );
    let button = window.label("Download ImageNet weights (92 MB)").rect();
    window.click("Download ImageNet weights (92 MB)");
    window.wait("progress", |state| state.download.is_some());
    // in the place of the button
    let bar = window.label("Fetching three things").rect();
    assert!(
        bar.left() == button.left() && (bar.top() - button.top()).abs() < 60.0,
        "{bar:?} for {button:?}"
    );
    let cancel = window.label("Cancel").rect();
    assert!(
        cancel.top() >= bar.bottom() && cancel.left() == bar.left(),
        "{cancel:?} below {bar:?}"
    );
    // where that is folded away it is seen elsewhere
    window.harness.state_mut().state_mut().preferences.panels.folded.classes = true;
    window.settle();
    assert!(window.label("Fetching three things").rect().top() < 40.0);
    window.wait("the other network", |state| {
        state
            .network
            .as_ref()
            .is_some_and(|network| !network.source.is_built_in())
    });
    let network = window.state().network.clone().unwrap();
    let downloaded = data.path().join("weights").join(DOWNLOADED);
    assert_eq!(network.source, NetworkSource::File(downloaded));
    assert_eq!(
        (network.labels.len(), network.weights.licence()),
        (3, Some("none at all"))
    );
    assert!(window.state().download.is_none());
    assert_eq!(window.told(), [""; 0]);
    window.drop_files(&[sample(DOG_AND_CAT)]);
    window.wait("its map", |state| state.shown.is_some());
    assert_eq!(window.listed().len(), 3);
}

#[test]
fn a_download_of_weights_can_be_cancelled_and_begun_again() {
    let file = weights();
    let server = Server::new(
        file.clone(),
        vec![Answer::Slow(Duration::from_millis(20)), Answer::File],
    );
    let data = tempfile::tempdir().unwrap();
    let mut window = window_with_sources(&[&server], &file, data.path());
    window.click("Download ImageNet weights (92 MB)");
    window.wait("some of it", |state| {
        state
            .download
            .as_ref()
            .is_some_and(|(_, progress)| progress.received > 2000)
    });
    window.click("Cancel");
    let told = window.wait_until_told();
    assert!(told.contains("cancelled"), "{told}");
    assert!(window.state().network.as_ref().unwrap().source.is_built_in());
    window.click("Close note");
    window.click("Download ImageNet weights (92 MB)");
    window.wait("the other network", |state| {
        state.network.as_ref().is_some_and(|network| network.labels.len() == 3)
    });
    // what had arrived was kept
    let range = server.requests().last().and_then(|request| request.range.clone());
    assert!(range.is_some_and(|range| range != "bytes=0-"));
}

#[test]
#[cfg(unix)]
fn a_failed_download_leaves_no_empty_files() {
    let servers = [Answer::Status(404), Answer::Cut(0)].map(|answer| Server::new(weights(), vec![answer]));
    let data = tempfile::tempdir().unwrap();
    let mut window = window_with_sources(&servers.each_ref(), &weights(), data.path());
    window.click("Download ImageNet weights (92 MB)");
    let told = window.wait_until_told();
    assert!(told.contains("The weights could not be fetched"), "{told}");
    let folder = data.path().join("weights");
    let left: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_image_of_the_web_is_listed_at_the_next_start_and_fetched_when_it_is_asked_for() {
    let server = Server::new(picture(), vec![Answer::File]);
    let mut window = Window::with_sample("fish-key.png");
    let address = format!("{}/folder/drawing.png", server.url);
    open_address(&mut window, &address);
    window.wait("its map", |state| {
        state.images.list().len() == 2 && state.shown.is_some() && !state.is_waiting_for_map()
    });
    window.harness.event(egui::Event::PasteImage(
        egui::ColorImage::filled([8, 8], egui::Color32::RED).into(),
    ));
    window.wait("the pasted picture", |state| {
        state.images.list().len() == 3 && state.shown.is_some() && !state.is_waiting_for_map()
    });
    window.key(Key::ArrowLeft);
    let restarted = |window: &mut Window| {
        let mut memory = Memory::default();
        window.harness.state_mut().save(&mut memory);
        Window::restarted(memory)
    };
    let mut window = restarted(&mut window);
    window.wait("the network", |state| state.network.is_some());
    let names = |window: &Window| -> Vec<String> {
        let list = window.state().images.list().iter();
        list.map(|image| image.name.clone()).collect()
    };
    assert_eq!(names(&window), ["fish-key.png", "drawing.png"]);
    assert_eq!(window.state().images.current_position(), Some(1));
    assert_eq!(
        window.told(),
        ["A pasted picture was open; it is not kept between starts"]
    );
    window.assert_comes_to_rest();
    // neither passing by nor another start fetches it
    window.key(Key::ArrowLeft);
    window.wait("the map of the file", |state| state.shown.is_some());
    window.key(Key::ArrowRight);
    let mut window = restarted(&mut window);
    window.wait("the network", |state| state.network.is_some());
    window.assert_comes_to_rest();
    assert_eq!(window.told(), [""; 0]);
    assert!(window.has("Fetch the image to see what the network says about it."));
    assert_eq!(server.requests().len(), 1);
    window.click("Fetch it again");
    window.wait("its map", |state| {
        state.prediction().is_some() && state.shown.is_some() && !state.is_waiting_for_map()
    });
    assert_eq!((server.requests().len(), names(&window).len()), (2, 2));
    // to open its address is to ask for it
    let mut window = restarted(&mut window);
    window.wait("the network", |state| state.network.is_some());
    open_address(&mut window, &address);
    window.wait("its map", |state| state.prediction().is_some() && state.shown.is_some());
    assert_eq!((server.requests().len(), names(&window).len()), (3, 2));
}

#[test]
fn weights_that_no_source_has_are_told_and_the_network_stays() {
    let server = Server::new(b"something else".to_vec(), vec![Answer::File]);
    let data = tempfile::tempdir().unwrap();
    let mut window = window_with_sources(&[&server], &weights(), data.path());
    window.click("Download ImageNet weights (92 MB)");
    let told = window.wait_until_told();
    assert!(
        told.contains("The weights could not be fetched") && told.contains(&server.url),
        "{told}"
    );
    assert!(window.state().network.as_ref().unwrap().source.is_built_in());
    assert!(window.has("Download ImageNet weights (92 MB)"));
    // what is left: by hand
    assert!(window.has("Open weights…"));
    window.label("Copy address").click();
    window.harness.step();
    let commands = &window.harness.output().platform_output.commands;
    let is_copied = |command: &egui::OutputCommand| matches!(command, egui::OutputCommand::CopyText(text) if text.starts_with(&server.url));
    assert!(commands.iter().any(is_copied), "{commands:?}");
}
