//! Score-CAM (Wang et al. 2020, equations 7 to 9): L = sum_k w_k A_k, where the w_k are the softmax over channels of the
//! score that the network gives the picture seen through channel k.
//!
//! A channel becomes a mask as in pytorch-grad-cam (`score_cam.py`): stretched to the picture between the centres of its
//! corner cells (`align_corners`), then from its minimum to its maximum; what it hides is grey. The faster form takes the
//! few channels that vary most over space alone (Faster-Score-CAM; Li 2020, as in tf-keras-vis).

use super::asking::Asking;
use super::stretched::stretched;
use crate::network::{LayerId, NetworkError, Shape};

/// Channels of the faster form.
pub(super) const FASTER: usize = 10;

/// The signed map of a layer, `[height, width]`, from its `most` channels of the largest variance, or from all.
pub(super) fn signed_map(
    asking: &mut Asking<'_, '_>,
    layer: LayerId,
    most: Option<usize>,
) -> Result<Vec<f64>, NetworkError> {
    let shape = asking.network.plan().layer(layer).shape;
    let activation = asking.activation(layer)?;
    let channels = chosen(&activation, shape, most);
    asking.announce(channels.len());
    let size = asking.size();
    let mut scores = Vec::with_capacity(channels.len());
    for &channel in &channels {
        let values: Vec<f64> = activation
            .iter()
            .copied()
            .skip(channel)
            .step_by(shape.channels)
            .collect();
        let mask = mask(&values, shape, size);
        let input = asking.picture.seen_through(mask.into_iter());
        scores.push(asking.score_of(&input)?);
    }
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let cells = activation.chunks_exact(shape.channels);
    Ok(cells
        .map(|cell| channels.iter().zip(&weights).map(|(&k, w)| cell[k] * w / sum).sum())
        .collect())
}

/// The channels that are asked about, in order.
fn chosen(activation: &[f64], shape: Shape, most: Option<usize>) -> Vec<usize> {
    let mut channels: Vec<usize> = (0..shape.channels).collect();
    let Some(most) = most.filter(|&most| most < shape.channels) else {
        return channels;
    };
    let variance = |channel: usize| {
        let values = || activation.iter().skip(channel).step_by(shape.channels);
        let cells = shape.cells() as f64;
        let mean = values().sum::<f64>() / cells;
        values().map(|value| (value - mean) * (value - mean)).sum::<f64>() / cells
    };
    let variances: Vec<f64> = channels.iter().map(|&channel| variance(channel)).collect();
    channels.sort_by(|&a, &b| variances[b].total_cmp(&variances[a]));
    channels.truncate(most);
    channels.sort_unstable();
    channels
}

/// A channel as a mask over the picture, 0..=1, `[height, width]`; all zeros where it is the same everywhere.
fn mask(values: &[f64], shape: Shape, [height, width]: [usize; 2]) -> Vec<f64> {
    let rows = between(shape.height, height);
    let columns = between(shape.width, width);
    let mut mask = stretched(values, [shape.height, shape.width], &rows, &columns);
    let (least, most) = mask
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &value| {
            (least.min(value), most.max(value))
        });
    for value in &mut mask {
        *value = (*value - least) / (most - least + 1e-8);
    }
    mask
}

/// For each of `to` places the one before it of `from`, and how far it lies towards the next; the ends meet.
fn between(from: usize, to: usize) -> Vec<(usize, f64)> {
    let scale = if to > 1 {
        (from - 1) as f64 / (to - 1) as f64
    } else {
        0.0
    };
    let places = (0..to).map(|place| {
        let position = place as f64 * scale;
        let before = (position as usize).min(from - 1);
        (before, position - before as f64)
    });
    places.collect()
}
