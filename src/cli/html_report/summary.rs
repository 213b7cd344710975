//! What a report says of all images together: by class, and what was taken for what.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::mean::Mean;
use super::text::{escaped, percent};
use crate::labels::Labels;

/// Classes with pictures that a matrix has room for; of more the commonest mistakes are listed.
const MATRIX: usize = 60;
/// How many mistakes are listed where there is no matrix.
const MISTAKES: usize = 100;

/// One image, as far as the summary is concerned.
pub struct Seen<'a> {
    /// Its place among all images.
    pub number: usize,
    /// Shown to people.
    pub name: &'a str,
    /// The class on top, with its probability.
    pub top: (usize, f64),
    /// What it truly is, if that is known.
    pub truth: Option<usize>,
    /// Its maps.
    pub maps: &'a [SeenMap],
}

/// One map, as far as the summary is concerned.
pub struct SeenMap {
    /// The class that it explains.
    pub class: usize,
    /// The share of it that lies in the middle.
    pub middle: Option<f64>,
    /// Its area of deletion, if that was asked for.
    pub deletion: Option<f64>,
}

#[derive(Default)]
struct OfClass {
    probability_on_top: Mean,
    explained: usize,
    in_the_middle: Mean,
    deletion: Mean,
}

/// Sums over the images so far.
#[derive(Default)]
pub struct Summary {
    classes: BTreeMap<usize, OfClass>,
    /// Images by what they are and what they were taken for.
    cells: BTreeMap<(usize, usize), Vec<(usize, String)>>,
}

impl Summary {
    /// One image more.
    pub fn add(&mut self, seen: &Seen<'_>) {
        let (top, probability) = seen.top;
        let of_top = self.classes.entry(top).or_default();
        of_top.probability_on_top.add(Some(probability));
        for map in seen.maps {
            let of_class = self.classes.entry(map.class).or_default();
            of_class.explained += 1;
            of_class.in_the_middle.add(map.middle);
            of_class.deletion.add(map.deletion);
        }
        if let Some(truth) = seen.truth {
            let cell = self.cells.entry((truth, top)).or_default();
            cell.push((seen.number, seen.name.to_owned()));
        }
    }

    /// A table with a row a class.
    pub fn classes(&self, labels: &Labels) -> String {
        let mut html = String::from(
            "<h2>Classes</h2>\n<div class=\"wide\"><table class=\"sorts\"><thead><tr><th>Class</th><th class=\"number\">On top</th>\
             <th class=\"number\">Mean probability on top</th><th class=\"number\">Maps</th>\
             <th class=\"number\">Mean share of the map in the middle</th>",
        );
        let has_deletion = self.classes.values().any(|of| of.deletion.count() > 0);
        if has_deletion {
            html += "<th class=\"number\">Mean deletion</th>";
        }
        html += "</tr></thead><tbody>\n";
        let mut rows: Vec<_> = self.classes.iter().collect();
        rows.sort_by_key(|(class, of)| (std::cmp::Reverse(of.probability_on_top.count()), **class));
        for (&class, of) in rows {
            let on_top = of.probability_on_top.count();
            let area = of.deletion.value();
            let deletion = match has_deletion {
                true => number(area, area.map_or_else(String::new, |area| format!("{area:.4}"))),
                false => String::new(),
            };
            let _ = writeln!(
                html,
                "<tr><td>{}</td>{}{}{}{}{deletion}</tr>",
                name(labels, class),
                number(Some(on_top as f64), on_top.to_string()),
                share(of.probability_on_top),
                number(Some(of.explained as f64), of.explained.to_string()),
                share(of.in_the_middle),
            );
        }
        html + "</tbody></table></div>\n<p class=\"soft\">The middle is half as wide and half as high as what the network \
               saw, a quarter of its area.</p>\n"
    }

