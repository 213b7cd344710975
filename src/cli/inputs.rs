//! The images that the arguments of `explain` mean: files, folders, web addresses and pipes, in order.

use std::path::PathBuf;

use crate::explorer::{ImageSource, images_in_folder, local_path, piped};

/// An image, or why there is none.
pub struct Input {
    /// As it is reported.
    pub name: PathBuf,
    /// Where it comes from; otherwise one sentence.
    pub source: Result<ImageSource, String>,
}

/// All images in order; a folder stands for the images in it. `note` is told what is left out.
pub fn inputs(arguments: &[PathBuf], is_recursive: bool, mut note: impl FnMut(String)) -> Vec<Input> {
    let mut inputs = Vec::new();
    for argument in arguments {
        let source = ImageSource::from_argument(argument);
        let path = local_path(argument);
        if matches!(source, ImageSource::Url(_)) || !path.is_dir() {
            inputs.push(Input {
                source: piped(argument).unwrap_or(Ok(source)),
                name: path,
            });
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
                    inputs.push(Input {
                        source: Err(format!("{}: {what}{hint}", path.display())),
                        name: path,
                    });
                }
                inputs.extend(found.images.into_iter().map(|path| Input {
                    source: Ok(ImageSource::File(path.clone())),
                    name: path,
                }));
                inputs.extend(found.problems.into_iter().map(|(path, error)| Input {
                    name: path,
                    source: Err(error.to_string()),
                }));
            }
            Err(error) => inputs.push(Input {
                name: path,
                source: Err(error.to_string()),
            }),
        }
    }
    inputs
}
