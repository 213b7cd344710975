//! Room for the picture: panels that fold, windows of all sizes, and what is there again at the next start.

use eframe::App as _;
use egui::{Key, ViewportCommand, accesskit::Role, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use gradcam_explorer::gui::choices::Drawer;
use gradcam_explorer::imaging::Region;

use crate::support::{DOG_AND_CAT, Memory, Window, sample};

fn three_images(size: [f32; 2]) -> Window {
    let images = [DOG_AND_CAT, "fish-key.png", "house-tree-car.png"].map(sample);
    let mut window = Window::with(images.to_vec(), size, egui::Theme::Dark);
    window.wait("all predictions", |state| {
        state.images.list().len() == 3 && state.images.list().iter().all(|image| image.prediction.is_some())
    });
    window.wait("the map", |state| state.shown.is_some());
    window
}

#[test]
fn tab_folds_all_panels_and_brings_back_those_that_were_there() {
    let mut window = three_images([1280.0, 800.0]);
    window.key(Key::F3);
    window.key(Key::F6);
    let before = window.picture();
    assert!(window.has("Any class") && window.has_text("Image fish-key") && !window.has("Blend"));
    window.key(Key::Tab);
    assert!(!window.has("Any class") && !window.has_text("Image fish-key"));
    assert_eq!(window.state().preferences.drawer, None);
    let alone = window.picture();
    assert!(
        alone.width() > 1200.0 && alone.height() > before.height() + 200.0,
        "{alone:?}"
    );
    window.key(Key::Tab);
    assert_eq!(window.picture(), before);
    assert_eq!(window.state().preferences.drawer, Some(Drawer::SideBySide));
}

#[test]
fn each_panel_folds_by_its_own_key_and_handle() {
    let mut window = three_images([1280.0, 800.0]);
    for (key, handle, inside) in [
        (Key::F5, Some("Classes"), "Any class"),
        (Key::F6, Some("Layers and map"), "Blend"),
        (Key::F7, None, "Image fish-key.png"),
    ] {
        let before = window.picture().size();
        assert!(window.has(inside));
        window.key(key);
        assert!(!window.has(inside), "{inside}");
        let after = window.picture().size();
        assert!(
            after.x > before.x + 150.0 || after.y > before.y + 50.0,
            "{before} {after}"
        );
        match handle {
            Some(handle) => window.click(handle),
            None => window.key(key),
        }
        assert!(window.has(inside), "{inside}");
        assert_eq!(window.picture().size(), before);
    }
    // whoever types looks for a class, and sees what is found
    window.key(Key::F5);
    window.type_text("um");
    assert!(window.has("Any class"));
}

#[test]
fn panels_are_widened_by_their_handles_and_stay_so() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    for (handle, by) in [("Classes", 100.0), ("Layers and map", -100.0)] {
        let before = window.picture().width();
        let place = window.label(handle).rect().center();
        window.drag(place, place + vec2(by, 0.0));
        let after = window.picture().width();
        assert!((before - after - 100.0).abs() < 3.0, "{handle}: {before} {after}");
    }
    let width = window.picture().width();
    let mut memory = Memory::default();
    window.harness.state_mut().save(&mut memory);
    let mut window = Window::restarted(memory);
    window.settle();
    assert_eq!(window.picture().width(), width);
}

#[test]
fn tab_goes_from_field_to_button_once_something_has_the_keyboard() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.command_key(Key::F);
    window.key(Key::Tab);
    assert!(window.has("Any class"), "nothing is folded");
    let focused = window.harness.ctx.memory(|memory| memory.focused());
    assert!(focused.is_some());
    window.key(Key::F1);
    window.key(Key::Tab);
    assert!(window.state().help_open && window.has("Blend"));
}

#[test]
fn the_whole_screen_is_one_key_away() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.press_at_once(Key::F11, 1);
    let asked = window.asked_of_window();
    assert!(asked.contains(&ViewportCommand::Fullscreen(true)), "{asked:?}");
}

#[test]
fn the_picture_keeps_half_of_a_small_window() {
    let mut window = three_images([900.0, 600.0]);
    for drawer in Drawer::ALL {
        window.harness.state_mut().state_mut().preferences.drawer = Some(drawer);
        window.settle();
        let height = window.picture().height();
        assert!(height >= 300.0, "{drawer:?}: {height}");
    }
}

#[test]
fn small_maps_can_be_made_out_in_a_small_window() {
    let mut window = three_images([900.0, 600.0]);
    window.key(Key::F2);
    let chosen = window.shown_layer().unwrap();
    let largest = |window: &Window, name: &str| {
        let named = window.harness.query_all_by_role_and_label(Role::Button, name);
        let rects = named.map(|node| node.rect());
        rects
            .max_by(|one, other| one.height().total_cmp(&other.height()))
            .unwrap()
    };
    let layer = largest(&window, &chosen);
    window.key(Key::F3);
    let class = largest(&window, &window.listed()[0]);
    window.key(Key::F12);
    window.wait("all methods", |state| state.measured_share().is_none());
    let method = window.role(Role::Button, "HiResCAM").rect();
    for tile in [layer, class, method] {
        assert!(tile.height() >= 52.0 && tile.width() >= 56.0, "{tile:?}");
    }
    // what is folded out ends beside the picture, whatever is in it
    let picture = window.picture();
    for drawer in Drawer::ALL {
        window.harness.state_mut().state_mut().preferences.drawer = Some(drawer);
        window.settle();
        let inside = |&&(from, _, _): &&(f32, f32, f32)| from > picture.left() - 20.0 && from < picture.right();
        let lines = window.level_lines();
        let longest = lines.iter().filter(inside).map(|&(_, to, _)| to).fold(0.0, f32::max);
        assert!(
            longest <= picture.right() + 15.0,
            "{drawer:?}: {longest} beyond {picture:?}"
        );
    }
}

