//! What is really painted: the views, true cells and the bare photo, pixel by pixel.
//!
//! The photo has one colour that no colormap contains, so that every pixel tells what it shows. A graphics adapter is
//! needed as for `snapshots`.

use egui::{Key, accesskit::Role};
use gradcam_explorer::gui::choices::{Choices, View};
use gradcam_explorer::imaging::Colormap;
use image::{Rgb, RgbImage, RgbaImage};

use crate::support::{Window, has_adapter};

/// The photo's colour.
const PHOTO: [u8; 3] = [230, 0, 230];
/// Rounding of the graphics adapter.
const ROUNDING: u8 = 2;

fn differs(a: [u8; 3], b: [u8; 3]) -> u8 {
    (0..3).map(|channel| a[channel].abs_diff(b[channel])).max().unwrap()
}

fn is_photo(colour: [u8; 3]) -> bool {
    differs(colour, PHOTO) <= ROUNDING
}

/// Where the photo lies in a picture of the window: left, top, right, bottom; the last two are just outside.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Area([u32; 4]);

impl Area {
    /// A pixel at shares of width and height.
    fn at(self, image: &RgbaImage, share: [f32; 2]) -> [u8; 3] {
        let Self([left, top, right, bottom]) = self;
        let x = left + (share[0] * (right - left) as f32) as u32;
        let y = top + (share[1] * (bottom - top) as f32) as u32;
        let [red, green, blue, _] = image.get_pixel(x, y).0;
        [red, green, blue]
    }

    fn pixels(self, image: &RgbaImage) -> impl Iterator<Item = [u8; 3]> {
        let Self([left, top, right, bottom]) = self;
        let places = (top..bottom).flat_map(move |y| (left..right).map(move |x| (x, y)));
        places.map(|(x, y)| {
            let [red, green, blue, _] = image.get_pixel(x, y).0;
            [red, green, blue]
        })
    }
}

/// A window with the photo, and the middles of its map's cells.
struct Painted {
    window: Window,
    /// Keeps the photo's file.
    _folder: tempfile::TempDir,
}

