//! Many images, one after another, as fast as all cores allow and in memory that does not grow with their number.
//!
//! A worker takes one image through everything: it reads and decodes, lets a network look, makes maps, and does what its
//! caller wants done with them, such as writing files. So reading, computing and writing overlap by themselves. As a pass
//! on two threads takes more than half the time of a pass on one, each worker has a network of its own with one thread,
//! as long as all of them fit into some memory ([`split`]).
//!
//! [`Batch::run`] hands the results over in the order of the images; [`Batch::open`] and [`Open::explain`] are the steps
//! of a worker. Results are the same bits as those of the session, which has one network on all threads.

mod files;
mod film;
mod in_order;
mod pool;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use candle_core::utils::get_num_threads;

use super::device;
use super::downloads::fetch_picture;
use super::error::ExplorerError;
use super::export::Sources;
use super::images::Images;
use super::load::{LoadedNetwork, network_of, open_weights};
use super::loaded::Loaded;
use super::network::WeightsInUse;
use super::outbox::panic_message;
use super::preprocessing::{self, Shades, input_of};
use super::reply::{NetworkEpoch, NetworkInfo, Predicted};
use super::request::{DeviceChoice, ExportRequest, ImageId, ImageSource, NetworkSource};
use super::session::{ms_since, predicted};
use super::surroundings::Surroundings;
use crate::explain::{self, Fill, Layers, Map, Measure, Measures, Measuring, Method, Question, Score, Target, Watch};
use crate::imaging::{Painting, Photo, Preprocessing};
use crate::network::{LayerId, MOST_KEPT};
use crate::weights::fetch::Progress;
use crate::weights::{NetworkChoices, Weights};
pub use files::{Files, Place, Writing, Written};
pub use film::{BatchProgress, BatchWorker, ExplainAll, OneOfAll};
use pool::Pool;

/// All networks of a batch together take about this many bytes at most, or are one.
const MOST_BYTES: u64 = 2 << 30;
/// How many places before the image that is waited for others are begun, times the number of workers: some slack, as
/// images differ in size.
const AHEAD: usize = 2;

/// What is wanted of every image.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// How an image is brought to the network's input size.
    pub preprocessing: Preprocessing,
    /// The classes that are explained; the top one of each image if there are none.
    pub classes: Vec<usize>,
    /// The class that they are compared with.
    pub than: Option<usize>,
    /// The layers at which they are.
    pub layers: Vec<Layers>,
    /// How many of the likeliest classes have maps at these layers too, for a sheet of classes where none are named.
    pub likeliest: usize,
    /// The layers at which there are maps too, for a sheet of layers.
    pub along: Vec<LayerId>,
    /// Probability or logit.
    pub score: Score,
    /// How maps are made.
    pub method: Method,
    /// What is measured of the map of each class at each layer.
    pub measures: Vec<Measure>,
    /// What stands there where its pixels are hidden.
    pub fill: Fill,
}

/// What came of one image.
#[derive(Debug)]
pub struct Answer {
    /// The prediction, with the maps of all classes at the last feature layer.
    pub predicted: Predicted,
    /// The classes that were explained.
    pub classes: Vec<usize>,
    /// A map for each of them at each layer, and those of the sheets.
    pub maps: HashMap<(usize, Layers), Arc<Map>>,
    /// What was measured of them.
    pub measures: HashMap<(usize, Layers), Measures>,
    /// Time for the maps and what was measured of them in ms.
    pub maps_ms: f64,
}

/// An image that is worked on; let go with this.
pub struct Open<'a> {
    batch: &'a Batch,
    image: ImageId,
    photo: Arc<Photo>,
    sha256: Option<String>,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.batch.images.remove(self.image);
    }
}

/// Networks and what is known of them, ready for any number of images.
pub struct Batch {
    info: Arc<NetworkInfo>,
    weights: Arc<Weights>,
    /// The same, for what asks the session for them.
    in_use: WeightsInUse,
    networks: Pool,
    /// Those that are worked on.
    images: Images,
    workers: usize,
    surroundings: Surroundings,
}

