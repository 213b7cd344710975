//! The open images, shared by the workers: pixels are decoded again rather than kept, except those used last.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use super::error::ExplorerError;
use super::paintings::{PaintedPhoto, Paintings};
use super::preprocessing::input_of;
use super::recent::Recent;
use super::recipe::PhotoNote;
use super::request::{ImageId, ImageSource};
use crate::imaging::{self, Limits, Painting, PaintingKey, Photo, Preprocessing};
use crate::network::Shape;
use crate::weights::{hex, open_file};

/// Decoded photos are kept up to this many bytes in all, the one used last always.
const PHOTO_BYTES: usize = 256 << 20;
/// Network inputs are kept up to this many bytes in all; at 299x299, 1 MB each, those of the 62 images used last.
const INPUT_BYTES: usize = 64 << 20;

/// A network input, `[height, width, 3]`.
pub type Input = Arc<Vec<f32>>;

#[derive(Debug)]
struct State {
    sources: HashMap<ImageId, Arc<ImageSource>>,
    /// SHA-256 of the files that were decoded last.
    sha256: HashMap<ImageId, String>,
    /// Pixels at their own size.
    photos: Recent<ImageId, Photo>,
    /// With width and height of the input.
    inputs: Recent<(ImageId, [usize; 3], Preprocessing), Vec<f32>>,
    paintings: Paintings,
}

/// All open images.
#[derive(Debug)]
pub struct Images {
    state: Mutex<State>,
}

impl Default for Images {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                sources: HashMap::new(),
                sha256: HashMap::new(),
                photos: Recent::new(PHOTO_BYTES),
                inputs: Recent::new(INPUT_BYTES),
                paintings: Paintings::default(),
            }),
        }
    }
}

impl Images {
    /// Remembers where an image comes from.
    pub fn insert(&self, image: ImageId, source: ImageSource) {
        self.lock().sources.insert(image, Arc::new(source));
    }

    /// Puts what was fetched in place of an image's address; says whether the image is still open.
    pub fn replace(&self, image: ImageId, source: ImageSource) -> bool {
        let mut state = self.lock();
        let place = state.sources.get_mut(&image);
        place.map(|place| *place = Arc::new(source)).is_some()
    }

    /// Forgets an image.
    pub fn remove(&self, image: ImageId) {
        let mut state = self.lock();
        state.sources.remove(&image);
        state.sha256.remove(&image);
        state.photos.retain(|kept| *kept != image);
        state.inputs.retain(|(kept, ..)| *kept != image);
        state.paintings.remove(image);
    }

    /// Where an image comes from.
    ///
    /// # Errors
    /// When it is not open (any more).
    pub fn source(&self, image: ImageId) -> Result<Arc<ImageSource>, ExplorerError> {
        self.lock().sources.get(&image).cloned().ok_or_else(|| closed(image))
    }

    /// The pixels of an image at their own size, decoded if they are not at hand.
    ///
    /// # Errors
    /// When the file cannot be read or decoded.
    pub fn photo(&self, image: ImageId) -> Result<Arc<Photo>, ExplorerError> {
        if let Some(photo) = self.lock().photos.get(&image) {
            return Ok(photo);
        }
        // decoding takes long, so nobody may wait for the lock meanwhile
        let source = self.source(image)?;
        let (photo, sha256) = read(&source)?;
        let is_at_hand = matches!(*source, ImageSource::Pixels { .. });
        let mut state = self.lock();
        if !is_at_hand && state.sources.contains_key(&image) {
            state.photos.insert(image, photo.clone(), photo.rgb.len());
            state.sha256.extend(sha256.map(|sha256| (image, sha256)));
        }
        Ok(photo)
    }

    /// Remembers what is painted over an image, so that it is found by its name.
    pub fn paint(&self, image: ImageId, painting: Painting) {
        let mut state = self.lock();
        if state.sources.contains_key(&image) {
            state.paintings.insert(image, painting);
        }
    }

    /// What is painted over an image by this name; nothing without one.
    ///
    /// # Errors
    /// When that was too long ago.
    pub fn painting(&self, image: ImageId, key: Option<PaintingKey>) -> Result<Painting, ExplorerError> {
        self.lock().paintings.get(image, key)
    }

