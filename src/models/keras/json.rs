//! Reading a description: models and their layers. Knows the forms of Keras 1, 2 and 3, but no layer class.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::calls::{Argument, Call, TensorRef, tensor_refs};
use super::config::shortened;
use super::error::KerasError;

/// Bytes of a description that are read at most; those of the largest networks of Keras take a tenth.
const MAX_BYTES: usize = 16 << 20;
/// Layers of all models together.
const MAX_LAYERS: usize = 20_000;
/// Models in models.
const MAX_DEPTH: usize = 24;

/// A model: layers, what goes in and what comes out.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Keras' name.
    pub name: String,
    /// Whether its layers follow one another, so that none says what it reads.
    pub is_sequential: bool,
    /// In Keras' order.
    pub layers: Vec<LayerDescription>,
    /// The layers that take what goes in; empty for a sequential model.
    pub inputs: Vec<TensorRef>,
    /// What comes out; empty for a sequential model.
    pub outputs: Vec<TensorRef>,
    /// Height and width that the model was built for, where no layer says it.
    pub build_shape: Option<Value>,
    /// How the model was trained, where it stands beside the graph.
    pub compile_config: Option<Value>,
    /// Whether calls are written as Keras 1 and 2 do.
    pub is_keras_2: bool,
}

/// A layer, or a model that stands in for one.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerDescription {
    /// Keras' class, such as `Conv2D`.
    pub class: String,
    /// The Python module of the class, where it is said.
    pub module: Option<String>,
    /// The name under which a class of somebody's own is registered.
    pub registered: Option<String>,
    /// Keras' name.
    pub name: String,
    /// What its constructor took.
    pub config: Map<String, Value>,
    /// The model, if it is one.
    pub model: Option<Box<Model>>,
    /// Each call of the layer; none in a sequential model.
    pub calls: Vec<Call>,
    /// What the layer was built for, where it is said.
    pub build: Option<Value>,
}

impl Model {
    /// Reads a whole description.
    pub fn parse(json: &str) -> Result<Self, KerasError> {
        if json.len() > MAX_BYTES {
            let reason = format!(
                "it takes {} MB, where {} are the limit",
                json.len() >> 20,
                MAX_BYTES >> 20
            );
            return Err(KerasError::Json(reason));
        }
        let root: Value = serde_json::from_str(json).map_err(|error| KerasError::Json(error.to_string()))?;
        let object = root.as_object().ok_or_else(|| KerasError::graph("it is no object"))?;
        let mut layers = 0;
        let mut model = Self::read(object, 0, &mut layers)?;
        model.compile_config = object.get("compile_config").filter(|value| !value.is_null()).cloned();
        Ok(model)
    }

    fn read(object: &Map<String, Value>, depth: usize, count: &mut usize) -> Result<Self, KerasError> {
        if depth > MAX_DEPTH {
            return Err(KerasError::graph("models are nested too deeply"));
        }
        let class = text(object, "class_name").unwrap_or_default();
        if !is_model(&class) {
            return Err(KerasError::graph(&format!(
                "{class:?} is no model whose layers are described"
            )));
        }
        let is_sequential = class == "Sequential";
        let config = object.get("config").unwrap_or(&Value::Null);
        // the sequential models of Keras 1 and early Keras 2 are lists
        let empty = Map::new();
        let fields = config.as_object().unwrap_or(&empty);
        let listed = config
            .as_array()
            .or_else(|| fields.get("layers").and_then(Value::as_array));
        let listed = listed.ok_or_else(|| KerasError::graph(&format!("the {class} model lists no layers")))?;
        *count += listed.len();
        if *count > MAX_LAYERS {
            return Err(KerasError::graph("it has more than 20,000 layers"));
        }
        let layers = listed.iter().map(|layer| LayerDescription::read(layer, depth, count));
        let layers: Vec<LayerDescription> = layers.collect::<Result<_, _>>()?;
        own_names(listed)?;
        let refs = |key: &str| match fields.get(key) {
            Some(value) if !is_sequential => tensor_refs(value),
            _ => Ok(Vec::new()),
        };
        let is_keras_2 = listed.iter().any(|layer| {
            let calls = layer.get("inbound_nodes").and_then(Value::as_array);
            calls.and_then(|calls| calls.first()).is_some_and(Value::is_array)
        }) || is_sequential && !listed.iter().any(|layer| layer.get("module").is_some());
        Ok(Self {
            name: text(fields, "name")
                .or_else(|| text(object, "name"))
                .unwrap_or_else(|| "model".to_owned()),
            is_sequential,
            inputs: refs("input_layers")?,
            outputs: refs("output_layers")?,
            build_shape: fields
                .get("build_input_shape")
                .or_else(|| object.get("build_config")?.get("input_shape"))
                .cloned(),
            layers,
            compile_config: None,
            is_keras_2,
        })
    }

    /// The layer of this name.
    pub fn find(&self, name: &str) -> Option<(usize, &LayerDescription)> {
        self.layers.iter().enumerate().find(|(_, layer)| layer.name == name)
    }

    /// The place of each layer by its name; the last of several with one name.
    pub fn places(&self) -> HashMap<&str, usize> {
        let named = self.layers.iter().enumerate();
        named.map(|(index, layer)| (layer.name.as_str(), index)).collect()
    }