impl Painted {
    /// The photo with true cells; none where pictures cannot be made.
    fn new() -> Option<Self> {
        if !has_adapter() {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photo.png");
        RgbImage::from_pixel(320, 240, Rgb(PHOTO)).save(&path).unwrap();
        let mut window = Window::with(vec![path], [1280.0, 800.0], egui::Theme::Dark);
        window.wait("the map", |state| state.shown.is_some());
        window.click("True cells");
        let mut painted = Self {
            window,
            _folder: folder,
        };
        painted.let_go();
        let heat = painted.heat();
        let (hot, cold) = (
            heat.iter().any(|(_, heat)| *heat > 0.9),
            heat.iter().any(|(_, heat)| *heat < 0.1),
        );
        assert!(hot && cold, "these tests need a map with contrast");
        Some(painted)
    }

    fn view(&mut self, view: View) {
        self.window.role(Role::RadioButton, view.name()).click();
        self.let_go();
        assert_eq!(self.choices().view, view);
    }

    /// Takes keyboard and pointer away from whatever was clicked.
    fn let_go(&mut self) {
        self.window.key(Key::Escape);
        self.window.harness.remove_cursor();
        self.window.settle();
    }

    fn choices(&self) -> &Choices {
        &self.window.state().choices
    }

    fn render(&mut self) -> RgbaImage {
        self.window.harness.render().unwrap()
    }

    /// The window with the bare photo.
    fn render_bare(&mut self) -> RgbaImage {
        self.window.hold(Key::Space);
        let image = self.render();
        self.window.release(Key::Space);
        image
    }

    /// Where the photo lies, from left to right: twice where it is shown beside its map.
    fn areas(&mut self) -> Vec<Area> {
        let picture = self.window.picture();
        let bare = self.render_bare();
        let is_photo_at = |x: u32, y: u32| {
            let [red, green, blue, _] = bare.get_pixel(x, y).0;
            is_photo([red, green, blue])
        };
        let middle = picture.center().y as u32;
        let mut areas = Vec::new();
        let mut x = picture.left() as u32;
        while x < picture.right() as u32 {
            let width = (x..bare.width()).take_while(|&x| is_photo_at(x, middle)).count() as u32;
            if width > 0 {
                let top = (0..middle).rev().take_while(|&y| is_photo_at(x, y)).count() as u32;
                let bottom = (middle..bare.height()).take_while(|&y| is_photo_at(x, y)).count() as u32;
                areas.push(Area([x, middle - top, x + width, middle + bottom]));
            }
            x += width.max(1);
        }
        areas
    }

    /// The middles of all cells as shares of width and height, with their heat.
    fn heat(&self) -> Vec<([f32; 2], f32)> {
        let shown = self.window.state().shown.as_ref().unwrap();
        let (width, height) = (shown.map.width, shown.map.height);
        let middle = |position: usize, count: usize| (position as f32 + 0.5) / count as f32;
        let units = shown.units().into_iter().enumerate();
        units
            .map(|(cell, unit)| ([middle(cell % width, width), middle(cell / width, height)], unit))
            .collect()
    }

    /// The colour of a heat.
    fn colour(&self, heat: f32) -> [u8; 3] {
        self.choices().colormap.table()[(heat * 255.0) as usize]
    }
}

#[test]
fn space_held_shows_the_bare_photo_in_every_view() {
    let Some(mut painted) = Painted::new() else { return };
    for view in View::ALL {
        painted.view(view);
        let areas = painted.areas();
        assert_eq!(areas.len(), if view == View::Beside { 2 } else { 1 }, "{view:?}");
        let bare = painted.render_bare();
        let with_map = painted.render();
        for area in &areas {
            let Area([left, top, right, bottom]) = *area;
            let aspect = (right - left) as f32 / (bottom - top) as f32;
            assert!((aspect - 320.0 / 240.0).abs() < 0.02, "{area:?}");
            assert!(area.pixels(&bare).all(is_photo), "{view:?}");
        }
        let last = areas.last().unwrap();
        assert!(!last.pixels(&with_map).all(is_photo), "{view:?} shows its map again");
    }
}

#[test]
fn the_overlay_mixes_photo_and_map_by_the_blend() {
    let Some(mut painted) = Painted::new() else { return };
    let area = painted.areas()[0];
    for blend in [0.4, 0.8] {
        let slider = painted.window.role(Role::Slider, "Blend");
        slider.set_value_accesskit(blend);
        painted.let_go();
        let share = painted.choices().blend;
        assert!((f64::from(share) - blend).abs() < 0.01);
        let image = painted.render();
        for (place, heat) in painted.heat() {
            let map = painted.colour(heat);
            let mixed = [0, 1, 2].map(|channel| {
                ((1.0 - share) * f32::from(PHOTO[channel]) + share * f32::from(map[channel])).round() as u8
            });
            let found = area.at(&image, place);
            assert!(
                differs(found, mixed) <= 2 * ROUNDING,
                "{place:?}: {found:?} for {mixed:?}"
            );
        }
    }
}

#[test]
fn the_colour_of_a_signed_map_is_as_strong_as_its_evidence() {
    let Some(mut painted) = Painted::new() else { return };
    painted.window.command_key(Key::E);
    painted.let_go();
    let area = painted.areas()[0];
    let image = painted.render();
    let strength = 2.0 * painted.choices().blend;
    let [against, evidence_for] = [0, 255].map(|end| Colormap::Diverging.table()[end]);
    for (place, unit) in painted.heat() {
        let colour = if unit < 0.5 { against } else { evidence_for };
        let share = strength * (2.0 * unit - 1.0).abs();
        let mixed = [0, 1, 2].map(|channel| {
            (f32::from(PHOTO[channel]) * (1.0 - share) + f32::from(colour[channel]) * share).round() as u8
        });
        let found = area.at(&image, place);
        assert!(differs(found, mixed) <= 2 * ROUNDING, "{unit}: {found:?} for {mixed:?}");
    }
}

#[test]
fn the_map_alone_shows_the_colours_of_its_cells_and_nothing_of_the_photo() {
    let Some(mut painted) = Painted::new() else { return };
    painted.view(View::Map);
    let area = painted.areas()[0];
    let image = painted.render();
    for (place, heat) in painted.heat() {
        let (found, expected) = (area.at(&image, place), painted.colour(heat));
        assert!(
            differs(found, expected) <= ROUNDING,
            "{place:?}: {found:?} for {expected:?}"
        );
    }
    assert!(!area.pixels(&image).any(|colour| differs(colour, PHOTO) < 60));
}

#[test]
fn beside_shows_the_photo_on_the_left_and_the_map_on_the_right() {
    let Some(mut painted) = Painted::new() else { return };
    painted.view(View::Beside);
    let areas = painted.areas();
    let image = painted.render();
    for (place, heat) in painted.heat() {
        assert!(is_photo(areas[0].at(&image, place)), "{place:?}");
        let (found, expected) = (areas[1].at(&image, place), painted.colour(heat));
        assert!(
            differs(found, expected) <= ROUNDING,
            "{place:?}: {found:?} for {expected:?}"
        );
    }
}

#[test]
fn the_mask_covers_the_photo_where_the_map_is_cold() {
    let Some(mut painted) = Painted::new() else { return };
    painted.view(View::Mask);
    let area = painted.areas()[0];
    for threshold in [0.25, 0.75] {
        painted
            .window
            .role(Role::Slider, "Threshold")
            .set_value_accesskit(threshold);
        painted.let_go();
        let threshold = painted.choices().threshold;
        let image = painted.render();
        // the colour around the picture
        let canvas = painted.window.picture().left_top() + egui::vec2(3.0, 3.0);
        let [red, green, blue, _] = image.get_pixel(canvas.x as u32, canvas.y as u32).0;
        let mut seen = [0, 0];
        for (place, heat) in painted.heat() {
            let found = area.at(&image, place);
            if heat > threshold + 0.02 {
                assert!(is_photo(found), "{place:?} of heat {heat}: {found:?}");
                seen[0] += 1;
            } else if heat < threshold - 0.02 {
                assert!(
                    differs(found, [red, green, blue]) <= ROUNDING,
                    "{place:?} of heat {heat}: {found:?}"
                );
                seen[1] += 1;
            }
        }
        assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
    }
}

#[test]
fn lines_run_where_the_heat_crosses_their_level_and_leave_the_photo_elsewhere() {
    let Some(mut painted) = Painted::new() else { return };
    painted.window.click("True cells");
    painted.view(View::Contours);
    let area = painted.areas()[0];
    let image = painted.render();
    let pixels: Vec<[u8; 3]> = area.pixels(&image).collect();
    let photo = pixels.iter().filter(|colour| is_photo(**colour)).count();
    assert!(
        2 * photo > pixels.len() && photo < pixels.len(),
        "{photo} of {}",
        pixels.len()
    );
    // two neighbours on both sides of a level have its line between them
    let (heat, width) = (painted.heat(), painted.window.state().shown.as_ref().unwrap().map.width);
    let mut crossed = 0;
    for pair in heat
        .windows(2)
        .enumerate()
        .filter(|(cell, _)| (cell + 1) % width != 0)
        .map(|(_, pair)| pair)
    {
        let [(from, cold), (to, hot)] = [pair[0], pair[1]];
        let (low, high) = (cold.min(hot), cold.max(hot));
        if low < 0.55 && high > 0.65 {
            let steps = (0..=200).map(|step| from[0] + (to[0] - from[0]) * step as f32 / 200.0);
            let colour = painted.colour(0.6);
            let found = steps
                .map(|x| area.at(&image, [x, from[1]]))
                .any(|found| differs(found, colour) <= 40);
            assert!(found, "no line between {from:?} and {to:?}");
            crossed += 1;
        }
    }
    assert!(crossed > 0);
}

/// How many cells have more than one colour away from their edges.
fn cells_of_many_colours(painted: &mut Painted, area: Area) -> usize {
    let image = painted.render();
    let map = &painted.window.state().shown.as_ref().unwrap().map;
    let cell = [1.0 / map.width as f32, 1.0 / map.height as f32];
    let has_many = |place: [f32; 2]| {
        let corners = [[-0.4, -0.4], [0.4, -0.4], [-0.4, 0.4], [0.4, 0.4]];
        corners.into_iter().any(|corner| {
            let place_in_cell = [0, 1].map(|axis| place[axis] + corner[axis] * cell[axis]);
            differs(area.at(&image, place_in_cell), area.at(&image, place)) > ROUNDING
        })
    };
    painted.heat().into_iter().filter(|(place, _)| has_many(*place)).count()
}

#[test]
fn true_cells_have_one_colour_each_and_a_smooth_map_has_not() {
    let Some(mut painted) = Painted::new() else { return };
    painted.view(View::Map);
    let area = painted.areas()[0];
    assert_eq!(cells_of_many_colours(&mut painted, area), 0);
    painted.window.click("True cells");
    painted.let_go();
    let cells = painted.heat().len();
    let many = cells_of_many_colours(&mut painted, area);
    assert!(many > cells / 4, "{many} of {cells}");
}