    /// Accuracy, and what was taken for what, with links to the images; nothing if no truth is known.
    pub fn confusion(&self, labels: &Labels) -> String {
        let all: usize = self.cells.values().map(Vec::len).sum();
        if all == 0 {
            return String::new();
        }
        let right: usize = self
            .cells
            .iter()
            .filter(|((truth, top), _)| truth == top)
            .map(|(_, cell)| cell.len())
            .sum();
        let mut html = format!(
            "<h2>Accuracy</h2>\n<p>{right} of {all} images have their folder's class on top: <strong>{}</strong>.</p>\n",
            percent(right as f64 / all as f64)
        );
        let mut truths: Vec<usize> = self.cells.keys().map(|&(truth, _)| truth).collect();
        truths.dedup();
        if truths.len() <= MATRIX {
            html += &self.matrix(&truths, labels);
        } else {
            html += &self.mistakes(labels);
        }
        for (&(truth, top), cell) in &self.cells {
            let (truth_name, top_name) = (name(labels, truth), name(labels, top));
            let what = match truth == top {
                true => format!("{truth_name}, recognised"),
                false => format!("{truth_name}, taken for {top_name}"),
            };
            let _ = write!(
                html,
                "<section class=\"cell\" id=\"c{truth}-{top}\"><h3>{what}: {}</h3><p>",
                cell.len()
            );
            for (number, name) in cell {
                let _ = write!(html, "<a href=\"#i{number}\">{}</a> ", escaped(name));
            }
            html += "</p></section>\n";
        }
        html
    }

    /// A row for each true class, a column for each of them and one for all others.
    fn matrix(&self, truths: &[usize], labels: &Labels) -> String {
        let mut html = String::from("<div class=\"wide\"><table class=\"matrix\"><thead><tr><th>Folder</th>");
        for &top in truths {
            let _ = write!(html, "<th class=\"column\">{}</th>", name(labels, top));
        }
        html += "<th class=\"column\">another class</th><th class=\"number\">Recognised</th></tr></thead><tbody>\n";
        for &truth in truths {
            let row: Vec<(usize, usize)> = self
                .cells
                .range((truth, 0)..=(truth, usize::MAX))
                .map(|(&(_, top), cell)| (top, cell.len()))
                .collect();
            let total: usize = row.iter().map(|(_, count)| count).sum();
            let count_of = |top: usize| row.iter().find(|cell| cell.0 == top).map_or(0, |cell| cell.1);
            let _ = write!(html, "<tr><th>{}</th>", name(labels, truth));
            for &top in truths {
                let (count, kind) = (count_of(top), if top == truth { "right" } else { "wrong" });
                if count == 0 {
                    html += "<td></td>";
                } else {
                    let part = count as f64 / total as f64;
                    let _ = write!(
                        html,
                        "<td class=\"{kind}\" style=\"--part:{part:.2}\"><a href=\"#c{truth}-{top}\">{count}</a></td>"
                    );
                }
            }
            let others: Vec<_> = row.iter().filter(|(top, _)| !truths.contains(top)).collect();
            html += "<td>";
            for (top, count) in others {
                let _ = write!(
                    html,
                    "<a href=\"#c{truth}-{top}\" title=\"{}\">{count}</a> ",
                    name(labels, *top)
                );
            }
            let _ = writeln!(
                html,
                "</td><td>{}</td></tr>",
                percent(count_of(truth) as f64 / total.max(1) as f64)
            );
        }
        html + "</tbody></table></div>\n<p class=\"soft\">Rows are folders, columns the class on top. A number leads to its \
                images.</p>\n"
    }

    /// The commonest mistakes.
    fn mistakes(&self, labels: &Labels) -> String {
        let mut mistakes: Vec<_> = self.cells.iter().filter(|((truth, top), _)| truth != top).collect();
        mistakes.sort_by_key(|(key, cell)| (std::cmp::Reverse(cell.len()), **key));
        let mut html = String::from(
            "<table class=\"sorts\"><thead><tr><th>Folder</th><th>Taken for</th><th class=\"number\">Images</th></tr></thead>\
             <tbody>\n",
        );
        for ((truth, top), cell) in mistakes.into_iter().take(MISTAKES) {
            let _ = writeln!(
                html,
                "<tr><td>{}</td><td>{}</td><td class=\"number\"><a href=\"#c{truth}-{top}\">{}</a></td></tr>",
                name(labels, *truth),
                name(labels, *top),
                cell.len()
            );
        }
        html + "</tbody></table>\n"
    }
}

fn name(labels: &Labels, class: usize) -> String {
    escaped(&labels.display_name(class))
}

fn share(mean: Mean) -> String {
    let value = mean.value();
    number(value, value.map_or_else(String::new, percent))
}

/// A cell that is sorted by its value.
pub fn number(value: Option<f64>, text: String) -> String {
    format!(
        "<td class=\"number\" data-value=\"{}\">{text}</td>",
        value.unwrap_or(-1.0)
    )
}
