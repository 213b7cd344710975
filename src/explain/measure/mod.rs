//! Is a map true to the network? What hiding the evidence that it names does to what the network answers.
//!
//! * Deletion and insertion (Petsiuk et al. 2018, section 4.1): pixels are hidden, or shown, from the strongest evidence to
//!   the weakest; the area below the answers is small, or large, for a true map ([`curve`]).
//! * ROAD (Rong et al. 2022): what hiding the least relevant pixels leaves, less what hiding the most relevant ones does
//!   ([`road`]).
//! * Average drop and increase (Chattopadhay et al. 2018, section 4.1): what the answer loses where the picture is seen
//!   through the heatmap, as a share of it, and whether it gains.
//!
//! The answer is the class's probability, or its value where a network answers values. Pixels are ordered by the signed map,
//! brought to the picture's size; equal ones keep their order.

mod curve;
mod fill;
mod hidden;
mod imputation;
mod multigrid;
mod road;

use std::fmt;
use std::str::FromStr;

pub use curve::{Curve, Random, Way, random_map};
pub use fill::Fill;
use hidden::Hidden;

use super::asking::{Asking, Watch};
use super::map::Map;
use super::picture::Picture;
use super::score::{Score, Target};
use crate::imaging::resize_map;
use crate::network::{Network, NetworkError};

/// What can be measured of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// The area below the answers while the strongest evidence is hidden first.
    Deletion,
    /// The area below the answers while the strongest evidence is shown first.
    Insertion,
    /// Least relevant less most relevant pixels hidden, halved.
    Road,
    /// The share of the answer that is lost where the heatmap covers.
    AverageDrop,
    /// Whether the answer grows there.
    Increase,
}

impl Measure {
    /// All of them, in the order shown to people.
    pub const ALL: [Self; 5] = [
        Self::Deletion,
        Self::Insertion,
        Self::Road,
        Self::AverageDrop,
        Self::Increase,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deletion => "deletion",
            Self::Insertion => "insertion",
            Self::Road => "road",
            Self::AverageDrop => "average-drop",
            Self::Increase => "increase",
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Measure {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|measure| measure.name() == name.replace('_', "-"))
            .ok_or_else(|| format!("there is no measure named {name:?}; use {}", names()))
    }
}

/// How it is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measuring {
    /// Steps of the curves, at least one.
    pub steps: usize,
    /// Random orders beside each curve.
    pub random: usize,
    /// What stands where something is hidden in the curves.
    pub fill: Fill,
    /// Deviation of the noise of ROAD and of [`Fill::NoisyLinear`], on the scale of the network's input.
    pub noise: f64,
}

impl Default for Measuring {
    /// 20 steps, five random orders, grey, and the noise of the authors' code.
    fn default() -> Self {
        Self {
            steps: 20,
            random: 5,
            fill: Fill::Grey,
            noise: 0.01,
        }
    }
}

/// What was measured of a map; none of what was not asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measures {
    /// See [`Measure::Deletion`]; small is good.
    pub deletion: Option<Curve>,
    /// The same in random orders.
    pub random_deletion: Option<Random>,
    /// See [`Measure::Insertion`]; large is good.
    pub insertion: Option<Curve>,
    /// The same in random orders.
    pub random_insertion: Option<Random>,
    /// See [`Measure::Road`], -1..=1; large is good.
    pub road: Option<f64>,
    /// See [`Measure::AverageDrop`], 0..=1 of a probability; small is good.
    pub average_drop: Option<f64>,
    /// See [`Measure::Increase`].
    pub increase: Option<bool>,
}

/// Measures a map of a class.
///
/// `logits` are those of the classes in the network's last forward pass, which was over `picture`; it is so again
/// afterwards, also after a failure.
///
/// # Errors
/// [`NetworkError::Stopped`] as soon as it is stopped, else whatever the network reports.
pub fn measure(
    network: &mut dyn Network,
    picture: Picture<'_>,
    logits: &[f64],
    (target, map): (Target, &Map),
    (wanted, how): (&[Measure], Measuring),
    watch: &mut Watch<'_>,
) -> Result<Measures, NetworkError> {
    let answer = Score::Probability.value(target, network.plan().output, logits);
    let mut asking = Asking::new(network, picture, (target, Score::Probability), watch);
    let result = all(&mut asking, answer, map, wanted, how);
    let restored = network.forward(picture.values);
    result.and_then(|measures| restored.map(|_| measures))
}

