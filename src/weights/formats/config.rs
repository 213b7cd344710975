//! What Keras' description of a model tells besides its weights: input size and epsilon.

use serde_json::Value;

use crate::weights::error::WeightsError;

/// The parts of a model's JSON description that matter here.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ModelConfig {
    /// Side of the square input in pixels.
    pub input_size: Option<usize>,
    /// Epsilon of all batch normalisations.
    pub bn_epsilon: Option<f64>,
}

impl ModelConfig {
    /// Reads `config.json` of a `.keras` archive or the attribute `model_config` of an HDF5 file.
    pub(crate) fn parse(file: &str, json: &str) -> Result<Self, WeightsError> {
        let refuse = |reason: String| WeightsError::Format {
            file: file.to_owned(),
            kind: "Keras model",
            reason,
        };
        let root: Value =
            serde_json::from_str(json).map_err(|error| refuse(format!("its description makes no sense ({error})")))?;
        let mut config = Self::default();
        config.collect(&root).map_err(refuse)?;
        Ok(config)
    }

    fn collect(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.collect(item)),
            Value::Object(fields) => {
                let class = fields.get("class_name").and_then(Value::as_str);
                if let (Some(class), Some(config)) = (class, fields.get("config")) {
                    self.layer(class, config)?;
                }
                fields.values().try_for_each(|field| self.collect(field))
            }
            _ => Ok(()),
        }
    }

    fn layer(&mut self, class: &str, config: &Value) -> Result<(), String> {
        match class {
            "InputLayer" => {
                let shape = config.get("batch_shape").or_else(|| config.get("batch_input_shape"));
                let side = |axis: usize| shape?.get(axis)?.as_u64()?.try_into().ok();
                let (height, width): (Option<usize>, Option<usize>) = (side(1), side(2));
                if height != width {
                    return Err(format!("its input is not square but {height:?} by {width:?} pixels"));
                }
                // the first is the outermost model's, and a network of any size leaves it out
                self.input_size = self.input_size.or(height);
            }
            "BatchNormalization" => {
                let epsilon = config.get("epsilon").and_then(Value::as_f64);
                match (self.bn_epsilon, epsilon) {
                    (Some(first), Some(other)) if first != other => {
                        return Err(format!(
                            "its batch normalisations have different epsilons, {first} and {other}"
                        ));
                    }
                    _ => self.bn_epsilon = self.bn_epsilon.or(epsilon),
                }
            }
            // the program itself brings pixels to -1..1, so a model that expects otherwise would get wrong inputs
            "Rescaling" => {
                let number = |key| config.get(key).and_then(Value::as_f64);
                let (scale, offset) = (number("scale"), number("offset"));
                let usual = scale.is_some_and(|scale| (scale * 127.5 - 1.0).abs() < 1e-6) && offset == Some(-1.0);
                if !usual {
                    return Err("it rescales its input other than to -1..1".to_owned());
                }
            }
            "Normalization" => return Err("it normalises its input other than Keras' Xception".to_owned()),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_size_and_epsilon_of_both_versions() {
        let keras3 = r#"{"class_name": "Functional", "config": {"layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [null, 150, 150, 3]}},
            {"class_name": "Rescaling", "config": {"scale": 0.00784313725490196, "offset": -1}},
            {"class_name": "BatchNormalization", "config": {"epsilon": 0.001}},
            {"class_name": "BatchNormalization", "config": {"epsilon": 0.001}}]}}"#;
        let config = ModelConfig::parse("x", keras3).unwrap();
        assert_eq!((config.input_size, config.bn_epsilon), (Some(150), Some(1e-3)));
        let keras2 = r#"{"config": {"layers": [
            {"class_name": "InputLayer", "config": {"batch_input_shape": [null, 71, 71, 3]}}]}}"#;
        assert_eq!(ModelConfig::parse("x", keras2).unwrap().input_size, Some(71));
        let any = r#"{"class_name": "InputLayer", "config": {"batch_shape": [null, null, null, 3]}}"#;
        assert_eq!(ModelConfig::parse("x", any).unwrap(), ModelConfig::default());
    }

    #[test]
    fn refuses_what_would_give_wrong_numbers() {
        let check = |json: &str, expected: &str| {
            let error = ModelConfig::parse("model.keras", json).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("model.keras"), "{error}");
        };
        check("{", "no sense");
        check(
            r#"{"class_name": "InputLayer", "config": {"batch_shape": [null, 71, 72, 3]}}"#,
            "not square",
        );
        check(
            r#"{"class_name": "Rescaling", "config": {"scale": 0.00392156862745098, "offset": 0}}"#,
            "rescales",
        );
        check(r#"{"class_name": "Normalization", "config": {}}"#, "normalises");
        check(
            r#"[{"class_name": "BatchNormalization", "config": {"epsilon": 0.001}},
                {"class_name": "BatchNormalization", "config": {"epsilon": 1e-5}}]"#,
            "different epsilons",
        );
    }
}
