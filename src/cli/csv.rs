//! Results as a table (RFC 4180): one row a map, one for an image that failed.

use super::report::{ErrorReport, ImageReport, MapReport};

const COLUMNS: [&str; 21] = [
    "image",
    "error",
    "width",
    "height",
    "top_class",
    "top_wnid",
    "top_label",
    "top_probability",
    "class",
    "label",
    "probability",
    "logit",
    "layer",
    "method",
    "score",
    "signed_min",
    "signed_max",
    "empty",
    "middle",
    "files",
    "choices",
];

/// The names of the columns.
pub fn header() -> String {
    row(COLUMNS.map(str::to_owned))
}

/// The rows of one image.
pub fn rows(result: Result<&ImageReport, &ErrorReport>) -> String {
    match result {
        Err(report) => {
            let mut cells = [const { String::new() }; COLUMNS.len()];
            cells[0] = report.image_bytes.clone().unwrap_or_else(|| report.image.clone());
            cells[1].clone_from(&report.error);
            cells[COLUMNS.len() - 1].clone_from(&report.choices);
            row(cells)
        }
        Ok(report) => report.maps.iter().map(|map| row(cells(report, map))).collect(),
    }
}

fn cells(report: &ImageReport, map: &MapReport) -> [String; COLUMNS.len()] {
    let all = report.predictions.iter().chain(&report.complement);
    let top = all.min_by_key(|prediction| prediction.rank);
    let of_top = |cell: &dyn Fn(&super::report::PredictionReport) -> String| top.map(cell).unwrap_or_default();
    [
        report.image_bytes.clone().unwrap_or_else(|| report.image.clone()),
        String::new(),
        report.width.to_string(),
        report.height.to_string(),
        of_top(&|top| top.index.to_string()),
        of_top(&|top| top.wnid.clone().unwrap_or_default()),
        of_top(&|top| top.label.clone()),
        of_top(&|top| top.probability.to_string()),
        map.class.to_string(),
        map.label.clone(),
        map.probability.to_string(),
        map.logit.to_string(),
        map.layer.clone(),
        map.method.to_owned(),
        map.score.to_owned(),
        map.signed_min.to_string(),
        map.signed_max.to_string(),
        map.empty.to_string(),
        map.middle.map(|share| share.to_string()).unwrap_or_default(),
        map.files.paths().collect::<Vec<_>>().join(" "),
        report.choices.clone(),
    ]
}

fn row(cells: [String; COLUMNS.len()]) -> String {
    cells.map(|cell| quoted(&cell)).join(",") + "\n"
}

/// In quotes where the text has what ends a cell, a row or a quote.
fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_cell_is_quoted() {
        for (cell, text) in [
            ("tabby cat", "tabby cat"),
            ("a,b", "\"a,b\""),
            ("say \"cat\"", "\"say \"\"cat\"\"\""),
            ("two\nlines", "\"two\nlines\""),
        ] {
            assert_eq!(quoted(cell), text);
        }
    }
}
