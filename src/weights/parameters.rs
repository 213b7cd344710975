//! The checks that every set of weights has to pass, whatever file it comes from.

use std::collections::{BTreeSet, HashMap};

use super::error::TensorProblem;
use crate::models::xception::architecture::KERAS_BN_EPSILON;
use crate::models::xception::{self, Architecture, ArchitectureError};
use crate::network::{Parameter, Plan};

/// The network that the shapes describe, after comparing all of them with what it needs.
///
/// `tensors` has the name in the file and the shape in Keras' layout for each canonical path.
pub(super) fn plan(tensors: &HashMap<&str, (&str, &[usize])>, input_size: [usize; 2]) -> Result<Plan, TensorProblem> {
    if let Some((name, shape)) = tensors.get("predictions/kernel")
        && shape.last() == Some(&0)
    {
        return Err(TensorProblem::NoClasses((*name).to_owned()));
    }
    if !tensors.contains_key("predictions/kernel") && tensors.contains_key("block14_sepconv2/pointwise_kernel") {
        return Err(TensorProblem::NoHead);
    }
    let shape_of = |path: &str| tensors.get(path).map(|(_, shape)| shape.to_vec());
    let architecture = Architecture::detect(&shape_of, input_size, KERAS_BN_EPSILON)?;
    let plan = xception::plan(&architecture)?;
    let parameters = plan.parameters();
    for parameter in &parameters {
        let tensor = parameter.path();
        let Some(&(_, shape)) = tensors.get(tensor.as_str()) else {
            return Err(ArchitectureError::Missing(tensor).into());
        };
        if shape != parameter.shape {
            return Err(ArchitectureError::Shape {
                tensor,
                found: shape.to_vec(),
                expected: format!("{:?}", parameter.shape),
            }
            .into());
        }
    }
    let known: BTreeSet<String> = parameters.iter().map(Parameter::path).collect();
    let extra = tensors.iter().filter(|(path, _)| !known.contains(**path));
    match extra.map(|(_, (name, _))| *name).min() {
        Some(name) => Err(TensorProblem::Extra(name.to_owned())),
        None => Ok(plan),
    }
}

/// Checks that all values are finite, and variances not negative. `path` is canonical, `name` that in the file.
pub(super) fn check_values(path: &str, name: &str, values: &[f32]) -> Result<(), TensorProblem> {
    // finite times zero is zero, anything else NaN, and sixteen sums at once keep to vector registers
    let (blocks, rest) = values.as_chunks::<16>();
    let mut sums = [0.0_f32; 16];
    for block in blocks {
        for (sum, value) in sums.iter_mut().zip(block) {
            *sum += value * 0.0;
        }
    }
    let finite = sums.iter().chain(rest).all(|value| value.is_finite());
    let first = if finite {
        None
    } else {
        values.iter().enumerate().find(|(_, value)| !value.is_finite())
    };
    if let Some((position, &value)) = first {
        return Err(TensorProblem::NotFinite {
            tensor: name.to_owned(),
            value,
            position,
        });
    }
    let negative = || values.iter().find(|&&value| value < 0.0);
    if path.ends_with("/moving_variance")
        && let Some(&value) = negative()
    {
        return Err(TensorProblem::NegativeVariance {
            tensor: name.to_owned(),
            value,
        });
    }
    Ok(())
}
