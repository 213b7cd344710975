//! Files and folders to images: folders are read on a thread of their own, since a disk may be slow.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::Builder;

use crate::explorer::{
    ImageSource, NetworkSource, Provenance, Recipe, find_network, find_photo, images_in_folder, is_own_picture,
    local_path,
};

/// What a search came to: one folder that cannot be read keeps nothing else from being opened.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Files, and web addresses as they are.
    pub images: Vec<PathBuf>,
    /// Files of networks, and folders that are one.
    pub networks: Vec<PathBuf>,
    /// Pictures that this program wrote, with what they were made of.
    pub repeated: Vec<Repeated>,
    /// What came through pipes.
    pub piped: Vec<ImageSource>,
    /// Why folders bring nothing, a sentence each.
    pub problems: Vec<String>,
    /// What was left out, a sentence each.
    pub notes: Vec<String>,
}

/// A picture that this program wrote, with what it was made of.
#[derive(Clone, Debug)]
pub struct Repeated {
    /// The name of its file.
    pub name: String,
    /// What is in each of its panels.
    pub recipes: Vec<Recipe>,
    /// The photo of each panel.
    pub photos: Vec<ImageSource>,
    /// The network of each panel, where it was found.
    pub networks: Vec<Option<NetworkSource>>,
}

/// Searches under way.
#[derive(Debug)]
pub struct Gatherer {
    sender: Sender<Gathered>,
    found: Receiver<Gathered>,
}

impl Default for Gatherer {
    fn default() -> Self {
        let (sender, found) = mpsc::channel();
        Self { sender, found }
    }
}

impl Gatherer {
    /// Starts a search; `wake` is called when it is done. What pictures of this program were made of is looked for beside
    /// them, then in `places`.
    pub fn start(
        &self,
        paths: Vec<PathBuf>,
        places: Vec<PathBuf>,
        wake: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let sender = self.sender.clone();
        Builder::new().name("gradcam-folders".to_owned()).spawn(move || {
            // nobody listens only while the window is being closed
            if sender.send(gather(&paths, &places)).is_ok() {
                wake();
            }
        })?;
        Ok(())
    }

    /// What the next search found, if one is done.
    pub fn found(&self) -> Option<Gathered> {
        self.found.try_recv().ok()
    }
}

/// Endings of files in which networks come, also of those that are refused by their name: a page in place of a download,
/// PyTorch, ONNX, TensorFlow Lite.
pub const NETWORKS: [&str; 11] = [
    "keras",
    "h5",
    "hdf5",
    "safetensors",
    "pt",
    "pth",
    "onnx",
    "tflite",
    "pb",
    "html",
    "htm",
];

/// Whether something is meant as a network: by its ending, or as the folder of a SavedModel.
fn is_network(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let has_ending = ending.is_some_and(|ending| NETWORKS.contains(&ending.as_str()));
    if path.is_dir() {
        return path.join("saved_model.pb").is_file();
    }
    has_ending
}

/// Files, networks and web addresses as they are; of folders the images directly inside, in natural order.
///
/// Paths are made absolute, since they are remembered for a later start in another folder.
///
/// A picture that this program wrote stands for what it was made of, if it says so.
fn gather(paths: &[PathBuf], places: &[PathBuf]) -> Gathered {
    let Gathered {
        images: mut files,
        mut networks,
        mut repeated,
        mut piped,
        mut problems,
        mut notes,
    } = Gathered::default();
    for given in paths {
        if matches!(ImageSource::from_argument(given), ImageSource::Url(_)) {
            files.push(given.clone());
            continue;
        }
        match crate::explorer::piped(given) {
            Some(Ok(source)) => {
                piped.push(source);
                continue;
            }
            Some(Err(problem)) => {
                problems.push(problem + ".");
                continue;
            }
            None => {}
        }
        let given = local_path(given);
        // it fails for an empty path only, and that one is told when it is opened
        let path = std::path::absolute(&given).unwrap_or(given);
        if is_network(&path) {
            networks.push(path);
            continue;
        }
        if !path.is_dir() {
            match repeat(&path, places) {
                Some(Ok(found)) => repeated.push(found),
                Some(Err(problem)) => problems.push(problem),
                None => files.push(path),
            }
            continue;
        }
        match images_in_folder(&path, false) {
            Ok(inside) if inside.images.is_empty() => {
                let what = inside.without_images();
                problems.push(format!("{}: {what}; choose another folder.", path.display()));
            }
            Ok(mut inside) => {
                notes.extend(inside.left_out(&path).map(|note| note + "."));
                files.append(&mut inside.images);
            }
            Err(error) => problems.push(format!("{error}.")),
        }
    }
    Gathered {
        images: files,
        networks,
        repeated,
        piped,
        problems,
        notes,
    }
}

