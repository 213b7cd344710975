//! Maps of evidence for and against: what their colours mean, and the choice of a class to compare with.

use egui::Key;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use gradcam_explorer::explain::Target;

use crate::support::{DOG_AND_CAT, Window};

#[test]
fn both_ends_of_the_bar_say_what_they_argue_for() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let names = window.listed();
    let bar = |window: &Window, part: &str| {
        let mut bars = window.harness.query_all_by_label_contains("Colour bar");
        bars.next().unwrap().accesskit_node().value().unwrap().contains(part)
    };
    assert!(!bar(&window, "against"));
    window.command_key(Key::E);
    assert!(bar(&window, &format!("(against {}) to ", names[0])));
    assert!(bar(&window, &format!("(for {})", names[0])));
    window.click("Compare with…");
    window.last(&names[1]).click();
    window.settle();
    assert!(bar(&window, &format!("({}) to ", names[1])));
    assert!(bar(&window, &format!("({})", names[0])));
    window.click("Stop comparing");
    assert!(bar(&window, "against"));
}

#[test]
fn the_bar_grows_with_the_window() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let width = |window: &Window| {
        let mut bars = window.harness.query_all_by_label_contains("Colour bar");
        bars.next().unwrap().rect().width()
    };
    let before = width(&window);
    window.harness.set_size(egui::vec2(2560.0, 1440.0));
    window.settle();
    assert!(width(&window) > 2.0 * before && before > 150.0, "{before}");
}

#[test]
fn any_class_to_compare_with_is_found_as_on_the_list() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let class = window.state().class().unwrap();
    // what the list finds, without the class itself
    window.command_key(Key::F);
    window.type_text("cl");
    let mut found = window.state().search.found.clone();
    window.key(Key::Escape);
    window.key(Key::Escape);
    found.retain(|&other| other != class);
    assert!(!found.is_empty());
    window.click("Compare with…");
    window.type_text("cl");
    assert_eq!(
        window
            .state()
            .rival_search
            .found
            .iter()
            .copied()
            .filter(|&other| other != class)
            .collect::<Vec<_>>(),
        found
    );
    assert!(window.state().search.query.is_empty(), "the list is left alone");
    window.key(Key::Enter);
    let than = found[0];
    assert_eq!(
        window.state().shown.as_ref().unwrap().key.target,
        Target::Rather { class, than }
    );
    // the next time it begins anew
    window.click("Stop comparing");
    window.click("Compare with…");
    assert_eq!(window.state().rival_search.query, "");
    window.type_text("zzzz");
    assert!(window.has("No other class is called “zzzz”."));
}