    /// The pixels of an image at their own size with what is painted over them.
    ///
    /// # Errors
    /// When the file cannot be read or decoded, or what is painted is no longer known.
    pub fn painted(&self, image: ImageId, key: Option<PaintingKey>) -> Result<Arc<Photo>, ExplorerError> {
        match key {
            None => self.photo(image),
            Some(_) => self.with_painted(image, key, |painted| painted.canvas.painted().clone()),
        }
    }

    /// What a painted photo is used for.
    fn with_painted<T>(
        &self,
        image: ImageId,
        key: Option<PaintingKey>,
        use_it: impl FnOnce(&mut PaintedPhoto) -> T,
    ) -> Result<T, ExplorerError> {
        let photo = self.photo(image)?;
        let (painting, canvas) = {
            let mut state = self.lock();
            let painting = state.paintings.get(image, key)?;
            (painting, state.paintings.take_canvas(image, &photo))
        };
        // nobody may wait for the lock meanwhile
        let mut painted = canvas.unwrap_or_else(|| PaintedPhoto::new(photo));
        painted.paint(&painting);
        let result = use_it(&mut painted);
        self.lock().paintings.keep_canvas(image, painted);
        Ok(result)
    }

    /// What an image is, to be found again: the hash is that of the file whose pixels are drawn.
    ///
    /// # Errors
    /// When the file cannot be read or decoded.
    pub fn note(&self, image: ImageId) -> Result<PhotoNote, ExplorerError> {
        let photo = self.photo(image)?;
        Ok(PhotoNote {
            name: self.source(image)?.name(),
            sha256: self.lock().sha256.get(&image).cloned(),
            width: photo.width,
            height: photo.height,
        })
    }

    /// An image as a network takes it, `[height, width, channels]` in the range that `preprocessing` says.
    ///
    /// # Errors
    /// When the file cannot be read or decoded.
    pub fn input(&self, image: ImageId, shape: Shape, preprocessing: Preprocessing) -> Result<Input, ExplorerError> {
        let key = (image, [shape.width, shape.height, shape.channels], preprocessing);
        if let Some(input) = self.lock().inputs.get(&key) {
            return Ok(input);
        }
        if preprocessing.painting.is_some() {
            // while somebody paints, no input is wanted twice
            return self.with_painted(image, preprocessing.painting, |painted| {
                painted.input(shape, preprocessing)
            });
        }
        let photo = self.photo(image)?;
        let input = Arc::new(input_of(&photo, shape, preprocessing));
        let mut state = self.lock();
        if state.sources.contains_key(&image) {
            state.inputs.insert(key, input.clone(), size_of_val(input.as_slice()));
        }
        Ok(input)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // every change is a single step, so a panic elsewhere leaves the state whole
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is said about an image that is not open (any more).
pub fn closed(image: ImageId) -> ExplorerError {
    ExplorerError::Request(format!("image {} is not open any more; open it again", image.0))
}

/// The bytes of an image file; none where there are none, or none yet.
///
/// # Errors
/// When the file cannot be read.
pub fn file_bytes(source: &ImageSource) -> Result<Option<Cow<'_, [u8]>>, ExplorerError> {
    Ok(match source {
        ImageSource::File(path) => {
            let bytes = read_file(path, Limits::default().max_bytes).map_err(|error| ExplorerError::Read {
                path: path.clone(),
                error,
            })?;
            Some(bytes.into())
        }
        ImageSource::Bytes { bytes, .. } => Some(Cow::Borrowed(bytes)),
        ImageSource::Pixels { .. } | ImageSource::Url(_) => None,
    })
}

/// Reads and decodes an image; with the SHA-256 of its file, if it has one.
fn read(source: &ImageSource) -> Result<(Arc<Photo>, Option<String>), ExplorerError> {
    let limits = Limits::default();
    if let ImageSource::Pixels { photo, .. } = source {
        return Ok((photo.clone(), None));
    }
    let Some(bytes) = file_bytes(source)? else {
        let text = format!("{} has not been fetched yet", source.name());
        return Err(ExplorerError::Request(text));
    };
    imaging::decode(&bytes, &limits)
        .map(|photo| (Arc::new(photo), Some(sha256(&bytes))))
        .map_err(|error| ExplorerError::Image {
            name: source.name(),
            error,
        })
}

/// The SHA-256 of a file's bytes, 64 hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The bytes of a file of at most `max_bytes`; of a pipe or a device not one, since it may never come or never end.
fn read_file(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let file = open_file(path)?;
    let length = file.metadata()?.len();
    if length > max_bytes {
        return too_large(length, max_bytes);
    }
    // some files have more in them than they say, or grow meanwhile
    let bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    read_up_to(max_bytes, file, bytes)
}

/// The bytes of a pipe, up to the limit of images; for an argument that its writer ends, never for a file that was found.
///
/// # Errors
/// When it cannot be read, or does not end.
pub fn read_pipe(pipe: impl io::Read) -> io::Result<Vec<u8>> {
    read_up_to(Limits::default().max_bytes, pipe, Vec::new())
}

/// Appends everything to `bytes`, which are empty, or fails when it is too much.
fn read_up_to(max_bytes: u64, reader: impl io::Read, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let read = reader.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)? as u64;
    if read > max_bytes {
        too_large(read, max_bytes)
    } else {
        Ok(bytes)
    }
}

