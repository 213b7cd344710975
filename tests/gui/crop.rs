//! A part of the photo that the network sees alone, the plain photo, and what the network sees.

use std::path::Path;

use egui::{Key, Pos2};
use gradcam_explorer::gui::camera::Camera;
use gradcam_explorer::gui::choices::Drawer;
use gradcam_explorer::gui::state::State;
use gradcam_explorer::imaging::{self, Limits, Photo, Region};
use serde_json::Value;

use crate::program::{documents, run, stderr};
use crate::support::{DOG_AND_CAT, Window, sample};

/// Where a place of the photo, in shares of its sides, is on the window.
pub fn place(window: &Window, share: [f32; 2]) -> Pos2 {
    let picture = window.picture().shrink(12.0);
    let (space, pixels) = (
        picture.size().into(),
        window.state().images.current().unwrap().size.map(|side| side as f32),
    );
    let camera = Camera::default();
    let (corner, size) = (camera.corner(space, pixels), camera.size(space, pixels));
    picture.min + egui::vec2(corner[0] + share[0] * size[0], corner[1] + share[1] * size[1])
}

/// Draws a rectangle over the photo, which is the one that comes out.
fn crop(window: &mut Window, from: [f32; 2], to: [f32; 2]) -> Region {
    window.key(Key::C);
    assert!(window.state().cropping.is_some());
    let (from, to) = (place(window, from), place(window, to));
    window.drag(from, to);
    let region = window.state().cropped().unwrap();
    window.wait("the map of the part", |state| {
        let shown = state.shown.as_ref();
        shown.is_some_and(|shown| shown.key.preprocessing.crop == Some(region)) && !state.is_waiting_for_map()
    });
    region
}

/// What the program says of the drawing without a window.
pub fn explained(arguments: &[&str]) -> Value {
    let sample = sample(DOG_AND_CAT);
    let all = [
        "explain",
        sample.to_str().unwrap(),
        "--json",
        "--device",
        "cpu",
        "--top",
        "18",
    ];
    let output = run(&[&all[..], arguments].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    documents(&output).remove(0)
}

pub fn decoded(path: &Path) -> Photo {
    imaging::decode(&std::fs::read(path).unwrap(), &Limits::default()).unwrap()
}

#[test]
fn the_network_sees_a_part_alone_as_the_command_line_does() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let whole = window.state().prediction().unwrap().logits.clone();
    let region = crop(&mut window, [0.5, 0.02], [0.97, 0.95]);
    assert!(
        region.x.abs_diff(320) < 4 && region.width.abs_diff(301) < 4 && region.height.abs_diff(446) < 4,
        "{region:?}"
    );
    let logits = window.state().prediction().unwrap().logits.clone();
    assert_ne!(logits, whole);
    assert_ne!(window.state().shown.as_ref().unwrap().seen, [[0.0; 2], [1.0; 2]]);

    let document = explained(&["--crop", &region.to_string()]);
    for field in ["x", "y", "width", "height"] {
        let number = [region.x, region.y, region.width, region.height];
        let at = ["x", "y", "width", "height"]
            .iter()
            .position(|name| *name == field)
            .unwrap();
        assert_eq!(document["crop"][field], number[at]);
    }
    for prediction in document["predictions"].as_array().unwrap() {
        let class = prediction["index"].as_u64().unwrap() as usize;
        // what reads JSON here may be off by the last digit
        let logit = prediction["logit"].as_f64().unwrap();
        assert!((logit - logits[class]).abs() < 1e-13, "class {class}: {logit}");
    }
    let shown = window.state().shown.clone().unwrap();
    let map = &document["maps"][0];
    assert!((map["signed_max"].as_f64().unwrap() - shown.map.max()).abs() < 1e-13);
    assert!((map["signed_min"].as_f64().unwrap() - shown.map.min()).abs() < 1e-13);

    window.key(Key::Escape);
    assert_eq!(window.state().cropped(), None);
    window.wait("the map of the whole", |state| {
        state.prediction().is_some() && !state.is_waiting_for_map()
    });
    assert_eq!(window.state().prediction().unwrap().logits, whole);
    assert_eq!(window.state().shown.as_ref().unwrap().seen, [[0.0; 2], [1.0; 2]]);
    assert!(explained(&[]).get("crop").is_none());
}

