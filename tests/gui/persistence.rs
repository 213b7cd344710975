//! What is written: saved pictures, and choices over a restart.

use std::path::Path;

use eframe::App as _;
use egui::Key;
use egui::accesskit::Role;
use gradcam_explorer::explain::Score;
use gradcam_explorer::gui::choices::{Appearance, Choices, Preferences, Scale, View};
use gradcam_explorer::gui::command::PathField;
use gradcam_explorer::gui::dialogs::Question;
use gradcam_explorer::gui::export;
use gradcam_explorer::samples;

use crate::support::{DOG_AND_CAT, Memory, Window};

/// Saves as on a system without dialogs, where the window asks for the path itself.
fn save(window: &mut Window, path: &Path) {
    ask_where(window, path.extension().is_some_and(|ending| ending == "npy"));
    answer(window, path);
}

fn ask_where(window: &mut Window, values: bool) {
    let state = window.harness.state_mut().state_mut();
    let save = if values {
        export::save_values(state, false)
    } else {
        export::save(state)
    };
    let question = Question::Save(Box::new(save.unwrap()));
    state.path_field = Some(PathField {
        question,
        text: String::new(),
    });
    window.settle();
}

fn answer(window: &mut Window, path: &Path) {
    window.type_text(path.to_str().unwrap());
    window.click("Save");
    let start = std::time::Instant::now();
    let saved = format!("Saved {}", path.display());
    while !window.told().contains(&saved) {
        window.harness.step();
        assert!(start.elapsed().as_secs() < 60, "{:?}", window.told());
    }
}

#[test]
fn what_the_picture_shows_is_saved_at_the_photos_own_size_where_the_path_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    let mut saved_as = |view: View| {
        window.role(Role::RadioButton, view.name()).click();
        window.settle();
        let path = folder.path().join(format!("{}.png", view.name()));
        save(&mut window, &path);
        image::open(&path).unwrap().into_rgb8()
    };
    let [overlay, map, beside, mask, lines] = View::ALL.map(&mut saved_as);
    for picture in [&overlay, &map, &mask, &lines] {
        assert_eq!(picture.dimensions(), (640, 480));
    }
    let photo = image::load_from_memory(samples::drawings()[0].bytes)
        .unwrap()
        .into_rgb8();
    // the hat is hot, the lower right corner cold
    let (hot, cold) = ((195, 130), (630, 470));
    let pixel = |picture: &image::RgbImage, (x, y): (u32, u32)| picture.get_pixel(x, y).0;
    let mixed = |place| {
        let (photo, map) = (pixel(&photo, place), pixel(&map, place));
        [0, 1, 2].map(|channel| (0.6 * f32::from(photo[channel]) + 0.4 * f32::from(map[channel])).round() as i32)
    };
    for place in [hot, cold] {
        let found = pixel(&overlay, place).map(i32::from);
        assert!(
            found.iter().zip(mixed(place)).all(|(a, b)| (a - b).abs() <= 1),
            "{found:?}"
        );
        assert_eq!(pixel(&beside, place), pixel(&photo, place));
        let right = beside.width() - 640 + place.0;
        assert_eq!(pixel(&beside, (right, place.1)), pixel(&map, place));
    }
    assert_eq!(pixel(&mask, hot), pixel(&photo, hot));
    assert_eq!(pixel(&mask, cold), [0; 3]);
    let changed = lines.pixels().zip(photo.pixels()).filter(|(a, b)| a != b).count();
    assert!((1000..40_000).contains(&changed), "{changed} pixels are lines");
}

#[test]
fn a_mask_is_transparent_where_the_photo_is_hidden_whatever_the_theme() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    let mut saved_as = |view: View, theme: Appearance| {
        window.harness.state_mut().state_mut().preferences.appearance = theme;
        window.role(Role::RadioButton, view.name()).click();
        window.settle();
        let path = folder.path().join(format!("{} {}.png", view.name(), theme.name()));
        save(&mut window, &path);
        image::open(&path).unwrap().into_rgba8()
    };
    let mask = saved_as(View::Mask, Appearance::Dark);
    assert_eq!(mask.get_pixel(195, 130).0[3], 255, "the hat is hot");
    assert_eq!(mask.get_pixel(630, 470).0, [0; 4], "the corner is cold");
    let beside = saved_as(View::Beside, Appearance::Dark);
    assert_eq!(beside.get_pixel(642, 100).0, [0; 4], "between the two is nothing");
    assert_eq!(saved_as(View::Mask, Appearance::Light), mask);
    assert_eq!(saved_as(View::Beside, Appearance::Light), beside);
}