/// What a picture of this program was made of, or why that is not known; none of any other file.
fn repeat(picture: &Path, places: &[PathBuf]) -> Option<Result<Repeated, String>> {
    if !is_own_picture(picture) {
        return None;
    }
    // a file that cannot be read is told when it is opened
    let provenance = Provenance::in_file(&std::fs::read(picture).ok()?)?;
    let name = picture
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let provenance = match provenance {
        Ok(provenance) => provenance,
        Err(problem) => return Some(Err(format!("{name}: {problem}."))),
    };
    let beside = picture.parent().map(Path::to_owned);
    let places: Vec<PathBuf> = beside.into_iter().chain(places.iter().cloned()).collect();
    let mut repeated = Repeated {
        name,
        recipes: Vec::new(),
        photos: Vec::new(),
        networks: Vec::new(),
    };
    for recipe in provenance.panels {
        let (name, photo) = (&repeated.name, &recipe.image.name);
        let Some(found) = find_photo(&recipe.image, &places) else {
            return Some(Err(format!(
                "{name} was made from {photo}, which is neither beside it nor beside a recent image; put it there, then open \
                 {name} again."
            )));
        };
        if found.is_same == Some(false) {
            return Some(Err(format!(
                "{name} was made from another {photo} than the one that was found; put the right one beside it, then open \
                 {name} again."
            )));
        }
        repeated.networks.push(find_network(&recipe.network, &places));
        repeated.photos.push(found.source);
        repeated.recipes.push(recipe);
    }
    Some(Ok(repeated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::drawings;

    #[test]
    fn folders_become_their_images_in_order_and_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        // by what they hold or are called, as on the command line
        for name in ["b10.PNG", "b9", "c.jpg", ".hidden.png"] {
            put(name, drawings()[0].bytes);
        }
        put("broken.png", b"no image");
        put("notes.txt", b"no image");
        std::fs::create_dir(folder.path().join("inner.png")).unwrap();
        let odd = folder.path().join("missing");
        let found = gather(&[folder.path().to_owned(), odd.clone()], &[]);
        let expected: Vec<PathBuf> = ["b9", "b10.PNG", "broken.png", "c.jpg"]
            .map(|name| folder.path().join(name))
            .into();
        assert_eq!(found.images, [expected, vec![odd]].concat());
        assert_eq!(found.problems, [""; 0]);
    }

    #[test]
    fn networks_are_told_from_images_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        let saved = folder.path().join("saved");
        std::fs::create_dir(&saved).unwrap();
        std::fs::write(saved.join("saved_model.pb"), b"").unwrap();
        let names = ["a.keras", "b.H5", "c.safetensors", "d.onnx", "e.png", "f.html"];
        let files = names.map(|name| folder.path().join(name));
        let found = gather(&[files.to_vec(), vec![saved.clone()]].concat(), &[]);
        let [a, b, c, d, e, f] = files;
        assert_eq!(found.images, [e]);
        assert_eq!(found.networks, [a, b, c, d, f, saved]);
    }

    #[test]
    fn an_empty_folder_is_told_and_keeps_nothing_else_from_being_opened() {
        let folder = tempfile::tempdir().unwrap();
        let photos = ["a.png", "b.png", "c.png"].map(|name| folder.path().join(name));
        let empty = folder.path().join("empty");
        std::fs::create_dir(&empty).unwrap();
        let [a, b, c] = photos.clone();
        let found = gather(&[a, empty, b, c], &[]);
        assert_eq!(found.images, photos);
        let [problem] = &found.problems[..] else {
            panic!("{:?}", found.problems)
        };
        assert!(
            problem.contains("empty: no images in this folder, which is empty"),
            "{problem}"
        );
    }

    #[test]
    fn paths_become_absolute_and_web_addresses_stay() {
        let address = PathBuf::from("https://example.org/a//b.png");
        let found = gather(&["photo.png".into(), address.clone()], &[]);
        let photo = std::env::current_dir().unwrap().join("photo.png");
        assert_eq!(found.images, [photo, address]);
    }
}