impl Batch {
    /// Loads as many networks as `images` images need, for `jobs` workers; one a core if nobody says.
    ///
    /// # Errors
    /// When the weights cannot be used, the choices do not fit or the device fails.
    pub fn load(
        source: &NetworkSource,
        choices: NetworkChoices,
        device: DeviceChoice,
        surroundings: Surroundings,
        images: usize,
        jobs: Option<usize>,
    ) -> Result<Self, ExplorerError> {
        let start = Instant::now();
        let weights = open_weights(source, &choices, &surroundings.environment)?;
        let chosen = device::choose(device);
        let cores = get_num_threads();
        let workers = jobs.unwrap_or(cores).clamp(1, images.max(1));
        let (count, threads) = if chosen.device.is_cpu() {
            split(cores, workers, weights.plan().bytes(MOST_KEPT as u64))
        } else {
            (1, cores)
        };
        let load = || network_of(&weights, &chosen.device, threads);
        let mut others = thread::scope(|scope| {
            let others: Vec<_> = (1..count).map(|_| scope.spawn(load)).collect();
            let joined = others.into_iter().map(|other| {
                other
                    .join()
                    .unwrap_or_else(|panic| Err(ExplorerError::Panic(panic_message(panic.as_ref()))))
            });
            joined.collect::<Result<Vec<_>, _>>()
        })?;
        let (usual, pixels_said_by) = preprocessing::usual(weights.info(), weights.plan());
        let loaded = LoadedNetwork {
            network: load()?,
            weights: weights.clone(),
            usual,
            pixels_said_by,
            on: chosen.device,
            device: chosen.name,
            device_note: chosen.note,
        };
        let loaded = Loaded::new(loaded, choices, NetworkEpoch::default(), start);
        let info = loaded.info().clone();
        others.push(loaded.into_network());
        let weights = Arc::new(weights);
        let in_use = Arc::new(Mutex::new(Some((info.epoch, weights.clone()))));
        Ok(Self {
            info,
            weights,
            in_use,
            networks: Pool::new(others),
            images: Images::default(),
            workers,
            surroundings,
        })
    }

    /// What there is to say about the network.
    pub fn info(&self) -> &Arc<NetworkInfo> {
        &self.info
    }

    /// The hash of its weights file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sha256(&self) -> Result<String, ExplorerError> {
        Ok(self.weights.sha256()?)
    }

    /// Does `work` on each item with its number, by all workers; `done` gets what came of it in the order of the items,
    /// on the calling thread. A panic of `work` is the failure of its item.
    ///
    /// Once `stop` is set no further item is begun, and what was begun is finished and handed over. If `done` breaks,
    /// nothing more is handed over.
    pub fn run<I: Send, T: Send>(
        &self,
        items: impl Iterator<Item = I> + Send,
        stop: &AtomicBool,
        work: impl Fn(usize, I) -> Result<T, ExplorerError> + Sync,
        done: impl FnMut(Result<T, ExplorerError>) -> ControlFlow<()>,
    ) {
        let work = |number, item| {
            catch_unwind(AssertUnwindSafe(|| work(number, item)))
                .unwrap_or_else(|panic| Err(ExplorerError::Panic(panic_message(panic.as_ref()))))
        };
        in_order::in_order(items, self.workers, AHEAD * self.workers, stop, work, done);
    }

    /// Opens an image and gives its pixels; what is on the web is fetched, and given up once `cancel` is set.
    ///
    /// # Errors
    /// When it cannot be fetched, read or decoded.
    pub fn open(
        &self,
        image: ImageId,
        source: ImageSource,
        progress: &dyn Fn(Progress),
        cancel: &AtomicBool,
    ) -> Result<Open<'_>, ExplorerError> {
        let source = match source {
            ImageSource::Url(url) => ImageSource::Bytes {
                bytes: fetch_picture(&url, &self.surroundings.timeouts, progress, cancel)?.into(),
                name: ImageSource::Url(url).name(),
            },
            source => source,
        };
        self.images.insert(image, source);
        let mut open = Open {
            batch: self,
            image,
            photo: Arc::new(Photo::filled(1, 1, [0; 3])),
            sha256: None,
        };
        open.photo = self.images.photo(image)?;
        open.sha256 = self.images.note(image)?.sha256;
        Ok(open)
    }
}