#[test]
fn a_picture_is_written_as_its_name_says_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    for (name, format) in [
        ("a.png", image::ImageFormat::Png),
        ("b.jpg", image::ImageFormat::Jpeg),
        ("c.JPEG", image::ImageFormat::Jpeg),
        ("d", image::ImageFormat::Png),
        ("h.webp", image::ImageFormat::WebP),
    ] {
        let path = folder.path().join(name);
        save(&mut window, &path);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(image::guess_format(&bytes).unwrap(), format, "{name}");
        assert_eq!(
            image::load_from_memory(&bytes).unwrap().into_rgb8().dimensions(),
            (640, 480)
        );
    }
    let written = || std::fs::read_dir(folder.path()).unwrap().count();
    let before = written();
    for (name, values, known) in [
        ("e.tif", false, ".png, .jpg, .jpeg or .webp"),
        ("f.gif", false, ".png, .jpg, .jpeg or .webp"),
        ("g.png", true, ".npy, .csv or .json"),
    ] {
        ask_where(&mut window, values);
        window.type_text(folder.path().join(name).to_str().unwrap());
        window.click("Save");
        let start = std::time::Instant::now();
        while !window
            .told()
            .iter()
            .any(|told| told.contains(known) && told.contains(&name[1..]))
        {
            window.harness.step();
            assert!(start.elapsed().as_secs() < 60, "{name}: {:?}", window.told());
        }
        assert_eq!(written(), before, "{name}");
    }
}

#[test]
fn what_is_saved_is_what_was_shown_when_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    let path = folder.path().join("values.npy");
    ask_where(&mut window, true);
    let asked = window.state().shown.clone().unwrap();
    // a reply or another window may change what is shown while the dialog is open
    let second = window.state().listed()[1];
    window.harness.state_mut().state_mut().choices.class = Some(second);
    window.settle();
    assert_ne!(window.state().shown.as_ref().unwrap().map, asked.map);
    answer(&mut window, &path);
    let saved = candle_core::Tensor::read_npy(&path).unwrap();
    let saved = saved.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let expected: Vec<f32> = asked.map.signed.iter().map(|&value| value as f32).collect();
    assert_eq!(saved, expected);
}

#[test]
fn a_fixed_scale_is_not_kept_without_its_maximum() {
    let window = Window::with_settings(Memory::of("(scale:Fixed)", "()"), None);
    assert_eq!(window.state().choices.scale, Scale::Own);
    assert!(window.state().shown.as_ref().unwrap().maximum > 0.0);
}

#[test]
fn true_cells_are_saved_as_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.role(Role::RadioButton, View::Map.name()).click();
    window.settle();
    window.click("True cells");
    window.settle();
    let path = folder.path().join("cells.png");
    save(&mut window, &path);
    let saved = image::open(&path).unwrap().into_rgb8();
    for (x, y, pixel) in saved.enumerate_pixels() {
        assert_eq!(pixel, saved.get_pixel(x / 64 * 64, y / 48 * 48), "at {x}, {y}");
    }
}

#[test]
fn the_values_of_the_map_are_saved_as_an_array() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("values.npy");
    let mut window = Window::with_sample(DOG_AND_CAT);
    save(&mut window, &path);
    let values = candle_core::Tensor::read_npy(&path).unwrap();
    let shown = window.state().shown.clone().unwrap();
    assert_eq!(values.dims(), [shown.map.height, shown.map.width]);
    let expected: Vec<f32> = shown.map.signed.iter().map(|&value| value as f32).collect();
    assert_eq!(values.flatten_all().unwrap().to_vec1::<f32>().unwrap(), expected);
}

#[test]
fn the_key_for_copying_puts_the_picture_on_the_clipboard() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.harness.event(egui::Event::Copy);
    let copied = window.wait_until_copied();
    assert_eq!(copied.size, [640, 480]);
    window.settle();
    assert_eq!(window.told(), ["Copied the picture"]);
}

