//! What lies under the pointer, in numbers: the line below the picture, and what each of its parts means.

use super::color_bar::short;
use super::maps::Shown;
use super::picture::Pointed;

/// In words: pixel, cell, heat and share of all evidence at a place of the photo; none outside of the map.
pub fn text(pointed: &Pointed<'_>) -> Option<String> {
    let Pointed { image, shown, share } = *pointed;
    let shown = shown?;
    let (column, row) = shown.cell_at(share)?;
    let (value, part) = shown.value((column, row))?;
    let [x, y] = [0, 1].map(|axis| (share[axis] * image.size[axis] as f32) as u32);
    let what = if shown.channel.is_some() {
        format!("activation {}", short(value))
    } else if shown.signed {
        format!("evidence {}", short(value))
    } else {
        let heat = if shown.maximum > 0.0 {
            (value.max(0.0) / shown.maximum).min(1.0)
        } else {
            0.0
        };
        format!("heat {heat:.2}, evidence {} of {}", short(value), short(shown.maximum))
    };
    let share = match shown.channel {
        Some(_) => String::new(),
        None => format!("  ·  {:.1} % of the evidence", 100.0 * part),
    };
    Some(format!("x {x}  y {y}  ·  cell {column}, {row}  ·  {what}{share}"))
}

/// One line for each part of it.
pub fn explanation(shown: &Shown) -> String {
    let mut lines = vec![
        "Point at the picture to read its numbers here:",
        "x, y: the photo's pixel, from its upper left corner.",
        "cell: column and row of the layer, which has far fewer cells than the photo has pixels.",
    ];
    if shown.channel.is_some() {
        lines.push("activation: what the channel answers there.");
    } else {
        if !shown.signed {
            lines.push(
                "heat: the evidence, divided by that of the hottest colour; 0 where it argues against the class.",
            );
        }
        lines.push("evidence: what the cell adds to the score, or takes from it.");
        lines.push("% of the evidence: the cell's share of all that argues for the class.");
    }
    lines.join("\n")
}