impl Open<'_> {
    /// Its pixels, with what is painted over them.
    pub fn photo(&self) -> &Photo {
        &self.photo
    }

    /// Has this painted over it.
    fn paint(&mut self, painting: &Painting) -> Result<(), ExplorerError> {
        let images = &self.batch.images;
        images.paint(self.image, painting.clone());
        self.photo = images.painted(self.image, painting.key())?;
        Ok(())
    }

    /// Writes pictures and numbers of its maps, and gives the paths of the files as they are.
    ///
    /// # Errors
    /// The first file that cannot be encoded or written.
    pub fn write(&self, request: &ExportRequest) -> Result<Vec<PathBuf>, ExplorerError> {
        let Batch { images, in_use, .. } = self.batch;
        let sources = Sources {
            images,
            weights: in_use,
        };
        sources.write(request)
    }

    /// SHA-256 of its file, 64 hexadecimal digits; none of plain pixels.
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// What the network says of it, and its maps; waits while all networks are busy.
    ///
    /// # Errors
    /// When the device fails.
    pub fn explain(&self, wish: &Wish) -> Result<Answer, ExplorerError> {
        let Batch { info, networks, .. } = self.batch;
        let plan = &info.plan;
        let start = Instant::now();
        let input = input_of(&self.photo, plan.input(), wish.preprocessing);
        let shades = Shades::new(plan.input().channels, wish.preprocessing.pixels);
        let picture = shades.picture(&input);
        let preprocess_ms = ms_since(start);
        networks.with(|network| {
            let start = Instant::now();
            let logits = plan.output.class_logits(&network.forward(&input)?);
            let timings = [preprocess_ms, ms_since(start)];
            let predicted = predicted(network, info, self.image, wish.preprocessing, &logits, timings)?;
            let start = Instant::now();
            let classes = if wish.classes.is_empty() {
                predicted.ranking.first().copied().into_iter().collect()
            } else {
                wish.classes.clone()
            };
            let likeliest = predicted.ranking.iter().take(wish.likeliest);
            let further = likeliest.filter(|class| !classes.contains(class));
            let at_layers: Vec<usize> = classes.iter().chain(further).copied().collect();
            let along = wish.along.iter().filter(|&&layer| !wish.layers.contains(&layer.into()));
            let along: Vec<LayerId> = along.copied().collect();
            // an image that was begun is finished
            let mut watch = Watch {
                stop: &|| false,
                progress: &mut |_, _| {},
            };
            let mut maps = HashMap::new();
            let single: Vec<LayerId> = wish.layers.iter().flat_map(Layers::all).collect();
            for (classes, layers) in [(&at_layers, &single), (&classes, &along)] {
                let is_known = |layer: &LayerId| wish.method.is_in_class_maps(plan, *layer);
                let (known, mut swept): (Vec<_>, Vec<_>) = layers.iter().copied().partition(is_known);
                for layer in known {
                    for &class in classes {
                        let map = predicted.class_maps.map(wish.target(class), wish.score);
                        maps.insert((class, layer.into()), Arc::new(map));
                    }
                }
                swept.sort_unstable();
                swept.dedup();
                if swept.is_empty() {
                    continue;
                }
                let targets: Vec<Target> = classes.iter().map(|&class| wish.target(class)).collect();
                let mut found = |explanation: explain::Explanation| {
                    let (Target::Class(class) | Target::Rather { class, .. }) = explanation.target;
                    maps.insert((class, explanation.layer.into()), Arc::new(explanation.map));
                };
                let question = Question {
                    targets: &targets,
                    layers: &swept,
                    score: wish.score,
                    method: wish.method,
                };
                explain::maps(network, picture, &logits, question, &mut watch, &mut found)?;
            }
            for layers in wish.layers.iter().filter(|layers| layers.single().is_none()) {
                for &class in &at_layers {
                    let of_layer = |layer: LayerId| maps.get(&(class, layer.into())).map(|map| &**map);
                    let all: Option<Vec<&Map>> = layers.all().map(of_layer).collect();
                    if let Some(fused) = all.and_then(|all| layers.fusion().fused(&all)) {
                        maps.insert((class, *layers), Arc::new(fused));
                    }
                }
            }
            let mut measures = HashMap::new();
            let measured = classes
                .iter()
                .flat_map(|&class| wish.layers.iter().map(move |&layer| (class, layer)));
            for key in measured.filter(|_| !wish.measures.is_empty()) {
                if let Some(map) = maps.get(&key) {
                    let of = (wish.target(key.0), &**map);
                    let measuring = Measuring {
                        fill: wish.fill,
                        ..Measuring::default()
                    };
                    let how = (wish.measures.as_slice(), measuring);
                    measures.insert(key, explain::measure(network, picture, &logits, of, how, &mut watch)?);
                }
            }
            Ok(Answer {
                predicted,
                classes,
                maps,
                measures,
                maps_ms: ms_since(start),
            })
        })
    }
}

