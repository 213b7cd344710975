//! What the tests of Keras' files share: arrays of an npz, and how far answers and maps are apart.

use candle_core::DType;
use candle_core::npy::NpzTensors;
use gradcam_explorer::explain::Map;
use gradcam_explorer::network::Network;

/// The values of one array; none if the npz has no such.
pub fn array(npz: &NpzTensors, key: &str) -> Option<Vec<f64>> {
    let tensor = npz.get(key).unwrap()?;
    Some(
        tensor
            .to_dtype(DType::F64)
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1()
            .unwrap(),
    )
}

/// The largest difference.
pub fn worst(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

/// The largest absolute value.
pub fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |m: f64, v| m.max(v.abs()))
}

/// A signed map as it is shown, 0..1.
pub fn heat(signed: &[f64]) -> Vec<f64> {
    Map::new(signed.len(), 1, signed.to_vec())
        .heat()
        .into_iter()
        .map(f64::from)
        .collect()
}

/// What the network answers, one value a unit.
pub fn answers(network: &dyn Network, units: &[f64]) -> Vec<f64> {
    let output = network.plan().output;
    let all = output.answers(&output.class_logits(units));
    if output.is_pair(units.len()) {
        all[1..].to_vec()
    } else {
        all
    }
}

/// Runs one comparison and keeps what it fails with, so that a failure tells about all rows.
pub fn each(wrong: &mut Vec<String>, compare: impl FnOnce()) {
    if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(compare)) {
        let text = panic.downcast_ref::<String>().cloned();
        wrong.push(text.unwrap_or_else(|| "a comparison failed".to_owned()));
    }
}
