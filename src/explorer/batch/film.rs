//! All images of the window, each explained and written into a folder, on a worker of their own: the batch of the command
//! line, without its record.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Batch, Place, Wish, Writing};
use crate::explorer::error::ExplorerError;
use crate::explorer::images::closed;
use crate::explorer::jobs::Queue;
use crate::explorer::names::distinct_stems;
use crate::explorer::outbox::Outbox;
use crate::explorer::reply::{Activity, Failure, NetworkInfo, Reply};
use crate::explorer::request::{DeviceChoice, ImageId, ImageSource, Request};
use crate::explorer::surroundings::Surroundings;
use crate::imaging::{Painting, Preprocessing, Region};

/// Time between two words about how far it is: each is a frame of the window, which needs the cores too.
const PAUSE: Duration = Duration::from_millis(200);

/// One of the images.
#[derive(Clone, Debug)]
pub struct OneOfAll {
    /// Its name in the session.
    pub image: ImageId,
    /// Where it comes from; if nobody says, what the session knows.
    pub source: Option<ImageSource>,
    /// The part of it that the network sees.
    pub crop: Option<Region>,
    /// What is painted over it.
    pub painting: Painting,
}

/// Pictures and numbers of many images, to be written into a folder.
#[derive(Clone, Debug)]
pub struct ExplainAll {
    /// The images in order.
    pub images: Vec<OneOfAll>,
    /// The network, which is loaded again: once a core.
    pub network: Arc<NetworkInfo>,
    /// Where it runs.
    pub device: DeviceChoice,
    /// What is wanted of each image; the part that is seen is its own.
    pub wish: Wish,
    /// Which files there are.
    pub writing: Writing,
    /// Where they go; made if it is not there.
    pub folder: PathBuf,
    /// Set once no more is wanted.
    pub stop: Arc<AtomicBool>,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchProgress {
    /// Images in all.
    pub total: usize,
    /// Those that are done, failed ones too.
    pub done: usize,
    /// Those that failed; each was told.
    pub failed: usize,
    /// Files that were written.
    pub files: usize,
    /// Images a second; 0 before the first.
    pub per_second: f64,
    /// Where the files are.
    pub folder: PathBuf,
}

impl BatchProgress {
    /// Of this many images, before the first.
    pub fn new(total: usize, folder: PathBuf) -> Self {
        Self {
            total,
            done: 0,
            failed: 0,
            files: 0,
            per_second: 0.0,
            folder,
        }
    }
}

/// What the worker needs; [`Self::run`] is its thread.
pub struct BatchWorker {
    /// Its own jobs.
    pub queue: Arc<Queue>,
    /// Where networks are found.
    pub surroundings: Surroundings,
    /// Where replies go.
    pub outbox: Outbox,
}

impl BatchWorker {
    /// Works until the queue is closed.
    pub fn run(self) {
        while let Some((_, job)) = self.queue.take() {
            self.outbox.report(None, job.activity, || match job.request {
                Request::ExplainAll(all) => self.explain(&all),
                // the other workers'
                _ => Ok(()),
            });
        }
    }

    fn explain(&self, all: &ExplainAll) -> Result<(), ExplorerError> {
        let ExplainAll {
            network, folder, stop, ..
        } = all;
        let mut progress = BatchProgress::new(all.images.len(), folder.clone());
        // whoever gave it up before it had begun waits for no network
        if stop.load(Ordering::Relaxed) {
            self.outbox.send(Reply::BatchOver(progress));
            return Ok(());
        }
        std::fs::create_dir_all(folder).map_err(|error| ExplorerError::Write {
            path: folder.clone(),
            error,
        })?;
        let batch = Batch::load(
            &network.source,
            network.choices.clone(),
            all.device,
            self.surroundings.clone(),
            all.images.len(),
            None,
        )?;
        // classes and layers of another plan mean something else
        if batch.info().plan != network.plan {
            let text = format!(
                "the file of {} was changed since it was opened; open it again, then all images",
                network.weights.name
            );
            return Err(ExplorerError::Request(text));
        }
        let names = all.images.iter().map(|one| {
            let name = one.source.as_ref().map_or_else(String::new, ImageSource::name);
            PathBuf::from(name)
        });
        let items = all.images.iter().zip(distinct_stems(names));
        let start = Instant::now();
        let mut told = start;
        let work = |_: usize, (one, stem): (&OneOfAll, String)| {
            let place = Place { folder, stem: &stem };
            batch.explain_one(one, &all.wish, &all.writing, place, stop)
        };
        batch.run(items, stop, work, |result| {
            let image = all.images.get(progress.done).map(|one| one.image);
            progress.done += 1;
            match result {
                Ok(files) => progress.files += files,
                Err(error) => {
                    progress.failed += 1;
                    self.outbox.send(Reply::Failed(Failure {
                        image,
                        during: Activity::ExplainingAll,
                        error: Arc::new(error),
                    }));
                }
            }
            progress.per_second = progress.done as f64 / start.elapsed().as_secs_f64().max(f64::MIN_POSITIVE);
            if told.elapsed() >= PAUSE {
                told = Instant::now();
                self.outbox.send(Reply::Batch(progress.clone()));
            }
            ControlFlow::Continue(())
        });
        self.outbox.send(Reply::BatchOver(progress));
        Ok(())
    }
}

impl Batch {
    /// Writes all files of one image, and gives their number.
    fn explain_one(
        &self,
        one: &OneOfAll,
        wish: &Wish,
        writing: &Writing,
        place: Place<'_>,
        stop: &AtomicBool,
    ) -> Result<usize, ExplorerError> {
        let source = one.source.clone();
        let source = source.ok_or_else(|| closed(one.image))?;
        let name = source.name();
        let mut open = self.open(one.image, source, &|_| {}, stop)?;
        let wish = Wish {
            preprocessing: Preprocessing {
                crop: one.crop,
                painting: one.painting.key(),
                ..wish.preprocessing
            },
            ..wish.clone()
        };
        open.paint(&one.painting)?;
        let [width, height] = [open.photo().width, open.photo().height];
        if let Some(crop) = one.crop.filter(|crop| !crop.fits(width, height)) {
            let text = format!("{name} has {width} x {height} pixels, of which {crop} is no part; crop it again");
            return Err(ExplorerError::Request(text));
        }
        let network = self.info();
        let answer = open.explain(&wish)?;
        let mut count = 0;
        for &class in &answer.classes {
            for &layer in &wish.layers {
                if let Some(panel) = answer.panel(network, &wish, (class, layer), writing) {
                    count += writing.write_map(&open, &panel, place)?.count();
                }
            }
        }
        let files = writing.write_image(&open, network, &wish, &answer, place)?;
        Ok(count + files.count())
    }
}
