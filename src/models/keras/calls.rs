//! Which layer reads which: calls of layers and references to what others give, as Keras 1, 2 and 3 write them.

use serde_json::Value;

use super::error::KerasError;

/// What a layer is called with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Call {
    /// In order; a list of tensors is one argument each.
    pub arguments: Vec<Argument>,
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// What another layer gives.
    Tensor(TensorRef),
    /// A constant.
    Constant(Value),
}

/// An output of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorRef {
    /// The layer's name within its model.
    pub layer: String,
    /// Which of its calls.
    pub node: u64,
    /// Which of its outputs.
    pub index: usize,
}

impl Call {
    /// Reads one call of a layer of this name and class.
    pub fn read(value: &Value, layer: &str, class: &str) -> Result<Self, KerasError> {
        let mut call = Self::default();
        let wrong = || KerasError::graph(&format!("it is unclear what {layer} reads"));
        match value {
            // Keras 3: {"args": [...], "kwargs": {...}}
            Value::Object(object) => {
                let arguments = object.get("args").and_then(Value::as_array).ok_or_else(wrong)?;
                for argument in arguments {
                    call.add(argument, &wrong)?;
                }
                for (key, argument) in keywords(object.get("kwargs")).ok_or_else(wrong)? {
                    call.keyword(key, argument, true, class, &wrong)?;
                }
            }
            // Keras 1 and 2: [["layer", node, tensor, {...}], ...], of operations without the outer brackets
            Value::Array(items) => {
                let items: Vec<&Value> = match items.first() {
                    Some(Value::String(_)) => vec![value],
                    _ => items.iter().collect(),
                };
                for item in items {
                    let parts = item.as_array().ok_or_else(wrong)?;
                    call.arguments
                        .push(Argument::Tensor(keras_2_ref(parts).ok_or_else(wrong)?));
                    for (key, argument) in keywords(parts.get(3)).ok_or_else(wrong)? {
                        call.keyword(key, argument, false, class, &wrong)?;
                    }
                }
            }
            _ => return Err(wrong()),
        }
        Ok(call)
    }

    fn add(&mut self, value: &Value, wrong: &dyn Fn() -> KerasError) -> Result<(), KerasError> {
        if let Some(tensor) = keras_3_ref(value) {
            self.arguments.push(Argument::Tensor(tensor.ok_or_else(wrong)?));
            return Ok(());
        }
        match value {
            Value::Array(items) if items.iter().any(|item| keras_3_ref(item).is_some()) => {
                items.iter().try_for_each(|item| self.add(item, wrong))
            }
            _ => {
                self.arguments.push(Argument::Constant(value.clone()));
                Ok(())
            }
        }
    }

    /// Keywords that say nothing at inference are left out.
    fn keyword(
        &mut self,
        key: &str,
        value: &Value,
        is_keras_3: bool,
        class: &str,
        wrong: &dyn Fn() -> KerasError,
    ) -> Result<(), KerasError> {
        let is_operation = class.ends_with("OpLambda");
        let says_nothing = match key {
            // Keras 3 records its own default and decides when the model is called; Keras 2 keeps to what is written
            "training" => is_keras_3 || *value != Value::Bool(true),
            "name" if is_operation => true,
            "data_format" if is_operation => *value == "NHWC",
            _ => value.is_null(),
        };
        if says_nothing {
            return Ok(());
        }
        // what operations of Keras 2 call their constants
        if !(is_operation && ["x", "y", "bias", "approximate", "dtype", "slice_spec"].contains(&key)) {
            return Err(KerasError::graph(&format!(
                "a layer of class {class} is called with {key}, which is not understood"
            )));
        }
        // Keras 2 names a second tensor ["layer", node, tensor]
        if let Some(parts) = value.as_array()
            && let Some(tensor) = keras_2_ref(parts)
        {
            self.arguments.push(Argument::Tensor(tensor));
            return Ok(());
        }
        self.add(value, wrong)
    }
}

/// The keywords of a call, none where nothing is said; empty if they make no sense.
fn keywords(value: Option<&Value>) -> Option<impl Iterator<Item = (&String, &Value)>> {
    match value {
        None => Some(None.into_iter().flatten()),
        Some(Value::Object(fields)) => Some(Some(fields).into_iter().flatten()),
        Some(_) => None,
    }
}

/// `["layer", node, tensor]`.
fn keras_2_ref(parts: &[Value]) -> Option<TensorRef> {
    match parts {
        [Value::String(layer), node, index, ..] => {
            let node = node.as_u64()?;
            Some(TensorRef {
                layer: layer.clone(),
                node,
                index: usize::try_from(index.as_u64()?).ok()?,
            })
        }
        _ => None,
    }
}

/// A `__keras_tensor__`; the inner option is empty where it makes no sense.
fn keras_3_ref(value: &Value) -> Option<Option<TensorRef>> {
    let object = value.as_object()?;
    (object.get("class_name")?.as_str()? == "__keras_tensor__").then(|| {
        let history = object.get("config")?.get("keras_history")?.as_array()?;
        keras_2_ref(history)
    })
}

/// The inputs or outputs of a model: one reference, or a list of them, or one by name.
pub fn tensor_refs(value: &Value) -> Result<Vec<TensorRef>, KerasError> {
    let wrong = || KerasError::graph("its inputs or outputs are no layers");
    match value {
        Value::Array(parts) => match keras_2_ref(parts) {
            Some(tensor) => Ok(vec![tensor]),
            None => {
                let refs = parts
                    .iter()
                    .map(|part| part.as_array().and_then(|part| keras_2_ref(part)));
                refs.collect::<Option<_>>().ok_or_else(wrong)
            }
        },
        Value::Object(named) => {
            let refs = named
                .values()
                .map(|part| part.as_array().and_then(|part| keras_2_ref(part)));
            refs.collect::<Option<_>>().ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}