    /// The layer, and which of its calls, counted from 0, that an argument of a call means; none if there is none.
    ///
    /// A model that was made with an input of its own counts that as a call, in Keras 2 wherever it is read and in Keras 3
    /// where it is an output (`get_config` and `deserialize_node` in `keras/src/models/functional.py`).
    pub fn call_read(&self, tensor: &TensorRef) -> Option<(usize, usize)> {
        self.call_among(&self.places(), tensor)
    }

    /// [`Model::call_read`] by the places of the layers.
    pub fn call_among(&self, places: &HashMap<&str, usize>, tensor: &TensorRef) -> Option<(usize, usize)> {
        let index = *places.get(tensor.layer.as_str())?;
        let counted = match self.layers[index].model.as_deref() {
            Some(inner) if self.is_keras_2 => match inner.layers.first() {
                Some(first) => {
                    // the first layer of early Keras 2 stands for its input as well
                    let is_input = first.class == "InputLayer" || first.config.contains_key("batch_input_shape");
                    is_input || !inner.is_sequential
                }
                None => false,
            },
            _ => false,
        };
        self.call(index, tensor, counted)
    }

    /// The layer and its call that an output of the model means.
    pub fn call_given(&self, tensor: &TensorRef) -> Option<(usize, usize)> {
        if self.is_keras_2 {
            return self.call_read(tensor);
        }
        let (index, layer) = self.find(&tensor.layer)?;
        self.call(
            index,
            tensor,
            layer.model.as_ref().is_some_and(|inner| !inner.is_sequential),
        )
    }

    fn call(&self, index: usize, tensor: &TensorRef, is_making_counted: bool) -> Option<(usize, usize)> {
        let layer = &self.layers[index];
        let node = usize::try_from(tensor.node).ok()?;
        // a model that is called once is meant either way
        if layer.model.is_some() && layer.calls.len() < 2 {
            return (node < 2).then_some((index, 0));
        }
        let call = node.checked_sub(usize::from(is_making_counted))?;
        (call < layer.calls.len().max(1)).then_some((index, call))
    }

    /// All layers of this model and of those in it that are no models themselves.
    pub fn all(&self) -> Vec<&LayerDescription> {
        let mut all = Vec::new();
        for layer in &self.layers {
            match &layer.model {
                Some(model) => all.extend(model.all()),
                None => all.push(layer),
            }
        }
        all
    }
}

/// Refuses layers that do not have a name each in their own configuration, which is where Keras takes it from.
fn own_names(layers: &[Value]) -> Result<(), KerasError> {
    let mut names = BTreeSet::new();
    for layer in layers {
        let Some(config) = layer.get("config").and_then(Value::as_object) else {
            continue;
        };
        match config.get("name") {
            None => return Err(KerasError::graph("a layer has no name")),
            Some(Value::String(name)) if names.insert(name) => {}
            Some(Value::String(_)) => return Err(KerasError::graph("two of its layers have the same name")),
            Some(other) => {
                return Err(KerasError::graph(&format!(
                    "a layer is named {}",
                    shortened(&other.to_string())
                )));
            }
        }
    }
    Ok(())
}

/// Whether a class is a model that describes its layers.
fn is_model(class: &str) -> bool {
    matches!(class, "Functional" | "Model" | "Sequential")
}

impl LayerDescription {
    fn read(value: &Value, depth: usize, count: &mut usize) -> Result<Self, KerasError> {
        let object = value
            .as_object()
            .ok_or_else(|| KerasError::graph("a layer is no object"))?;
        let class = text(object, "class_name").ok_or_else(|| KerasError::graph("a layer has no class"))?;
        let config = object
            .get("config")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        let name = match object.get("name") {
            Some(name) => name.as_str().map(str::to_owned),
            None => text(&config, "name"),
        };
        let name = name.ok_or_else(|| KerasError::graph(&format!("a layer of class {class} has no name")))?;
        let model = if is_model(&class) {
            Some(Box::new(Model::read(object, depth + 1, count)?))
        } else {
            None
        };
        let calls = match object.get("inbound_nodes") {
            Some(Value::Array(calls)) => calls
                .iter()
                .map(|call| Call::read(call, &name, &class))
                .collect::<Result<_, _>>()?,
            _ => Vec::new(),
        };
        Ok(Self {
            module: said_text(object, "module"),
            registered: said_text(object, "registered_name"),
            class,
            name,
            config: if model.is_some() { Map::new() } else { config },
            model,
            calls,
            build: object.get("build_config").filter(|value| !value.is_null()).cloned(),
        })
    }

    /// What other layers give it in one of its calls.
    pub fn reads(&self, call: usize) -> impl Iterator<Item = &TensorRef> {
        let arguments = self.calls.get(call).into_iter().flat_map(|call| &call.arguments);
        arguments.filter_map(|argument| match argument {
            Argument::Tensor(tensor) => Some(tensor),
            Argument::Constant(_) => None,
        })
    }

    /// Whether the class is not Keras' own.
    pub fn is_of_somebody(&self) -> bool {
        let is_keras = |module: &str| {
            ["keras", "tf_keras", "tensorflow"].iter().any(|root| {
                module
                    .strip_prefix(root)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        self.module.as_deref().is_some_and(|module| !is_keras(module))
            || self.registered.as_deref().is_some_and(|name| name != self.class)
    }
}

/// A text, or whatever else is said in its place.
fn said_text(object: &Map<String, Value>, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key).and_then(Value::as_str).map(str::to_owned)
}
