//! The published weights of Keras' Xception that this program knows, with what identifies their bytes.

/// What is said of the official weights' licence wherever they are imported.
const KERAS_LICENCE: &str = "Keras is Apache-2.0 and fchollet/deep-learning-models MIT, but neither says anything of \
                             these weights; ImageNet was released for non-commercial research";
const APACHE_LICENCE: &str = "apache-2.0 by its publisher; ImageNet was released for non-commercial research";

/// Where a file of weights is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// A plain address.
    Url(&'static str),
    /// A file in a repository of the Hugging Face Hub.
    Hub {
        /// `organisation/name`.
        repository: &'static str,
        /// A branch or a commit of 40 hexadecimal digits.
        revision: &'static str,
        /// Path in the repository.
        file: &'static str,
    },
}

/// One published file of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// For people.
    pub name: &'static str,
    /// Where it is published.
    pub address: Address,
    /// SHA-256 of its bytes where it is known beforehand; else the Hub's own word is taken.
    pub sha256: Option<&'static str>,
    /// Its size in bytes where it is known.
    pub size: Option<u64>,
    /// What is known of the licence.
    pub licence: &'static str,
    /// Whether these are the weights that Keras itself loads.
    pub official: bool,
}

/// All known sources, in the order in which a download tries them.
///
/// The first two are `WEIGHTS_PATH` in `keras/src/applications/xception.py` and its older place in
/// `keras_applications/xception.py`.
pub const SOURCES: [Source; 5] = [
    Source {
        name: "Keras' ImageNet Xception",
        address: Address::Url(
            "https://storage.googleapis.com/tensorflow/keras-applications/xception/xception_weights_tf_dim_ordering_tf_kernels.h5",
        ),
        sha256: Some(OFFICIAL_SHA256),
        size: Some(91_884_032),
        licence: KERAS_LICENCE,
        official: true,
    },
    Source {
        name: "Keras' ImageNet Xception",
        address: Address::Url(
            "https://github.com/fchollet/deep-learning-models/releases/download/v0.4/xception_weights_tf_dim_ordering_tf_kernels.h5",
        ),
        sha256: Some(OFFICIAL_SHA256),
        size: Some(91_884_032),
        licence: KERAS_LICENCE,
        official: true,
    },
    Source {
        name: "lucid-dl's port of the ImageNet Xception",
        address: Address::Hub {
            repository: "lucid-dl/xception",
            revision: "main",
            file: "TF_IN1K/model.safetensors",
        },
        sha256: Some("8143bf6634e62129c20d48f0cb81ce45c67069709c1370ce7612506c4f8b5dc6"),
        size: None,
        licence: APACHE_LICENCE,
        official: false,
    },
    Source {
        name: "timm's port of the ImageNet Xception",
        address: Address::Hub {
            repository: "timm/legacy_xception.tf_in1k",
            revision: "main",
            file: "model.safetensors",
        },
        sha256: None,
        size: None,
        licence: APACHE_LICENCE,
        official: false,
    },
    Source {
        name: "smp's copy of the ImageNet Xception",
        address: Address::Hub {
            repository: "smp-hub/xception.imagenet",
            revision: "01cfaf27c11353b1f0c578e7e26d2c000ea91049",
            file: "model.safetensors",
        },
        sha256: None,
        size: None,
        licence: "not known; ImageNet was released for non-commercial research",
        official: false,
    },
];

/// SHA-256 of `xception_weights_tf_dim_ordering_tf_kernels.h5`, which Keras loads by default.
pub const OFFICIAL_SHA256: &str = "c5bf1c05b020c4177164039b854c3ef92b16b73384734647c1f0ad5cf79f6975";

impl Source {
    /// The known source whose file has this hash.
    pub fn of_sha256(sha256: &str) -> Option<&'static Self> {
        SOURCES.iter().find(|source| source.sha256 == Some(sha256))
    }

    /// The address of the file; `hub` is the Hub's, such as `https://huggingface.co`.
    pub fn url(&self, hub: &str) -> String {
        match self.address {
            Address::Url(url) => url.to_owned(),
            Address::Hub {
                repository,
                revision,
                file,
            } => format!("{}/{repository}/resolve/{revision}/{file}", hub.trim_end_matches('/')),
        }
    }
}
