//! Maps of several layers as one: fine cells of an early layer where a late one finds the class.
//!
//! Each map counts by its heat, from 0 to 1, at the cells of the finest; evidence against the class is left out, as values of
//! different layers cannot be compared. pytorch-grad-cam takes the mean of such maps where it is given several layers
//! (`base_cam.py`); the product keeps what all layers agree on (as Jiang et al. 2021, section 3.3, fuse LayerCAM's maps by
//! their maximum).

use std::fmt;
use std::str::FromStr;

use super::map::Map;
use crate::imaging::resize_map;
use crate::network::{LayerId, Plan, Role};

/// Layers that can be fused at most.
const MOST: usize = 4;

/// How the heat of several maps becomes one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fusion {
    /// The mean.
    #[default]
    Mean,
    /// The largest.
    Maximum,
    /// The product.
    Product,
}

impl Fusion {
    /// All of them, in the order shown to people.
    pub const ALL: [Self; 3] = [Self::Mean, Self::Maximum, Self::Product];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Maximum => "maximum",
            Self::Product => "product",
        }
    }

    /// One map of several; none of none, or of one without cells.
    pub fn fused(self, maps: &[&Map]) -> Option<Map> {
        let [width, height] = [
            maps.iter().map(|map| map.width).max()?,
            maps.iter().map(|map| map.height).max()?,
        ];
        if maps.iter().any(|map| map.signed.is_empty()) {
            return None;
        }
        let heats = maps
            .iter()
            .map(|map| resize_map(&map.heat(), map.width, map.height, width, height));
        let count = maps.len() as f64;
        let join = |all: f64, heat: f64| match self {
            Self::Mean => all + heat / count,
            Self::Maximum => all.max(heat),
            Self::Product => all * heat,
        };
        let nothing = if self == Self::Product { 1.0 } else { 0.0 };
        let mut fused = vec![nothing; width * height];
        for heat in heats {
            for (all, heat) in fused.iter_mut().zip(heat) {
                *all = join(*all, f64::from(heat));
            }
        }
        Some(Map::new(width, height, fused))
    }
}

impl fmt::Display for Fusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fusion {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|fusion| fusion.name() == name)
            .ok_or_else(|| format!("there is no fusion named {name:?}; use {}", names()))
    }
}

/// The layer of a map, or several whose maps are fused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layers {
    first: LayerId,
    others: [Option<LayerId>; MOST - 1],
    fusion: Fusion,
}

impl From<LayerId> for Layers {
    fn from(layer: LayerId) -> Self {
        Self {
            first: layer,
            others: [None; MOST - 1],
            fusion: Fusion::default(),
        }
    }
}

impl Layers {
    /// The layers of a text such as `block4_sepconv2_bn+block14_sepconv2_act`, as [`Layers::name`] makes it; what is said
    /// behind them in brackets counts more than `fusion`.
    ///
    /// # Errors
    /// One sentence that names the layer that is none, or has no map, or is said twice; or tells that there are too many.
    pub fn parse(text: &str, plan: &Plan, fusion: Fusion) -> Result<Self, String> {
        let with_map = |name: &str| plan.find(name).filter(|&id| plan.layer(id).role != Role::NoMap);
        if let Some(layer) = with_map(text) {
            return Ok(layer.into());
        }
        let (names, fusion) = match text.strip_suffix(')').and_then(|text| text.rsplit_once(" (")) {
            Some((names, fusion)) => (names, fusion.parse()?),
            None => (text, fusion),
        };
        let mut all = Vec::new();
        for name in names.split('+') {
            let layer = with_map(name).ok_or_else(|| {
                format!("there is no layer {name:?} with a map; `gradcam-explorer layers` lists them all")
            })?;
            if all.contains(&layer) {
                return Err(format!("{name} is named twice; name each layer once"));
            }
            all.push(layer);
        }
        let too_many = || format!("{} layers are too many to fuse; name {MOST} at most", all.len());
        let (&first, rest) = all.split_first().ok_or_else(too_many)?;
        let mut others = [None; MOST - 1];
        if rest.len() > others.len() {
            return Err(too_many());
        }
        for (other, &layer) in others.iter_mut().zip(rest) {
            *other = Some(layer);
        }
        Ok(Self { first, others, fusion })
    }

    /// All of them, in the order in which they were named.
    pub fn all(&self) -> impl Iterator<Item = LayerId> + use<> {
        [Some(self.first)].into_iter().chain(self.others).flatten()
    }

    /// The one layer; none of several.
    pub fn single(&self) -> Option<LayerId> {
        self.others[0].is_none().then_some(self.first)
    }

    /// These and another, or all but that one where it is one of them; the same where there are too many already, or would
    /// be none.
    #[must_use]
    pub fn toggled(self, layer: LayerId) -> Self {
        let mut all: Vec<LayerId> = self.all().filter(|&own| own != layer).collect();
        if all.len() == self.all().count() {
            all.push(layer);
        }
        match all.as_slice() {
            [first, rest @ ..] if rest.len() < MOST => {
                let mut others = [None; MOST - 1];
                for (other, &layer) in others.iter_mut().zip(rest) {
                    *other = Some(layer);
                }
                Self {
                    first: *first,
                    others,
                    ..self
                }
            }
            _ => self,
        }
    }

    /// The same, fused in another way.
    #[must_use]
    pub fn by(self, fusion: Fusion) -> Self {
        Self { fusion, ..self }
    }

    /// How their maps become one.
    pub fn fusion(&self) -> Fusion {
        self.fusion
    }

    /// In words: their names with a plus between them, and how they are fused unless it is by the mean.
    pub fn name(&self, plan: &Plan) -> String {
        let names: Vec<&str> = self.all().map(|layer| plan.layer(layer).name.as_str()).collect();
        let names = names.join("+");
        match self.single() {
            None if self.fusion != Fusion::Mean => format!("{names} ({})", self.fusion),
            _ => names,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_come_and_go_but_one_stays() {
        let one = Layers::from(LayerId(3));
        let two = one.toggled(LayerId(5)).by(Fusion::Product);
        assert_eq!(two.all().collect::<Vec<_>>(), [LayerId(3), LayerId(5)]);
        assert_eq!((two.single(), two.fusion()), (None, Fusion::Product));
        assert_eq!(two.toggled(LayerId(3)).single(), Some(LayerId(5)));
        assert_eq!(one.toggled(LayerId(3)), one);
        let four = two.toggled(LayerId(6)).toggled(LayerId(7));
        assert_eq!(four.all().count(), MOST);
        assert_eq!(four.toggled(LayerId(8)), four);
    }

    #[test]
    fn heat_is_joined_at_the_cells_of_the_finest() {
        let coarse = Map::new(1, 1, vec![5.0]);
        let fine = Map::new(2, 1, vec![-3.0, 2.0]);
        let values = |fusion: Fusion| fusion.fused(&[&coarse, &fine]).unwrap().signed;
        assert_eq!(values(Fusion::Mean), [0.5, 1.0]);
        assert_eq!(values(Fusion::Maximum), [1.0, 1.0]);
        assert_eq!(values(Fusion::Product), [0.0, 1.0]);
        assert_eq!(Fusion::Mean.fused(&[]), None);
        assert_eq!(Fusion::Mean.fused(&[&fine, &Map::new(0, 0, Vec::new())]), None);
    }
}
