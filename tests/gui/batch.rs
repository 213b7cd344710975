//! All images of the row explained and written to a folder: the same files as from the command line, stopped, and told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use gradcam_explorer::explorer::Ground;
use gradcam_explorer::gui::batch;
use gradcam_explorer::gui::command::PathField;
use gradcam_explorer::gui::dialogs::Question;

use crate::program::{run, stderr};
use crate::support::{DOG_AND_CAT, Memory, Window, sample};

/// A folder of photos, each this often.
fn photos(folder: &Path, times: usize) -> PathBuf {
    let photos = folder.join("photos");
    std::fs::create_dir(&photos).unwrap();
    for number in 0..times {
        for name in [DOG_AND_CAT, "fish-key.png"] {
            std::fs::copy(sample(name), photos.join(format!("{number:02} {name}"))).unwrap();
        }
    }
    photos
}

/// A window with all of them open and predicted.
fn window(photos: &Path) -> Window {
    let mut window = Window::with(vec![photos.to_owned()], [1280.0, 800.0], Theme::Dark);
    let count = std::fs::read_dir(photos).unwrap().count();
    window.wait("all predictions", |state| {
        let images = state.images.list();
        images.len() == count && images.iter().all(|image| image.top.is_some()) && state.shown.is_some()
    });
    window
}

/// Opens the question as a person does.
fn ask(window: &mut Window) {
    window.click("Export");
    window.find(|label| label.starts_with("Explain all images…")).click();
    window.settle();
    assert!(window.has("Explain all images"));
}

fn tick(window: &mut Window, name: &str) {
    window.role(Role::CheckBox, name).click();
    window.settle();
}

fn choose(window: &mut Window, name: &str) {
    window.role(Role::RadioButton, name).click();
    window.settle();
}

/// Answers where to, as on a system without dialogs, where the window asks for the path itself.
fn into(window: &mut Window, folder: &Path) {
    let state = window.harness.state_mut().state_mut();
    state.asks_about_all = false;
    let all = batch::request(state, PathBuf::new()).unwrap();
    state.all_images = Some(Box::new(all));
    state.path_field = Some(PathField {
        question: Question::AllImages,
        text: folder.to_str().unwrap().to_owned(),
    });
    window.settle();
    window.click("Save");
}

/// Waits for the end, and gives what is told then.
fn wait(window: &mut Window) -> Vec<String> {
    window.wait("the end", |state| state.batch.is_none());
    window.settle();
    window.told()
}

/// The bytes of all files of a folder, by their names.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = entries.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        (name, std::fs::read(entry.path()).unwrap())
    });
    files.collect()
}

/// What the command line writes of the same photos.
fn by_command_line(photos: &Path, out: &Path, options: &str) -> BTreeMap<String, Vec<u8>> {
    let (photos, out) = (photos.to_str().unwrap(), out.to_str().unwrap());
    let arguments = ["explain", photos, "--out", out, "--device", "cpu", "--quiet"];
    let options: Vec<&str> = options.split_whitespace().collect();
    let output = run(&[&arguments[..], &options].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    files(Path::new(out))
}

#[test]
fn all_images_are_written_as_the_command_line_writes_them() {
    let folder = tempfile::tempdir().unwrap();
    let photos = photos(folder.path(), 2);
    let mut window = window(&photos);
    let out = |name: &str| folder.path().join(name);
    ask(&mut window);
    for name in [
        "Mask",
        "Figure",
        "Figure as SVG",
        "Sheet of classes",
        "Values as .npy",
        "Values as JSON",
        "Predictions",
    ] {
        tick(&mut window, name);
    }
    choose(&mut window, "WebP");
    into(&mut window, &out("window"));
    let told = wait(&mut window);
    // an overlay, a mask, two figures, two arrays and a document a map; predictions and a sheet an image
    let expected = format!("Saved 40 files of 4 images in {}", out("window").display());
    assert!(told.contains(&expected), "{told:?}");
    let written = files(&out("window"));
    let all = "overlay,mask,figure,svg,classes,raw,json,predictions";
    let options = format!("--write {all} --format webp --figure-width 1600");
    let expected = by_command_line(&photos, &out("command line"), &options);
    assert_eq!(written.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, bytes) in &expected {
        assert!(written[name] == *bytes, "{name}");
    }
    // pinned classes at another layer by another method, on light paper
    let layer = window.state().network.as_ref().unwrap().plan.find("block4_sepconv2_bn");
    let state = window.harness.state_mut().state_mut();
    state.pinned = vec![3, 7];
    state.choices.layer = layer;
    state.choices.method = gradcam_explorer::explain::Method::LayerCam;
    window.settle();
    ask(&mut window);
    choose(&mut window, "The 2 pinned classes");
    choose(&mut window, "Light gray");
    choose(&mut window, "PNG");
    for name in [
        "Mask",
        "Figure as SVG",
        "Sheet of classes",
        "Values as .npy",
        "Values as JSON",
        "Predictions",
    ] {
        tick(&mut window, name);
    }
    into(&mut window, &out("pinned"));
    let told = wait(&mut window);
    assert!(
        told.iter().any(|told| told.starts_with("Saved 16 files of 4 images")),
        "{told:?}"
    );
    let options = "--class 3 --class 7 --layer block4_sepconv2_bn --method layer-cam --write overlay,figure \
                   --figure-width 1600 --ground light";
    let expected = by_command_line(&photos, &out("pinned by command line"), options);
    assert!(files(&out("pinned")) == expected);
    // nothing is overwritten
    into(&mut window, &out("pinned"));
    wait(&mut window);
    let both = files(&out("pinned"));
    assert_eq!(both.len(), 32);
    assert!(expected.iter().all(|(name, bytes)| both[name] == *bytes));
    window.assert_comes_to_rest();
}

#[test]
fn each_image_keeps_its_own_part_and_one_class_against_another_goes_along() {
    let folder = tempfile::tempdir().unwrap();
    let photos = photos(folder.path(), 1);
    let mut window = window(&photos);
    let crop = gradcam_explorer::imaging::Region {
        x: 100,
        y: 60,
        width: 300,
        height: 200,
    };
    let state = window.harness.state_mut().state_mut();
    let (first, second) = (state.images.list()[0].id, state.images.list()[1].id);
    state.images.show(first);
    state.crop(Some(crop));
    (state.choices.class, state.choices.than) = (Some(1), Some(2));
    state.preferences.batch.classes = batch::Classes::Chosen;
    window.settle();
    let all = batch::request(window.state(), PathBuf::new()).unwrap();
    assert_eq!(
        all.images.iter().map(|one| one.crop).collect::<Vec<_>>(),
        [Some(crop), None]
    );
    assert_eq!(all.images[1].image, second);
    into(&mut window, &folder.path().join("out"));
    wait(&mut window);
    let written = files(&folder.path().join("out"));
    let names: Vec<&str> = written.keys().map(String::as_str).collect();
    assert!(names.iter().all(|name| name.contains(".1-rather-than-2.")), "{names:?}");
    // the picture of the window is the same
    window.wait("its map", |state| {
        !state.is_waiting_for_map() && state.prediction().is_some()
    });
    let single = window.save_as(&folder.path().join("single.png"));
    assert!(std::fs::read(single).unwrap() == written[names[0]]);
}

#[test]
fn it_can_be_stopped_and_the_window_goes_on_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let photos = photos(folder.path(), 20);
    let mut window = window(&photos);
    let out = folder.path().join("out");
    into(&mut window, &out);
    // it is not begun twice, and other images are shown as ever
    assert!(window.state().batch.is_some() && window.has_text("0 of 40 images"));
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::E);
    window.key(Key::ArrowRight);
    let told = window.told();
    assert!(
        told.iter().any(|told| told.contains("being explained already")),
        "{told:?}"
    );
    window.wait("the first images", |_| {
        std::fs::read_dir(&out).is_ok_and(|entries| entries.count() > 2)
    });
    window.click("Stop explaining all images");
    window.wait("the next image", |state| {
        state.images.current_position() == Some(1) && state.shown.is_some() && !state.is_waiting_for_map()
    });
    let told = wait(&mut window);
    let stopped = told.iter().find(|told| told.starts_with("Stopped after ")).unwrap();
    let done: usize = stopped.split(' ').nth(2).unwrap().parse().unwrap();
    assert!((2..40).contains(&done), "{stopped}");
    // what was begun is whole, and nothing else is there
    let written = files(&out);
    assert_eq!(written.len(), done);
    assert!(written.values().all(|bytes| image::load_from_memory(bytes).is_ok()));
    assert!(!window.has("Stop explaining all images"));
}

