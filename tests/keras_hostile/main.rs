//! Descriptions and weights that a stranger has changed: each is opened and computes, or is refused in one sentence.

#[path = "../support/mod.rs"]
mod support;

mod changed;

use std::borrow::Cow;
use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use candle_core::{DType, Device};
use gradcam_explorer::models::keras::{self, Description, NetworkChoices};
use gradcam_explorer::network::{CpuNetwork, MOST_KEPT, Network};
use gradcam_explorer::weights::Weights;
use serde_json::Value;
use support::data;

/// Repeatable numbers (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}

fn part(file: &str, entry: &str) -> Vec<u8> {
    let bytes = std::fs::read(data("keras").join(file)).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut content = Vec::new();
    std::io::copy(&mut archive.by_name(entry).unwrap(), &mut content).unwrap();
    content
}

/// Every place of a description, as a pointer.
fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{pointer}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                places(field, &format!("{pointer}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// What a place may become.
fn strange(dice: &mut Dice) -> Value {
    let values = [
        "null",
        "true",
        "false",
        "0",
        "1",
        "2",
        "-1",
        "3",
        "1e308",
        "18446744073709551615",
        "1000000",
        "\"relu\"",
        "\"same\"",
        "\"\"",
        "[]",
        "{}",
        "[1]",
        "[-1,-1]",
        "[2,2]",
        "[[[[1]]]]",
        "\"add_1\"",
        "{\"class_name\":\"Dense\"}",
        "0.5",
        "[0,0,0]",
    ];
    serde_json::from_str(values[dice.roll(values.len())]).unwrap()
}

/// One sentence, and no longer than a screen.
fn is_a_sentence(text: &str) {
    assert!(
        !text.contains('\n') && text.len() < 2000 && !text.contains("Some("),
        "{text}"
    );
}

#[test]
fn a_thousand_changed_descriptions_are_opened_or_refused() {
    let mut dice = Dice(11);
    let (mut opened, mut refused) = (0, 0);
    let files = [
        "hidden_two.keras",
        "three_deep.keras",
        "preprocess_caffe.keras",
        "conv_two.keras",
        "relu_layer.k2.keras",
    ];
    for file in files {
        let original: Value = serde_json::from_slice(&part(file, "config.json")).unwrap();
        let mut all = Vec::new();
        places(&original, "", &mut all);
        for _ in 0..220 {
            let mut changed = original.clone();
            for _ in 0..=dice.roll(2) {
                let place = &all[dice.roll(all.len())];
                if let Some(value) = changed.pointer_mut(place) {
                    *value = strange(&mut dice);
                }
            }
            let description = Description {
                config: changed.to_string(),
                ..Description::default()
            };
            let start = Instant::now();
            match keras::network(&description, &NetworkChoices::default()) {
                Ok(network) => {
                    opened += 1;
                    assert!(network.plan.classes() > 0);
                }
                Err(error) => {
                    refused += 1;
                    is_a_sentence(&error.to_string());
                }
            }
            assert!(start.elapsed() < Duration::from_secs(5));
        }
    }
    println!("{opened} opened, {refused} refused");
    assert!(opened > 50 && refused > 50);
}

#[test]
fn changed_archives_are_opened_or_refused_and_never_give_what_is_no_number() {
    let mut dice = Dice(12);
    let (config, weights) = (
        part("hidden_two.keras", "config.json"),
        part("hidden_two.keras", "model.weights.h5"),
    );
    for _ in 0..150 {
        let (mut config, mut weights) = (config.clone(), weights.clone());
        let bytes = if dice.roll(3) == 0 { &mut config } else { &mut weights };
        for _ in 0..=dice.roll(3) {
            let at = dice.roll(bytes.len());
            bytes[at] = dice.roll(256) as u8;
        }
        if dice.roll(8) == 0 {
            let len = dice.roll(bytes.len());
            bytes.truncate(len);
        }
        let mut file = tempfile::Builder::new().suffix(".keras").tempfile().unwrap();
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, content) in [("config.json", &config), ("model.weights.h5", &weights)] {
            archive.start_file(name, stored).unwrap();
            archive.write_all(content).unwrap();
        }
        file.write_all(&archive.finish().unwrap().into_inner()).unwrap();
        let start = Instant::now();
        match Weights::open(file.path()) {
            Ok(weights) => {
                let vb = weights.var_builder(DType::F32, &Device::Cpu);
                if let Ok(mut network) = CpuNetwork::load(weights.plan().clone(), &vb, 1) {
                    let input = vec![0.1; network.plan().input().len()];
                    network.forward(&input).unwrap();
                }
            }
            Err(error) => is_a_sentence(&error.to_string()),
        }
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

fn refused(config: &str, expected: &str) {
    let description = Description {
        config: config.to_owned(),
        ..Description::default()
    };
    let start = Instant::now();
    let error = keras::network(&description, &NetworkChoices::default())
        .expect_err(expected)
        .to_string();
    assert!(error.contains(expected), "{error}");
    is_a_sentence(&error);
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn cycles_and_layers_that_are_not_there_are_refused() {
    let layer = |name: &str, reads: &str| {
        format!(
            r#"{{"class_name":"Activation","config":{{"name":"{name}","activation":"relu"}},"name":"{name}",
                "inbound_nodes":[[["{reads}",0,0,{{}}]]]}}"#
        )
    };
    let input = r#"{"class_name":"InputLayer","config":{"batch_input_shape":[null,96,96,3],"name":"i"},"name":"i","inbound_nodes":[]}"#;
    let model = |layers: &str| {
        format!(
            r#"{{"class_name":"Functional","config":{{"name":"m","layers":[{input},{layers}],
                "input_layers":[["i",0,0]],"output_layers":[["b",0,0]]}}}}"#
        )
    };
    refused(
        &model(&format!("{},{}", layer("a", "b"), layer("b", "a"))),
        "depends on",
    );
    refused(&model(&layer("b", "nowhere")), "there is no layer nowhere");
    refused(&model(&format!("{},{}", layer("b", "i"), layer("b", "i"))), "same name");
}

