//! What made a picture, written down so that it can be made again: what every exported picture carries.

use serde::{Deserialize, Serialize};

use super::drawing::{Arrangement, Look, Panel, View};
use super::reply::NetworkInfo;
use super::request::NetworkSource;
use crate::explain::{Method, Score, Target};
use crate::imaging::{Colormap, Fit, MadeBy, Painting, Pixels, Preprocessing, Region, Resize};
use crate::labels::Labels;
use crate::network::Output;
use crate::weights::NetworkChoices;

/// This program.
const PROGRAM: &str = "gradcam-explorer";
/// Longest name of a class, in characters; what is longer only says less to people.
const LONGEST_NAME: usize = 300;

/// More panels than any picture of this program has.
const MOST_PANELS: usize = 2000;

/// The program and its version, as written into files.
pub fn program() -> String {
    format!("{PROGRAM} {}", env!("CARGO_PKG_VERSION"))
}

/// A photo that was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoNote {
    /// Its name, without its folder.
    pub name: String,
    /// SHA-256 of its file, 64 hexadecimal digits; none of a picture that was pasted.
    pub sha256: Option<String>,
    /// Own width in pixels.
    pub width: u32,
    /// Own height in pixels.
    pub height: u32,
}

/// The network that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkNote {
    /// Its name for people.
    pub name: String,
    /// The name of its file, without its folder, or the name of one that is inside the program.
    pub file: String,
    /// SHA-256 of that file.
    pub sha256: Option<String>,
    /// Width and height of its input in pixels.
    pub input: [usize; 2],
    /// What its values mean.
    pub output: Output,
    /// What a person said of it, where its file does not: height and width of its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_input_size: Option<[usize; 2]>,
    /// What a person said its values mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_output: Option<Output>,
    /// Which of its outputs a person has chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_output_layer: Option<String>,
}

impl NetworkNote {
    /// Of a network, whose file has this hash.
    pub(super) fn of(network: &NetworkInfo, sha256: Option<String>) -> Self {
        let input = network.plan.input();
        let file = match &network.source {
            NetworkSource::BuiltIn(built_in) => built_in.to_string(),
            NetworkSource::File(file) | NetworkSource::Search(Some(file)) => file
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            NetworkSource::Search(None) => String::new(),
        };
        Self {
            name: network.weights.name.clone(),
            file,
            sha256,
            input: [input.width, input.height],
            output: network.plan.output,
            said_input_size: network.choices.input_size,
            said_output: network.choices.output,
            said_output_layer: network.choices.output_layer.clone(),
        }
    }

    /// What has to be said of it when it is loaded again.
    pub fn choices(&self) -> NetworkChoices {
        NetworkChoices {
            input_size: self.said_input_size,
            output: self.said_output,
            output_layer: self.said_output_layer.clone(),
        }
    }
}

/// A class: its index counts, its name is for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassNote {
    /// Its index.
    pub index: usize,
    /// Its name.
    pub name: String,
}

impl ClassNote {
    fn of(index: usize, labels: &Labels) -> Self {
        let name = labels.display_name(index).chars().take(LONGEST_NAME).collect();
        Self { index, name }
    }
}

/// Everything that decides one panel of a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The photo.
    pub image: PhotoNote,
    /// The part of it that the network saw; all of it if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<Region>,
    /// What was painted over it before that.
    #[serde(default, skip_serializing_if = "Painting::is_empty")]
    pub painting: Painting,
    /// The network.
    pub network: NetworkNote,
    /// The range of its input's numbers.
    pub pixels: Pixels,
    /// How the size changed.
    pub resize: Resize,
    /// Which part of the photo, or of the crop, was seen.
    pub fit: Fit,
    /// The class.
    pub class: ClassNote,
    /// The class that it was compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rather_than: Option<ClassNote>,
    /// What the network answers for the class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<f64>,
    /// The layer by its name.
    pub layer: String,
    /// The channel whose own activation is shown instead of evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<usize>,
    /// Which number of the class.
    pub score: Score,
    /// How the map was made.
    pub method: Method,
    /// How it is shown with its photo.
    pub view: View,
    /// How values became colours.
    pub colormap: Colormap,
    /// Whether cells are blocks.
    pub cells: bool,
    /// What counts as full heat or evidence; the map's own maximum if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "exact")]
    pub maximum: Option<f64>,
}

