//! Every argument with its help text, in one place.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::examples;
use super::inputs::Shard;
use crate::explain::{Fill, Fusion, Measure, Method, Score};
use crate::explorer::{DeviceChoice, Existing, Ground, InputChoices, NetworkSource, WIDTHS};
use crate::imaging::{Colormap, Fit, Format, Pixels, Region, Resize};
use crate::network::Output;
use crate::weights::NetworkChoices;
use crate::weights::info::parse_size;

/// See, live, where an image classifier looks.
#[derive(Debug, Parser)]
#[command(version, about, subcommand_precedence_over_arg = true, after_help = examples::PROGRAM)]
pub struct Arguments {
    /// Images, folders of images or web addresses (https) to open in the window
    #[arg(value_name = "IMAGE|FOLDER|URL")]
    pub images: Vec<PathBuf>,
    #[command(flatten)]
    pub network: NetworkArguments,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Which network, on which device.
#[derive(Args, Clone, Debug)]
pub struct NetworkArguments {
    /// The network: a .keras or .h5 file of Keras, or safetensors with the names of Keras or timm [env: GRADCAM_WEIGHTS]
    #[arg(long, value_name = "FILE", global = true)]
    pub weights: Option<PathBuf>,
    /// Input size in pixels on which the network was trained, where its file does not say it: 224, or width and height
    /// as 320x240
    #[arg(long, value_name = "SIZE", global = true, value_parser = input_size)]
    pub input_size: Option<InputSize>,
    /// What its last values mean, where its file does not say it: softmax, sigmoid or values
    #[arg(long, value_name = "KIND", global = true)]
    pub output: Option<Output>,
    /// Which of several outputs is explained, by the name of its layer [default: the first]
    #[arg(long, value_name = "LAYER", global = true)]
    pub output_layer: Option<String>,
    /// Range of its input: tf (-1..1), 0..1, 0..255, caffe or torch [default: that of its
    /// family, such as caffe for ResNet50; 0..255 if the network scales pixels itself, 0..1 if nothing is known]
    #[arg(long, value_name = "RANGE", global = true, allow_hyphen_values = true)]
    pub pixels: Option<Pixels>,
    /// How photos come to its input size: nearest, bilinear, bicubic (Pillow's), tensorflow or opencv [default: nearest]
    #[arg(long, value_name = "WAY", global = true)]
    pub resize: Option<Resize>,
    /// Photos of other proportions: stretch, or crop to their middle [default: stretch]
    #[arg(long, value_name = "WAY", global = true)]
    pub fit: Option<Fit>,
    /// Where the network runs
    #[arg(long, value_enum, default_value_t = Device::Auto, global = true)]
    pub device: Device,
}

impl NetworkArguments {
    /// The weights to load.
    pub fn source(&self) -> NetworkSource {
        NetworkSource::Search(self.weights.clone())
    }

    /// What is said of the way from photo to input.
    pub fn input(&self) -> InputChoices {
        InputChoices {
            pixels: self.pixels,
            resize: self.resize,
            fit: self.fit,
        }
    }

    /// What is said of the network.
    pub fn choices(&self) -> NetworkChoices {
        NetworkChoices {
            input_size: self.input_size.map(|size| size.0),
            output: self.output,
            output_layer: self.output_layer.clone(),
        }
    }
}

/// The devices by name.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Device {
    /// The fastest that works
    Auto,
    /// This computer's processor
    Cpu,
    /// An NVIDIA GPU (builds with the feature `cuda`)
    Cuda,
    /// An Apple GPU (builds with the feature `metal`)
    Metal,
}

impl From<Device> for DeviceChoice {
    fn from(device: Device) -> Self {
        match device {
            Device::Auto => Self::Auto,
            Device::Cpu => Self::Cpu,
            Device::Cuda => Self::Cuda,
            Device::Metal => Self::Metal,
        }
    }
}