/// How many networks there are, and how many threads each has: one a worker with one thread, fewer with more threads where
/// so many would take too much memory, or where there are fewer images than cores.
fn split(cores: usize, workers: usize, bytes: u64) -> (usize, usize) {
    let most = usize::try_from(MOST_BYTES / bytes.max(1)).unwrap_or(usize::MAX);
    let networks = workers.min(most).clamp(1, cores.max(1));
    (networks, (cores / networks).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::drawings;
    use crate::weights::BuiltIn;

    #[test]
    fn networks_share_cores_and_memory() {
        let small = 100 << 20;
        assert_eq!(split(2, 2, small), (2, 1));
        assert_eq!(split(8, 1, small), (1, 8));
        assert_eq!(split(8, 3, small), (3, 2));
        assert_eq!(split(64, 64, small), (20, 3));
        assert_eq!(split(4, 4, MOST_BYTES * 2), (1, 4));
        // more workers than cores hide a slow disk; a network without a core helps nobody
        assert_eq!(split(2, 16, small), (2, 1));
    }

    fn batch(images: usize) -> Batch {
        let source = NetworkSource::BuiltIn(BuiltIn::Drawings);
        let choices = NetworkChoices::default();
        Batch::load(
            &source,
            choices,
            DeviceChoice::Cpu,
            Surroundings::of_process(),
            images,
            Some(2),
        )
        .unwrap()
    }

    #[test]
    fn a_failure_and_a_panic_are_those_of_one_image() {
        let batch = batch(4);
        let samples = drawings();
        let mut told = Vec::new();
        let work = |number: usize, bytes: &'static [u8]| {
            assert_ne!(number, 2, "the third is too much");
            let source = ImageSource::Bytes {
                name: format!("{number}.png"),
                bytes: bytes.into(),
            };
            let open = batch.open(ImageId(number as u64), source, &|_| {}, &AtomicBool::new(false))?;
            let wish = Wish {
                preprocessing: batch.info().usual,
                classes: Vec::new(),
                than: None,
                layers: vec![batch.info().plan.last_feature_layer().into()],
                likeliest: 0,
                along: Vec::new(),
                score: Score::Logit,
                method: Method::GradCam,
                measures: Vec::new(),
                fill: Fill::Grey,
            };
            let answer = open.explain(&wish)?;
            assert_eq!(answer.maps.len(), 1);
            Ok(answer.predicted.ranking[0])
        };
        let items = [samples[0].bytes, b"no image", samples[1].bytes, samples[0].bytes];
        batch.run(items.into_iter(), &AtomicBool::new(false), work, |result| {
            told.push(result.map_err(|error| error.to_string()));
            ControlFlow::Continue(())
        });
        assert_eq!(told.len(), 4);
        // nothing of an image stays
        assert!((0..4).all(|number| batch.images.source(ImageId(number)).is_err()));
        assert!(told[0].is_ok() && told[0] == told[3], "{told:?}");
        assert!(told[1].as_ref().is_err_and(|error| error.contains("1.png")));
        assert!(told[2].as_ref().is_err_and(|error| error.contains("too much")));
    }
}