fn too_large(length: u64, max_bytes: u64) -> io::Result<Vec<u8>> {
    Err(io::Error::other(format!(
        "the file has {length} bytes, the limit is {max_bytes}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: Shape = Shape {
        height: 299,
        width: 299,
        channels: 3,
    };
    use crate::samples::drawings;

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("five");
        std::fs::write(&file, b"bytes").unwrap();
        assert_eq!(read_file(&file, 5).unwrap(), b"bytes");
        assert!(read_file(&file, 4).unwrap_err().to_string().contains("the limit is 4"));
        assert!(read_file(folder.path(), 5).is_err());
    }

    #[test]
    fn what_was_fetched_for_an_image_that_was_closed_meanwhile_is_not_kept() {
        let images = Images::default();
        let image = ImageId(1);
        let fetched = || ImageSource::Bytes {
            name: "drawing.png".to_owned(),
            bytes: drawings()[0].bytes.into(),
        };
        images.insert(image, ImageSource::Url("https://example.org/drawing.png".to_owned()));
        assert!(images.replace(image, fetched()));
        assert!(images.photo(image).is_ok());
        images.remove(image);
        assert!(!images.replace(image, fetched()));
        assert!(images.source(image).is_err());
    }

    #[test]
    fn pasted_pixels_are_shared_and_displace_no_photo() {
        let images = Images::default();
        let photo = Arc::new(Photo::new(1, 1, vec![7; 3]).unwrap());
        let source = ImageSource::Pixels {
            name: "pasted".to_owned(),
            photo: photo.clone(),
        };
        images.insert(ImageId(1), source);
        assert!(Arc::ptr_eq(&images.photo(ImageId(1)).unwrap(), &photo));
        assert_eq!(images.lock().photos.bytes(), 0);
    }

    #[test]
    fn inputs_of_many_images_are_bounded_and_made_again() {
        let images = Images::default();
        let shade = |number: u64| ImageSource::Pixels {
            name: number.to_string(),
            photo: Photo::new(1, 1, vec![number as u8; 3]).unwrap().into(),
        };
        let input = |number: u64| {
            images
                .input(ImageId(number), NETWORK, Preprocessing::default())
                .unwrap()
        };
        for number in 0..300 {
            images.insert(ImageId(number), shade(number));
            input(number);
            assert!(images.lock().inputs.bytes() <= INPUT_BYTES);
        }
        let (first, last) = (input(0), input(299));
        assert_eq!((first[0], last[0]), (-1.0, (299 % 256) as f32 / 127.5 - 1.0));
        images.remove(ImageId(299));
        assert!(images.input(ImageId(299), NETWORK, Preprocessing::default()).is_err());
    }
}