#[test]
fn saving_without_an_image_says_what_to_do() {
    let mut window = Window::empty();
    window.command_key(Key::S);
    assert!(window.told()[0].contains("open an image first"));
}

#[test]
fn settings_are_kept_and_classes_are_not() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let second = window.listed()[1].clone();
    window.click(&second);
    window.click("Mask");
    window.click("Logit");
    window.command_key(Key::D);
    let mut memory = Memory::default();
    window.harness.state_mut().save(&mut memory);
    let choices: Choices = eframe::get_value(&memory, "choices").unwrap();
    assert_eq!(
        (choices.view, choices.score, choices.class),
        (View::Mask, Some(Score::Logit), None)
    );
    let preferences: Preferences = eframe::get_value(&memory, "preferences").unwrap();
    assert_eq!(preferences.appearance, Appearance::Light);
}

#[test]
fn settings_of_another_version_are_read_as_far_as_they_go() {
    let mut memory = Memory::default();
    eframe::Storage::set_string(&mut memory, "choices", "(blend:0.25,unknown:7)".to_owned());
    let choices: Choices = eframe::get_value(&memory, "choices").unwrap();
    assert_eq!(
        choices,
        Choices {
            blend: 0.25,
            ..Choices::default()
        }
    );
}

#[test]
fn a_settings_file_that_cannot_be_read_is_set_aside_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.ron");
    std::fs::write(&file, "{\"choices\": \"(blend:0.9)\", oh no").unwrap();
    // eframe gives nothing from a file it cannot parse
    let window = Window::with_settings(Memory::default(), Some(file.clone()));
    let aside = folder.path().join("app.ron.broken");
    let told = window.told();
    assert!(told.len() == 1 && told[0].contains(aside.to_str().unwrap()), "{told:?}");
    assert!(!file.exists());
    assert!(std::fs::read_to_string(&aside).unwrap().ends_with("oh no"));
    assert_eq!(window.state().choices, Choices::default());
}

#[test]
fn one_unreadable_entry_is_told_and_leaves_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.ron");
    std::fs::write(&file, "what eframe has read").unwrap();
    let memory = Memory::of("(blend:\"much\")", "(top:5)");
    let window = Window::with_settings(memory, Some(file.clone()));
    assert_eq!(window.state().choices, Choices::default());
    assert_eq!(window.state().preferences.top, 5);
    let told = window.told();
    assert!(told.len() == 1 && told[0].contains("app.ron.broken"), "{told:?}");
    assert!(!file.exists() && file.with_extension("ron.broken").exists());
}

#[test]
fn a_settings_file_that_is_missing_empty_or_fine_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.ron");
    let told = |memory: Memory| Window::with_settings(memory, Some(file.clone())).told();
    assert_eq!(told(Memory::default()), [""; 0]);
    assert!(!file.exists());
    std::fs::write(&file, "").unwrap();
    assert_eq!(told(Memory::default()), [""; 0]);
    std::fs::write(&file, "what eframe has read").unwrap();
    assert_eq!(told(Memory::of("(blend:0.25)", "()")), [""; 0]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn stored_numbers_out_of_range_do_no_harm() {
    for (choices, preferences) in [
        (
            "(blend:7.0,threshold:-3.0,view:Mask)",
            "(top:0,drawer:Some(SideBySide))",
        ),
        ("(blend:NaN,threshold:NaN)", "(top:100000,drawer:Some(Values))"),
        (
            "(blend:inf,scale:Fixed)",
            "(top:18446744073709551615,drawer:Some(Predictions))",
        ),
        ("(blend:\"much\")", "(top:-1)"),
        ("nonsense", ""),
    ] {
        let window = Window::with_settings(Memory::of(choices, preferences), None);
        let state = window.state();
        let shares = [state.choices.blend, state.choices.threshold];
        assert!(
            shares.iter().all(|share| (0.0..=1.0).contains(share)),
            "{choices}: {shares:?}"
        );
        assert!(state.listed().len() >= 5, "{preferences}: {}", state.listed().len());
        assert!(window.has("Top 5") || window.has("Top 10") || window.has("All classes"));
    }
}
