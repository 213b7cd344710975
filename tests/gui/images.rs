//! Several images: dropped, pasted, stepped through, removed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Color32, ColorImage, Event, Key, pos2};
use gradcam_explorer::gui::images::{DISPLAY_COPIES, FULL_PREDICTIONS, OpenImage};
use gradcam_explorer::gui::state::State;

use crate::support::{DOG_AND_CAT, Window, sample};

fn current(window: &Window) -> String {
    window
        .state()
        .images
        .current()
        .map(|image| image.name.clone())
        .unwrap_or_default()
}

#[test]
fn several_dropped_files_make_a_film_strip_whose_others_are_predicted_too() {
    let mut window = Window::empty();
    window.drop_files(&[
        sample("fish-key.png"),
        sample("house-tree-car.png"),
        sample(DOG_AND_CAT),
    ]);
    window.wait("the list", |state| state.images.list().len() == 3);
    assert!(window.has_text("to predict"));
    window.wait("all predictions", |state| {
        state.images.list().len() == 3 && state.images.list().iter().all(|image| image.prediction.is_some())
    });
    assert!(!window.has_text("to predict"));
    assert_eq!(current(&window), "fish-key.png");
    window.key(Key::ArrowRight);
    assert_eq!(current(&window), "house-tree-car.png");
    for (key, name) in [(Key::End, DOG_AND_CAT), (Key::Home, "fish-key.png")] {
        window.key(key);
        assert_eq!(current(&window), name);
    }
    window.click(&format!("Image {DOG_AND_CAT}"));
    assert_eq!(current(&window), DOG_AND_CAT);
    window.key(Key::ArrowLeft);
    window.key(Key::Delete);
    assert_eq!(window.state().images.list().len(), 2);
    assert!(sample("house-tree-car.png").exists());
}

#[test]
fn a_dropped_folder_opens_the_images_in_it() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["fish-key.png", "house-tree-car.png"] {
        std::fs::copy(sample(name), folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("notes.txt"), "no image").unwrap();
    let mut window = Window::empty();
    window.drop_files(&[folder.path().to_owned()]);
    window.wait("both images", |state| state.images.list().len() == 2);
    assert_eq!(current(&window), "fish-key.png");
}

#[test]
fn choices_and_zoom_stay_when_the_image_changes() {
    let mut window = Window::empty();
    window.drop_files(&[sample(DOG_AND_CAT), sample("fish-key.png")]);
    window.wait("both predictions", |state| {
        state.images.list().len() == 2 && state.images.list().iter().all(|image| image.prediction.is_some())
    });
    window.type_text("party");
    window.key(Key::Enter);
    window.key(Key::Escape);
    window.key(Key::Escape);
    window.click("Keep this class");
    let middle = window.picture().center();
    window.wheel(middle, 300.0);
    let (chosen, camera) = (window.chosen(), window.state().camera);
    assert_eq!(chosen.as_deref(), Some("party hat"));
    assert!(camera.zoom > 1.5);
    window.key(Key::ArrowRight);
    window.wait("the other map", |state| !state.is_waiting_for_map());
    assert_eq!((window.chosen(), window.state().camera), (chosen, camera));
}

#[test]
fn a_pasted_picture_and_a_pasted_path_are_opened() {
    let mut window = Window::empty();
    window.harness.event(Event::PasteImage(Arc::new(ColorImage::filled(
        [40, 30],
        Color32::from_rgb(200, 30, 60),
    ))));
    window.wait("its prediction", |state| state.prediction().is_some());
    assert_eq!(window.state().images.current().unwrap().size, [40, 30]);
    let path = sample("fish-key.png");
    window.harness.event(Event::Paste(path.display().to_string()));
    window.wait("the second image", |state| state.images.list().len() == 2);
    assert_eq!(current(&window), "fish-key.png");
    window.wait("its map", |state| state.shown.is_some() && !state.is_waiting_for_map());
    assert_eq!(window.state().preferences.recent, [path]);
}

