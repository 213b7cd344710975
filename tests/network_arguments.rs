//! The arguments that say what a network sees and answers, on the built program; the files are Keras' own
//! (`tests/data/keras`).

mod program;

use program::{SAMPLE, documents, program, run, stderr, stdout};
use serde_json::Value;

/// A network of the fixtures that Keras wrote.
fn keras(name: &str) -> String {
    format!("{}/tests/data/keras/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The document that a network writes about the sample.
fn explained(network: &str, arguments: &[&str]) -> (Value, String) {
    let network = keras(network);
    let all = [&["--weights", &network, "explain", SAMPLE, "--json"], arguments].concat();
    let output = run(&all);
    assert!(output.status.success(), "{all:?}: {}", stderr(&output));
    (documents(&output).remove(0), stderr(&output))
}

#[test]
fn documents_say_what_the_network_answers_and_sees() {
    let (document, said) = explained("sigmoid5.keras", &[]);
    assert_eq!(document["weights"]["output"], "sigmoid");
    assert_eq!(
        document["weights"]["input"],
        serde_json::json!({
            "width": 75, "height": 75, "pixels": "-1..1", "pixels_from": "guess", "resize": "nearest", "fit": "stretch", "from": "file"
        })
    );
    assert_eq!(said, "");
    assert!(document.get("complement").is_none());
    let (scaled, _) = explained("rescaling255.keras", &[]);
    assert_eq!(scaled["weights"]["input"]["pixels"], "0..255");
    let options = ["--pixels", "0..1", "--resize", "opencv", "--fit", "crop"];
    let (other, _) = explained("sigmoid5.keras", &options);
    let input = &other["weights"]["input"];
    assert_eq!(
        [&input["pixels"], &input["resize"], &input["fit"]],
        ["0..1", "opencv", "crop"]
    );
    assert_ne!(other["predictions"], document["predictions"]);
    // the names with a hyphen in front, and Keras' name of the same range
    for name in ["-1..1", "tf"] {
        let (same, _) = explained("sigmoid5.keras", &["--pixels", name]);
        assert_eq!(same["predictions"], document["predictions"]);
    }
}

#[test]
fn a_single_sigmoid_is_one_prediction_with_its_complement_beside_it() {
    for arguments in [&[][..], &["--top", "1"]] {
        let (document, _) = explained("sigmoid1.keras", arguments);
        let predictions = document["predictions"].as_array().unwrap();
        assert_eq!(predictions.len(), 1);
        let (unit, complement) = (&predictions[0], &document["complement"]);
        assert_eq!([&unit["index"], &complement["index"]], [1, 0]);
        let sum = unit["probability"].as_f64().unwrap() + complement["probability"].as_f64().unwrap();
        assert!((sum - 1.0).abs() < 1e-9);
        assert_eq!(unit["logit"].as_f64().unwrap(), -complement["logit"].as_f64().unwrap());
    }
    let text = run(&["explain", SAMPLE, "--weights", &keras("sigmoid1.keras")]);
    assert_eq!(stdout(&text).lines().filter(|line| line.contains(" % ")).count(), 2);
}

#[test]
fn plain_values_have_no_per_cent() {
    let (document, _) = explained("regression_mae2.keras", &[]);
    assert_eq!(document["weights"]["output"], "values");
    let first = &document["predictions"][0];
    assert_eq!(first["probability"], first["logit"]);
    let text = run(&["explain", SAMPLE, "--weights", &keras("regression_mae2.keras")]);
    assert!(
        text.status.success() && !stdout(&text).contains('%'),
        "{}",
        stdout(&text)
    );
}

#[test]
fn what_is_guessed_is_said_once_and_an_argument_decides() {
    let (guessed, said) = explained("guess_n.keras", &[]);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("softmax is assumed, --output decides"), "{said}");
    assert_eq!(guessed["weights"]["output"], "softmax");
    assert_eq!(guessed["weights"]["output_from"], "guess");
    let (decided, said) = explained("guess_n.keras", &["--output", "sigmoid"]);
    assert_eq!((&decided["weights"]["output"], said.as_str()), (&"sigmoid".into(), ""));
    assert_eq!(decided["weights"]["output_from"], "user");
    let (first, said) = explained("two_outputs.keras", &[]);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("--output-layer decides"), "{said}");
    let names = said.split(['(', ')']).nth(1).unwrap();
    let second = names.split(", ").nth(1).unwrap();
    let (other, said) = explained("two_outputs.keras", &["--output-layer", second]);
    assert_eq!(said, "");
    assert_ne!(first["weights"]["output"], other["weights"]["output"]);
}

#[test]
fn weights_without_a_graph_do_not_say_what_their_values_mean() {
    for file in ["small.safetensors", "small_timm.safetensors", "small_legacy.h5"] {
        let file = format!("../formats/{file}");
        let (guessed, said) = explained(&file, &["--input-size", "71"]);
        assert!(said.contains("softmax is assumed, --output decides"), "{file}: {said}");
        assert_eq!(guessed["weights"]["output_from"], "guess");
        let (decided, said) = explained(&file, &["--input-size", "71", "--output", "sigmoid"]);
        assert_eq!((&decided["weights"]["output"], said.as_str()), (&"sigmoid".into(), ""));
        let status = run(&["weights", "status", "--weights", &keras(&file)]);
        assert!(stdout(&status).contains("softmax (guess)"), "{}", stdout(&status));
    }
    // the network inside the program is known
    let built_in = run(&["explain", SAMPLE, "--json"]);
    assert_eq!(documents(&built_in)[0]["weights"]["output_from"], "file");
}

