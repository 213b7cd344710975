//! Where things are and how large, in windows of all sizes. Contrasts are computed in the theme itself.

use egui::accesskit::Role;
use egui::{Key, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use gradcam_explorer::gui::choices::View;

use crate::support::{DOG_AND_CAT, Window, sample};

#[test]
fn a_long_name_leaves_room_for_the_rest_of_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}für Ärzte.png", "a long name of a photograph ".repeat(5));
    let path = folder.path().join(&name);
    std::fs::copy(sample(DOG_AND_CAT), &path).unwrap();
    for size in [[1280.0, 800.0], [720.0, 480.0]] {
        let mut window = Window::with(vec![path.clone()], size, egui::Theme::Dark);
        window.wait("the map", |state| state.shown.is_some());
        let network = window.find(|label| label.contains("· CPU")).rect();
        let title = window.last(&name).rect();
        assert!(title.right() <= network.left(), "{size:?}: {title:?} and {network:?}");
        if size[0] > 1000.0 {
            let details = window.last("  640 × 480").rect();
            assert!(
                title.right() <= details.left() && details.right() <= network.left(),
                "{details:?}"
            );
        }
    }
}

#[test]
fn names_of_choices_have_the_room_they_need_in_the_smallest_window() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.harness.set_size(vec2(720.0, 480.0));
    window.settle();
    let cells: Vec<_> = View::ALL
        .iter()
        .map(|view| window.role(Role::RadioButton, view.name()).rect())
        .collect();
    assert!(
        cells[0].width() > cells[1].width() + 5.0,
        "Overlay is longer than Map: {cells:?}"
    );
    for pair in cells.windows(2) {
        assert!((pair[0].right() - pair[1].left()).abs() < 0.5, "{cells:?}");
    }
    window.harness.set_size(vec2(1280.0, 800.0));
    window.settle();
    let widths: Vec<f32> = View::ALL
        .iter()
        .map(|view| window.role(Role::RadioButton, view.name()).rect().width())
        .collect();
    assert!(
        widths.iter().all(|width| (width - widths[0]).abs() < 12.0),
        "{widths:?}"
    );
}

#[test]
fn small_pictures_grow_with_the_window() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("Side by side");
    let name = window.listed()[0].clone();
    let height = |window: &Window| {
        let named = window.harness.query_all_by_label(&name);
        named.map(|node| node.rect().height()).fold(0.0, f32::max)
    };
    let before = height(&window);
    window.harness.set_size(vec2(2560.0, 1440.0));
    window.settle();
    assert!(height(&window) > 1.6 * before, "{before} became {}", height(&window));
    window.harness.set_size(vec2(1280.0, 800.0));
    window.settle();
    assert!((height(&window) - before).abs() < 2.0);
}

#[test]
fn the_zoom_is_told_in_per_cent_of_the_photos_pixels() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    assert!(window.has("Fit"));
    window.command_key(Key::Num1);
    assert!(window.has("100 %"));
    window.key(Key::Plus);
    assert!(window.has("125 %"));
    window.command_key(Key::Num0);
    assert!(window.has("Fit"));
}

#[test]
fn layers_do_not_lie_under_their_scroll_bar() {
    let window = Window::with_sample(DOG_AND_CAT);
    let slider = window.role(Role::Slider, "Layer").rect();
    let row = window.last("block14_sepconv2_act").rect();
    assert!(row.right() <= slider.right() - 4.0, "{row:?} in {slider:?}");
    assert!(window.has("channels") || window.has_text("channels"));
}

#[test]
fn the_keyboard_goes_from_the_layers_to_the_map() {
    let window = Window::with_sample(DOG_AND_CAT);
    let nodes: Vec<_> = window.harness.root().children_recursive().collect();
    let place = |role: Role, label: &str| {
        let fits = |node: &egui_kittest::Node<'_>| {
            let node = node.accesskit_node();
            node.role() == role && node.label().as_deref() == Some(label)
        };
        nodes.iter().position(fits).unwrap()
    };
    assert!(place(Role::Slider, "Layer") < place(Role::RadioButton, "Overlay"));
}

#[test]
fn a_narrow_window_has_room_for_the_name_of_the_class() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let most = ["More", "Compare with…", "Crop", "Compare", "Photo", "Fit"];
    for (width, buttons) in [(900.0, &most[..]), (720.0, &["More", "Photo", "Fit"])] {
        window.harness.set_size(vec2(width, 600.0));
        window.settle();
        let left: Vec<f32> = buttons.iter().map(|name| window.last(name).rect().left()).collect();
        assert!(left.is_sorted(), "{width}: {left:?}");
        let keep = window.last("Keep this class").rect();
        assert!(keep.right() <= left[0], "{width}: {keep:?} and {left:?}");
    }
    window.click("More");
    window.find(|label| label.starts_with("Pin class")).click();
    window.settle();
    assert_eq!(window.state().pinned.len(), 1);
}
