//! Layers as explanations see them: values and gradients of any Keras layer, straight from what is stored.

use std::cell::RefCell;

use super::CpuNetwork;
use super::buffer::{Buffer, Features, padded};
use super::elementwise::{SumCells, WeightedSum};
use super::gate::Mask;
use super::nodes::{Node, source};
use super::rectifier::Rectifier;
use crate::network::layer::LayerId;
use crate::network::network::{NetworkError, Site};
use crate::network::plain::magnitude;

/// Cells that one thread reduces at a time. Fixed, so that sums do not depend on the number of threads, and few, so that
/// the 361 cells of the middle flow give work to all of them.
const PART: usize = 64;

/// The output of one layer, as a function of what is stored.
pub(super) struct Value<'a> {
    /// The stored layer.
    pub(super) layer: LayerId,
    pub(super) features: &'a Features,
    /// What it goes through.
    pub(super) rectifier: Option<Rectifier>,
    /// Scale and shift of a batch normalisation to undo.
    pub(super) norm: Option<(&'a [f32], &'a [f32])>,
}

impl CpuNetwork {
    /// The output of a layer that is a feature map.
    pub(super) fn value(&self, layer: LayerId) -> Value<'_> {
        match self.nodes[layer.0] {
            Node::Same { of } => self.value(of),
            Node::Raw { norm, weights } => {
                let convolution = &self.convolutions[weights];
                Value {
                    layer: norm,
                    features: &self.stored[norm.0],
                    rectifier: None,
                    norm: Some((&convolution.scale, &convolution.norm_shift)),
                }
            }
            _ => {
                let from = source(&self.nodes, layer);
                Value {
                    layer: from.layer,
                    features: &self.stored[from.layer.0],
                    rectifier: from.rectifier,
                    norm: None,
                }
            }
        }
    }
}

impl Value<'_> {
    /// `[height, width, channels]`.
    ///
    /// A raw convolution is `(bn - shift) / scale`. Where the scale is 0 nothing of it reaches the rest of the network
    /// and no gradient comes back; 0 stands for it.
    pub(super) fn values(&self) -> Vec<f32> {
        let mut values = unpadded(self.features, 0, 1.0);
        if let Some(rectifier) = self.rectifier {
            for value in &mut values {
                *value = rectifier.value(*value);
            }
        }
        if let Some((scale, shift)) = self.norm {
            for cell in values.chunks_exact_mut(scale.len()) {
                for ((value, scale), shift) in cell.iter_mut().zip(scale).zip(shift) {
                    *value = if *scale == 0.0 { 0.0 } else { (*value - shift) / scale };
                }
            }
        }
        values
    }
}

/// One layer and one score during a backward sweep.
pub(super) struct CpuSite<'a> {
    pub(super) network: &'a CpuNetwork,
    pub(super) layer: LayerId,
    /// With respect to the layer; of a raw convolution, with respect to its batch normalisation.
    pub(super) gradient: &'a Features,
    /// Which image of `gradient` belongs to the score.
    pub(super) image: usize,
    /// A ReLU that the gradient has still to pass.
    pub(super) mask: Option<Mask<'a>>,
    /// What the gradient is to be multiplied with.
    pub(super) factor: f64,
    /// Shared by all sites of one score.
    pub(super) known: &'a RefCell<Reductions>,
}

/// What the last sites of a score had to read whole maps for.
///
/// A convolution and its batch normalisation share what is stored and its gradient; the sums over one are those over the
/// other, times a scale a channel. Asked for one after the other, they are made once.
#[derive(Default)]
pub(super) struct Reductions {
    /// The layer of the last site, and the sums over cells of its gradient as it is stored, one a channel.
    gradient_sums: Option<(LayerId, Vec<f64>)>,
    /// The stored layer, what it goes through, one weight a padded channel; and the weighted sums over
    /// channels, one a cell.
    weighted_sums: Option<(Weighted, Vec<f64>)>,
}

/// What a weighted sum is made of.
type Weighted = (LayerId, Option<Rectifier>, Buffer);