#[test]
fn a_sample_is_one_click_away() {
    let mut window = Window::empty();
    window.click("or look at a sample");
    window.wait("a map", |state| state.shown.is_some());
    assert_eq!(current(&window), "astronaut.jpg");
}

#[test]
fn a_missing_file_is_told_with_its_name() {
    let mut window = Window::empty();
    window.drop_files(&[PathBuf::from("/no/such/picture.png")]);
    window.wait("its failure", |_| true);
    let start = std::time::Instant::now();
    while window.told().is_empty() && start.elapsed().as_secs() < 30 {
        window.harness.step();
    }
    assert!(window.told()[0].contains("picture.png"), "{:?}", window.told());
    assert!(window.state().images.list().is_empty());
}

#[test]
fn photos_dropped_with_an_empty_folder_are_opened_and_the_folder_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::empty();
    let mut paths = small_images(folder.path(), 3);
    let empty = folder.path().join("nothing in it");
    std::fs::create_dir(&empty).unwrap();
    paths.insert(1, empty);
    window.drop_files(&paths);
    let told = window.wait_until_told();
    assert!(told.contains("nothing in it: no images in this folder"), "{told}");
    window.wait("the photos", |state| {
        state.images.list().len() == 3 && count(state, |image| image.top.is_some()) == 3
    });
}

#[test]
fn a_dropped_file_that_is_no_image_leaves_everything_else_as_it_is_and_is_told_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.png");
    let mut bytes = std::fs::read(sample("fish-key.png")).unwrap();
    bytes.truncate(2000);
    std::fs::write(&broken, bytes).unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    let second = window.listed()[1].clone();
    window.click(&second);
    window.click("Side by side");
    let middle = window.picture().center();
    window.wheel(middle, 200.0);
    let kept = |window: &Window| {
        let state = window.state();
        let image = state.images.current().unwrap();
        (
            (image.name.clone(), image.prediction.is_some(), image.display.is_some()),
            (state.choices.clone(), state.camera, state.preferences.drawer),
            (state.shown.clone(), state.pinned.clone(), window.listed()),
        )
    };
    let before = kept(&window);
    window.drop_files(std::slice::from_ref(&broken));
    let told = window.wait_until_told();
    window.settle();
    assert!(told.contains("broken.png"), "{told}");
    assert_eq!(window.state().images.list().len(), 1);
    assert_eq!(kept(&window), before);
    // among others it is left out
    window.drop_files(&[sample("fish-key.png"), broken, sample("house-tree-car.png")]);
    window.wait("the others", |state| {
        state.images.list().len() == 3 && count(state, |image| image.top.is_some()) == 3
    });
    let names: Vec<&str> = window
        .state()
        .images
        .list()
        .iter()
        .map(|image| image.name.as_str())
        .collect();
    assert_eq!(names, [DOG_AND_CAT, "fish-key.png", "house-tree-car.png"]);
    assert_eq!(current(&window), "fish-key.png");
}

#[test]
fn photographs_stand_upright_however_the_camera_was_held() {
    let fixture = |orientation: u32| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/imaging");
        folder.join(format!("orientation{orientation}.jpg"))
    };
    // the files hold the same pixels, and differ in what their EXIF says about where up is
    let stored = image::open(fixture(1)).unwrap().into_rgb8();
    let (width, height) = stored.dimensions();
    assert_ne!(width, height);
    for orientation in 1..=8 {
        let mut window = Window::empty();
        window.drop_files(&[fixture(orientation)]);
        window.wait("the photograph", |state| {
            state.images.current().is_some_and(|image| image.display.is_some())
        });
        let image = window.state().images.current().unwrap();
        let photo = image.display.clone().unwrap();
        let turned = if orientation < 5 {
            [width, height]
        } else {
            [height, width]
        };
        assert_eq!((image.size, [photo.width, photo.height]), (turned, turned));
        assert!(window.has_text(&format!("{} × {}", turned[0], turned[1])));
        for (position, pixel) in photo.rgb.chunks_exact(3).enumerate() {
            let (x, y) = (position as u32 % turned[0], position as u32 / turned[0]);
            // where the EXIF standard says that the first row and column are
            let from = match orientation {
                1 => (x, y),
                2 => (width - 1 - x, y),
                3 => (width - 1 - x, height - 1 - y),
                4 => (x, height - 1 - y),
                5 => (y, x),
                6 => (y, height - 1 - x),
                7 => (width - 1 - y, height - 1 - x),
                _ => (width - 1 - y, x),
            };
            let expected = stored.get_pixel(from.0, from.1).0;
            let difference = (0..3).map(|channel| pixel[channel].abs_diff(expected[channel])).max();
            assert!(difference <= Some(4), "orientation {orientation} at {x}, {y}");
        }
    }
}

