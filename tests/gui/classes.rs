//! Any class, pinned classes, two classes, many classes, and the classes of one place.

use egui::{Key, Modifiers, PointerButton, Pos2, accesskit::Role, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use gradcam_explorer::explain::{Score, Target};
use gradcam_explorer::gui::choices::{Drawer, Scale};

use crate::support::{DOG_AND_CAT, Window};

#[test]
fn the_list_has_as_many_rows_as_wanted_and_shows_probabilities_or_logits() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Top 10");
    window.click("Top 5");
    assert_eq!(window.listed().len(), 5);
    window.click("Top 5");
    window.click("All classes");
    assert_eq!(window.listed().len(), window.state().labels().unwrap().len());
    assert_eq!(window.state().preferences.values, Score::Probability);
    window.click("probability");
    window.click("logit");
    assert_eq!(window.state().preferences.values, Score::Logit);
    assert!(window.has("logit"));
}

#[test]
fn a_class_is_found_by_part_of_its_name_and_chosen_by_click() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.command_key(Key::F);
    window.type_text("umbr");
    assert_eq!(window.listed(), ["umbrella"]);
    window.hover("umbrella");
    let umbrella = window.state().labels().unwrap().find("umbrella").unwrap();
    assert_eq!(
        window.state().shown.as_ref().unwrap().key.target,
        Target::Class(umbrella)
    );
    window.role(Role::Button, "umbrella").click();
    window.settle();
    assert_eq!(window.chosen().as_deref(), Some("umbrella"));
    window.key(Key::Escape);
    window.key(Key::Escape);
    assert_eq!(window.listed().len(), 10);
    assert!(window.state().recent_classes.contains(&umbrella));
}

#[test]
fn a_search_is_cleared_by_its_button() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let listed = window.listed();
    assert!(!window.has("Clear search"));
    window.type_text("umbr");
    assert_ne!(window.listed(), listed);
    window.click("Clear search");
    assert_eq!(window.listed(), listed);
    assert!(!window.has("Clear search"));
}

#[test]
fn a_search_without_result_says_which_network_this_is_and_which_has_it() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.type_text("qqq");
    assert!(window.has("No class is called “qqq”."));
    assert!(window.has_text("has 18 classes: "));
    assert!(!window.has_text("The built-in network of"));
    window.click("Clear search");
    window.command_key(Key::F);
    window.type_text("egyptian");
    assert!(window.has("The built-in network of photographs has “Egyptian cat”."));
    assert!(window.has("So has Keras' Xception."));
    window.click("Use the network of photographs");
    window.wait("its prediction", |state| {
        state.prediction().is_some() && state.labels().is_some_and(|labels| labels.len() == 1000)
    });
    assert_eq!(window.listed(), ["Egyptian cat"]);
}

#[test]
fn a_row_says_by_which_name_it_was_found_and_the_likeliest_come_first() {
    let mut window = Window::greeting();
    window.wait("a map of the sample", |state| state.shown.is_some());
    window.type_text("cat");
    assert!(window.has("Found") && window.has("likeliest first"));
    let state = window.state();
    let ranks: Vec<usize> = state.listed().iter().map(|&class| state.rank(class).unwrap()).collect();
    assert!(ranks.len() > 5 && ranks.is_sorted(), "{ranks:?}");
    for &class in state.listed() {
        let by = state.search.by(class).unwrap_or_default();
        let name = format!("{} {by}", state.class_name(class)).to_lowercase();
        let has_word = name.split(' ').any(|word| word.starts_with("cat"));
        assert!(has_word, "{name}");
    }
    window.click("Clear search");
    window.command_key(Key::F);
    window.type_text("catamount");
    assert_eq!(window.listed().first().map(String::as_str), Some("cougar"));
    let row = window.role(Role::Button, "cougar");
    let about = row.accesskit_node().description().unwrap_or_default();
    assert!(about.ends_with(", found by catamount"), "{about}");
    // what is called exactly so goes before what is likelier
    window.click("Clear search");
    window.command_key(Key::F);
    window.type_text("hen");
    assert_eq!(window.listed().first().map(String::as_str), Some("hen"));
    window.click("Clear search");
    window.command_key(Key::F);
    window.type_text("gldfsh");
    assert!(window.has("Similar names"));
    assert_eq!(window.listed().first().map(String::as_str), Some("goldfish"));
}

