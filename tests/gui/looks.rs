//! Where things are and how large, in windows of all sizes. Contrasts are computed in the theme itself.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::epaint::text::{FallbackRequest, FontProvider as _};
use egui::{Color32, FontFamily, FontId, Key, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_system_font_provider::SystemFontProvider;
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
            let details = window.last("640 × 480").rect();
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
    window.harness.set_size(vec2(900.0, 600.0));
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
    for view in View::ALL {
        assert!(window.paints(view.name()), "{}", view.name());
    }
    // with less room still they are a list
    window.harness.set_size(vec2(720.0, 480.0));
    window.settle();
    assert!(window.paints("Overlay"));
    window.role(Role::ComboBox, "View").click();
    window.settle();
    window.label("Lines").click();
    window.settle();
    assert_eq!(window.state().choices.view, View::Contours);
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

/// The width that a text needs.
fn needed(window: &Window, text: &str, family: FontFamily) -> f32 {
    let font = FontId::new(13.0, family);
    let galley = window
        .harness
        .ctx
        .fonts_mut(|fonts| fonts.layout_no_wrap(text.to_owned(), font, Color32::WHITE));
    galley.size().x
}

#[test]
fn a_small_window_says_what_class_and_what_file_are_called() {
    let folder = tempfile::tempdir().unwrap();
    let name = "holiday at the sea 0123.png";
    std::fs::copy(sample(DOG_AND_CAT), folder.path().join(name)).unwrap();
    let mut window = Window::with(vec![folder.path().join(name)], [900.0, 600.0], egui::Theme::Dark);
    window.wait("the map", |state| state.shown.is_some());
    let strong = || FontFamily::Name("strong".into());
    let class = window.last("cowboy hat").rect().width();
    assert!(class >= needed(&window, "cowboy hat", strong()) - 0.5, "{class}");
    // as much room has the longest name among the classes of ImageNet, but for a few letters
    let long = needed(&window, "Staffordshire bullterrier", strong());
    let room = window.last("More").rect().left() - window.last("cowboy hat").rect().left();
    assert!(room > long, "{room} for {long}");
    let file = window.label(name).rect().width();
    assert!(file >= needed(&window, name, FontFamily::Proportional) - 0.5, "{file}");
    // of the network the most important comes first, and everything when it is pointed at
    let network = window.find(|label| label.starts_with("Built-in drawings")).rect();
    assert!(network.left() >= window.label(name).rect().right(), "{network:?}");
    window.harness.set_size(vec2(720.0, 480.0));
    window.settle();
    let (network, open) = (
        window.find(|label| label.starts_with("Built-in drawings")).rect(),
        window.label("Open…").rect(),
    );
    let file = window.label(name).rect();
    assert!(
        open.right() <= file.left() && file.right() <= network.left(),
        "{file:?} {network:?}"
    );
    assert!(network.right() <= window.label("Export").rect().left());
}

#[test]
fn the_heading_of_the_list_stands_in_line_with_the_list() {
    let window = Window::with_sample(DOG_AND_CAT);
    let heading = window.label("Top 10").rect();
    // the text of a button stands 8 points inside
    assert_eq!(heading.left() + 8.0, window.label("Any class").rect().left());
}

#[test]
fn a_name_in_chinese_characters_is_drawn_where_the_system_has_a_font_for_it() {
    // eframe asks the system's fonts for what ours lack
    assert!(gradcam_explorer::gui::native_options(None).system_font_fallback);
    let fonts = SystemFontProvider::new();
    let request = FallbackRequest {
        cluster: "漢",
        family: &FontFamily::Proportional,
    };
    if fonts.font_for(&request).is_none() {
        eprintln!("skipped: no font of this system has Chinese characters");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = "漢字 写真.png";
    std::fs::copy(sample(DOG_AND_CAT), folder.path().join(name)).unwrap();
    let mut window = Window::empty();
    let has_all = |window: &Window, family: FontFamily| {
        let font = FontId::new(13.0, family);
        window.harness.ctx.fonts_mut(|fonts| fonts.has_glyphs(&font, name))
    };
    assert!(!has_all(&window, FontFamily::Proportional), "not by our own fonts");
    // as eframe does it in a real window
    window.harness.ctx.add_font_provider(Arc::new(fonts));
    window.drop_files(&[folder.path().join(name)]);
    window.wait("the map", |state| state.shown.is_some());
    assert!(has_all(&window, FontFamily::Proportional));
    assert!(has_all(&window, FontFamily::Name("strong".into())));
    assert!(window.label(name).rect().width() >= needed(&window, name, FontFamily::Proportional) - 0.5);
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
    let most = [
        "Keep this class",
        "More",
        "Compare with…",
        "Crop",
        "Compare",
        "Photo",
        "Fit",
    ];
    for (width, buttons) in [
        (1100.0, &most[..]),
        (900.0, &["More", "Photo", "Fit"]),
        (720.0, &["More", "Photo", "Fit"]),
    ] {
        window.harness.set_size(vec2(width, 600.0));
        window.settle();
        let left: Vec<f32> = buttons.iter().map(|name| window.last(name).rect().left()).collect();
        assert!(left.is_sorted(), "{width}: {left:?}");
        let name = window.last("cowboy hat").rect();
        assert!(name.right() <= left[0], "{width}: {name:?} and {left:?}");
    }
    // what is no button any more is in the menu
    window.click("More");
    for entry in ["Pin class", "Keep this class", "Crop", "Compare with…"] {
        assert!(window.has_text(entry), "{entry}");
    }
    window.find(|label| label.starts_with("Pin class")).click();
    window.settle();
    assert_eq!(window.state().pinned.len(), 1);
}

#[test]
fn numbers_and_words_below_the_picture_have_the_room_they_need() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let middle = window.picture().center();
    window.move_to(middle);
    let numbers = window.under_pointer().unwrap();
    assert!(window.paints(&numbers), "{numbers}");
    window.command_key(Key::E);
    window.move_to(middle);
    let numbers = window.under_pointer().unwrap();
    assert!(window.paints(&numbers), "{numbers}");
    // names of classes where there is room, else words
    let for_class = format!("for {}", window.listed()[0]);
    assert!(window.paints("for") && window.paints("against") && !window.paints(&for_class));
    window.harness.set_size(vec2(2000.0, 1000.0));
    window.settle();
    assert!(window.paints(&for_class));
}

#[test]
fn the_brush_leaves_room_for_the_picture_in_the_smallest_window() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.harness.set_size(vec2(720.0, 480.0));
    window.settle();
    let before = window.picture().height();
    window.key(Key::B);
    let after = window.picture().height();
    assert!(after >= before - 40.0, "{before} became {after}");
    window.role(Role::ComboBox, "Brush").click();
    window.settle();
    window.label("Blur").click();
    window.settle();
    assert!(window.paints("Blur") && window.has("Done"));
}
