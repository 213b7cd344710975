//! The images that the arguments of `explain` mean: files, folders, web addresses and pipes, in order.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::explorer::{ImageSource, distinct_stems, images_in_folder, local_path, path_of_bytes, piped};

/// An image, or why there is none.
#[derive(Debug)]
pub struct Input {
    /// As it is reported.
    pub name: PathBuf,
    /// What its files are called: the name without folder and ending, with a number where another is called so too.
    pub stem: String,
    /// Where it comes from; otherwise one sentence.
    pub source: Result<ImageSource, String>,
}

impl Input {
    fn new(name: PathBuf, source: Result<ImageSource, String>) -> Self {
        Self {
            name,
            stem: String::new(),
            source,
        }
    }
}

/// All images in order; a folder stands for the images in it. `note` is told what is left out.
pub fn inputs(arguments: &[PathBuf], is_recursive: bool, mut note: impl FnMut(String)) -> Vec<Input> {
    let mut inputs = Vec::new();
    for argument in arguments {
        let source = ImageSource::from_argument(argument);
        let path = local_path(argument);
        if matches!(source, ImageSource::Url(_)) || !path.is_dir() {
            inputs.push(Input::new(path, piped(argument).unwrap_or(Ok(source))));
            continue;
        }
        match images_in_folder(&path, is_recursive) {
            Ok(found) => {
                if let Some(left_out) = found.left_out(&path) {
                    note(left_out);
                }
                if found.images.is_empty() && found.problems.is_empty() {
                    let what = found.without_images();
                    let hint = if found.folders > 0 {
                        "; --recursive looks into those"
                    } else {
                        ""
                    };
                    let problem = format!("{}: {what}{hint}", path.display());
                    inputs.push(Input::new(path, Err(problem)));
                }
                let images = found.images.into_iter();
                inputs.extend(images.map(|path| Input::new(path.clone(), Ok(ImageSource::File(path)))));
                let problems = found.problems.into_iter();
                inputs.extend(problems.map(|(path, error)| Input::new(path, Err(error.to_string()))));
            }
            Err(error) => inputs.push(Input::new(path, Err(error.to_string()))),
        }
    }
    // of all images, so that names are the same in every part of a job
    let stems = distinct_stems(inputs.iter().map(|input| &input.name));
    for (input, stem) in inputs.iter_mut().zip(stems) {
        input.stem = stem;
    }
    inputs
}

/// The paths and addresses in a list, one a line, or with a zero byte behind each as `find -print0` writes them; `-` is
/// standard input. The error is one sentence.
pub fn listed(list: &Path) -> Result<Vec<PathBuf>, String> {
    let bytes = if list.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(list)
    };
    let bytes = bytes.map_err(|error| format!("the list {} cannot be read: {error}", list.display()))?;
    let end = if bytes.contains(&0) { 0 } else { b'\n' };
    let lines = bytes.split(|&byte| byte == end);
    let lines = lines.map(|line| {
        if end == 0 {
            line
        } else {
            line.strip_suffix(b"\r").unwrap_or(line)
        }
    });
    Ok(lines.filter(|line| !line.is_empty()).map(path_of_bytes).collect())
}

/// One of several parts of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 0 on.
    pub index: usize,
    /// How many there are.
    pub count: usize,
}

impl Shard {
    /// Every image in its turn: the first, then the one `count` places behind it, and so on.
    pub fn has(self, position: usize) -> bool {
        position % self.count == self.index
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match numbers {
            Some((index, count)) if index < count => Ok(Self { index, count }),
            _ => Err("use a part and the number of parts, such as 0/3, 1/3 and 2/3".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_all_of_it_and_share_nothing() {
        let shards: Vec<Shard> = (0..3).map(|index| format!("{index}/3").parse().unwrap()).collect();
        for position in 0..20 {
            assert_eq!(shards.iter().filter(|shard| shard.has(position)).count(), 1);
        }
        for nonsense in ["3/3", "0/0", "1", "1/", "-1/3", "a/b", ""] {
            assert!(nonsense.parse::<Shard>().is_err(), "{nonsense}");
        }
    }

    #[test]
    fn lists_have_lines_or_zero_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("list");
        for (bytes, paths) in [
            (&b"a.png\nb c.png\r\n\nd.png"[..], &["a.png", "b c.png", "d.png"][..]),
            (b"a\nb.png\0c.png\0", &["a\nb.png", "c.png"]),
            (b"", &[]),
        ] {
            fs::write(&list, bytes).unwrap();
            assert_eq!(
                listed(&list).unwrap(),
                paths.iter().map(PathBuf::from).collect::<Vec<_>>()
            );
        }
        assert!(
            listed(&folder.path().join("none"))
                .unwrap_err()
                .contains("none cannot be read")
        );
    }
}
