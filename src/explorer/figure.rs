//! Pages for papers and slides: a figure of one map, and sheets of many.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::drawing::{PAPER, Panel};
use super::page::{Align, Page, Text, shortened, width};
use crate::explain::Target;
use crate::imaging::{Photo, Resize, resize};

/// Widths of figures that can be asked for, in pixels.
pub const WIDTHS: std::ops::RangeInclusive<u32> = 300..=10_000;
/// Width of a picture on a sheet, in pixels, unless its photo is smaller.
const TILE: u32 = 360;
/// Pixels of the colour bar, from the hottest.
const BAR: u32 = 256;

/// The paper of a figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ground {
    /// White.
    #[default]
    White,
    /// A light gray, for slides.
    Light,
}

impl Ground {
    fn colour(self) -> [u8; 3] {
        match self {
            Self::White => PAPER,
            Self::Light => [243, 244, 246],
        }
    }
}

const INK: [u8; 3] = [28, 30, 34];

/// What the network answers, in words.
fn answer(panel: &Panel) -> Option<String> {
    let answer = panel.answer.filter(|_| panel.of.channel.is_none())?;
    Some(match panel.network.plan.output.is_probability() {
        true if answer >= 0.001 => format!("{:.1} %", 100.0 * answer),
        true => format!("{:.2e} %", 100.0 * answer),
        false => number(answer),
    })
}

/// A number with three digits that say something.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if (0.01..1000.0).contains(&magnitude) {
        let digits = (2 - magnitude.log10().floor() as i32).clamp(0, 4) as usize;
        format!("{value:.digits$}")
    } else {
        format!("{value:.2e}")
    }
}

/// What a map is of, in words.
fn subject(panel: &Panel) -> String {
    let name = |class: usize| panel.network.labels.display_name(class);
    match (panel.of.channel, panel.of.target) {
        (Some(channel), _) => format!("Channel {channel}"),
        (None, Target::Class(class)) => name(class),
        (None, Target::Rather { class, than }) => format!("{} rather than {}", name(class), name(than)),
    }
}

/// How it was made, in words.
fn details(panel: &Panel) -> String {
    let layer = panel.of.layer.name(&panel.network.plan);
    let network = &panel.network.weights.name;
    match panel.of.channel {
        Some(_) => format!("{network} · {layer} · feature map"),
        None => format!(
            "{network} · {layer} · {} · {}",
            panel.of.method.title(),
            panel.of.score.name()
        ),
    }
}

/// A picture at another size.
fn scaled(picture: &Photo, width: u32, height: u32) -> Photo {
    resize(picture, width, height, Resize::Bicubic)
}

/// A figure: the photo, the map with it, a colour bar with numbers, and what all this is. `whole` pixels wide.
pub fn figure(panel: &Panel, photo: &Photo, whole: u32, ground: Ground, name: &str) -> Page {
    let unit = whole as f32 / 60.0;
    let pixels = |units: f32| (units * unit).round() as u32;
    let (margin, gap, bar) = (pixels(1.5), pixels(1.0), pixels(1.0));
    let picture = panel.render(photo).over(ground.colour());
    let numbers = pixels(4.5);
    let room = whole.saturating_sub(2 * margin + 2 * gap + bar + numbers);
    // both have the height of the photo
    let shares = f64::from(photo.width) + f64::from(picture.width);
    let height = ((f64::from(room) / shares * f64::from(photo.height)).round() as u32).max(1);
    let beside = |picture: &Photo| ((f64::from(room) * f64::from(picture.width) / shares) as u32).max(1);
    let (one, other) = (beside(photo), beside(&picture));
    let table = panel.look.colormap.table();
    let colours = (0..BAR).rev().flat_map(|index| table[index as usize]).collect();
    let bar_left = margin + one + gap + other + gap;
    let mut page = Page {
        width: whole,
        height: 0,
        ground: ground.colour(),
        ink: INK,
        pictures: vec![
            ([margin, margin, one, height], scaled(photo, one, height)),
            (
                [margin + one + gap, margin, other, height],
                scaled(&picture, other, height),
            ),
            (
                [bar_left, margin, bar, height],
                Photo {
                    width: 1,
                    height: BAR,
                    rgb: colours,
                },
            ),
        ],
        texts: Vec::new(),
    };
    let size = 1.1 * unit;
    let maximum = panel.maximum();
    let ends = match panel.look.colormap.is_diverging() {
        true => [maximum, 0.0, -maximum],
        false => [maximum, maximum / 2.0, 0.0],
    };
    for (share, value) in [0.0, 0.5, 1.0].into_iter().zip(ends) {
        let y = (margin as f32 + share * height as f32 + 0.36 * size)
            .clamp(margin as f32 + 0.8 * size, (margin + height) as f32);
        page.texts.push(Text {
            at: [(bar_left + bar) as f32 + 0.4 * unit, y],
            size,
            align: Align::Start,
            is_bold: false,
            text: if panel.map.is_empty() && maximum <= 0.0 && value != 0.0 {
                String::new()
            } else {
                number(value)
            },
        });
    }
    let part = panel.of.preprocessing.crop;
    let part = part.map_or_else(String::new, |part| format!(" · part {part}"));
    let title = [Some(subject(panel)), answer(panel)].into_iter().flatten();
    let title = title.collect::<Vec<_>>().join(" · ");
    let mut y = (margin + height) as f32;
    for (text, size, is_bold) in [
        (title, 1.6 * unit, true),
        (details(panel), 1.2 * unit, false),
        (format!("{name}{part}"), 1.2 * unit, false),
    ] {
        y += 1.5 * size;
        page.texts.push(Text {
            at: [margin as f32, y],
            size,
            align: Align::Start,
            is_bold,
            text: shortened(&text, size, is_bold, (whole - 2 * margin) as f32),
        });
    }
    page.height = (y + 1.2 * unit).ceil() as u32;
    page
}

