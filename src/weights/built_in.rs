//! The networks inside the program, which need no file.

use std::fmt;
use std::path::Path;
use std::sync::LazyLock;

use super::checked::Weights;
use crate::labels::Labels;

/// What a built-in network's name begins with where a file could be named.
const PREFIX: &str = "built-in:";

/// A network inside the program. Its weights stay as they are in the executable until it is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BuiltIn {
    /// EfficientNet-Lite0 with the 1000 classes of ImageNet (`weights/photographs`): what speaks when no other is found.
    #[default]
    Photographs,
    /// A small Xception that knows 18 drawn things (`weights/demo`), of which the truth is known.
    Drawings,
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Photographs, Self::Drawings];

    /// The network that a name such as `built-in:drawings` means, given where a file could be.
    pub fn named(path: &Path) -> Option<Self> {
        let name = path.to_str()?;
        Self::ALL.into_iter().find(|built_in| built_in.to_string() == name)
    }

    /// Its classes.
    pub fn labels(self) -> &'static Labels {
        static DRAWINGS: LazyLock<Labels> = LazyLock::new(|| labels_of(BuiltIn::Drawings));
        static PHOTOGRAPHS: LazyLock<Labels> = LazyLock::new(|| labels_of(BuiltIn::Photographs));
        match self {
            Self::Photographs => &PHOTOGRAPHS,
            Self::Drawings => &DRAWINGS,
        }
    }

    /// Its file in `weights`, which must not hide others there.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Photographs => "photographs.safetensors",
            Self::Drawings => "demo.safetensors",
        }
    }

    /// Its safetensors file.
    pub(super) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Photographs => include_bytes!("../../weights/photographs.safetensors"),
            Self::Drawings => include_bytes!("../../weights/demo.safetensors"),
        }
    }
}

/// None if the network could not be opened, which the tests rule out.
fn labels_of(built_in: BuiltIn) -> Labels {
    if built_in == BuiltIn::Photographs {
        return Labels::imagenet();
    }
    Weights::built_in(built_in).map_or_else(|_| Labels::numbered(0), |weights| weights.labels().labels)
}

/// The name by which it can be asked for.
impl fmt::Display for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        f.write_str(match self {
            Self::Photographs => "photographs",
            Self::Drawings => "drawings",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Output;

    #[test]
    fn the_built_in_networks_pass_their_own_checks() {
        for (built_in, classes, side) in [(BuiltIn::Photographs, 1000, 224), (BuiltIn::Drawings, 18, 299)] {
            let weights = Weights::built_in(built_in).unwrap();
            weights.check_values().unwrap();
            let labels = weights.labels();
            assert!(labels.problem.is_none());
            assert_eq!(built_in.labels(), &labels.labels);
            assert_eq!(weights.info().classes, classes);
            assert_eq!(weights.info().built_in, Some(built_in));
            assert_eq!(weights.plan().output, Output::Softmax);
            assert_eq!(weights.plan().input().width, side);
            assert!(weights.info().licence().is_some());
        }
        for class in ["Egyptian cat", "cowboy hat", "space shuttle"] {
            let labels = Weights::built_in(BuiltIn::Photographs).unwrap().labels();
            assert!(labels.labels.find(class).is_ok(), "{class}");
        }
        for class in ["cat", "dog", "cowboy hat", "party hat", "book"] {
            let labels = Weights::built_in(BuiltIn::Drawings).unwrap().labels();
            assert!(labels.labels.find(class).is_ok(), "{class}");
        }
    }

    #[test]
    fn each_is_found_by_its_name_and_nothing_else_is() {
        for built_in in BuiltIn::ALL {
            assert_eq!(BuiltIn::named(Path::new(&built_in.to_string())), Some(built_in));
        }
        for name in [
            "drawings",
            "built-in:",
            "built-in:drawings.safetensors",
            "./built-in:drawings",
        ] {
            assert_eq!(BuiltIn::named(Path::new(name)), None);
        }
    }
}
