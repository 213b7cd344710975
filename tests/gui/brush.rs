//! Painting over the photo: what the network sees, what is shown of it, and what can be taken back.

use eframe::App as _;
use egui::Key;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use gradcam_explorer::gui::state::{BrushKind, State};
use gradcam_explorer::imaging::{self, Brush, Photo};
use serde_json::Value;

use crate::crop::{decoded, place};
use crate::program::{documents, run, stderr};
use crate::support::{DOG_AND_CAT, Memory, Window, sample};

/// Waits until the network has seen everything that is painted, and the picture shows its map.
pub fn follow(window: &mut Window) {
    window.wait("classes and map of the painted photo", |state| {
        let image = state.images.current().unwrap();
        let is_seen = !image.is_painted_ahead() && state.prediction().is_some() && !state.is_waiting_for_map();
        let is_drawn = image.painting.is_empty() || state.copies_to_paint().is_none();
        is_seen && is_drawn && (image.painting.is_empty() || state.unpainted().is_some())
    });
}

/// Draws a stroke from one place of the photo to another, in shares of its sides.
fn stroke(window: &mut Window, from: [f32; 2], to: [f32; 2]) {
    let (from, to) = (place(window, from), place(window, to));
    window.drag(from, to);
    follow(window);
}

fn choose(window: &mut Window, kind: BrushKind) {
    window.click(kind.describe().0);
    assert_eq!(window.state().brush.kind, kind);
}

/// What the list says of a class.
fn row(window: &Window, name: &str) -> String {
    let rows = window.harness.query_all_by_label(name);
    let mut said = rows.filter_map(|row| row.accesskit_node().description());
    said.rfind(|said| said.starts_with("rank")).unwrap()
}

fn logits(window: &Window) -> Vec<f64> {
    window.state().prediction().unwrap().logits.to_vec()
}

fn strokes(state: &State) -> usize {
    state.painting().map_or(0, |painting| painting.strokes().len())
}

pub fn painted(window: &Window) -> Photo {
    let photo = decoded(&sample(DOG_AND_CAT));
    window.state().painting().unwrap().over(&photo).into_owned()
}

/// The logits of a picture by the program without a window.
pub fn logits_of(photo: &Photo) -> Vec<f64> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("painted.png");
    std::fs::write(&file, imaging::encode_png(photo).unwrap()).unwrap();
    let arguments = [
        "explain",
        file.to_str().unwrap(),
        "--json",
        "--device",
        "cpu",
        "--top",
        "18",
    ];
    let output = run(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let document = documents(&output).remove(0);
    let mut logits = vec![f64::NAN; 18];
    for prediction in document["predictions"].as_array().unwrap() {
        let at = prediction["index"].as_u64().unwrap() as usize;
        logits[at] = prediction["logit"].as_f64().unwrap();
    }
    logits
}

fn assert_close(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    // what reads JSON here may be off by the last digit
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-13), "{a:?} {b:?}");
}

#[test]
fn the_network_sees_the_painted_photo_whichever_brush_it_was() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let before = logits(&window);
    window.key(Key::B);
    assert!(window.state().brushing.is_some());
    for (kind, brush) in [
        (BrushKind::Grey, Brush::Grey),
        (BrushKind::Blur, Brush::Blur),
        (BrushKind::Mean, Brush::Mean),
    ] {
        choose(&mut window, kind);
        let former = logits(&window);
        let row = 0.25 + 0.2 * kind as u8 as f32;
        stroke(&mut window, [0.6, row], [0.9, row]);
        let last = window.state().painting().unwrap().strokes().last().unwrap().clone();
        assert_eq!(last.brush, brush);
        assert_ne!(logits(&window), former);
        assert_close(&logits(&window), &logits_of(&painted(&window)));
    }
    assert_eq!(strokes(window.state()), 3);
    // the copy on the screen, which has the photo's own size here, is the painted photo
    let image = window.state().images.current().unwrap();
    assert_eq!(*image.painted.as_ref().unwrap().small.photo, painted(&window));
    // what the brush takes away again is the photo
    choose(&mut window, BrushKind::Erase);
    for _ in 0..40 {
        window.wheel(place(&window, [0.5, 0.5]), 100.0);
    }
    stroke(&mut window, [0.1, 0.5], [0.9, 0.5]);
    assert_eq!(painted(&window), decoded(&sample(DOG_AND_CAT)));
    assert_close(&logits(&window), &before);
    window.assert_comes_to_rest();
}