/// What to do instead of opening the window.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Predict images and map the evidence, without a window
    #[command(after_help = examples::EXPLAIN)]
    Explain(Box<Explain>),
    /// Find, download, import and check weights
    #[command(subcommand, after_help = examples::WEIGHTS)]
    Weights(WeightsCommand),
    /// Time the network, its maps and the start of the program
    #[command(after_help = examples::BENCH)]
    Bench(Bench),
    /// List the layers of the network
    #[command(after_help = examples::LAYERS)]
    Layers {
        /// One JSON document a line
        #[arg(long)]
        json: bool,
    },
    /// List the classes of the network, or those that match a query
    #[command(after_help = examples::CLASSES)]
    Classes {
        /// Part of a name or wnid
        query: Vec<String>,
        /// One JSON document a line
        #[arg(long)]
        json: bool,
    },
    /// Print what a shell reads to complete the arguments
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page
    #[command(after_help = examples::MAN)]
    Man {
        /// Folder for the pages of all commands, instead of standard output
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// Options of `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// Images, folders whose images are taken in the order of their names, web addresses (https), or - for standard input
    #[arg(value_name = "IMAGE|FOLDER|URL", required_unless_present_any = ["from", "files_from"])]
    pub images: Vec<PathBuf>,
    /// Make a picture again that this program wrote, from what it says of itself; images named behind it are where its photo
    /// may be [default: beside it, or here]
    #[arg(
        long,
        value_name = "PICTURE",
        conflicts_with_all = [
            "recursive", "classes", "layers", "fusion", "score", "method", "measures", "fill", "crop", "blend", "threshold", "cells", "maximum", "colormap",
            "write", "format", "json", "download"
        ]
    )]
    pub from: Option<PathBuf>,
    /// Tell whether the picture made again is the same, or what differs (exit status 1)
    #[arg(long, requires = "from")]
    pub check: bool,
    /// Look into the folders inside of folders too
    #[arg(long)]
    pub recursive: bool,
    /// A list of images, folders or addresses, one a line or each with a zero byte behind it; - for standard input
    #[arg(long, value_name = "FILE")]
    pub files_from: Option<PathBuf>,
    #[command(flatten)]
    pub job: Job,
    /// Class to explain: index (285), wnid (n02124075) or name ("Egyptian cat"); repeatable [default: the top one]
    #[arg(long = "class", value_name = "CLASS")]
    pub classes: Vec<String>,
    /// Keras layer to explain at, or several with a plus between them (A+B) whose maps become one; repeatable
    /// [default: the last with height and width]
    #[arg(long = "layer", value_name = "LAYER")]
    pub layers: Vec<String>,
    /// How maps of several layers (--layer A+B) become one, each by its heat from 0 to 1: mean, maximum or product
    #[arg(long, default_value_t = Fusion::Mean, value_name = "WAY", requires = "layers")]
    pub fusion: Fusion,
    /// Which number of a class is explained: probability (of plain values the value) or logit [default: probability for
    /// Keras' Xception with ImageNet's classes, as in the tutorial, logit for all other networks]
    #[arg(long)]
    pub score: Option<Score>,
    /// How maps are made: grad-cam, hires-cam, xgrad-cam, grad-cam-plus-plus, layer-cam, grad-cam-element-wise, eigen-cam,
    /// eigen-grad-cam, kpca-cam, finer-cam, shapley-cam; ablation-cam, score-cam and faster-score-cam, which take many
    /// passes; of the input's pixels gradient, smooth-grad, integrated-gradients, guided-grad-cam, occlusion and rise
    #[arg(long, default_value_t = Method::GradCam)]
    pub method: Method,
    /// What is measured of each map: deletion, insertion (both beside random orders), road, average-drop, increase;
    /// separated by commas
    #[arg(long = "measure", value_name = "MEASURE", value_delimiter = ',')]
    pub measures: Vec<Measure>,
    /// What stands where deletion and insertion hide something: grey, blur, mean or noisy-linear (as the pixels around tell,
    /// with a little noise; slower)
    #[arg(long, default_value_t = Fill::Grey, value_name = "FILL", requires = "measures")]
    pub fill: Fill,
    /// The part of each photo that the network sees, in pixels of the upright photo from its upper left corner
    /// [default: all of it]
    #[arg(long, value_name = "X,Y,WIDTH,HEIGHT")]
    pub crop: Option<Region>,
    /// Number of predictions
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub top: usize,
    /// Share of the map in the overlay, 0 to 1
    #[arg(long, default_value_t = 0.4, value_name = "B", value_parser = share)]
    pub blend: f32,
    /// Heat from which the mask shows the photo, 0 to 1
    #[arg(long, default_value_t = 0.5, value_name = "T", value_parser = threshold)]
    pub threshold: f32,
    /// Show each cell of the map as a block of one colour
    #[arg(long)]
    pub cells: bool,
    /// Value of the hottest colour, so that pictures share one scale [default: each map's own maximum]
    #[arg(long, value_name = "VALUE", value_parser = maximum)]
    pub maximum: Option<f64>,
    /// Colours of the map: jet, turbo, viridis, magma, inferno, gray or diverging
    #[arg(long, default_value_t = Colormap::Jet, value_name = "NAME")]
    pub colormap: Colormap,
    /// Folder to write pictures and arrays to
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What to write there [default: overlay]
    #[arg(long, value_enum, value_delimiter = ',', requires = "out")]
    pub write: Vec<Write>,
    /// Format of pictures: png, jpeg or webp
    #[arg(long, default_value_t = Format::Png, value_name = "NAME")]
    pub format: Format,
    /// Width of figures in pixels
    #[arg(long, default_value_t = 1200, value_name = "PIXELS", value_parser = figure_width)]
    pub figure_width: u32,
    /// Paper of figures
    #[arg(long, value_enum, default_value_t = Paper::White, value_name = "COLOUR")]
    pub ground: Paper,
    /// What to do about a file that is there already
    #[arg(long, value_enum, default_value_t = IfThere::Number, value_name = "WAY")]
    pub existing: IfThere,
    /// One JSON document a line and image on standard output
    #[arg(long)]
    pub json: bool,
    /// One row a map, as a table with a header; of several shards only shard 0 has it
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// A page about all images: FILE.html has everything inside, a folder gets index.html and the pictures beside it; with
    /// a folder a class (and --recursive) also accuracy and what was taken for what
    #[arg(long, value_name = "FILE.html|DIR")]
    pub report: Option<PathBuf>,
    /// Download the ImageNet weights first if no weights are found
    #[arg(long)]
    pub download: bool,
}

