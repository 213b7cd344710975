//! Round numbers along an axis.

/// Marks of an axis, and what all of their labels have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticks {
    /// Where they are.
    pub values: Vec<f64>,
    /// What stands there.
    pub labels: Vec<String>,
    /// The power of ten by which the labels are to be multiplied, if it is not one: "× 10⁻⁵".
    pub factor: Option<String>,
}

/// Round marks from `from` to `to`, at most `most` of them, zero among them where it lies between the two.
pub fn ticks(from: f64, to: f64, most: usize) -> Ticks {
    let span = to - from;
    if !span.is_finite() || span <= 0.0 || most < 2 {
        return Ticks {
            values: vec![from],
            labels: vec![super::color_bar::short(from)],
            factor: None,
        };
    }
    let step = round_step(span / (most - 1) as f64);
    let (first, last) = ((from / step - 1e-9).ceil() as i64, (to / step + 1e-9).floor() as i64);
    let exponent = from.abs().max(to.abs()).log10().floor() as i32;
    let exponent = if (-2..=3).contains(&exponent) { 0 } else { exponent };
    let scale = 10_f64.powi(exponent);
    let decimals = (-(step / scale).log10() - 1e-9).ceil().max(0.0) as usize;
    let values: Vec<f64> = (first..=last).map(|count| count as f64 * step).collect();
    let label = |value: &f64| {
        let text = format!("{:.decimals$}", value / scale);
        // a zero has no sign
        if text.chars().all(|sign| "-0.".contains(sign)) {
            "0".to_owned()
        } else {
            text.replace('-', "−")
        }
    };
    Ticks {
        labels: values.iter().map(label).collect(),
        values,
        factor: (exponent != 0).then(|| format!("× 10{}", raised(exponent))),
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below a step.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powi(least.log10().floor() as i32);
    let step = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|step| step * power >= least * (1.0 - 1e-9));
    step.unwrap_or(10.0) * power
}

/// A number as an exponent.
pub fn raised(number: i32) -> String {
    let raise = |sign| match sign {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    };
    number.to_string().chars().map(raise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(from: f64, to: f64) -> (Vec<String>, Option<String>) {
        let ticks = ticks(from, to, 6);
        (ticks.labels, ticks.factor)
    }

    #[test]
    fn marks_are_round_and_zero_is_one_of_them() {
        assert_eq!(labels(0.0, 1.0).0, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(-0.55, 0.3).0, ["−0.4", "−0.2", "0", "0.2"]);
        assert_eq!(labels(0.0, 7.0).0, ["0", "2", "4", "6"]);
        assert_eq!(labels(0.0, 1234.0).0, ["0", "500", "1000"]);
        let (small, factor) = labels(-2.8e-5, 3.0e-5);
        assert_eq!(
            (small, factor.as_deref()),
            (["−2", "0", "2"].map(str::to_owned).to_vec(), Some("× 10⁻⁵"))
        );
        assert_eq!(labels(0.0, 4.2e9).1.as_deref(), Some("× 10⁹"));
        assert_eq!(ticks(3.0, 3.0, 5).values, [3.0]);
        assert_eq!(ticks(f64::NEG_INFINITY, 3.0, 5).values.len(), 1);
    }

    proptest! {
        #[test]
        fn there_are_some_and_not_too_many(from in -1e6_f64..1e6, exponent in -12_i32..6, most in 3_usize..9) {
            let to = from + 10_f64.powi(exponent).max(from.abs() * 1e-9);
            let ticks = ticks(from, to, most);
            prop_assert!(!ticks.values.is_empty() || most < 4, "{:?}", ticks);
            prop_assert!(ticks.values.len() <= most + 1, "{:?}", ticks);
            prop_assert_eq!(ticks.values.len(), ticks.labels.len());
        }
    }
}