impl Recipe {
    /// What decides a panel; hashes of files are those of the moment.
    pub(super) fn of(panel: &Panel, image: PhotoNote, painting: Painting, network_sha256: Option<String>) -> Self {
        let Panel {
            image: _,
            network,
            of,
            map: _,
            answer,
            look,
        } = panel;
        let (class, than) = match of.target {
            Target::Class(class) => (class, None),
            Target::Rather { class, than } => (class, Some(than)),
        };
        Self {
            image,
            crop: of.preprocessing.crop,
            painting,
            network: NetworkNote::of(network, network_sha256),
            pixels: of.preprocessing.pixels,
            resize: of.preprocessing.resize,
            fit: of.preprocessing.fit,
            class: ClassNote::of(class, &network.labels),
            rather_than: than.map(|than| ClassNote::of(than, &network.labels)),
            answer: *answer,
            layer: of.layer.name(&network.plan),
            channel: of.channel,
            score: of.score,
            method: of.method,
            view: look.view,
            colormap: look.colormap,
            cells: look.cells,
            maximum: look.maximum,
        }
    }

    /// How the photo is brought to the network's input.
    pub fn preprocessing(&self) -> Preprocessing {
        Preprocessing {
            pixels: self.pixels,
            resize: self.resize,
            fit: self.fit,
            crop: self.crop,
            painting: self.painting.key(),
        }
    }

    /// Which class, or difference of classes.
    pub fn target(&self) -> Target {
        let class = self.class.index;
        match &self.rather_than {
            Some(than) => Target::Rather {
                class,
                than: than.index,
            },
            None => Target::Class(class),
        }
    }

    /// How the map becomes a picture.
    pub fn look(&self) -> Look {
        Look {
            view: self.view,
            colormap: self.colormap,
            cells: self.cells,
            maximum: self.maximum,
        }
    }

    /// What the map is of, in words.
    pub fn subject(&self) -> String {
        match (self.channel, &self.rather_than) {
            (Some(channel), _) => format!("Channel {channel}"),
            (None, Some(than)) => format!("{} rather than {}", self.class.name, than.name),
            (None, None) => self.class.name.clone(),
        }
    }

    /// For people: pairs of keyword and text.
    fn texts(&self) -> Vec<(&'static str, String)> {
        let NetworkNote {
            name, input, output, ..
        } = &self.network;
        let Self {
            pixels, resize, fit, ..
        } = self;
        let method = match self.channel {
            Some(_) => "feature map",
            None => self.method.title(),
        };
        let mut texts = vec![
            ("Source", self.image.name.clone()),
            ("Network", name.clone()),
            ("Output", output.name().to_owned()),
            (
                "Input",
                format!("{} x {}, {pixels}, {resize}, {fit}", input[0], input[1]),
            ),
            ("Class", self.subject()),
            ("Layer", self.layer.clone()),
            ("Score", self.score.name().to_owned()),
            ("Method", method.to_owned()),
            ("View", self.view.name().to_owned()),
            ("Colormap", self.colormap.name().to_owned()),
        ];
        if let Some(crop) = self.crop {
            texts.push(("Crop", crop.to_string()));
        }
        match self.painting.strokes().len() {
            0 => {}
            1 => texts.push(("Painted over", "1 stroke".to_owned())),
            count => texts.push(("Painted over", format!("{count} strokes"))),
        }
        texts
    }
}

/// All that is needed to make a picture again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of the program.
    pub version: String,
    /// How the panels became one picture.
    pub arrangement: Arrangement,
    /// What is in it, in the order of the drawing.
    pub panels: Vec<Recipe>,
}

impl Provenance {
    /// By this version.
    pub(super) fn new(arrangement: Arrangement, panels: Vec<Recipe>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            arrangement,
            panels,
        }
    }

    /// What a picture's file says of it; none where it says nothing.
    ///
    /// # Errors
    /// One sentence where it says something that this version does not understand.
    pub fn in_file(bytes: &[u8]) -> Option<Result<Self, String>> {
        let recipe = crate::imaging::recipe_in(bytes)?;
        let provenance = serde_json::from_str::<Self>(&recipe)
            .map_err(|error| error.to_string())
            .and_then(|provenance| match provenance.panels.len() {
                1..=MOST_PANELS => Ok(provenance),
                count => Err(format!("it is of {count} pictures")),
            });
        Some(provenance.map_err(|reason| {
            format!(
                "it says how it was made in a way that this version does not understand ({reason}); use a newer one"
            )
        }))
    }

    /// The note for a picture's file.
    pub(super) fn made_by(&self) -> Result<MadeBy, String> {
        let mut texts = Vec::new();
        for (number, recipe) in self.panels.iter().enumerate() {
            let named = |(keyword, text): (&str, String)| {
                let keyword = match number {
                    0 => keyword.to_owned(),
                    _ => format!("{keyword} {}", number + 1),
                };
                // names of files and classes may hold what no text does
                (keyword, text.replace(char::is_control, " "))
            };
            texts.extend(recipe.texts().into_iter().map(named));
        }
        Ok(MadeBy {
            program: program(),
            recipe: serde_json::to_string(self).map_err(|error| error.to_string())?,
            texts,
        })
    }
}