#[test]
fn what_is_folded_out_is_as_high_as_a_person_pulls_it() {
    let mut window = three_images([1280.0, 800.0]);
    window.key(Key::F3);
    let usual = window.picture().height();
    let edge = |window: &Window| window.label("Height of what is below the picture").rect().center();
    // a window that was small for a while leaves no trace
    window.harness.set_size(vec2(900.0, 600.0));
    window.settle();
    window.harness.set_size(vec2(1280.0, 800.0));
    window.settle();
    assert_eq!(window.picture().height(), usual);
    let place = edge(&window);
    window.drag(place, place - vec2(0.0, 80.0));
    let pulled = window.picture().height();
    assert!((usual - pulled - 80.0).abs() < 3.0, "{usual} {pulled}");
    let mut memory = Memory::default();
    window.harness.state_mut().save(&mut memory);
    let mut again = Window::restarted(memory);
    again.wait("the map", |state| state.shown.is_some());
    assert_eq!(again.picture().height(), pulled);
    // the picture does not vanish
    let place = edge(&window);
    window.drag(place, place - vec2(0.0, 600.0));
    assert!(window.picture().height() >= 195.0, "{:?}", window.picture());
    let place = edge(&window);
    window.double_click(place);
    assert_eq!(window.picture().height(), usual);
}

#[test]
fn a_small_window_names_what_is_folded_out() {
    let mut window = three_images([900.0, 600.0]);
    for drawer in Drawer::ALL {
        window.harness.state_mut().state_mut().preferences.drawer = Some(drawer);
        window.settle();
        // beside the box of the small pictures' scale there is no room left
        let is_named = window.paints(drawer.short_name());
        assert!(is_named || drawer == Drawer::SideBySide, "{drawer:?}");
    }
}

#[test]
fn tabs_stay_where_they_are_when_they_open_something() {
    let mut window = three_images([1280.0, 800.0]);
    for drawer in Drawer::ALL {
        let name = drawer.name();
        let before = window.role(Role::Button, name).rect();
        window.role(Role::Button, name).click();
        window.settle();
        assert_eq!(window.state().preferences.drawer, Some(drawer));
        assert_eq!(window.last(name).rect(), before);
        window.press(before.center());
        assert_eq!(window.state().preferences.drawer, None);
    }
}

#[test]
fn in_a_large_window_the_settings_follow_the_layers() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.harness.set_size(vec2(2560.0, 1440.0));
    window.settle();
    let rows = window.harness.query_all_by_role(Role::Button);
    let rows = rows.filter(|row| {
        row.accesskit_node()
            .label()
            .is_some_and(|label| label.starts_with("block14"))
    });
    let bottom = rows.map(|row| row.rect().bottom()).fold(0.0, f32::max);
    let gap = window.role(Role::RadioButton, "Overlay").rect().top() - bottom;
    assert!((0.0..100.0).contains(&gap), "{gap}");
}

#[test]
fn what_was_open_is_open_again_at_the_next_start() {
    let mut window = three_images([1280.0, 800.0]);
    window.key(Key::ArrowRight);
    window.wait("its map", |state| !state.is_waiting_for_map());
    let third = window.listed()[2].clone();
    window.click(&third);
    window.click("Pin");
    window.key(Key::F6);
    window.key(Key::OpenBracket);
    let part = Region {
        x: 40,
        y: 20,
        width: 300,
        height: 200,
    };
    window.harness.state_mut().state_mut().crop(Some(part));
    window.wait("its map", |state| {
        state.prediction().is_some() && !state.is_waiting_for_map()
    });
    let layer = window.shown_layer();
    let mut memory = Memory::default();
    window.harness.state_mut().save(&mut memory);

    let mut window = Window::restarted(memory);
    window.wait("a map", |state| state.shown.is_some() && !state.is_waiting_for_map());
    let names: Vec<&str> = window
        .state()
        .images
        .list()
        .iter()
        .map(|image| image.name.as_str())
        .collect();
    assert_eq!(names, [DOG_AND_CAT, "fish-key.png", "house-tree-car.png"]);
    assert_eq!(window.state().images.current_position(), Some(1));
    assert_eq!(window.chosen().as_ref(), Some(&third));
    assert_eq!(window.state().pinned, [window.state().class().unwrap()]);
    assert_eq!(window.shown_layer(), layer);
    assert_eq!(window.state().cropped(), Some(part));
    assert!(!window.has("Blend"), "folded away");

    window.click("Menu");
    window.label("Start fresh").click();
    window.settle();
    assert!(window.state().images.list().is_empty() && window.state().pinned.is_empty());
    let mut memory = Memory::default();
    window.harness.state_mut().save(&mut memory);
    let mut window = Window::restarted(memory);
    window.wait("the greeting", |state| {
        state.greeting.is_some() && state.shown.is_some()
    });
    assert_eq!(window.state().choices.layer, None);
}
