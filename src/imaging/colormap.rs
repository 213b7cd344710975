//! Colour tables. Sources and licences: `assets/colormaps/README.md`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How a value becomes a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colormap {
    /// OpenCV's `COLORMAP_JET`, the tutorial's.
    #[default]
    Jet,
    /// Google's rainbow with smooth lightness.
    Turbo,
    /// matplotlib's default, dark blue to yellow.
    Viridis,
    /// Black over purple to light yellow.
    Magma,
    /// Black over red to light yellow.
    Inferno,
    /// Black to white.
    Gray,
    /// Moreland's cool-warm for signed values: blue below zero, light grey at zero, red above.
    Diverging,
}

/// A name that is no colormap.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown colormap '{0}'; choose jet, turbo, viridis, magma, inferno, gray or diverging")]
pub struct UnknownColormap(pub String);

type Table = [[u8; 3]; 256];

static JET: Table = table(include_bytes!("../../assets/colormaps/jet.rgb"));
static TURBO: Table = table(include_bytes!("../../assets/colormaps/turbo.rgb"));
static VIRIDIS: Table = table(include_bytes!("../../assets/colormaps/viridis.rgb"));
static MAGMA: Table = table(include_bytes!("../../assets/colormaps/magma.rgb"));
static INFERNO: Table = table(include_bytes!("../../assets/colormaps/inferno.rgb"));
static GRAY: Table = gray();
static DIVERGING: Table = table(include_bytes!("../../assets/colormaps/diverging.rgb"));

impl Colormap {
    /// Every colormap, the default first.
    pub const ALL: [Self; 7] = [
        Self::Jet,
        Self::Turbo,
        Self::Viridis,
        Self::Magma,
        Self::Inferno,
        Self::Gray,
        Self::Diverging,
    ];

    /// The name that [`FromStr`] reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jet => "jet",
            Self::Turbo => "turbo",
            Self::Viridis => "viridis",
            Self::Magma => "magma",
            Self::Inferno => "inferno",
            Self::Gray => "gray",
            Self::Diverging => "diverging",
        }
    }

    /// 256 colours, RGB, from the lowest value to the highest.
    #[must_use]
    pub fn table(self) -> &'static [[u8; 3]; 256] {
        match self {
            Self::Jet => &JET,
            Self::Turbo => &TURBO,
            Self::Viridis => &VIRIDIS,
            Self::Magma => &MAGMA,
            Self::Inferno => &INFERNO,
            Self::Gray => &GRAY,
            Self::Diverging => &DIVERGING,
        }
    }

    /// Whether equal steps of the value look like about equal steps of lightness, so that the
    /// colours add no edges of their own.
    #[must_use]
    pub const fn is_perceptually_uniform(self) -> bool {
        matches!(self, Self::Viridis | Self::Magma | Self::Inferno | Self::Gray)
    }

    /// Whether the middle of the table stands for zero (signed maps).
    #[must_use]
    pub const fn is_diverging(self) -> bool {
        matches!(self, Self::Diverging)
    }
}

impl fmt::Display for Colormap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Colormap {
    type Err = UnknownColormap;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|colormap| colormap.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownColormap(name.to_owned()))
    }
}

const fn table(bytes: &[u8; 768]) -> Table {
    let mut table = [[0; 3]; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = [bytes[3 * i], bytes[3 * i + 1], bytes[3 * i + 2]];
        i += 1;
    }
    table
}

const fn gray() -> Table {
    let mut table = [[0; 3]; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = [i as u8; 3];
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for colormap in Colormap::ALL {
            assert_eq!(colormap.to_string().parse(), Ok(colormap));
            let message = UnknownColormap("hot".to_owned()).to_string();
            assert!(message.contains(colormap.name()), "{message}");
        }
        assert_eq!("HOT".parse::<Colormap>(), Err(UnknownColormap("HOT".to_owned())));
    }

    /// CIE L* of an sRGB colour, 0..=100.
    fn lightness([red, green, blue]: [u8; 3]) -> f64 {
        let linear = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
        let cube_root = if luminance > 216.0 / 24389.0 {
            luminance.cbrt()
        } else {
            (24389.0 / 27.0 * luminance + 16.0) / 116.0
        };
        116.0 * cube_root - 16.0
    }

    #[test]
    fn uniform_tables_grow_evenly_lighter_and_the_others_do_not() {
        for colormap in Colormap::ALL {
            let table = colormap.table();
            let (first, last) = (lightness(table[0]), lightness(table[255]));
            let off_line = |i: usize| {
                let even = first + (last - first) * i as f64 / 255.0;
                (lightness(table[i]) - even).abs()
            };
            let worst = (0..256).map(off_line).fold(0.0, f64::max);
            assert_eq!(worst < 8.0, colormap.is_perceptually_uniform(), "{colormap}: {worst}");
        }
    }

    #[test]
    fn the_diverging_table_is_lightest_and_neutral_in_the_middle() {
        let table = Colormap::Diverging.table();
        let [red, green, blue] = table[127].map(i16::from);
        assert!((red - green).abs() < 4 && (green - blue).abs() < 4);
        for i in 0..127 {
            // Rounding to bytes makes single steps waver.
            assert!(lightness(table[i]) < lightness(table[i + 1]) + 0.5);
            assert!(lightness(table[255 - i]) < lightness(table[254 - i]) + 0.5);
            assert!(lightness(table[i]) < 88.0 && lightness(table[255 - i]) < 88.0);
        }
        assert!(lightness(table[127]) > 87.0 && lightness(table[128]) > 87.0);
        assert!(table[0][2] > table[0][0] && table[255][0] > table[255][2]);
        assert_eq!(
            Colormap::ALL
                .map(Colormap::is_diverging)
                .iter()
                .filter(|&&is| is)
                .count(),
            1
        );
    }
}
