//! What a report says of how true the maps are: the mean of each measure by method and layer.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::mean::Mean;
use super::summary::number;
use super::text::{escaped, percent};
use crate::cli::measures_report::{MEASURES, MeasuresReport};

/// Sums over the maps so far.
#[derive(Default)]
pub struct Measured {
    /// By method and layer: each measure.
    rows: BTreeMap<(String, String), [Mean; MEASURES.len()]>,
}

impl Measured {
    /// One map more.
    pub fn add(&mut self, method: &str, layer: &str, measures: &MeasuresReport) {
        let row = self.rows.entry((method.to_owned(), layer.to_owned())).or_default();
        for (mean, value) in row.iter_mut().zip(measures.numbers()) {
            mean.add(value);
        }
    }

    /// A table with a row a method and layer; nothing if nothing was measured.
    pub fn table(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let is_there = |column: &usize| self.rows.values().any(|row| row[*column].count() > 0);
        let columns: Vec<usize> = (0..MEASURES.len()).filter(is_there).collect();
        let mut html = String::from(
            "<h2>Are the maps true to the network?</h2>\n<div class=\"wide\"><table class=\"sorts\"><thead><tr><th>Method</th>\
             <th>Layer</th><th class=\"number\">Maps</th>",
        );
        for &column in &columns {
            let _ = write!(html, "<th class=\"number\">{}</th>", MEASURES[column]);
        }
        html += "</tr></thead><tbody>\n";
        for ((method, layer), row) in &self.rows {
            let maps = row.iter().map(|mean| mean.count()).max().unwrap_or(0);
            let _ = write!(html, "<tr><td>{}</td><td>{}</td>", escaped(method), escaped(layer));
            html += &number(Some(maps as f64), maps.to_string());
            for &column in &columns {
                let mean = row[column].value();
                let text = mean.map_or_else(String::new, |mean| match MEASURES[column] {
                    "Increase" | "Average drop" => percent(mean),
                    _ => format!("{mean:.4}"),
                });
                html += &number(mean, text);
            }
            html += "</tr>\n";
        }
        html + "</tbody></table></div>\n<p class=\"soft\">Means over all maps. Of a true map deletion and average drop are small, \
                insertion, ROAD and increase large; random orders are what chance has.</p>\n"
    }
}