/// A sheet: each panel with its name below, row by row.
pub fn sheet(panels: &[Panel], photos: &[(Arc<Photo>, String)], columns: usize) -> Page {
    let columns = columns.clamp(1, panels.len().max(1));
    let pictures: Vec<Photo> = panels
        .iter()
        .zip(photos)
        .map(|(panel, (photo, _))| panel.render(photo).over(PAPER))
        .collect();
    let is_one_layer = panels.windows(2).all(|pair| pair[0].of.layer == pair[1].of.layer);
    let title = title(panels, photos, is_one_layer);
    let tile = pictures
        .iter()
        .map(|picture| picture.width)
        .max()
        .unwrap_or(1)
        .clamp(160, TILE);
    let unit = tile as f32 / 20.0;
    let (gap, size) = (unit.round() as u32, 1.15 * unit);
    let mut page = Page {
        width: columns as u32 * (tile + gap) + gap,
        height: 0,
        ground: PAPER,
        ink: INK,
        pictures: Vec::new(),
        texts: Vec::new(),
    };
    let room = (page.width - 2 * gap) as f32;
    page.texts.push(Text {
        at: [gap as f32, 1.3 * size + gap as f32],
        size: 1.3 * size,
        align: Align::Start,
        is_bold: true,
        text: shortened(&title, 1.3 * size, true, room),
    });
    let mut top = 2 * gap + (2.0 * size) as u32;
    for (panels, pictures) in panels.chunks(columns).zip(pictures.chunks(columns)) {
        let fitted = |picture: &Photo| {
            let height = f64::from(picture.height) * f64::from(tile) / f64::from(picture.width.max(1));
            (height.round() as u32).max(1)
        };
        let height = pictures.iter().map(fitted).max().unwrap_or(1);
        for (column, (panel, picture)) in panels.iter().zip(pictures).enumerate() {
            let left = gap + column as u32 * (tile + gap);
            let own = fitted(picture);
            page.pictures.push(([left, top, tile, own], scaled(picture, tile, own)));
            let (name, detail) = if is_one_layer {
                (subject(panel), answer(panel).unwrap_or_default())
            } else {
                (
                    panel.of.layer.name(&panel.network.plan),
                    format!("{} × {}", panel.map.width, panel.map.height),
                )
            };
            let detail_width = width(&detail, size, false);
            let y = (top + height) as f32 + 1.3 * size;
            page.texts.push(Text {
                at: [left as f32, y],
                size,
                align: Align::Start,
                is_bold: false,
                text: shortened(&name, size, false, tile as f32 - detail_width - unit),
            });
            page.texts.push(Text {
                at: [(left + tile) as f32 - detail_width / 2.0, y],
                size,
                align: Align::Middle,
                is_bold: false,
                text: detail,
            });
        }
        top += height + (2.0 * size) as u32 + gap;
    }
    page.height = top;
    page
}

/// What is the same in all of a sheet.
fn title(panels: &[Panel], photos: &[(Arc<Photo>, String)], is_one_layer: bool) -> String {
    let name = photos.first().map(|(_, name)| name.as_str()).unwrap_or_default();
    panels.first().map_or_else(String::new, |panel| match is_one_layer {
        true => format!("{name} · {}", details(panel)),
        false => format!(
            "{name} · {} · {} · {} · {}",
            subject(panel),
            panel.network.weights.name,
            panel.of.method.title(),
            panel.of.score.name()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_digits_that_say_something() {
        let texts = [0.0, 1.0, -0.5, 123.456, 0.0123, 1234.5, 1e-7].map(number);
        assert_eq!(texts, ["0", "1.00", "-0.500", "123", "0.0123", "1.23e3", "1.00e-7"]);
    }
}