/// Options of `explain` for many images.
#[derive(Args, Debug)]
pub struct Job {
    /// File to write the results to, line by line, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,
    /// Go on with what --results has: images that are there whole and with the same choices are not done again
    #[arg(long, requires = "results")]
    pub resume: bool,
    /// Only every Nth image, from the Ith on (0 is the first), so that N processes or machines share a job
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Images that are worked on at the same time [default: as many as there are cores]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub jobs: Option<usize>,
    /// No progress and no notes; failures are told
    #[arg(long, short)]
    pub quiet: bool,
}

/// What `weights` can do.
#[derive(Debug, Subcommand)]
pub enum WeightsCommand {
    /// Tell which weights are used, from where, and why not others
    Status,
    /// Download the ImageNet weights of Keras' Xception to the program's data folder
    Download,
    /// Convert a .keras, HDF5 or safetensors file to a checked safetensors file, with all that is said of it
    Import {
        /// The file to read; its kind is told by its content
        file: PathBuf,
        /// The safetensors file to write [default: in the program's data folder]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Print what a file holds as a table: layer, class, shape, parameters, and what it is taken for
    Inspect {
        /// The file to look into
        file: PathBuf,
    },
    /// Check every value, and compare with the tutorial's top ten if its photograph is given
    Verify {
        /// The tutorial's photograph (cat_and_dog_hats.png), a file or an address
        photograph: Option<PathBuf>,
    },
}

/// Options of `bench`.
#[derive(Args, Debug)]
pub struct Bench {
    /// Image to run [default: a built-in sample]
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
    /// Timed calls for each median, after three to warm up
    #[arg(long, default_value_t = 15, value_name = "N")]
    pub runs: usize,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

/// What `--write` can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Write {
    /// Photo and map, at the photo's own size
    Overlay,
    /// The map alone, at the photo's own size
    Heatmap,
    /// The photo where the map is hot, transparent elsewhere
    Mask,
    /// The photo with lines of equal heat
    Lines,
    /// Photo and map next to each other
    Beside,
    /// The map before and after normalisation as float32 .npy, at the layer's size
    Raw,
    /// The same as CSV, a line a cell
    Csv,
    /// The same as JSON, with what made it, bounding boxes and areas
    Json,
    /// What the network answers for all classes, as CSV and JSON
    Predictions,
    /// A figure for a paper: photo, overlay, colour bar with numbers, and what all this is
    Figure,
    /// The same as SVG, with real text
    Svg,
    /// Small overlays of the class along the layers, with their names
    Layers,
    /// Small overlays of the ten likeliest classes, or of those that are named, with their names
    Classes,
}

/// The paper of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Paper {
    /// White, for papers
    White,
    /// A light gray, for slides
    Light,
}

