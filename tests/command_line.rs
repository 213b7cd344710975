//! The command line end to end: the built program, its output, its files and its exit status.

mod program;
mod server;

use std::path::Path;
use std::process::Stdio;

use program::{SAMPLE, documents, program, run, stderr, stdout};
use server::{Answer, Server};

#[test]
fn explain_honours_its_contract() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    for score in ["probability", "logit"] {
        let output = run(&[
            "explain",
            SAMPLE,
            "--class",
            "cowboy_hat",
            "--class",
            "CAT",
            "--class",
            "0",
            "--layer",
            "block14_sepconv2_act",
            "--layer",
            "block3_sepconv2_bn",
            "--score",
            score,
            "--top",
            "3",
            "--out",
            out,
            "--write",
            "overlay,heatmap,raw",
            "--json",
            "--device",
            "cpu",
        ]);
        assert!(output.status.success(), "{}", stderr(&output));
        let documents = documents(&output);
        assert_eq!(documents.len(), 1);
        let document = &documents[0];
        assert_eq!(document["image"], SAMPLE);
        assert_eq!(
            (document["width"].as_u64(), document["height"].as_u64()),
            (Some(640), Some(480))
        );
        assert_eq!(document["device"], "cpu");
        assert_eq!(document["weights"]["sha256"].as_str().unwrap().len(), 64);

        let predictions = document["predictions"].as_array().unwrap();
        assert_eq!(predictions.len(), 3);
        let probability = |rank: usize| predictions[rank]["probability"].as_f64().unwrap();
        assert!(probability(0) >= probability(1) && probability(1) >= probability(2) && probability(2) > 0.0);
        assert_eq!(predictions[1]["rank"], 2);
        assert!(predictions[0]["logit"].is_f64() && predictions[0]["label"].is_string());
        assert!(predictions[0]["wnid"].is_null());

        let maps = document["maps"].as_array().unwrap();
        assert_eq!(maps.len(), 6);
        let sides: Vec<_> = maps.iter().map(|map| map["width"].as_u64().unwrap()).collect();
        assert_eq!(sides, [10, 74, 10, 74, 10, 74]);
        assert_eq!(maps[0]["label"], "cowboy hat");
        for map in maps {
            assert_eq!((&map["score"], &map["method"]), (&score.into(), &"grad-cam".into()));
            assert_eq!(map["empty"], map["signed_max"].as_f64().unwrap() <= 0.0);
            let file = |kind: &str| Path::new(map["files"][kind].as_str().unwrap()).to_owned();
            for kind in ["overlay", "heatmap"] {
                let picture = image::open(file(kind)).unwrap();
                assert_eq!((picture.width(), picture.height()), (640, 480));
            }
            let array = |kind: &str| {
                let tensor = candle_core::Tensor::read_npy(file(kind)).unwrap();
                assert_eq!(tensor.dims()[1] as u64, map["width"].as_u64().unwrap());
                tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap()
            };
            let (heat, signed) = (array("heat"), array("signed"));
            let max = signed.iter().copied().fold(f32::MIN, f32::max);
            assert!((f64::from(max) - map["signed_max"].as_f64().unwrap()).abs() <= 1e-6 * f64::from(max.abs()));
            for (h, s) in heat.iter().zip(&signed) {
                assert!((h - s.max(0.0) / max.max(f32::MIN_POSITIVE)).abs() < 1e-5);
            }
        }
        for timing in ["decode", "preprocess", "forward", "maps"] {
            assert!(document["timings_ms"][timing].as_f64().unwrap() >= 0.0);
        }
    }
}

#[test]
fn the_score_is_the_networks_unless_one_is_said() {
    let of = |arguments: &[&str]| {
        let usual = ["explain", SAMPLE, "--class", "cowboy_hat", "--class", "glasses"];
        run(&[&usual[..], arguments].concat())
    };
    let [recommended] = documents(&of(&["--json"])).try_into().unwrap();
    for map in recommended["maps"].as_array().unwrap() {
        assert_eq!(map["score"], "logit");
        assert!(map["rivals"].is_null(), "{map}");
    }
    let [said] = documents(&of(&["--json", "--score", "probability"]))
        .try_into()
        .unwrap();
    let [winner, other] = [&said["maps"][0], &said["maps"][1]];
    assert_eq!([&winner["score"], &other["score"]], ["probability"; 2]);
    assert!(winner["rivals"].is_null(), "{winner}");
    assert_eq!(other["rivals"]["label"], "cowboy hat");
    assert_eq!(other["rivals"]["prevail"], true);
    assert!(
        (0.52..1.0).contains(&other["rivals"]["share"].as_f64().unwrap()),
        "{other}"
    );
    let text = stdout(&of(&["--score", "probability"]));
    assert_eq!(text.matches("mostly says").count(), 1, "{text}");
    assert!(
        text.contains("mostly says: not cowboy hat (2); --score logit explains glasses alone"),
        "{text}"
    );
    assert!(!stdout(&of(&[])).contains("mostly says"));
    assert!(stdout(&run(&["explain", "--help"])).contains("logit for all other networks"));
}

