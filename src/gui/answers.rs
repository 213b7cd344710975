//! What a network answers for a class, in words: probabilities in per cent, plain values as they are.

use super::color_bar::short;
use super::state::State;
use super::ticks::raised;
use crate::explain::Score;
use crate::explorer::Predicted;
use crate::network::Output;

/// A probability in percent, with as many digits as say something.
fn percent(probability: f64) -> String {
    let percent = 100.0 * probability;
    if probability < 1.0 && percent >= 99.95 {
        // not sure beyond doubt
        ">99.9 %".to_owned()
    } else if percent >= 0.1 {
        format!("{percent:.1} %")
    } else if percent >= 0.001 {
        // one digit that says something, without an exponent
        let digits = (-percent.log10()).ceil() as usize;
        format!("{percent:.digits$} %")
    } else if percent > 0.0 {
        "<0.001 %".to_owned()
    } else {
        "0 %".to_owned()
    }
}

/// A probability in percent with four digits that say something, however near to 0 or 100 it is.
fn precise_percent(probability: f64) -> String {
    let percent = 100.0 * probability;
    let nearest = percent.min(100.0 - percent);
    if nearest <= 0.0 || !nearest.is_finite() {
        return format!("{percent:.0} %");
    }
    let exponent = nearest.log10().floor() as i32;
    if percent < 1e-3 {
        let factor = percent / 10_f64.powi(exponent);
        return format!("{factor:.3} × 10{} %", raised(exponent));
    }
    // of doubles that were singles, no more is known
    let decimals = usize::try_from(3 - exponent).unwrap_or(0).min(8);
    format!("{percent:.decimals$} %")
}

/// The same as [`answer`] with as many digits as say something.
pub fn precise(output: Output, value: f64) -> String {
    if output.is_probability() {
        precise_percent(value)
    } else {
        format!("{value}")
    }
}

/// What a network with this output answers for a class.
pub fn answer(output: Output, value: f64) -> String {
    if output.is_probability() {
        percent(value)
    } else {
        short(value)
    }
}

/// What its answers are called.
pub fn name(output: Output) -> &'static str {
    if output.is_probability() {
        "probability"
    } else {
        "value"
    }
}

/// One sentence about them.
pub fn explanation(output: Output) -> &'static str {
    match output {
        Output::Softmax => "Probabilities (softmax): one class out of all, so they add up to 1.",
        Output::Sigmoid => "Probabilities (sigmoid): each class for itself, so they need not add up to 1.",
        Output::Values => "The network's plain values, which are no probabilities.",
    }
}

/// Which number of each class is shown: of plain values there is only one.
pub fn shown(state: &State) -> Score {
    if state.output().is_probability() {
        state.preferences.values
    } else {
        Score::Probability
    }
}

/// The number of a class as it is shown.
pub fn text(state: &State, value: f64) -> String {
    match shown(state) {
        Score::Probability => answer(state.output(), value),
        Score::Logit => format!("{value:.2}"),
    }
}

/// The part of a bar that a class fills: its probability, the share of the largest logit (none below zero), or the share
/// of the largest magnitude of plain values.
pub fn share(state: &State, class: usize) -> f32 {
    state
        .listing()
        .map_or(0.0, |prediction| share_of(state, prediction, class))
}

/// The same without what is painted over the photo; none where nothing is, or where that is not known.
pub fn former_share(state: &State, class: usize) -> Option<f32> {
    Some(share_of(state, state.unpainted()?, class))
}

fn share_of(state: &State, prediction: &Predicted, class: usize) -> f32 {
    let value = |values: &[f64]| values.get(class).copied().unwrap_or(0.0);
    let share = match shown(state) {
        Score::Probability if state.output().is_probability() => value(&prediction.probabilities),
        Score::Probability => {
            let values = &prediction.probabilities;
            let largest = values
                .iter()
                .fold(f64::MIN_POSITIVE, |most, value| most.max(value.abs()));
            value(values).abs() / largest
        }
        Score::Logit => {
            let largest = prediction.ranking.first().and_then(|&top| prediction.logits.get(top));
            value(&prediction.logits) / largest.copied().unwrap_or(1.0).max(f64::MIN_POSITIVE)
        }
    };
    share as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_say_something_at_every_size() {
        for (probability, text) in [
            (0.172, "17.2 %"),
            (1.0, "100.0 %"),
            (0.0010, "0.1 %"),
            (0.0009, "0.09 %"),
            (0.00001, "0.001 %"),
            (0.00037, "0.04 %"),
            (3e-7, "<0.001 %"),
            (0.0, "0 %"),
        ] {
            assert_eq!(answer(Output::Softmax, probability), text);
            assert_eq!(answer(Output::Sigmoid, probability), text);
        }
    }

    #[test]
    fn plain_values_have_no_per_cent() {
        assert_eq!(answer(Output::Values, -2.5), "-2.500");
        assert_eq!(answer(Output::Values, 31_000.0), "3.1e4");
    }

    #[test]
    fn probabilities_have_the_digits_that_say_something() {
        for (probability, short, long) in [
            (0.3009, "30.1 %", "30.09 %"),
            (0.5, "50.0 %", "50.00 %"),
            (1.0, "100.0 %", "100 %"),
            (0.0, "0 %", "0 %"),
            (0.999_996, ">99.9 %", "99.9996000 %"),
            (0.0123, "1.2 %", "1.230 %"),
            (2.5e-5, "0.003 %", "0.002500 %"),
            (1.234e-9, "<0.001 %", "1.234 × 10⁻⁷ %"),
        ] {
            assert_eq!(
                (percent(probability).as_str(), precise_percent(probability).as_str()),
                (short, long)
            );
        }
    }
}
