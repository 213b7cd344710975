//! The open images, shared by the workers: pixels are decoded again rather than kept, except the few used last.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::ExplorerError;
use super::request::{ImageId, ImageSource};
use crate::imaging::{self, Limits, Photo, Resize};

/// Decoded photos are kept up to this many bytes in all, the one used last always.
const KEPT_BYTES: usize = 256 << 20;

/// A network input, `[size, size, 3]`.
pub type Input = Arc<Vec<f32>>;

#[derive(Debug)]
struct OpenImage {
    source: Arc<ImageSource>,
    /// Small enough to keep for every image, so that switching networks decodes nothing again.
    inputs: HashMap<(usize, Resize), Input>,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<ImageId, OpenImage>,
    /// Full-size pixels, the least recently used first.
    kept: Vec<(ImageId, Arc<Photo>)>,
}

/// All open images.
#[derive(Debug, Default)]
pub struct Images {
    state: Mutex<State>,
}

impl Images {
    /// Remembers where an image comes from.
    pub fn insert(&self, image: ImageId, source: ImageSource) {
        let open = OpenImage {
            source: Arc::new(source),
            inputs: HashMap::new(),
        };
        self.lock().open.insert(image, open);
    }

    /// Forgets an image.
    pub fn remove(&self, image: ImageId) {
        let mut state = self.lock();
        state.open.remove(&image);
        state.kept.retain(|(kept, _)| *kept != image);
    }

    /// Where an image comes from.
    ///
    /// # Errors
    /// When it is not open (any more).
    pub fn source(&self, image: ImageId) -> Result<Arc<ImageSource>, ExplorerError> {
        self.lock()
            .open
            .get(&image)
            .map(|open| open.source.clone())
            .ok_or_else(|| closed(image))
    }

    /// The pixels of an image at their own size, decoded if they are not at hand.
    ///
    /// # Errors
    /// When the file cannot be read or decoded.
    pub fn photo(&self, image: ImageId) -> Result<Arc<Photo>, ExplorerError> {
        let source = {
            let mut state = self.lock();
            if let Some(position) = state.kept.iter().position(|(kept, _)| *kept == image) {
                let used = state.kept.remove(position);
                let photo = used.1.clone();
                state.kept.push(used);
                return Ok(photo);
            }
            state
                .open
                .get(&image)
                .map(|open| open.source.clone())
                .ok_or_else(|| closed(image))?
        };
        // decoding takes long, so nobody may wait for the lock meanwhile
        let photo = Arc::new(read(&source)?);
        let mut state = self.lock();
        if state.open.contains_key(&image) {
            state.kept.retain(|(kept, _)| *kept != image);
            state.kept.push((image, photo.clone()));
            while state.kept.len() > 1 && state.kept.iter().map(|(_, p)| p.rgb.len()).sum::<usize>() > KEPT_BYTES {
                state.kept.remove(0);
            }
        }
        Ok(photo)
    }

    /// An image as a network takes it, `[size, size, 3]` from -1 to 1.
    ///
    /// # Errors
    /// When the file cannot be read or decoded.
    pub fn input(&self, image: ImageId, size: usize, resize: Resize) -> Result<Input, ExplorerError> {
        if let Some(input) = self
            .lock()
            .open
            .get(&image)
            .and_then(|open| open.inputs.get(&(size, resize)))
        {
            return Ok(input.clone());
        }
        let photo = self.photo(image)?;
        let side = u32::try_from(size).unwrap_or(u32::MAX);
        let input = Arc::new(imaging::network_input(&photo, side, resize));
        if let Some(open) = self.lock().open.get_mut(&image) {
            open.inputs.insert((size, resize), input.clone());
        }
        Ok(input)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // every change is a single step, so a panic elsewhere leaves the state whole
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed(image: ImageId) -> ExplorerError {
    ExplorerError::Request(format!("image {} is not open any more; open it again", image.0))
}

/// Reads and decodes an image.
fn read(source: &ImageSource) -> Result<Photo, ExplorerError> {
    let limits = Limits::default();
    let bytes: Cow<'_, [u8]> = match source {
        ImageSource::File(path) => {
            let error = |error| ExplorerError::Read {
                path: path.clone(),
                error,
            };
            let length = std::fs::metadata(path).map_err(error)?.len();
            if length > limits.max_bytes {
                let error = std::io::Error::other(format!(
                    "the file has {length} bytes, the limit is {}",
                    limits.max_bytes
                ));
                return Err(ExplorerError::Read {
                    path: path.clone(),
                    error,
                });
            }
            std::fs::read(path).map_err(error)?.into()
        }
        ImageSource::Bytes { bytes, .. } => Cow::Borrowed(bytes),
        ImageSource::Pixels { photo, .. } => return Ok(photo.clone()),
        ImageSource::Url(url) => return Err(ExplorerError::Request(format!("{url} has not been fetched yet"))),
    };
    imaging::decode(&bytes, &limits).map_err(|error| ExplorerError::Image {
        name: source.name(),
        error,
    })
}

/// The images of a folder in the order of their names: files that begin like an image of a known format.
///
/// Folders inside are not entered, and hidden files are left out.
///
/// # Errors
/// When the folder cannot be read.
pub fn images_in_folder(folder: &Path) -> Result<Vec<PathBuf>, ExplorerError> {
    let fail = |error| ExplorerError::Read {
        path: folder.to_owned(),
        error,
    };
    let mut images = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let path = entry.path();
        if !hidden && path.is_file() && begins_like_an_image(&path) {
            images.push(path);
        }
    }
    images.sort();
    Ok(images)
}

/// Whether a file can be read and its first bytes are those of an image.
fn begins_like_an_image(path: &Path) -> bool {
    let mut start = Vec::with_capacity(64);
    let read = std::fs::File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    read.is_ok() && imaging::source_format(&start).is_some()
}