#[test]
fn an_image_that_fails_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(SAMPLE, folder.path().join("b.png")).unwrap();
    std::fs::write(folder.path().join("a.png"), &std::fs::read(SAMPLE).unwrap()[..5000]).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "no image, and not taken for one").unwrap();
    let output = run(&["explain", folder.path().to_str().unwrap(), "no-such-file.png", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let documents = documents(&output);
    assert_eq!(documents.len(), 3);
    assert!(documents[0]["error"].as_str().unwrap().contains("a.png"));
    assert_eq!(documents[1]["predictions"].as_array().unwrap().len(), 10);
    assert!(documents[2]["error"].as_str().unwrap().contains("no-such-file.png"));
    assert!(documents[2].get("predictions").is_none());
}

#[test]
fn a_web_address_is_fetched_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(std::fs::read(SAMPLE).unwrap(), vec![Answer::Status(404), Answer::File]);
    let [missing, address] = ["missing.png", "drawing.png"].map(|name| format!("{}/{name}", server.url));
    let out = folder.path().to_str().unwrap();
    // one at a time, as the server has its answers in an order
    let output = run(&["explain", &missing, &address, "--jobs", "1", "--json", "--out", out]);
    assert_eq!(output.status.code(), Some(1));
    let [failed, explained] = documents(&output).try_into().unwrap();
    assert_eq!(failed["image"], *missing);
    assert!(failed["error"].as_str().unwrap().contains("404"), "{failed}");
    assert_eq!(explained["image"], *address);
    assert_eq!([&explained["width"], &explained["height"]], [640, 480]);
    let overlay = explained["maps"][0]["files"]["overlay"].as_str().unwrap();
    assert!(overlay.contains("drawing.") && Path::new(overlay).exists(), "{overlay}");
    // of the same pixels
    let [local] = documents(&run(&["explain", SAMPLE, "--json"])).try_into().unwrap();
    assert_eq!(explained["predictions"], local["predictions"]);
}