#[test]
fn pinned_classes_stay_at_hand() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let chosen = window.state().class().unwrap();
    let name = window.chosen().unwrap();
    window.click("Pin");
    assert_eq!(window.state().pinned, [chosen]);
    // once on the list is enough
    assert!(!window.has("Pinned and recent"));
    window.type_text("umbr");
    assert!(window.has("Pinned and recent") && window.has(&name));
    window.click("Clear search");
    window.command_key(Key::P);
    assert!(window.state().pinned.is_empty());
}

#[test]
fn two_classes_are_compared_and_left_again() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let [class, than] = [window.state().listed()[0], window.state().listed()[1]];
    let other = window.listed()[1].clone();
    window.click("Compare with…");
    window.last(&other).click();
    window.settle();
    let shown = window.state().shown.clone().unwrap();
    assert_eq!(shown.key.target, Target::Rather { class, than });
    assert!(shown.signed);
    assert!(shown.map.min() < 0.0 && shown.maximum >= shown.map.max());
    window.key(Key::Escape);
    assert_eq!(window.state().shown.as_ref().unwrap().key.target, Target::Class(class));
}

#[test]
fn evidence_against_a_class_is_a_view_of_its_own() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    assert!(!window.state().shown.as_ref().unwrap().signed);
    window.click("For and against");
    let shown = window.state().shown.clone().unwrap();
    assert!(shown.signed && shown.units().iter().any(|&unit| unit < 0.5));
    window.command_key(Key::E);
    assert!(!window.state().shown.as_ref().unwrap().signed);
}

#[test]
fn classes_stand_side_by_side_on_their_own_or_one_common_scale() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Side by side");
    assert_eq!(window.state().preferences.drawer, Some(Drawer::SideBySide));
    let classes = window.state().side_by_side();
    let layer = window.state().layer().unwrap();
    assert_eq!(classes.len(), 10);
    window.click("Shared scale");
    assert_eq!(window.state().choices.scale, Scale::Shared);
    let maxima: Vec<f64> = classes
        .iter()
        .map(|&class| window.state().shown_as(Target::Class(class), layer).unwrap().maximum)
        .collect();
    assert!(maxima.iter().all(|maximum| maximum == &maxima[0]));
    let third = window.listed()[2].clone();
    window.last(&third).click();
    window.settle();
    assert_eq!(window.chosen(), Some(third));
}

#[test]
fn a_place_of_the_picture_tells_what_it_argues_for() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let place = window.picture().center() + vec2(60.0, 40.0);
    let button = |pressed| egui::Event::PointerButton {
        pos: place,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::ALT,
    };
    window.move_to(place);
    window.harness.event(egui::Event::ModifiersChanged(Modifiers::ALT));
    window.harness.event(button(true));
    window.harness.step();
    window.harness.event(egui::Event::ModifiersChanged(Modifiers::ALT));
    window.harness.event(button(false));
    window.harness.step();
    window.harness.event(egui::Event::ModifiersChanged(Modifiers::NONE));
    window.settle();
    let here = window.state().here().expect("a ranking").clone();
    let values: Vec<f32> = here.ranking.iter().map(|&class| here.evidence[class]).collect();
    assert!(values.is_sorted_by(|a, b| a >= b));
    // the first it argues for, and the last, against which it argues most
    let listed = window.state().listed();
    assert_eq!(listed[..10], here.ranking[..10]);
    assert!(listed.len() > 10 && listed[10..] == here.ranking[here.ranking.len() - (listed.len() - 10)..]);
    assert!(listed[10..].iter().all(|&class| here.evidence[class] < 0.0));
    assert!(window.has(&format!("Cell {}, {}", here.cell.0, here.cell.1)));
    // the ranking is itself clickable
    let second = window.listed()[1].clone();
    window.click(&second);
    assert_eq!(window.chosen(), Some(second));
    window.key(Key::Escape);
    assert!(window.state().here().is_none());
}

#[test]
fn the_button_asks_about_a_place_too() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("What is here?");
    let place: Pos2 = window.picture().center();
    window.press(place);
    let here = window.state().here().expect("a ranking");
    assert_eq!(here.cells, (10, 10));
}