#[test]
fn a_part_is_seen_as_if_nothing_were_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let region = Region {
        x: 301,
        y: 7,
        width: 303,
        height: 401,
    };
    let part = decoded(&sample(DOG_AND_CAT)).part(region).into_owned();
    let file = folder.path().join("part.png");
    std::fs::write(&file, imaging::encode_png(&part).unwrap()).unwrap();
    for resize in ["nearest", "bilinear", "opencv"] {
        let of_photo = explained(&["--crop", "301,7,303,401", "--resize", resize]);
        let common = [
            "explain",
            file.to_str().unwrap(),
            "--json",
            "--device",
            "cpu",
            "--top",
            "18",
            "--resize",
            resize,
        ];
        let of_part = documents(&run(&common)).remove(0);
        assert_eq!(of_photo["predictions"], of_part["predictions"], "{resize}");
    }
}

#[test]
fn a_part_that_the_photo_has_not_is_refused() {
    let sample = sample(DOG_AND_CAT);
    for (crop, status, said) in [
        ("0,0,641,480", 1, "640 x 480"),
        ("640,0,1,1", 1, "no part"),
        ("0,0,0,5", 2, "x,y,width,height"),
        ("all", 2, "x,y,width,height"),
    ] {
        let output = run(&["explain", sample.to_str().unwrap(), "--crop", crop]);
        assert_eq!(output.status.code(), Some(status), "{crop}");
        assert!(stderr(&output).contains(said), "{crop}: {}", stderr(&output));
    }
}

#[test]
fn a_picture_of_a_part_names_it_and_shows_the_map_there() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    let region = crop(&mut window, [0.02, 0.05], [0.48, 0.95]);
    let file = window.save(folder.path());
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(
        name.contains(&format!(
            "part_{}_{}_{}_{}",
            region.x, region.y, region.width, region.height
        )),
        "{name}"
    );
    let reader = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&file).unwrap()))
        .read_info()
        .unwrap();
    let texts = &reader.info().utf8_text;
    let crop = texts.iter().find(|text| text.keyword == "Crop").unwrap();
    assert_eq!(crop.get_text().unwrap(), region.to_string());
    // the same pixels as without a window, and the photo around them
    let document = explained(&["--crop", &region.to_string(), "--out", out]);
    let written = decoded(Path::new(document["maps"][0]["files"]["overlay"].as_str().unwrap()));
    assert_eq!(decoded(&file), written);
    let photo = decoded(&sample(DOG_AND_CAT));
    assert_ne!(written.part(region), photo.part(region));
    let beside = Region {
        x: region.x + region.width,
        ..Region::whole(640 - region.x - region.width, 480)
    };
    assert_eq!(written.part(beside), photo.part(beside));
}

#[test]
fn each_image_has_its_own_part() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let region = crop(&mut window, [0.1, 0.1], [0.6, 0.6]);
    window.drop_files(&[sample("fish-key.png")]);
    window.wait("the other image", |state| {
        state.images.list().len() == 2 && state.images.current_position() == Some(1) && state.shown.is_some()
    });
    assert_eq!(window.state().cropped(), None);
    window.key(Key::ArrowLeft);
    window.wait("the map of the part", |state| {
        state.shown.is_some() && !state.is_waiting_for_map()
    });
    assert_eq!(window.state().cropped(), Some(region));
    assert_eq!(
        window.state().shown.as_ref().unwrap().key.preprocessing.crop,
        Some(region)
    );
}

#[test]
fn undo_gives_the_whole_back_and_redo_the_part() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let has_map = |state: &State| state.prediction().is_some() && state.shown.is_some() && !state.is_waiting_for_map();
    let region = crop(&mut window, [0.1, 0.1], [0.6, 0.6]);
    window.click("Whole photo");
    window.wait("the map of the whole", has_map);
    for (key, expected) in [
        (Key::Z, Some(region)),
        (Key::Z, None),
        (Key::Y, Some(region)),
        (Key::Y, None),
        (Key::Z, Some(region)),
    ] {
        window.command_key(key);
        assert_eq!(window.state().cropped(), expected);
        window.wait("its map", has_map);
        let seen = window.state().shown.as_ref().unwrap().key.preprocessing.crop;
        assert_eq!(seen, expected);
    }
    // what is taken back is seen, whichever image is shown
    window.drop_files(&[sample("fish-key.png")]);
    window.wait("the other image", |state| {
        state.images.current_position() == Some(1) && has_map(state)
    });
    window.command_key(Key::Z);
    assert_eq!(window.state().images.current_position(), Some(0));
    assert_eq!(window.state().cropped(), None);
    // an image that is taken off the list takes its part along, and brings it back
    window.command_key(Key::Y);
    window.wait("the map of the part", has_map);
    window.key(Key::Delete);
    assert_eq!(window.state().images.list().len(), 1);
    window.command_key(Key::Z);
    assert_eq!(window.state().cropped(), Some(region));
    window.command_key(Key::Z);
    assert_eq!(window.state().cropped(), None);
}

