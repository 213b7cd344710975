//! What is copied as text: the list of classes, for people and as CSV, and the values of the map.

use super::answers;
use super::maps::Shown;
use super::state::State;

/// The classes on the list with their ranks and what the network answers, one a line.
pub fn list(state: &State) -> Option<String> {
    let prediction = state.prediction()?;
    let line = |&class: &usize| {
        let rank = prediction.ranking.iter().position(|&ranked| ranked == class)?;
        let value = prediction.probabilities.get(class).copied()?;
        let name = state.class_name(class);
        Some(format!(
            "{}. {name}: {}\n",
            rank + 1,
            answers::precise(state.output(), value)
        ))
    };
    Some(state.listed().iter().filter_map(line).collect())
}

/// The same as CSV with all digits: rank, index, wnid, name, what the network answers, logit.
pub fn list_csv(state: &State) -> Option<String> {
    let prediction = state.prediction()?;
    let answer = answers::name(state.output());
    let mut csv = format!("rank,index,wnid,name,{answer},logit\n");
    for &class in state.listed() {
        let rank = prediction.ranking.iter().position(|&ranked| ranked == class);
        let label = state.labels().and_then(|labels| labels.get(class));
        let wnid = label.and_then(|label| label.wnid.as_deref()).unwrap_or_default();
        let value = |values: &[f64]| values.get(class).copied().unwrap_or(f64::NAN);
        csv.push_str(&format!(
            "{},{class},{},{},{},{}\n",
            rank.map_or(0, |rank| rank + 1),
            quoted(wnid),
            quoted(&state.class_name(class)),
            value(&prediction.probabilities),
            value(&prediction.logits),
        ));
    }
    Some(csv)
}

/// The signed values of a map, a row of cells a line, with tabs between them as spreadsheets paste them.
pub fn map(shown: &Shown) -> String {
    let rows = shown.map.signed.chunks(shown.map.width.max(1));
    let line = |row: &[f64]| {
        let values: Vec<String> = row.iter().map(f64::to_string).collect();
        values.join("\t") + "\n"
    };
    rows.map(line).collect()
}

/// A field of CSV, in quotes where it needs them.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_with_commas_is_one_field() {
        assert_eq!(quoted("tabby"), "tabby");
        assert_eq!(quoted("cat, tabby"), "\"cat, tabby\"");
        assert_eq!(quoted("a \"cat\""), "\"a \"\"cat\"\"\"");
    }
}
