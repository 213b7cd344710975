//! A description as a table, for people who want to know what a file holds.

use super::error::KerasError;
use super::json::Model;
use super::layers;

/// One layer of a description.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// Keras' name, with the models that it stands in.
    pub layer: String,
    /// Keras' class.
    pub class: String,
    /// Whether the class is understood.
    pub is_known: bool,
}

/// All layers of a description, whether or not they are understood.
///
/// # Errors
/// A description that makes no sense.
pub fn rows(json: &str) -> Result<Vec<Row>, KerasError> {
    let mut rows = Vec::new();
    collect(&Model::parse(json)?, "", &mut rows);
    Ok(rows)
}

fn collect(model: &Model, prefix: &str, rows: &mut Vec<Row>) {
    for layer in &model.layers {
        let name = format!("{prefix}{}", layer.name);
        match &layer.model {
            Some(inner) => collect(inner, &format!("{name}/"), rows),
            None => rows.push(Row {
                is_known: layer.class == "InputLayer" || layers::builder(&layer.class).is_some(),
                layer: name,
                class: layer.class.clone(),
            }),
        }
    }
}