/// Numbers as texts, since readers of JSON may round the last digit of a number.
mod exact {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::ref_option, reason = "what serde calls")]
    pub fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.serialize_str(&format!("{value:e}")),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let parse = |text: String| text.parse().map_err(D::Error::custom);
        text.map(parse).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provenance() -> Provenance {
        Provenance::new(
            Arrangement::Single,
            vec![Recipe {
                image: PhotoNote {
                    name: "photo.jpg".to_owned(),
                    sha256: Some("ab".repeat(32)),
                    width: 640,
                    height: 480,
                },
                painting: Painting::default(),
                crop: Some(Region {
                    x: 1,
                    y: 2,
                    width: 3,
                    height: 4,
                }),
                network: NetworkNote {
                    name: "a network".to_owned(),
                    file: "network.keras".to_owned(),
                    sha256: None,
                    input: [320, 240],
                    output: Output::Sigmoid,
                    said_input_size: Some([240, 320]),
                    said_output: None,
                    said_output_layer: None,
                },
                pixels: Pixels::Caffe,
                resize: Resize::Nearest,
                fit: Fit::Crop,
                class: ClassNote {
                    index: 3,
                    name: "cat".to_owned(),
                },
                rather_than: None,
                answer: Some(0.25),
                layer: "block_1".to_owned(),
                channel: None,
                score: Score::Logit,
                method: Method::LayerCam,
                view: View::Mask { threshold: 0.3 },
                colormap: Colormap::Magma,
                cells: true,
                maximum: Some(0.1 + 0.2),
            }],
        )
    }

    #[test]
    fn what_is_written_down_is_read_exactly() {
        let provenance = provenance();
        let json = serde_json::to_string(&provenance).unwrap();
        assert_eq!(serde_json::from_str::<Provenance>(&json).unwrap(), provenance);
        for value in [f64::MIN_POSITIVE, 5e-324, 1.0 / 3.0, 1e300] {
            let mut changed = provenance.clone();
            changed.panels[0].maximum = Some(value);
            let json = serde_json::to_string(&changed).unwrap();
            assert_eq!(serde_json::from_str::<Provenance>(&json).unwrap(), changed);
        }
    }

    #[test]
    fn names_with_anything_in_them_are_written_and_read_in_every_format() {
        use crate::imaging::{Format, Photo, encode};
        let mut provenance = provenance();
        provenance.panels[0].class.name = "a\0b\u{7f}\r\n<gradcam:recipe> ]]> & \u{ffff} 猫".to_owned();
        provenance.panels[0].image.name = "</gradcam:recipe>\"'.png".to_owned();
        let made_by = provenance.made_by().unwrap();
        for format in Format::ALL {
            let file = encode(Photo::filled(2, 2, [9; 3]).into(), format, Some(&made_by)).unwrap();
            let read = Provenance::in_file(&file).unwrap().unwrap();
            assert_eq!(read.panels[0].image, provenance.panels[0].image, "{format}");
            let name = provenance.panels[0].class.name.replace('\u{ffff}', "?");
            assert_eq!(read.panels[0].class.name, name, "{format}");
        }
    }

    #[test]
    fn what_is_not_understood_is_told() {
        use crate::imaging::{Format, MadeBy, Photo, encode};
        let file = |recipe: &str| {
            let made_by = MadeBy {
                program: program(),
                recipe: recipe.to_owned(),
                texts: Vec::new(),
            };
            encode(Photo::filled(2, 2, [0; 3]).into(), Format::Png, Some(&made_by)).unwrap()
        };
        for recipe in [
            "",
            "{}",
            "nonsense",
            r#"{"version":"9","arrangement":{"kind":"spiral"},"panels":[]}"#,
        ] {
            let told = Provenance::in_file(&file(recipe)).unwrap().unwrap_err();
            assert!(told.contains("this version does not understand"), "{told}");
        }
        assert!(Provenance::in_file(b"no picture").is_none());
    }
}
