//! `explain --method` and `--measure`, end to end.

mod program;

use program::{SAMPLE, documents, run, stderr, stdout};

#[test]
fn every_method_makes_a_map_that_can_be_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    // those that take seconds are tested as they are, on a smaller network
    let methods = [
        ("grad-cam-element-wise", [10, 10]),
        ("eigen-cam", [10, 10]),
        ("eigen-grad-cam", [10, 10]),
        ("finer-cam", [10, 10]),
        ("kpca-cam", [10, 10]),
        ("shapley-cam", [10, 10]),
        ("ablation-cam", [10, 10]),
        ("faster-score-cam", [10, 10]),
        ("gradient", [299, 299]),
        ("guided-grad-cam", [299, 299]),
        ("occlusion", [14, 14]),
    ];
    for (method, [width, height]) in methods {
        let output = run(&[
            "explain", SAMPLE, "--class", "cat", "--method", method, "--out", out, "--json",
        ]);
        assert!(output.status.success(), "{method}: {}", stderr(&output));
        let documents = documents(&output);
        let map = &documents[0]["maps"][0];
        assert_eq!((&map["method"], &map["empty"]), (&method.into(), &false.into()));
        assert_eq!(
            (&map["width"], &map["height"]),
            (&width.into(), &height.into()),
            "{method}"
        );
        let picture = map["files"]["overlay"].as_str().unwrap();
        let check = run(&["explain", "--from", picture, SAMPLE, "--check"]);
        assert_eq!(stdout(&check).trim(), "same", "{method}: {}", stderr(&check));
    }
}

#[test]
fn a_method_of_one_place_refuses_another_layer() {
    let early = ["--layer", "block1_conv2_act"];
    for (method, reason) in [
        ("rise", "makes maps at input_layer alone"),
        (
            "kpca-cam",
            "--layer block1_conv2_act: KPCA-CAM compares each cell with each other",
        ),
    ] {
        let output = run(&[&["explain", SAMPLE, "--method", method], &early[..]].concat());
        assert_eq!(output.status.code(), Some(2));
        let told = stderr(&output);
        assert!(told.contains(reason), "{told}");
    }
    // which has maps of a channel less at every layer
    let ablation = ["--method", "ablation-cam", "--layer", "block13_sepconv2_bn", "--json"];
    let output = run(&[&["explain", SAMPLE], &ablation[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(documents(&output)[0]["maps"][0]["layer"], "block13_sepconv2_bn");
    let output = run(&["explain", SAMPLE, "--method", "guess-cam"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("integrated-gradients"), "{}", stderr(&output));
}

#[test]
fn measures_stand_in_the_document_and_in_the_text() {
    let all = "deletion,insertion,road,average_drop,increase";
    let output = run(&["explain", SAMPLE, "--measure", all, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let documents = documents(&output);
    let map = &documents[0]["maps"][0];
    let measures = &map["measures"];
    let number = |name: &str| measures[name].as_f64().unwrap();
    // a map that is true to the network beats random orders
    assert!(number("deletion") < number("random_deletion") / 2.0, "{measures}");
    assert!(
        number("insertion") > number("random_insertion") + number("random_insertion_deviation"),
        "{measures}"
    );
    assert!(
        number("road") > 0.0 && (0.0..=1.0).contains(&number("average_drop")),
        "{measures}"
    );
    assert!(measures["increase"].is_boolean());
    let text = stdout(&run(&["explain", SAMPLE, "--measure", "deletion"]));
    assert!(text.contains("deletion 0.") && text.contains("(random 0."), "{text}");
    assert!(!text.contains("insertion"));
    let none = program::documents(&run(&["explain", SAMPLE, "--json"]));
    assert!(none[0]["maps"][0].get("measures").is_none());
    assert_eq!(measures["fill"], "grey");
    let areas: Vec<f64> = ["blur", "mean"]
        .map(|fill| {
            let output = run(&["explain", SAMPLE, "--measure", "deletion", "--fill", fill, "--json"]);
            assert!(output.status.success(), "{}", stderr(&output));
            let measures = &program::documents(&output)[0]["maps"][0]["measures"];
            assert_eq!(measures["fill"], fill);
            measures["deletion"].as_f64().unwrap()
        })
        .into();
    assert!(
        areas.iter().all(|area| *area != number("deletion")) && areas[0] != areas[1],
        "{areas:?}"
    );
    // which takes long, and is tested on a smaller network
    let linear = run(&["explain", SAMPLE, "--measure", "increase", "--fill", "noisy-linear"]);
    assert!(linear.status.success(), "{}", stderr(&linear));
    for wrong in [&["--measure", "deletion", "--fill", "pink"][..], &["--fill", "blur"]] {
        let output = run(&[&["explain", SAMPLE], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
    let wrong = run(&["explain", SAMPLE, "--measure", "beauty"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("average-drop"));
}

#[test]
fn several_layers_become_one_map_that_can_be_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let map = |layer: &str, fusion: &str| {
        let output = run(&[
            "explain",
            SAMPLE,
            "--class",
            "cat",
            "--method",
            "layer-cam",
            "--layer",
            layer,
            "--fusion",
            fusion,
            "--out",
            out,
            "--write",
            "raw,overlay",
            "--json",
        ]);
        assert!(output.status.success(), "{}", stderr(&output));
        documents(&output)[0]["maps"][0].clone()
    };
    let heat = |map: &serde_json::Value| -> Vec<f32> {
        let array = candle_core::Tensor::read_npy(map["files"]["heat"].as_str().unwrap()).unwrap();
        array.flatten_all().unwrap().to_vec1().unwrap()
    };
    let (early, late) = ("block4_sepconv2_bn", "block14_sepconv2_act");
    let [one, other] = [early, late].map(|layer| map(layer, "mean"));
    let [width, height] = ["width", "height"].map(|side| one[side].as_u64().unwrap() as usize);
    let coarse = heat(&other);
    let side = coarse.len().isqrt();
    let coarse = gradcam_explorer::imaging::resize_map(&coarse, side, side, width, height);
    for fusion in ["mean", "maximum", "product"] {
        let join = |a: f32, b: f32| match fusion {
            "mean" => (a + b) / 2.0,
            "maximum" => a.max(b),
            _ => a * b,
        };
        let both = map(&format!("{early}+{late}"), fusion);
        let name = match fusion {
            "mean" => format!("{early}+{late}"),
            _ => format!("{early}+{late} ({fusion})"),
        };
        assert_eq!(both["layer"], name.as_str());
        assert_eq!([&both["width"], &both["height"]], [&one["width"], &one["height"]]);
        let expected: Vec<f32> = heat(&one).iter().zip(&coarse).map(|(a, b)| join(*a, *b)).collect();
        let most = expected.iter().copied().fold(0.0, f32::max);
        for (found, expected) in heat(&both).iter().zip(expected) {
            assert!((found - expected / most).abs() < 1e-5, "{fusion}: {found} {expected}");
        }
        let picture = both["files"]["overlay"].as_str().unwrap();
        let check = run(&["explain", "--from", picture, SAMPLE, "--check"]);
        assert_eq!(stdout(&check).trim(), "same", "{fusion}: {}", stderr(&check));
    }
    for (layers, told) in [
        ("block4_sepconv2_bn+nowhere", "there is no layer \"nowhere\""),
        ("block4_sepconv2_bn+block4_sepconv2_bn", "named twice"),
        ("block4_sepconv2_bn+", "there is no layer \"\""),
    ] {
        let output = run(&["explain", SAMPLE, "--layer", layers]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
}
