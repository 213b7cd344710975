//! What is copied as text: the list of classes, for people and as CSV, and the values of the map.

use super::answers;
use super::maps::Shown;
use super::state::State;
use crate::explorer::predictions_csv;

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
    Some(predictions_csv(
        state.network.as_ref()?,
        state.prediction()?,
        state.listed(),
    ))
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