#[test]
fn the_key_for_cropping_is_also_the_first_letter_of_a_word() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.type_text("cat");
    assert_eq!(window.state().search.query, "cat");
    assert_eq!(window.state().cropping, None);
    window.key(Key::Escape);
    window.key(Key::Escape);
    // a rectangle that was begun is given up, and then there is none
    window.key(Key::C);
    assert!(window.state().cropping.is_some());
    window.key(Key::Escape);
    assert_eq!(window.state().cropping, None);
    assert_eq!(window.state().search.query, "");
    // a slip of the hand cuts nothing out
    window.click("Crop");
    let middle = place(&window, [0.5, 0.5]);
    window.drag(middle, middle + egui::vec2(2.0, 40.0));
    assert_eq!(window.state().cropped(), None);
    // with the button the whole comes back too
    window.key(Key::Escape);
    crop(&mut window, [0.2, 0.2], [0.7, 0.7]);
    window.click("Whole photo");
    assert_eq!(window.state().cropped(), None);
}

#[test]
fn a_zoomed_photo_is_cut_out_and_not_moved() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let middle = window.picture().center();
    window.wheel(middle, 200.0);
    let camera = window.state().camera;
    window.key(Key::C);
    window.drag(middle - egui::vec2(50.0, 50.0), middle + egui::vec2(50.0, 50.0));
    assert_eq!(window.state().camera, camera);
    let region = window.state().cropped().unwrap();
    let expected = 100.0 * 640.0
        / camera.size(
            (window.picture().size() - egui::vec2(24.0, 24.0)).into(),
            [640.0, 480.0],
        )[0];
    assert!(
        (region.width as f32 - expected).abs() <= 2.0,
        "{region:?} for {expected}"
    );
    window.wait("the map of the part", |state| {
        state.shown.is_some() && !state.is_waiting_for_map()
    });
    window.assert_comes_to_rest();
}

#[test]
fn the_plain_photo_shows_while_the_button_is_held() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let button = window.label("Photo").rect().center();
    window.move_to(button);
    window.settle();
    let with_map = window.shapes();
    window.button(button, true);
    assert!(window.state().peeking);
    assert!(window.shapes() < with_map);
    window.button(button, false);
    assert!(!window.state().peeking);
    assert_eq!(window.shapes(), with_map);
}

#[test]
fn what_the_network_sees_is_shown_pixel_by_pixel() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let photo = decoded(&sample(DOG_AND_CAT));
    window.click("Input");
    assert_eq!(window.state().preferences.drawer, Some(Drawer::Input));
    window.wait("the picture", |state| state.input_picture.is_some());
    let seen = |window: &Window| {
        let preprocessing = window.state().preprocessing();
        imaging::network_picture(&photo, 299, 299, preprocessing)
    };
    assert_eq!(*window.state().input_picture.as_ref().unwrap().picture, seen(&window));
    assert!(window.has("299 × 299 pixels"));
    assert!(window.has_text("the photo of 640 × 480"));
    assert!(window.has_text("It is 1.33 times narrower than the photo."));
    let region = crop(&mut window, [0.25, 0.25], [0.75, 0.5]);
    window.wait("the picture of the part", |state| {
        state
            .input_picture
            .as_ref()
            .is_some_and(|seen| seen.preprocessing.crop == Some(region))
    });
    assert_eq!(*window.state().input_picture.as_ref().unwrap().picture, seen(&window));
    assert!(window.has_text(&format!("the part {} × {} of the photo", region.width, region.height)));
    assert_eq!(window.textures("input"), 1);
    window.click("Input");
    assert_eq!(window.textures("input"), 0);
    window.assert_comes_to_rest();
}
