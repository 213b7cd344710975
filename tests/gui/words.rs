//! What is written on and around the window: titles, notes, the help page, names of files.

use egui::{Event, Key, ViewportCommand};
use gradcam_explorer::gui::command::Action;
use gradcam_explorer::gui::dialogs::Question;
use gradcam_explorer::gui::export;

use crate::support::{DOG_AND_CAT, Window, sample};

#[test]
fn the_title_of_the_window_names_the_image() {
    let mut window = Window::with(
        vec![sample(DOG_AND_CAT), sample("fish-key.png")],
        [1280.0, 800.0],
        egui::Theme::Dark,
    );
    window.wait("both images", |state| {
        state.images.list().len() == 2 && state.shown.is_some()
    });
    assert_eq!(window.state().title(), format!("{DOG_AND_CAT} – Grad-CAM explorer"));
    window.press_at_once(Key::ArrowRight, 1);
    let title = ViewportCommand::Title("fish-key.png – Grad-CAM explorer".to_owned());
    assert!(
        window.asked_of_window().contains(&title),
        "{:?}",
        window.asked_of_window()
    );
    window.harness.step();
    assert!(!window.asked_of_window().contains(&title), "said once");
    assert_eq!(Window::empty().state().title(), "Grad-CAM explorer");
}

#[test]
fn dialogs_begin_beside_the_photo_and_propose_a_name_with_image_class_layer_and_method() {
    let window = Window::with_sample(DOG_AND_CAT);
    let folder = window.state().folder_for(&Question::Images);
    assert_eq!(folder.as_deref(), sample(DOG_AND_CAT).parent());
    let save = export::save(window.state()).unwrap();
    let class = window.chosen().unwrap().replace(' ', "_");
    let name = format!("dog-cowboy-hat-cat-party-hat_{class}_block14_sepconv2_act_grad-cam.png");
    assert_eq!(save.name, name);
    assert_eq!(window.state().folder_for(&Question::Save(Box::new(save))), folder);
}

#[test]
fn errors_fold_into_a_counter_and_are_read_by_a_click_on_it() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let picture = window.picture();
    for _ in 0..2 {
        window.harness.event(Event::Paste("hello world".to_owned()));
        window.settle();
    }
    let told = window.told();
    assert_eq!(told.len(), 1, "the same is told once: {told:?}");
    assert!(
        told[0].starts_with("There is no picture, file, path or web address"),
        "{told:?}"
    );
    assert!(window.label(&told[0]).rect().top() > picture.center().y + 100.0);
    window.harness.event(Event::Paste("/no/such/picture.png".to_owned()));
    window.wait("both", |state| state.images.list().len() == 1);
    for _ in 0..20 * 60 {
        window.harness.step();
        if window.has("2 notes") {
            break;
        }
    }
    let told = window.told();
    assert!(
        told.len() == 2 && window.has("2 notes") && !window.has(&told[0]),
        "{told:?}"
    );
    window.assert_idle();
    window.click("2 notes");
    assert!(window.has(&told[0]) && window.has(&told[1]));
    window.click("Close all");
    assert!(window.told().is_empty() && !window.has("2 notes"));
}

#[test]
fn the_help_page_has_every_action_with_a_key() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.harness.set_size(egui::vec2(1280.0, 2400.0));
    window.key(Key::F1);
    for action in Action::ALL {
        let label = action.label().trim_end_matches('…');
        let is_listed = action.shortcuts().is_empty() || window.has(label);
        assert!(is_listed, "{label}");
    }
    for title in ["Mouse", "Images", "Classes", "Cell", "Colours", "Heat", "Input"] {
        assert!(window.has(title), "{title}");
    }
}