#[test]
fn each_class_tells_how_it_changed_even_if_it_fell_off_the_list() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let top = window.state().class().unwrap();
    let name = window.state().class_name(top);
    let before = window.state().prediction().unwrap().probabilities[top];
    window.harness.state_mut().state_mut().preferences.top = 3;
    window.click("Paint");
    for column in [0.1, 0.3, 0.5, 0.7, 0.9] {
        stroke(&mut window, [column, 0.05], [column, 0.95]);
    }
    let state = window.state();
    // the class whose evidence was hidden stays chosen, and is listed below the others
    assert_eq!(state.class(), Some(top));
    assert!(!state.listed().contains(&top), "{:?}", state.listed());
    assert_eq!(state.unpainted().unwrap().probabilities[top], before);
    let now = state.prediction().unwrap().probabilities[top];
    assert!(now < before);
    let said = row(&window, &name);
    let per_cent = |probability: f64| format!("{:.1} %", 100.0 * probability);
    assert!(
        said.contains(&format!("{} ↓", per_cent(before))) && said.contains("by painting"),
        "{said}"
    );
    window.click("Remove all painting");
    follow(&mut window);
    let said = row(&window, &name);
    assert!(!said.contains("by painting"), "{said}");
}

#[test]
fn undo_takes_one_stroke_back_and_escape_leaves_what_is_painted() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let before = logits(&window);
    window.key(Key::B);
    stroke(&mut window, [0.7, 0.2], [0.7, 0.6]);
    let one = logits(&window);
    stroke(&mut window, [0.2, 0.2], [0.2, 0.6]);
    let two = logits(&window);
    assert_ne!(one, two);
    window.command_key(Key::Z);
    follow(&mut window);
    assert_eq!((strokes(window.state()), logits(&window)), (1, one.clone()));
    window.command_key(Key::Z);
    follow(&mut window);
    assert_eq!((strokes(window.state()), logits(&window)), (0, before.clone()));
    for logits_then in [&one, &two] {
        window.command_key(Key::Y);
        follow(&mut window);
        assert_eq!(logits(&window), *logits_then);
    }
    window.key(Key::Escape);
    assert!(window.state().brushing.is_none());
    assert_eq!(strokes(window.state()), 2);
    // without the brush the pointer paints nothing
    let (from, to) = (place(&window, [0.4, 0.4]), place(&window, [0.5, 0.5]));
    window.drag(from, to);
    assert_eq!(strokes(window.state()), 2);
    window.click("Paint");
    window.click("Remove all painting");
    follow(&mut window);
    assert_eq!(logits(&window), before);
    window.command_key(Key::Z);
    follow(&mut window);
    assert_eq!(logits(&window), two);
    window.assert_comes_to_rest();
}

#[test]
fn the_wheel_makes_the_brush_wider_and_the_picture_stays() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.key(Key::B);
    let camera = window.state().camera;
    let width = window.state().brush.width;
    let middle = place(&window, [0.5, 0.5]);
    window.wheel(middle, 100.0);
    assert!(window.state().brush.width > 1.2 * width);
    assert_eq!(window.state().camera, camera);
    let radius = window.state().brush.radius([640, 480]);
    assert!(window.has_text(&format!("{} pixels wide", 2 * radius + 1)));
    // a click is a dot
    window.press(middle);
    follow(&mut window);
    let dot = decoded(&sample(DOG_AND_CAT));
    let changed = dot
        .rgb
        .chunks(3)
        .zip(painted(&window).rgb.chunks(3))
        .filter(|(a, b)| a != b)
        .count();
    let expected = std::f64::consts::PI * (f64::from(radius) + 0.5).powi(2);
    assert!(
        (changed as f64 / expected - 1.0).abs() < 0.1,
        "{changed} for {expected}"
    );
}

