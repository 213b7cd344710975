//! Pictures that say how they were made, and are made again: the built program, `explain --from`.

mod program;

use std::path::{Path, PathBuf};
use std::process::Output;

use program::{SAMPLE, documents, program, stderr, stdout};

/// Runs the program in a folder.
fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    program(arguments, folder).output().unwrap()
}

/// A folder with a photo in it.
fn with_photo() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(SAMPLE, folder.path().join("photo.png")).unwrap();
    folder
}

/// Writes pictures of `photo.png` into `out`, and gives their paths.
fn written(folder: &Path, options: &[&str]) -> Vec<PathBuf> {
    let arguments = [&["explain", "photo.png", "--out", ".", "--json"], options].concat();
    let output = run_in(folder, &arguments);
    assert!(output.status.success(), "{options:?}: {}", stderr(&output));
    let documents = documents(&output);
    let maps = documents[0]["maps"].as_array().unwrap();
    let files = maps.iter().flat_map(|map| map["files"].as_object().unwrap().values());
    files.map(|file| folder.join(file.as_str().unwrap())).collect()
}

fn check(folder: &Path, picture: &Path, options: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["explain", "--from", picture.to_str().unwrap(), "--check"], options].concat();
    let output = run_in(folder, &arguments);
    (output.status.code(), stdout(&output) + &stderr(&output))
}

#[test]
fn pictures_of_all_kinds_are_made_again_bit_for_bit() {
    let folder = with_photo();
    let all = "overlay,heatmap,mask,lines,beside";
    let photographs: &[&str] = &["--weights", "built-in:photographs"];
    let small = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/formats/small.keras");
    std::fs::copy(small, folder.path().join("small.keras")).unwrap();
    let combinations: [&[&str]; 10] = [
        &["--write", all],
        &[
            "--write",
            all,
            "--format",
            "webp",
            "--class",
            "cat",
            "--colormap",
            "magma",
            "--threshold",
            "0.3",
        ],
        &[
            "--write",
            all,
            "--format",
            "jpeg",
            "--layer",
            "block3_sepconv2_bn",
            "--score",
            "probability",
        ],
        &[
            "--write",
            "overlay",
            "--crop",
            "40,20,300,200",
            "--method",
            "layer-cam",
            "--colormap",
            "diverging",
        ],
        &[
            "--write",
            "overlay,heatmap",
            "--cells",
            "--maximum",
            "0.0625",
            "--method",
            "grad-cam-plus-plus",
        ],
        &[
            "--blend",
            "0.7",
            "--fit",
            "crop",
            "--resize",
            "bilinear",
            "--method",
            "xgrad-cam",
            "--score",
            "logit",
        ],
        &[
            "--weights",
            "small.keras",
            "--write",
            "overlay,mask",
            "--colormap",
            "gray",
            "--method",
            "hires-cam",
        ],
        &[
            &["--write", "overlay", "--format", "webp", "--colormap", "viridis"],
            photographs,
        ]
        .concat(),
        &[
            &["--write", "lines", "--class", "285", "--layer", "block4a_expand_conv"],
            photographs,
        ]
        .concat(),
        &[
            "--write",
            "figure,svg,classes,layers",
            "--class",
            "cat",
            "--class",
            "dog",
            "--ground",
            "light",
        ],
    ];
    let mut checked = 0;
    for options in combinations {
        for picture in written(folder.path(), options) {
            let found = check(folder.path(), &picture, &[]);
            assert_eq!(
                found,
                (Some(0), "same\n".to_owned()),
                "{options:?}: {}",
                picture.display()
            );
            checked += 1;
        }
    }
    assert!(checked >= 20, "{checked} pictures");
}

#[test]
fn a_picture_is_written_again_under_its_name() {
    let folder = with_photo();
    let [picture] = written(folder.path(), &["--format", "webp"]).try_into().unwrap();
    let output = run_in(
        folder.path(),
        &["explain", "--from", picture.to_str().unwrap(), "--out", "again"],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let again = folder.path().join("again").join(picture.file_name().unwrap());
    assert_eq!(
        stdout(&output).trim(),
        again.strip_prefix(folder.path()).unwrap().to_str().unwrap()
    );
    assert!(std::fs::read(again).unwrap() == std::fs::read(picture).unwrap());
}

#[test]
fn what_is_not_what_it_was_is_told() {
    let folder = with_photo();
    let [picture] = written(folder.path(), &[]).try_into().unwrap();
    let photo = folder.path().join("photo.png");
    // a photo that was changed
    let mut changed = image::open(&photo).unwrap().into_rgb8();
    changed.put_pixel(3, 3, image::Rgb([1, 2, 3]));
    changed.save(&photo).unwrap();
    let (status, told) = check(folder.path(), &picture, &[]);
    assert_eq!(status, Some(1));
    assert!(
        told.contains("the photo was changed: photo.png is not the file that was drawn"),
        "{told}"
    );
    assert!(told.contains(" of 307200 pixels differ, by at most "), "{told}");
    // the right one elsewhere, named
    let (status, told) = check(folder.path(), &picture, &[SAMPLE]);
    assert_eq!((status, told.as_str()), (Some(0), "same\n"));
    // another network
    let (status, told) = check(folder.path(), &picture, &[SAMPLE, "--weights", "built-in:photographs"]);
    assert_eq!(status, Some(1));
    assert!(
        told.contains("has no layer") || told.contains("the network is another"),
        "{told}"
    );
    // a picture that was changed
    let mut painted = image::open(&picture).unwrap().into_rgb8();
    painted.put_pixel(5, 5, image::Rgb([255, 0, 255]));
    let without = folder.path().join("painted.png");
    painted.save(&without).unwrap();
    let (status, told) = check(folder.path(), &without, &[]);
    assert_eq!(status, Some(1));
    assert!(told.contains("painted.png does not say how it was made"), "{told}");
    // no photo at all
    std::fs::remove_file(&photo).unwrap();
    let (status, told) = check(folder.path(), &picture, &[]);
    assert_eq!(status, Some(1));
    assert!(
        told.contains("was made from photo.png, which is neither beside it nor here"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn nonsense_about_repeating_is_a_usage_error() {
    let folder = with_photo();
    for (arguments, hint) in [
        (&["explain", "--check", "photo.png"][..], "--from"),
        (&["explain", "--from", "x.png"], "--out DIR"),
        (&["explain", "--from", "x.png", "--check", "--class", "cat"], "--class"),
    ] {
        let output = run_in(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(hint), "{}", stderr(&output));
    }
    let output = run_in(folder.path(), &["explain", "--from", "missing.png", "--check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("missing.png could not be read"),
        "{}",
        stderr(&output)
    );
    let output = run_in(folder.path(), &["explain", "--from", "photo.png", "--check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("does not say how it was made"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn every_text_of_a_picture_is_free_of_folders() {
    let folder = with_photo();
    let secret = folder.path().to_str().unwrap();
    let photo = folder.path().join("photo.png");
    for format in ["png", "jpeg", "webp"] {
        let arguments = [
            "explain",
            photo.to_str().unwrap(),
            "--out",
            "out",
            "--format",
            format,
            "--json",
        ];
        let output = run_in(folder.path(), &arguments);
        let file = documents(&output)[0]["maps"][0]["files"]["overlay"]
            .as_str()
            .unwrap()
            .to_owned();
        let bytes = std::fs::read(folder.path().join(file)).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(holds("photo.png") && !holds(secret), "{format}");
    }
}