impl CpuSite<'_> {
    /// The sums over cells of the gradient as it is stored, one a channel.
    fn gradient_sums(&self) -> Vec<f64> {
        let stride = self.gradient.stride();
        let values = self.gradient.image(self.image);
        let mut sums = vec![0.0; values.len().div_ceil(PART * stride) * stride];
        let parts = values.chunks(PART * stride).zip(sums.chunks_mut(stride));
        let (isa, threads, mask) = (self.network.isa, &self.network.threads, self.mask);
        threads.each(parts.enumerate(), |_, (index, (values, sums))| {
            let mask = mask.map(|mask| mask.part(index * PART * stride, values.len()));
            isa.run(SumCells { values, mask, sums });
        });
        let mut totals = vec![0.0; self.gradient.shape.channels];
        for sums in sums.chunks_exact(stride) {
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total += sum;
            }
        }
        totals
    }

    /// The weighted sum over channels at each cell of what is stored.
    fn weighted_sums(&self, value: &Value<'_>, weights: &Buffer) -> Vec<f64> {
        let mut sums = vec![0.0; value.features.shape.cells()];
        let stride = value.features.stride();
        let parts = value.features.values().chunks(PART * stride).zip(sums.chunks_mut(PART));
        let (isa, threads) = (self.network.isa, &self.network.threads);
        threads.each(parts, |_, (values, out)| {
            isa.run(WeightedSum {
                values,
                rectifier: value.rectifier,
                weights: weights.values(),
                out,
            });
        });
        sums
    }
}

impl Site for CpuSite<'_> {
    fn layer(&self) -> LayerId {
        self.layer
    }

    fn gradient_mean(&self) -> Result<Vec<f64>, NetworkError> {
        let value = self.network.value(self.layer);
        let mut known = self.known.borrow_mut();
        let sums = match &known.gradient_sums {
            Some((layer, sums)) if value.norm.is_some() && *layer == value.layer => sums,
            _ => &known.gradient_sums.insert((self.layer, self.gradient_sums())).1,
        };
        let factor = self.factor / self.gradient.shape.cells() as f64;
        let mut means: Vec<f64> = sums.iter().map(|sum| sum * factor).collect();
        if let Some((scale, _)) = value.norm {
            for (mean, scale) in means.iter_mut().zip(scale) {
                *mean *= f64::from(*scale);
            }
        }
        Ok(means)
    }

    fn weighted_activation(&self, weights: &[f64]) -> Result<Vec<f64>, NetworkError> {
        let value = self.network.value(self.layer);
        let channels = value.features.shape.channels;
        if weights.len() != channels {
            return Err(NetworkError::Input {
                expected: channels,
                found: weights.len(),
            });
        }
        // sum of w * (bn - shift) / scale = sum of (w / scale) * bn - sum of (w / scale) * shift
        let mut weights = weights.to_vec();
        let mut offset = 0.0;
        if let Some((scale, shift)) = value.norm {
            for ((weight, scale), shift) in weights.iter_mut().zip(scale).zip(shift) {
                *weight = if *scale == 0.0 {
                    0.0
                } else {
                    *weight / f64::from(*scale)
                };
                offset += *weight * f64::from(*shift);
            }
        }
        // weights of unlikely classes are too small for f32 as they are
        let factor = magnitude(&weights);
        let mut scaled = Buffer::zeros(padded(channels));
        for (scaled, weight) in scaled.values_mut().iter_mut().zip(&weights) {
            *scaled = (weight / factor) as f32;
        }
        let mut known = self.known.borrow_mut();
        let sums = match &known.weighted_sums {
            Some(((layer, rectifier, weights), sums))
                if (*layer, *rectifier) == (value.layer, value.rectifier) && weights.values() == scaled.values() =>
            {
                sums
            }
            _ => {
                let sums = self.weighted_sums(&value, &scaled);
                &known
                    .weighted_sums
                    .insert(((value.layer, value.rectifier, scaled), sums))
                    .1
            }
        };
        Ok(sums.iter().map(|sum| sum * factor - offset).collect())
    }

    fn activation(&self) -> Result<Vec<f32>, NetworkError> {
        Ok(self.network.value(self.layer).values())
    }

    fn gradient(&self) -> Result<Vec<f32>, NetworkError> {
        let mut values = unpadded(self.gradient, self.image, self.factor);
        let channels = self.gradient.shape.channels;
        if let Some(mask) = self.mask {
            for (cell, through) in values
                .chunks_exact_mut(channels)
                .zip(mask.features.values().chunks_exact(mask.features.stride()))
            {
                for (value, through) in cell.iter_mut().zip(through) {
                    *value = if mask.rectifier.lets_pass(*through) {
                        *value
                    } else {
                        0.0
                    };
                }
            }
        }
        if let Some((scale, _)) = self.network.value(self.layer).norm {
            for cell in values.chunks_exact_mut(channels) {
                for (value, scale) in cell.iter_mut().zip(scale) {
                    *value *= scale;
                }
            }
        }
        Ok(values)
    }
}

/// One image without its padding, multiplied by a factor.
fn unpadded(features: &Features, image: usize, factor: f64) -> Vec<f32> {
    let channels = features.shape.channels;
    let mut values = Vec::with_capacity(features.shape.len());
    for cell in features.image(image).chunks_exact(features.stride()) {
        values.extend_from_slice(&cell[..channels]);
    }
    if factor != 1.0 {
        for value in &mut values {
            *value = (f64::from(*value) * factor) as f32;
        }
    }
    values
}