impl From<Paper> for Ground {
    fn from(paper: Paper) -> Self {
        match paper {
            Paper::White => Self::White,
            Paper::Light => Self::Light,
        }
    }
}

/// What to do about a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum IfThere {
    /// Put a number behind the name of the new one
    Number,
    /// Keep it, and report the image as failed
    Refuse,
    /// Put the new one in its place
    Replace,
}

impl From<IfThere> for Existing {
    fn from(way: IfThere) -> Self {
        match way {
            IfThere::Number => Self::Number,
            IfThere::Refuse => Self::Refuse,
            IfThere::Replace => Self::Replace,
        }
    }
}

/// Height and width in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputSize(pub [usize; 2]);

fn input_size(text: &str) -> Result<InputSize, String> {
    match parse_size(text) {
        Some(sides) if sides.iter().all(|side| (1..=8192).contains(side)) => Ok(InputSize(sides)),
        _ => Err("use a number of pixels such as 224, or width and height such as 320x240".to_owned()),
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| "use a number from 1 on".to_owned())
}

fn share(text: &str) -> Result<f32, String> {
    from_0_to_1(text).ok_or_else(|| "use a number from 0 (photo only) to 1 (map only)".to_owned())
}

fn threshold(text: &str) -> Result<f32, String> {
    from_0_to_1(text).ok_or_else(|| "use a number from 0 (all of the photo) to 1 (the hottest place alone)".to_owned())
}

/// A number with a decimal point, or a comma as many languages write it.
fn from_0_to_1(text: &str) -> Option<f32> {
    let number: f32 = text.replacen(',', ".", 1).parse().ok()?;
    (0.0..=1.0).contains(&number).then_some(number)
}

fn figure_width(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(width) if WIDTHS.contains(&width) => Ok(width),
        _ => Err(format!(
            "use a number of pixels from {} to {}",
            WIDTHS.start(),
            WIDTHS.end()
        )),
    }
}

fn maximum(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value.is_finite() => Ok(value),
        _ => Err("use a number above 0, such as the signed_max that --json prints".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn a_decimal_comma_is_a_decimal_point() {
        assert_eq!(share("0,25"), Ok(0.25));
        assert_eq!(threshold("1"), Ok(1.0));
        for text in ["1,5", "0,2,5", "-0,1", "", "half"] {
            assert!(share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn images_without_a_command_open_the_window() {
        let arguments = Arguments::parse_from(["gradcam-explorer", "a.png", "b.jpg"]);
        assert_eq!(arguments.images.len(), 2);
        assert!(arguments.command.is_none());
    }

    #[test]
    fn a_blend_outside_of_0_to_1_is_refused() {
        for blend in ["1.5", "-0.1", "NaN", "much"] {
            let blend = format!("--blend={blend}");
            assert!(Arguments::try_parse_from(["gradcam-explorer", "explain", "a.png", &blend]).is_err());
        }
    }
}