#[test]
fn pixels_are_copied_from_where_the_first_click_was() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.key(Key::B);
    choose(&mut window, BrushKind::Clone);
    assert!(window.has_text("Click where the pixels are to come from."));
    let source = place(&window, [0.25, 0.5]);
    window.press(source);
    assert_eq!(strokes(window.state()), 0);
    stroke(&mut window, [0.75, 0.5], [0.8, 0.5]);
    let stroke = window.state().painting().unwrap().strokes()[0].clone();
    let Brush::Clone([right, down]) = stroke.brush else {
        panic!("{stroke:?}")
    };
    assert!((right + 320).abs() <= 2 && down.abs() <= 2, "{stroke:?}");
    let (photo, after) = (decoded(&sample(DOG_AND_CAT)), painted(&window));
    let at = |photo: &Photo, x: i32, y: i32| photo.rgb[((y * 640 + x) * 3) as usize..][..3].to_vec();
    assert_eq!(at(&after, 490, 240), at(&photo, 490 + right, 240 + down));
}

#[test]
fn the_key_for_painting_is_also_the_first_letter_of_a_word() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.type_text("bow");
    assert_eq!(window.state().search.query, "bow");
    assert!(window.state().brushing.is_none());
    window.key(Key::Escape);
    window.key(Key::Escape);
    window.key(Key::B);
    window.key(Key::C);
    assert_eq!(window.state().search.query, "bc");
}

#[test]
fn a_painted_picture_says_what_was_painted_and_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.key(Key::B);
    stroke(&mut window, [0.6, 0.3], [0.9, 0.4]);
    choose(&mut window, BrushKind::Blur);
    stroke(&mut window, [0.6, 0.6], [0.9, 0.7]);
    let file = window.save(folder.path());
    let photo = sample(DOG_AND_CAT);
    let again = folder.path().join("again");
    let arguments = [
        "explain",
        "--from",
        file.to_str().unwrap(),
        photo.to_str().unwrap(),
        "--out",
        again.to_str().unwrap(),
        "--device",
        "cpu",
    ];
    let output = run(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let made: Vec<_> = std::fs::read_dir(&again)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(decoded(&made[0]), decoded(&file));
    assert_ne!(decoded(&file), decoded(&photo));
    // dropped on the window, it shows the painted photo
    let mut other = Window::with_sample(DOG_AND_CAT);
    other.drop_files(&[file]);
    other.wait("the painted photo", |state| {
        strokes(state) == 2 && state.prediction().is_some()
    });
    follow(&mut other);
    assert_eq!(other.state().painting(), window.state().painting());
    assert_eq!(logits(&other), logits(&window));
    // numbers say it, too
    let save = gradcam_explorer::gui::export::save_predictions(window.state()).unwrap();
    let file = window.save_what(save, &folder.path().join("answers.json"));
    let document: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(document["painting"].as_array().unwrap().len(), 2);
}

#[test]
fn each_image_keeps_what_is_painted_over_it() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.key(Key::B);
    stroke(&mut window, [0.6, 0.3], [0.9, 0.4]);
    let seen = logits(&window);
    window.drop_files(&[sample("fish-key.png")]);
    window.wait("the other image", |state| {
        state.images.current_position() == Some(1) && state.shown.is_some() && state.prediction().is_some()
    });
    assert_eq!(window.state().painting(), None);
    window.key(Key::ArrowLeft);
    follow(&mut window);
    assert_eq!(logits(&window), seen);
    // what is painted survives that another part is seen
    window.key(Key::C);
    let (from, to) = (place(&window, [0.5, 0.1]), place(&window, [0.95, 0.9]));
    window.drag(from, to);
    follow(&mut window);
    let crop = window.state().cropped().unwrap();
    assert_close(&logits(&window), &logits_of(&painted(&window).part(crop)));
    assert_eq!(window.state().unpainted().unwrap().preprocessing.crop, Some(crop));
}

