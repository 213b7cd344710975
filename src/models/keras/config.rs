//! A layer's configuration, read key by key, so that what nobody has read is noticed.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Keys without effect on what a trained layer computes.
const WITHOUT_EFFECT: [&str; 17] = [
    // initialisation in Keras 1
    "init",
    "name",
    "trainable",
    "dtype",
    "autocast",
    "build_config",
    "batch_input_shape",
    "batch_shape",
    "input_shape",
    "input_dim",
    "momentum",
    "seed",
    "rate",
    "noise_shape",
    "activity_regularizer",
    "synchronized",
    "implementation",
];
/// Endings of keys that matter in training only.
const TRAINING_ENDINGS: [&str; 4] = ["_initializer", "_regularizer", "_constraint", "_quantizer_seed"];

/// The configuration of one layer.
pub struct Config<'a> {
    fields: &'a Map<String, Value>,
    read: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Config<'a> {
    pub fn new(fields: &'a Map<String, Value>) -> Self {
        Self {
            fields,
            read: RefCell::default(),
        }
    }

    /// A value that is there and not null.
    pub fn get(&self, key: &'static str) -> Option<&'a Value> {
        self.read.borrow_mut().insert(key);
        self.fields.get(key).filter(|value| !value.is_null())
    }

    /// A value that is there, be it null: where that says nothing, [`Config::get`] is asked.
    fn said(&self, key: &'static str) -> Option<&'a Value> {
        self.read.borrow_mut().insert(key);
        self.fields.get(key)
    }

    /// A number, or what Keras takes where there is none.
    pub fn number(&self, key: &'static str, otherwise: f64) -> Result<f64, String> {
        match self.said(key) {
            None => Ok(otherwise),
            Some(value) => number(value).ok_or_else(|| format!("{key} is {value}, not a number")),
        }
    }

    /// A number that may be absent.
    pub fn optional_number(&self, key: &'static str) -> Result<Option<f64>, String> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => number(value)
                .map(Some)
                .ok_or_else(|| format!("{key} is {value}, not a number")),
        }
    }

    /// A whole number of at least one.
    pub fn count(&self, key: &'static str, otherwise: usize) -> Result<usize, String> {
        match self.said(key) {
            None => Ok(otherwise),
            Some(value) => count(value).ok_or_else(|| format!("{key} is {value}, not a number of at least 1")),
        }
    }

    /// A whole number of at least one that has to be there.
    pub fn required_count(&self, key: &'static str) -> Result<usize, String> {
        let value = self.get(key).ok_or_else(|| format!("it does not say its {key}"))?;
        count(value).ok_or_else(|| format!("{key} is {value}, not a number of at least 1"))
    }

    /// Yes or no.
    pub fn flag(&self, key: &'static str, otherwise: bool) -> Result<bool, String> {
        match self.said(key) {
            None => Ok(otherwise),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(value) => Err(format!("{key} is {value}, neither true nor false")),
        }
    }

    /// One number for both axes, or two.
    pub fn pair(&self, key: &'static str, otherwise: Option<[usize; 2]>) -> Result<[usize; 2], String> {
        let Some(value) = self.said(key) else {
            return otherwise.ok_or_else(|| format!("it does not say its {key}"));
        };
        let wrong = || format!("{key} is {value}, not one or two numbers of at least 1");
        match value.as_array().map(Vec::as_slice) {
            Some([first, second]) => Ok([count(first).ok_or_else(wrong)?, count(second).ok_or_else(wrong)?]),
            Some([one]) => count(one).map(|one| [one; 2]).ok_or_else(wrong),
            Some(_) => Err(wrong()),
            None => count(value).map(|one| [one; 2]).ok_or_else(wrong),
        }
    }

    /// Whether nothing is said, not even null.
    pub fn is_absent(&self, key: &'static str) -> bool {
        !self.fields.contains_key(key)
    }

    /// A word that may be absent; what is no word is refused.
    pub fn word(&self, key: &'static str) -> Result<Option<&'a str>, String> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => value
                .as_str()
                .map(Some)
                .ok_or_else(|| format!("{key} is {}", shortened(&value.to_string()))),
        }
    }

    /// A word, if it is one.
    pub fn text(&self, key: &'static str) -> Option<&'a str> {
        self.get(key).and_then(Value::as_str)
    }

    /// What is said and was not read, and may matter, or cannot be.
    pub fn unread(&self) -> Option<String> {
        let read = self.read.borrow();
        let left = self.fields.iter().find(|(key, value)| {
            let key = key.as_str();
            if key == "seed" {
                // Keras takes nothing else
                return !(value.is_null() || value.is_i64() || value.is_u64() || value.is_object());
            }
            let has_effect = !read.contains(key)
                && !WITHOUT_EFFECT.contains(&key)
                && !TRAINING_ENDINGS.iter().any(|ending| key.ends_with(ending));
            let says_something = !matches!(value, Value::Null | Value::Bool(false));
            has_effect && says_something
        });
        left.map(|(key, value)| format!("{key} = {}", shortened(&value.to_string())))
    }

    /// A precision in which Keras computes otherwise than in floating point.
    pub fn quantised(&self) -> Option<String> {
        let dtype = self.fields.get("dtype").filter(|dtype| !dtype.is_null())?;
        let unknown = || Some(format!("its precision is {}", shortened(&dtype.to_string())));
        let policy = match dtype {
            Value::String(name) => name.as_str(),
            Value::Object(object) => {
                let class = object.get("class_name").and_then(Value::as_str).unwrap_or_default();
                if class.contains("Quant") {
                    class
                } else {
                    let name = object.get("config").and_then(|config| config.get("name"));
                    match name.and_then(Value::as_str) {
                        Some(name) => name,
                        None => return unknown(),
                    }
                }
            }
            _ => return unknown(),
        };
        let is_float = [
            "float16",
            "bfloat16",
            "float32",
            "float64",
            "mixed_float16",
            "mixed_bfloat16",
        ]
        .contains(&policy);
        (!is_float).then(|| format!("its precision is {policy}"))
    }
}

/// A finite number.
pub fn number(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite())
}

/// A whole number of at least one and of a size that no layer exceeds.
fn count(value: &Value) -> Option<usize> {
    let number = value.as_u64().filter(|&number| (1..=1 << 24).contains(&number))?;
    usize::try_from(number).ok()
}

/// The beginning of a long text.
pub fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}
