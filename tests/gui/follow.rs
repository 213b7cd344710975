//! Which class is shown: that of the image, or one that stays.

use egui::{Key, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use crate::support::{DOG_AND_CAT, Window, sample};

/// A window with two images, each predicted; the first is shown.
fn two_images() -> Window {
    let mut window = Window::empty();
    window.drop_files(&[sample(DOG_AND_CAT), sample("fish-key.png")]);
    window.wait("both predictions", |state| {
        state.images.list().len() == 2 && state.images.list().iter().all(|image| image.prediction.is_some())
    });
    window.wait("a map", |state| state.shown.is_some());
    window
}

fn step(window: &mut Window, key: Key) {
    window.key(key);
    window.wait("its map", |state| !state.is_waiting_for_map());
}

#[test]
fn a_new_image_shows_its_own_top_class() {
    let mut window = two_images();
    window.key(Key::ArrowDown);
    window.key(Key::ArrowDown);
    let listed = window.listed();
    assert_eq!(window.chosen().as_ref(), Some(&listed[2]));
    step(&mut window, Key::ArrowRight);
    assert_eq!(window.chosen(), window.listed().first().cloned());
    assert_ne!(
        window.chosen().as_ref(),
        Some(&listed[0]),
        "another image, another class"
    );
    assert!(window.has("#1"));
    // nor does a step back bring the class of another image
    window.command_key(Key::Z);
    assert_eq!(window.chosen(), window.listed().first().cloned());
}

#[test]
fn a_pinned_class_stays_and_is_listed_with_rank_and_number() {
    let mut window = two_images();
    window.click("cat");
    window.click("Pin");
    step(&mut window, Key::ArrowRight);
    assert_eq!(window.chosen().as_deref(), Some("cat"));
    let state = window.state();
    let rank = state.rank(state.class().unwrap()).unwrap() + 1;
    assert!(window.has(&format!("#{rank}")));
    let row = window.role(Role::Button, "cat");
    let about = row.accesskit_node().description().unwrap_or_default();
    assert!(
        about.starts_with(&format!("rank {rank}, ")) && about.contains('%'),
        "{about}"
    );
}

#[test]
fn a_class_is_kept_by_the_button_at_its_name_until_it_is_released() {
    let mut window = two_images();
    let own = window.chosen();
    window.click("Keep this class");
    step(&mut window, Key::ArrowRight);
    assert_eq!(window.chosen(), own);
    assert!(own.is_some_and(|own| window.has(&own)));
    window.command_key(Key::K);
    step(&mut window, Key::ArrowLeft);
    step(&mut window, Key::ArrowRight);
    assert_eq!(window.chosen(), window.listed().first().cloned());
}

#[test]
fn the_chosen_class_comes_into_sight_wherever_on_the_list_it_is() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let last = *window.state().prediction().unwrap().ranking.last().unwrap();
    let name = window.state().class_name(last);
    assert!(!window.has(&name));
    window.type_text(&name);
    window.key(Key::Enter);
    window.click("Clear search");
    // below the ten likeliest
    assert_eq!(window.chosen().as_ref(), Some(&name));
    let has_row = |window: &Window, name: &str| {
        let bottom = window.picture().bottom();
        let mut buttons = window.harness.query_all_by_role(Role::Button);
        buttons.any(|row| row.accesskit_node().label().as_deref() == Some(name) && row.rect().bottom() < bottom)
    };
    assert!(has_row(&window, &name));
    // and on the list of all, which does not fit
    window.harness.set_size(egui::vec2(900.0, 480.0));
    window.click("Top 10");
    window.click("All classes");
    window.settle();
    assert!(has_row(&window, &name));
}

#[test]
fn a_failed_opening_leaves_the_own_top_class() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.jpg");
    std::fs::write(&broken, "no picture").unwrap();
    std::fs::copy(sample("fish-key.png"), folder.path().join("fish.png")).unwrap();
    let mut window = Window::empty();
    // by the folder, in which a broken picture is told too
    window.drop_files(&[folder.path().to_owned()]);
    let told = window.wait_until_told();
    assert!(told.contains("broken.jpg"), "{told}");
    window.wait("a map", |state| state.shown.is_some());
    assert_eq!(window.state().images.list().len(), 1);
    assert_eq!(window.chosen(), window.listed().first().cloned());
}