#[test]
fn the_place_under_the_pointer_is_ranked_until_a_click_keeps_it() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("What is here?");
    let area = window.picture();
    let cell = |window: &Window| window.state().here().map(|here| here.cell);
    window.move_to(area.center());
    window.settle();
    let middle = cell(&window).expect("a ranking");
    window.move_to(area.lerp_inside([0.3, 0.3]));
    window.settle();
    assert_ne!(cell(&window), Some(middle));
    window.press(area.center());
    window.move_to(area.lerp_inside([0.3, 0.3]));
    window.settle();
    assert_eq!(cell(&window), Some(middle));
    // the channels there, of another layer too
    window.click("Top channels");
    window.wait("the channels", |state| state.channels().is_some());
    assert!(window.has_text(&format!("In cell {}, {}: weight", middle.0, middle.1)));
    let before = window.state().channels().unwrap().strongest.clone();
    window.key(Key::OpenBracket);
    window.wait("those of the layer before", |state| {
        state.channels().is_some_and(|channels| channels.strongest != before)
    });
    assert!(window.state().channels().unwrap().request.cell.is_some());
    // one under the pointer shows its own map as long as it is there
    let strongest = window.state().channels().unwrap().strongest[0];
    let row = window
        .role(Role::Button, &format!("Channel {strongest}"))
        .rect()
        .center();
    window.move_to(row);
    window.wait("its map", |state| {
        state
            .shown
            .as_ref()
            .is_some_and(|shown| shown.channel == Some(strongest))
    });
    window.move_to(area.center());
    window.wait("the map of the class", |state| {
        state.shown.as_ref().is_some_and(|shown| shown.channel.is_none())
    });
}

#[test]
fn undo_takes_choices_back_one_at_a_time() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let listed = window.listed();
    window.click(&listed[3]);
    window.click(&listed[6]);
    window.command_key(Key::Z);
    assert_eq!(window.chosen().as_ref(), Some(&listed[3]));
    window.command_key(Key::Z);
    assert_eq!(window.chosen().as_ref(), Some(&listed[0]));
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    window.settle();
    assert_eq!(window.chosen().as_ref(), Some(&listed[3]));
}

#[test]
fn keys_do_nothing_behind_the_help_page() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let (class, layer) = (window.state().class(), window.state().layer());
    window.key(Key::F1);
    for key in [Key::Delete, Key::ArrowDown, Key::OpenBracket, Key::Num3] {
        window.key(key);
    }
    assert_eq!(window.state().images.list().len(), 1);
    assert_eq!((window.state().class(), window.state().layer()), (class, layer));
    assert!(window.state().help_open);
    window.key(Key::F1);
    window.key(Key::ArrowDown);
    assert_ne!(window.state().class(), class);
}

#[test]
fn escape_closes_a_menu_and_nothing_else() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let second = window.state().listed()[1];
    window.harness.state_mut().state_mut().choices.than = Some(second);
    window.settle();
    window.click("Menu");
    assert!(window.has_text("Open folder"));
    window.key(Key::Escape);
    assert!(!window.has_text("Open folder"));
    assert!(window.state().choices.than.is_some());
    window.key(Key::Escape);
    assert!(window.state().choices.than.is_none());
}

#[test]
fn what_was_looked_for_is_replaced_by_what_is_looked_for_next() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.command_key(Key::F);
    window.type_text("cat");
    window.key(Key::Enter);
    window.command_key(Key::F);
    window.type_text("fish");
    assert_eq!(window.state().search.query, "fish");
    // typed outside of the field, letters follow each other
    window.key(Key::Escape);
    window.key(Key::Escape);
    window.type_text("d");
    window.type_text("og");
    assert_eq!(window.state().search.query, "dog");
}

#[test]
fn the_tooltip_of_a_class_covers_neither_the_picture_nor_the_help_page() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let third = window.listed()[2].clone();
    let row = window.label(&third).rect();
    // a tooltip comes after a while
    let point = |window: &mut Window, place: Pos2| {
        window.move_to(place);
        for _ in 0..60 {
            window.harness.step();
        }
    };
    let number = row.right_center() - vec2(20.0, 0.0);
    point(&mut window, number);
    let tooltip = window.harness.get_by_label_contains(" · logit ").rect();
    assert!(
        tooltip.right() <= window.picture().left() && tooltip.top() >= row.bottom(),
        "{tooltip:?} at {row:?}"
    );
    // where a name is pointed at for its map there is none
    point(&mut window, row.left_center() + vec2(30.0, 0.0));
    assert!(!window.has_text(" · logit "));
    point(&mut window, number);
    assert!(window.has_text(" · logit "));
    window.key(Key::F1);
    point(&mut window, number + vec2(1.0, 0.0));
    assert!(!window.has_text(" · logit "));
}
