//! Flipping through many photos: every press counts, the newest wish goes first, and nothing goes blank meanwhile.

use std::path::{Path, PathBuf};

use egui::{Key, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use gradcam_explorer::gui::images::Stage;

use crate::support::Window;

/// Photos of three megapixels, each of another colour.
fn photos(folder: &Path, number: usize) -> Vec<PathBuf> {
    let path = |i: usize| folder.join(format!("{i:02}.jpg"));
    for i in 0..number {
        let photo = image::RgbImage::from_fn(2016, 1512, |x, y| {
            image::Rgb([(x / 8) as u8, (y / 8) as u8, (20 * i) as u8])
        });
        photo.save(path(i)).unwrap();
    }
    (0..number).map(path).collect()
}

#[test]
fn every_press_counts_and_what_is_skipped_gives_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::empty();
    window.drop_files(&photos(folder.path(), 14));
    window.wait("the first map", |state| state.shown.is_some());
    window.press_at_once(Key::ArrowRight, 3);
    assert_eq!(window.state().images.current_position(), Some(3));
    for _ in 0..9 {
        window.harness.key_press(Key::ArrowRight);
        window.harness.step();
    }
    assert_eq!(window.state().images.current_position(), Some(12));
    window.wait("the map", |state| state.shown.is_some() && !state.is_waiting_for_map());
    let list = window.state().images.list();
    let skipped = list[3..11].iter().filter(|image| image.stage != Stage::Waiting).count();
    assert!(skipped <= 4, "{skipped} of 8 skipped photos were opened first");
    window.wait("all others", |state| {
        state.images.list().iter().all(|image| image.top.is_some())
    });
    window.assert_idle();
}

#[test]
fn nothing_goes_blank_or_moves_while_the_next_photo_is_on_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::empty();
    window.drop_files(&photos(folder.path(), 6));
    window.wait("the first map", |state| state.shown.is_some());
    let (place, rows) = (window.picture(), window.listed().len());
    for _ in 0..5 {
        window.harness.key_press(Key::ArrowRight);
        loop {
            window.harness.step();
            let state = window.state();
            assert!(state.pictured().is_some(), "the picture is blank");
            assert_eq!(window.listed().len(), rows);
            assert_eq!(window.picture(), place);
            // what is listed of the photo before cannot be chosen
            let row = window.listed()[0].clone();
            let row = window
                .harness
                .query_all_by_role(Role::Button)
                .find(|node| node.accesskit_node().label().as_deref() == Some(&row));
            let is_said = state.prediction().is_some();
            assert_eq!(row.map(|row| row.accesskit_node().is_disabled()), Some(!is_said));
            if state.shown.is_some() && !state.is_waiting_for_map() {
                break;
            }
        }
    }
}

#[test]
fn a_quick_look_comes_before_the_photo() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::empty();
    window.drop_files(&photos(folder.path(), 12));
    window.wait("a look at all", |state| {
        let list = state.images.list();
        list.len() == 12 && list.iter().all(|image| image.thumbnail.is_some())
    });
    assert!(
        window
            .state()
            .images
            .list()
            .iter()
            .all(|image| image.size == [2016, 1512])
    );
}