#[test]
fn files_that_hover_over_the_window_are_announced() {
    let mut window = Window::empty();
    let hovered = egui::HoveredFile {
        path: Some(sample(DOG_AND_CAT)),
        ..Default::default()
    };
    window.harness.input_mut().hovered_files.push(hovered);
    window.harness.step();
    assert!(window.has("Drop to open"));
}

/// How many images of the list fit.
fn count(state: &State, fits: impl Fn(&OpenImage) -> bool) -> usize {
    state.images.list().iter().filter(|image| fits(image)).count()
}

/// Small images in a folder, each of another colour.
fn small_images(folder: &Path, number: usize) -> Vec<PathBuf> {
    let path = |i: usize| folder.join(format!("{i:03}.png"));
    for i in 0..number {
        let colour = image::Rgb([i as u8, 255 - i as u8, 90]);
        image::RgbImage::from_pixel(64, 48, colour).save(path(i)).unwrap();
    }
    (0..number).map(path).collect()
}

#[test]
fn two_hundred_images_at_once_keep_the_window_responsive_and_memory_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::empty();
    window.drop_files(&small_images(folder.path(), 200));
    window.wait("the list", |state| state.images.list().len() == 200);
    window.wait("the first predictions", |state| {
        count(state, |image| image.top.is_some()) >= 20
    });
    // in the order of their distance from the image shown, with at most two under way
    let images = window.state().images.list();
    let last = images.iter().rposition(|image| image.top.is_some()).unwrap();
    let missing = images.iter().take(last).filter(|image| image.top.is_none()).count();
    assert!(missing <= 2, "{missing} of the first {last} are missing");

    window.wait("all classes", |state| {
        assert!(count(state, |image| image.prediction.is_some()) <= FULL_PREDICTIONS);
        count(state, |image| image.top.is_some()) == 200
    });
    window.assert_idle();

    for _ in 0..FULL_PREDICTIONS + 6 {
        window.key(Key::ArrowRight);
        window.wait("its map", |state| state.shown.is_some() && !state.is_waiting_for_map());
        assert!(count(window.state(), |image| image.prediction.is_some()) <= FULL_PREDICTIONS);
    }
    assert!(count(window.state(), |image| image.display.is_some()) <= DISPLAY_COPIES);
    // of the film strip's frames, about a dozen are in sight
    let textures = ["thumbnail", "map", "photo"].map(|name| window.textures(name));
    assert!(
        (5..20).contains(&textures[0]) && textures[1..] == [1, 1],
        "{textures:?}"
    );
    assert!(
        window.state().images.list()[0].prediction.is_none(),
        "many were shown since"
    );
    window.assert_idle();

    for _ in 0..FULL_PREDICTIONS + 6 {
        window.key(Key::ArrowLeft);
    }
    assert_eq!(current(&window), "000.png");
    window.wait("the map of the first image again", |state| {
        let first = state.images.list()[0].id;
        state.shown.as_ref().is_some_and(|shown| shown.key.image == first)
    });
    assert!(window.listed().len() > 5);
    assert_eq!(count(window.state(), |image| image.top.is_some()), 200);
    window.assert_idle();
}