#[test]
fn a_thousand_models_in_each_other_are_refused() {
    let mut config = r#"{"class_name":"Sequential","config":{"name":"m","layers":[]}}"#.to_owned();
    for _ in 0..1000 {
        config = format!(r#"{{"class_name":"Sequential","config":{{"name":"m","layers":[{config}]}}}}"#);
    }
    refused(&config, "makes no sense");
}

/// Each model calls the one inside it twice, so that sixteen lines would be 65,536 layers.
#[test]
fn models_that_call_each_other_twice_are_not_laid_out_for_ever() {
    let input = r#"{"class_name":"InputLayer","config":{"batch_input_shape":[null,96,96,3],"name":"i"},"name":"i","inbound_nodes":[]}"#;
    let mut config = r#"{"class_name":"Activation","config":{"name":"m","activation":"relu"}"#.to_owned();
    for depth in 0..16 {
        // the making of a model is its first call
        let [first, second] = if depth == 0 { [0, 1] } else { [1, 2] };
        let calls = format!(r#"[[["i",0,0,{{}}]],[["m",{first},0,{{}}]]]"#);
        config = format!(
            r#"{{"class_name":"Functional","config":{{"name":"m","layers":[{input},{config},"name":"m","inbound_nodes":{calls}}}],
                "input_layers":[["i",0,0]],"output_layers":[["m",{second},0]]}}"#
        );
    }
    refused(&format!("{config}}}"), "called more than 40,000 times");
}

#[test]
fn a_description_of_a_hundred_megabytes_is_refused() {
    refused(&" ".repeat(100 << 20), "16 are the limit");
}

#[test]
fn more_memory_than_there_is_is_told_before_it_is_taken() {
    let mut config: Value = serde_json::from_slice(&part("anysize_nested.keras", "config.json")).unwrap();
    config["name"] = Value::Null;
    let description = Description {
        config: config.to_string(),
        ..Description::default()
    };
    let choices = NetworkChoices {
        input_size: Some([8192, 8192]),
        ..NetworkChoices::default()
    };
    let plan = keras::network(&description, &choices).unwrap().plan;
    assert!(plan.bytes(MOST_KEPT as u64) > 4 << 30);
    let error = Weights::open_with(&data("keras/anysize_nested.keras"), &choices)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("GB") && error.contains("4 are the limit"), "{error}");
}

#[test]
fn a_safetensors_file_with_a_graph_needs_exactly_its_tensors() {
    let header = |config: &str| {
        let header = serde_json::json!({ "__metadata__": { "model_config": config } }).to_string();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.bytes());
        bytes
    };
    let config = String::from_utf8(part("hidden_two.keras", "config.json")).unwrap();
    let open = |bytes: Vec<u8>| {
        Weights::from_bytes("x.safetensors", Cow::Owned(bytes))
            .err()
            .unwrap()
            .to_string()
    };
    assert!(open(header(&config)).contains("is missing"));
    assert!(open(header("{")).contains("makes no sense"));
}