#[test]
fn nonsense_is_a_usage_error_with_a_hint() {
    for (arguments, hint) in [
        (&["explain", SAMPLE, "--class", "unicorn"][..], "unicorn"),
        (&["explain", SAMPLE, "--class", "999"], "999"),
        (&["explain", SAMPLE, "--layer", "block99"], "block99"),
        (&["explain", SAMPLE, "--layer", "predictions"], "predictions"),
        (&["explain", SAMPLE, "--blend", "2"], "0 (photo only)"),
        (&["explain", SAMPLE, "--score", "entropy"], "entropy"),
        (&["explain", SAMPLE, "--colormap", "pink"], "pink"),
        (&["explain"], "IMAGE"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(hint), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn without_out_nothing_is_written() {
    let output = run(&["explain", SAMPLE, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let document = &documents(&output)[0];
    assert_eq!(document["maps"][0]["files"], serde_json::json!({}));
    assert_eq!(document["maps"][0]["class"], document["predictions"][0]["index"]);
}

#[test]
fn images_of_the_same_name_do_not_overwrite_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    for name in ["one", "two"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::copy(SAMPLE, folder.path().join(name).join("same.png")).unwrap();
    }
    let images = ["one", "two"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    let output = run(&["explain", &images[0], &images[1], "--out", out.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(std::fs::read_dir(out).unwrap().count(), 2);
}

#[test]
fn a_missing_weights_file_is_named() {
    let output = run(&["explain", SAMPLE, "--weights", "nowhere.safetensors"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("nowhere.safetensors"));
}

#[test]
fn layers_and_classes_are_listed() {
    let layers = run(&["layers"]);
    assert!(
        stdout(&layers)
            .lines()
            .any(|line| line.starts_with("block14_sepconv2_act") && line.ends_with("block14  default"))
    );
    let groups = documents(&run(&["layers", "--json"]));
    let residual = groups.iter().find(|layer| layer["layer"] == "conv2d").unwrap();
    assert_eq!(
        (&residual["group"], &residual["note"]),
        (&"block2".into(), &"residual branch".into())
    );
    let classes = run(&["classes"]);
    assert!(stdout(&classes).lines().count() >= 16);
    let found = run(&["classes", "cowboy", "hat"]);
    assert!(stdout(&found).lines().next().unwrap().contains("cowboy hat"));
    assert_eq!(run(&["classes", "zzzzqqq"]).status.code(), Some(1));
}

#[test]
fn a_fine_tuned_network_speaks_with_its_own_labels() {
    let folder = tempfile::tempdir().unwrap();
    let weights = folder.path().join("deer.safetensors");
    let formats = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/formats/small.safetensors");
    std::fs::copy(formats, &weights).unwrap();
    let names = ["elk", "moose", "red deer", "roe", "fallow", "reindeer", "none"];
    std::fs::write(folder.path().join("labels.txt"), names.join("\n")).unwrap();
    let weights = weights.to_str().unwrap();
    let output = run(&["explain", SAMPLE, "--weights", weights, "--class", "red_deer", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let document = &documents(&output)[0];
    assert_eq!(document["weights"]["classes"], 7);
    assert_eq!(document["predictions"].as_array().unwrap().len(), 7);
    assert_eq!(
        (&document["maps"][0]["class"], &document["maps"][0]["label"]),
        (&2.into(), &"red deer".into())
    );
    let classes = run(&["classes", "--weights", weights]);
    assert_eq!(stdout(&classes).lines().count(), 7);
}

#[test]
fn weights_are_reported_imported_and_checked() {
    let home = tempfile::tempdir().unwrap();
    let mut status = program(&["weights", "status"], home.path());
    let status = status.env_remove("GRADCAM_WEIGHTS").output().unwrap();
    assert!(status.status.success(), "{}", stderr(&status));
    assert!(stdout(&status).contains("built into the program: used"));
    assert!(stdout(&status).contains("network  EfficientNet-Lite0, 1000 ImageNet classes"));
    assert!(stdout(&status).contains("no published weights"));
    let drawings = run(&["weights", "status"]);
    assert!(stdout(&drawings).contains("GRADCAM_WEIGHTS (built-in:drawings): used"));
    assert!(stdout(&drawings).contains("drawn things"));

    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    let keras = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/formats/small.keras");
    let import = run(&["weights", "import", keras, "--out", out.to_str().unwrap()]);
    assert!(import.status.success(), "{}", stderr(&import));
    let verify = run(&["weights", "verify", "--weights", out.to_str().unwrap()]);
    assert!(
        verify.status.success() && stdout(&verify).contains("all finite"),
        "{}",
        stderr(&verify)
    );
    // these are not the tutorial's weights, and this is not its photograph
    let compared = run(&["weights", "verify", SAMPLE, "--weights", out.to_str().unwrap()]);
    assert_eq!(compared.status.code(), Some(1));
    assert!(stdout(&compared).contains("vizsla"));

    let pickle = folder.path().join("x.pth");
    std::fs::write(&pickle, b"\x80\x02}q\x00.").unwrap();
    let refused = run(&["weights", "import", pickle.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("pickle"), "{}", stderr(&refused));
}

#[test]
fn bench_prints_one_line_of_figures() {
    let output = run(&["bench", "--runs", "1", "--json"]);
    let document = &documents(&output)[0];
    for figure in [
        "forward_ms",
        "cam_last_ms",
        "cam_other_ms",
        "cam_early_ms",
        "first_heatmap_s",
        "p_top1",
    ] {
        assert!(document[figure].as_f64().unwrap() > 0.0, "{figure}");
    }
}

// elsewhere the folder does not depend on the environment, and is that of whoever runs the tests
#[cfg(unix)]
#[test]
fn weights_are_imported_to_the_folder_of_the_program_if_nobody_says_where() {
    let home = tempfile::tempdir().unwrap();
    let keras = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/formats/small.keras");
    let import = program(&["weights", "import", keras], home.path()).output().unwrap();
    assert!(import.status.success(), "{}", stderr(&import));
    let described = stdout(&import);
    let file = described.lines().find_map(|line| line.strip_prefix("file     "));
    let file = Path::new(file.unwrap());
    assert!(file.ends_with("small.safetensors") && file.exists(), "{described}");
}

#[test]
fn a_reader_of_the_output_may_leave() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    let keras = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/formats/small.keras");
    for arguments in [
        &["bench", "--runs", "1"][..],
        &["bench", "--runs", "1", "--json"],
        &["weights", "import", keras, "--out", out.to_str().unwrap()],
        &["weights", "status"],
        &["explain", SAMPLE],
        &["classes"],
        &["layers"],
    ] {
        let mut program = program(arguments, folder.path());
        let mut running = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(running.stdout.take());
        let output = running.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stderr(&output), "", "{arguments:?}");
    }
}

#[test]
fn a_value_that_is_not_finite_is_the_fault_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let weights = folder.path().join("damaged.safetensors");
    let formats = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/formats/small.safetensors");
    let mut bytes = std::fs::read(formats).unwrap();
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&weights, bytes).unwrap();
    let output = run(&["explain", SAMPLE, "--weights", weights.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let message = stderr(&output);
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(
        message.contains("damaged.safetensors holds no usable network: the tensor"),
        "{message}"
    );
    assert!(!message.contains("device"), "{message}");
}