#[test]
fn classes_and_map_follow_while_the_hand_draws_and_nothing_waits_in_a_queue() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let early = {
        let network = window.state().network.clone().unwrap();
        network.plan.mappable().nth(3).unwrap()
    };
    for layer in [None, Some(early)] {
        window.harness.state_mut().state_mut().choices.layer = layer;
        window.wait("the map of the layer", |state| !state.is_waiting_for_map());
        window.key(Key::B);
        let start = place(&window, [0.55, 0.2]);
        window.button(start, true);
        let mut seen = Vec::new();
        for step in 0..400 {
            let share = step as f32 / 400.0;
            let to = place(&window, [0.55 + 0.4 * share, 0.2 + 0.6 * (20.0 * share).sin().abs()]);
            window.harness.event(egui::Event::PointerMoved(to));
            window.harness.step();
            std::thread::sleep(std::time::Duration::from_millis(2));
            let state = window.state();
            assert!(state.brushing.unwrap().drawing.is_some());
            // what is shown always belongs together
            let shown = state.shown.as_ref().unwrap().key;
            assert!(state.prediction().is_some(), "the list never goes blank");
            if shown.preprocessing == state.preprocessing() {
                seen.push(shown.preprocessing.painting);
            }
        }
        seen.dedup();
        assert!(seen.len() > 5, "{} updates", seen.len());
        let end = place(&window, [0.95, 0.5]);
        window.button(end, false);
        follow(&mut window);
        let shown = window.state().shown.as_ref().unwrap().key;
        assert_eq!(shown.preprocessing.painting, window.state().painting().unwrap().key());
        assert_eq!(shown.layer, window.state().layer().unwrap());
        window.key(Key::Escape);
    }
    assert_eq!(strokes(window.state()), 2);
}

#[test]
fn what_is_painted_is_there_at_the_next_start() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.key(Key::B);
    stroke(&mut window, [0.6, 0.3], [0.9, 0.4]);
    choose(&mut window, BrushKind::Mean);
    stroke(&mut window, [0.2, 0.3], [0.3, 0.4]);
    let (painting, seen) = (window.state().painting().unwrap().clone(), logits(&window));
    let mut memory = Memory::default();
    window.harness.state_mut().save(&mut memory);
    let mut again = Window::restarted(memory);
    again.wait("the photo", |state| state.shown.is_some() && state.painting().is_some());
    follow(&mut again);
    assert_eq!(again.state().painting(), Some(&painting));
    assert_eq!(logits(&again), seen);
}

#[test]
fn a_painted_photo_stands_beside_itself_before_painting() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    let before = window.state().shown.as_ref().unwrap().map.clone();
    window.key(Key::B);
    stroke(&mut window, [0.1, 0.2], [0.4, 0.3]);
    window.key(Key::Escape);
    window.key(Key::F8);
    window.role(egui::accesskit::Role::RadioButton, "Painting").click();
    window.settle();
    window.wait("both maps", |state| {
        !state.is_waiting_for_map() && !state.is_waiting_for_other()
    });
    assert!(window.has("painted") && window.has("Second picture"));
    let state = window.state();
    let (one, other) = (state.shown.as_ref().unwrap(), state.other_shown.as_ref().unwrap());
    assert_eq!((one.key.preprocessing.painting, other.key.preprocessing.painting), {
        (state.painting().unwrap().key(), None)
    });
    assert_eq!(other.map, before);
    assert_ne!(one.map, before);
    assert_eq!(window.textures("photo"), 2);
    // so do the pictures that are saved, and what is made of them again
    let file = window.save(folder.path());
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(
        name.contains("_painted_") && name.ends_with("_beside_before_painting.png"),
        "{name}"
    );
    let both = decoded(&file);
    let half = |x: u32| imaging::Region {
        x,
        ..imaging::Region::whole(640, 480)
    };
    assert_ne!(both.part(half(0)), both.part(half(both.width - 640)));
    let mut other = Window::with_sample(DOG_AND_CAT);
    other.drop_files(&[file]);
    other.wait("both pictures", |state| state.compare.is_some() && strokes(state) == 1);
    follow(&mut other);
    assert_eq!(other.state().compare, window.state().compare);
    // without painting there is nothing to compare with
    other.key(Key::B);
    other.click("Remove all painting");
    follow(&mut other);
    assert_eq!(other.state().compare, None);
    other.assert_comes_to_rest();
}