/// Requests for copies that a newer one had replaced were never sent again.
#[test]
fn photos_appear_after_stepping_through_them_quickly() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..10_u8)
        .map(|i| {
            let path = folder.path().join(format!("{i}.png"));
            let colour = image::Rgb([20 * i, 90, 255 - 20 * i]);
            image::RgbImage::from_pixel(2600, 2200, colour).save(&path).unwrap();
            path
        })
        .collect();
    let mut window = Window::empty();
    window.drop_files(&paths);
    window.wait("all images", |state| count(state, |image| image.top.is_some()) == 10);
    for _ in 0..9 {
        window.harness.key_press(Key::ArrowRight);
        window.harness.step();
        window.harness.step();
    }
    assert_eq!(current(&window), "9.png");
    for i in (0..10).rev() {
        window.wait("the photo", |state| {
            state.open_image().is_some_and(|image| image.display.is_some())
        });
        assert_eq!(current(&window), format!("{i}.png"));
        window.harness.key_press(Key::ArrowLeft);
        window.harness.step();
        window.harness.step();
    }
}

#[test]
fn the_film_strip_names_the_class_of_images_whose_prediction_was_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::empty();
    window.drop_files(&small_images(folder.path(), FULL_PREDICTIONS + 10));
    window.wait("all classes", |state| {
        state.images.list().len() > FULL_PREDICTIONS && count(state, |image| image.top.is_none()) == 0
    });
    // the last is the farthest from the one shown, so its prediction went; it is brought into sight without showing it
    let (frame, right) = (window.label("Image 000.png").rect(), window.picture().right());
    for _ in 0..60 {
        window.wheel_sideways(pos2(right - 40.0, frame.center().y), -200.0);
    }
    let last = window.state().images.list().last().unwrap();
    assert!(last.prediction.is_none());
    let class = window.state().class_name(last.top.unwrap().class);
    let name = format!("Image {}", last.name);
    window.label(&name).hover();
    // a tooltip comes after a while
    for _ in 0..60 {
        window.harness.step();
    }
    assert!(window.has_text(&format!("{}\n{class}", name.trim_start_matches("Image "))));
    assert!(window.state().images.list().last().unwrap().prediction.is_none());
}

#[test]
fn an_image_that_was_removed_comes_back_where_it_was() {
    let mut window = Window::with(
        vec![sample("fish-key.png"), sample(DOG_AND_CAT)],
        [1280.0, 800.0],
        egui::Theme::Dark,
    );
    window.wait("both", |state| count(state, |image| image.top.is_some()) == 2);
    window.click("Probability");
    window.key(Key::Delete);
    assert_eq!(current(&window), DOG_AND_CAT);
    assert_eq!(
        window.told(),
        ["Removed fish-key.png from the list; undo brings it back"]
    );
    window.command_key(Key::Z);
    assert_eq!(current(&window), "fish-key.png");
    assert_eq!(window.told(), [""; 0], "it is back");
    assert_eq!(window.state().images.current_position(), Some(0));
    window.wait("its map", |state| state.shown.is_some() && !state.is_waiting_for_map());
    window.wait("its photo", |state| {
        state.open_image().is_some_and(|image| image.display.is_some())
    });
    // two go and come back in turn
    window.key(Key::Delete);
    window.key(Key::Delete);
    assert!(window.state().images.list().is_empty());
    window.command_key(Key::Z);
    window.command_key(Key::Z);
    let names: Vec<&str> = window
        .state()
        .images
        .list()
        .iter()
        .map(|image| image.name.as_str())
        .collect();
    assert_eq!(names, ["fish-key.png", DOG_AND_CAT]);
    window.wait("its map", |state| state.shown.is_some() && !state.is_waiting_for_map());
    // the next step back is that of the choices
    window.command_key(Key::Z);
    assert_eq!(window.state().choices.score, None);
    // and once something else was chosen, the image is gone
    window.key(Key::Delete);
    window.click("Probability");
    assert_eq!(window.told(), [""; 0], "undo does not bring it back");
    window.command_key(Key::Z);
    assert_eq!(window.state().images.list().len(), 1);
    assert_eq!(window.state().choices.score, None);
}