#[test]
fn tensors_beside_the_network_are_counted_and_told() {
    for file in ["optimizer_state.keras", "optimizer_state.k2.h5"] {
        let file = keras(file);
        for arguments in [
            ["weights", "status", "--weights", &file].as_slice(),
            &["weights", "inspect", &file],
        ] {
            let output = run(arguments);
            assert!(output.status.success(), "{}", stderr(&output));
            let text = stdout(&output);
            let told = text.lines().find(|line| line.starts_with("passed over: "));
            let told = told.unwrap_or_else(|| panic!("{arguments:?}: {text}"));
            assert!(
                told.contains("tensors that are not of the network (") && told.contains("optimizer state"),
                "{told}"
            );
            assert!(told.ends_with(" kB"), "{told}");
        }
    }
    let whole = run(&["weights", "inspect", &keras("sigmoid5.keras")]);
    assert!(!stdout(&whole).contains("passed over"), "{}", stdout(&whole));
}

#[test]
fn the_input_size_is_demanded_where_the_file_does_not_say_it() {
    let network = keras("anysize_inline.keras");
    let output = run(&["explain", SAMPLE, "--weights", &network]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--input-size"), "{}", stderr(&output));
    let (document, _) = explained("anysize_inline.keras", &["--input-size", "128x96"]);
    let input = &document["weights"]["input"];
    assert_eq!((&input["width"], &input["height"]), (&128.into(), &96.into()));
    assert_eq!(input["from"], "user");
    for size in ["0", "x", "10x", "99999"] {
        let output = run(&["explain", SAMPLE, "--weights", &network, "--input-size", size]);
        assert_eq!(output.status.code(), Some(2), "{size}");
    }
    // the network inside the program is what it is
    let output = run(&["explain", SAMPLE, "--output", "sigmoid"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--weights FILE"), "{}", stderr(&output));
}

#[test]
fn an_import_keeps_what_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    let out = out.to_str().unwrap();
    let said = [
        "--pixels", "0..255", "--resize", "bicubic", "--fit", "crop", "--output", "sigmoid",
    ];
    let import = run(&[&["weights", "import", &keras("guess_n.keras"), "--out", out], &said[..]].concat());
    assert!(import.status.success(), "{}", stderr(&import));
    let output = run(&["--weights", out, "explain", SAMPLE, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let weights = &documents(&output)[0]["weights"];
    let input = &weights["input"];
    assert_eq!(
        [&input["pixels"], &input["resize"], &input["fit"]],
        ["0..255", "bicubic", "crop"]
    );
    assert_eq!(weights["output"], "sigmoid");
}

#[test]
fn a_crop_leaves_the_photo_around_it_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let options = ["--fit", "crop", "--out", out, "--write", "overlay,heatmap"];
    let (document, _) = explained("sigmoid5.keras", &options);
    let photo = image::open(SAMPLE).unwrap().into_rgb8();
    let open = |kind: &str| {
        let file = document["maps"][0]["files"][kind].as_str().unwrap();
        image::open(file).unwrap()
    };
    let (overlay, heatmap) = (open("overlay").into_rgb8(), open("heatmap").into_rgba8());
    assert_eq!([overlay.dimensions(), heatmap.dimensions()], [photo.dimensions(); 2]);
    // of 640 by 480 pixels the network sees the 480 in the middle
    for y in 0..480 {
        for x in (0..80).chain(560..640) {
            assert_eq!(overlay.get_pixel(x, y), photo.get_pixel(x, y));
            assert_eq!(heatmap.get_pixel(x, y).0, [0; 4]);
        }
    }
    assert!((80..560).any(|x| overlay.get_pixel(x, 240) != photo.get_pixel(x, 240)));
}

#[test]
fn a_word_that_is_nearly_a_command_is_no_image() {
    let output = run(&["explian", SAMPLE]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("did you mean \"explain\"?"),
        "{}",
        stderr(&output)
    );
    let output = run(&[SAMPLE, "explain", SAMPLE]);
    assert_eq!(output.status.code(), Some(2));
    let help = stdout(&run(&["explain", "--help"]));
    assert!(!help.contains("block14") && help.contains("320x240"), "{help}");
}

#[test]
fn without_any_weights_photographs_are_explained() {
    let home = tempfile::tempdir().unwrap();
    let explained = program(&["explain", SAMPLE, "--class", "cowboy hat", "--json"], home.path())
        .env_remove("GRADCAM_WEIGHTS")
        .output()
        .unwrap();
    assert!(explained.status.success(), "{}", stderr(&explained));
    let document = &documents(&explained)[0];
    assert_eq!(document["weights"]["classes"], 1000);
    assert_eq!(document["maps"][0]["layer"], "top_activation");
    let refused = program(&["explain", SAMPLE, "--output", "sigmoid"], home.path())
        .env_remove("GRADCAM_WEIGHTS")
        .output()
        .unwrap();
    assert!(
        stderr(&refused).contains("one output and one input size"),
        "{}",
        stderr(&refused)
    );
}