#[test]
fn what_cannot_be_done_is_told_and_the_others_are() {
    let folder = tempfile::tempdir().unwrap();
    let photos = photos(folder.path(), 1);
    let mut window = window(&photos);
    std::fs::remove_file(photos.join(format!("00 {DOG_AND_CAT}"))).unwrap();
    into(&mut window, &folder.path().join("out"));
    let told = wait(&mut window);
    assert!(
        told.iter()
            .any(|told| told.contains(DOG_AND_CAT) && told.contains("could not be read")),
        "{told:?}"
    );
    assert!(
        told.iter()
            .any(|told| told.starts_with("Saved 1 files of 1 images") && told.ends_with("; 1 failed")),
        "{told:?}"
    );
    // the image stays on the list: its drive may be back soon
    assert_eq!(window.state().images.list().len(), 2);
    // a folder that cannot be made
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "").unwrap();
    into(&mut window, &taken.join("out"));
    let told = wait(&mut window);
    assert!(
        told.iter().any(|told| told.contains("taken/out could not be written")),
        "{told:?}"
    );
}

#[test]
fn width_and_paper_of_figures_are_kept() {
    use eframe::App as _;
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Export");
    window.click("Figure and sheets");
    choose(&mut window, "Light gray");
    assert!(window.has("Width of figures"), "the menu stays open");
    window.harness.state_mut().state_mut().preferences.figure.width = 900;
    window.settle();
    let mut storage = Memory::default();
    window.harness.state_mut().save(&mut storage);
    let window = Window::restarted(storage);
    let figure = window.state().preferences.figure;
    assert_eq!((figure.width, figure.ground), (900, Ground::Light));
}

#[test]
fn what_is_painted_over_an_image_is_in_its_pictures() {
    use gradcam_explorer::imaging::{Area, Brush, Painting, Region, Stroke};
    let folder = tempfile::tempdir().unwrap();
    let photos = photos(folder.path(), 1);
    let mut window = window(&photos);
    let state = window.harness.state_mut().state_mut();
    let image = state.images.current().unwrap().id;
    let hidden = Stroke {
        brush: Brush::Blur,
        area: Area::Rectangle(Region::whole(300, 300)),
    };
    state.images.get_mut(image).unwrap().paint(Painting::from(hidden));
    window.wait("the map of the painted photo", |state| {
        let is_seen = state.images.current().is_some_and(|image| !image.is_painted_ahead());
        is_seen && state.prediction().is_some() && !state.is_waiting_for_map()
    });
    ask(&mut window);
    into(&mut window, &folder.path().join("out"));
    wait(&mut window);
    let written = files(&folder.path().join("out"));
    let own = std::fs::read(window.save(folder.path())).unwrap();
    assert_eq!(written.len(), 2);
    assert_eq!(written.values().filter(|bytes| **bytes == own).count(), 1);
}