fn all(
    asking: &mut Asking<'_, '_>,
    answer: f64,
    map: &Map,
    wanted: &[Measure],
    how: Measuring,
) -> Result<Measures, NetworkError> {
    let is_wanted = |measure: Measure| wanted.contains(&measure);
    let curves = [Measure::Deletion, Measure::Insertion].map(is_wanted);
    let [is_road, is_drop] = [
        is_wanted(Measure::Road),
        is_wanted(Measure::AverageDrop) || is_wanted(Measure::Increase),
    ];
    let passes = curves.iter().filter(|&&is| is).count() * (how.steps.max(1) - 1) * (1 + how.random);
    let hidden = usize::from(curves.contains(&true));
    asking.announce(passes + hidden + usize::from(is_road) * 2 * road::PERCENTILES.len() + usize::from(is_drop));
    let size = asking.size();
    let mut measures = Measures::default();
    if map.width * map.height == 0 {
        return Ok(measures);
    }
    let order_of = |map: &Map| curve::order(&resized(map, size));
    let picture = asking.picture;
    if curves.contains(&true) {
        let hidden = Hidden::new(picture, size, how.fill, how.noise);
        let order = order_of(map);
        let orders: Vec<Vec<usize>> = (0..how.random).map(|index| order_of(&random_map(map, index))).collect();
        let ends = [answer, asking.score_of(&hidden.everything())?];
        let mut both = |way: Way| -> Result<_, NetworkError> {
            let mut curve = |order: &Vec<usize>| curve::curve(asking, &hidden, order, way, ends, how.steps);
            let found = curve(&order)?;
            let random = orders.iter().map(curve).collect::<Result<Vec<_>, _>>()?;
            Ok((Some(found), Random::of(&random.iter().collect::<Vec<_>>())))
        };
        if curves[0] {
            (measures.deletion, measures.random_deletion) = both(Way::Deletion)?;
        }
        if curves[1] {
            (measures.insertion, measures.random_insertion) = both(Way::Insertion)?;
        }
    }
    if is_road {
        let hidden = Hidden::new(picture, size, Fill::NoisyLinear, how.noise);
        measures.road = Some(road::road(asking, &resized(map, size), answer, &hidden)?);
    }
    if is_drop {
        let [height, width] = size;
        let heat = resize_map(&map.heat(), map.width, map.height, width, height);
        let input = picture.seen_through(heat.into_iter().map(f64::from));
        let left = asking.score_of(&input)?;
        if is_wanted(Measure::AverageDrop) {
            measures.average_drop = Some(if answer == 0.0 {
                0.0
            } else {
                (answer - left).max(0.0) / answer.abs()
            });
        }
        if is_wanted(Measure::Increase) {
            measures.increase = Some(left > answer);
        }
    }
    Ok(measures)
}

/// A picture at one point of a curve, and what a network answers to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Masked {
    /// The input there, `[height, width, channels]`.
    pub values: Vec<f32>,
    /// The logits of the classes.
    pub logits: Vec<f64>,
}

/// The picture after `step` of the curve's steps on one way, in the order of a map that has cells.
///
/// The network's last forward pass was over `picture`, and is so again afterwards, also after a failure.
///
/// # Errors
/// Whatever the network reports.
pub fn masked(
    network: &mut dyn Network,
    picture: Picture<'_>,
    map: &Map,
    (way, step): (Way, usize),
    how: Measuring,
) -> Result<Masked, NetworkError> {
    let shape = network.plan().input();
    let size = [shape.height, shape.width];
    let hidden = Hidden::new(picture, size, how.fill, how.noise);
    let order = curve::order(&resized(map, size));
    let values = curve::after(&hidden, &order, way, [step, how.steps]);
    let logits = network.forward(&values);
    network.forward(picture.values)?;
    let logits = network.plan().output.class_logits(&logits?);
    Ok(Masked { values, logits })
}

/// Values of a map's cells at the picture's size, in proportion.
fn resized(map: &Map, [height, width]: [usize; 2]) -> Vec<f32> {
    let values: Vec<f32> = map.shares().map(|share| share as f32).collect();
    resize_map(&values, map.width, map.height, width, height)
}
