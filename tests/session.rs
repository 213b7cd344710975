//! The session as its faces use it: newest wins, failures are replies, workers survive.

mod support;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use gradcam_explorer::explain::{Fill, Method, Score, Target, Way};
use gradcam_explorer::explorer::{
    Activity, ChannelsRequest, DeviceChoice, ExplainRequest, Explorer, ImageId, ImageSource, MaskRequest,
    MeasureRequest, NetworkEpoch, NetworkSource, Part, Purpose, Reply, Request, STEPS,
};
use gradcam_explorer::imaging::{self, Photo, Preprocessing, Resize};
use gradcam_explorer::network::LayerId;
use gradcam_explorer::samples::drawings;
use gradcam_explorer::weights::{BuiltIn, NetworkChoices};

const IMAGE: ImageId = ImageId(1);

fn sample(number: usize) -> ImageSource {
    ImageSource::Bytes {
        name: drawings()[number].title.to_owned(),
        bytes: drawings()[number].bytes.into(),
    }
}

/// More pixels than are kept at hand; they take a while to be made smaller.
fn large() -> ImageSource {
    let photo = Photo::new(10_000, 9_000, vec![0; 270_000_000]).unwrap();
    ImageSource::Bytes {
        name: "large".to_owned(),
        bytes: imaging::encode_png(&photo).unwrap().into(),
    }
}

/// The next reply, within a time that only a hanging worker exceeds.
fn next(explorer: &Explorer) -> Reply {
    explorer
        .recv_timeout(Duration::from_secs(120))
        .expect("the session answers")
}

/// A session with the built-in network and the first sample open.
fn started() -> (Explorer, LayerId, LayerId) {
    let explorer = Explorer::start(|| {}).unwrap();
    explorer.send(Request::UseNetwork {
        source: NetworkSource::BuiltIn(BuiltIn::Drawings),
        choices: NetworkChoices::default(),
        device: DeviceChoice::Cpu,
    });
    let Reply::Network(network) = next(&explorer) else {
        panic!("expected the network")
    };
    explorer.send(Request::Open {
        image: IMAGE,
        source: sample(0),
        urgent: true,
    });
    assert!(matches!(next(&explorer), Reply::Opened(opened) if (opened.width, opened.height) == (640, 480)));
    assert!(matches!(next(&explorer), Reply::Display { .. }));
    let last = network.plan.last_feature_layer();
    (explorer, last, network.plan.find("block3_sepconv2_bn").unwrap())
}

fn explain(targets: &[usize], layers: &[LayerId]) -> Request {
    Request::Explain(ExplainRequest {
        image: IMAGE,
        preprocessing: Preprocessing::default(),
        purpose: Purpose::Main,
        targets: targets.iter().copied().map(Target::Class).collect(),
        layers: layers.to_vec(),
        score: Score::Probability,
        method: Method::GradCam,
    })
}

#[test]
fn backward_sweeps_and_the_closed_form_agree_through_the_session() {
    let (explorer, last, early) = started();
    explorer.send(Request::Predict {
        image: IMAGE,
        preprocessing: Preprocessing::default(),
        urgent: true,
    });
    let Reply::Predicted(predicted) = next(&explorer) else {
        panic!("expected predictions")
    };
    assert!((predicted.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    explorer.send(explain(&[0, 2], &[last, early]));
    let mut found = Vec::new();
    loop {
        match next(&explorer) {
            Reply::Explained(explained) => found.push(explained.explanation),
            Reply::ExplainedAll { .. } => break,
            other => panic!("unexpected {other:?}"),
        }
    }
    assert_eq!(found.len(), 4);
    for explanation in found.iter().filter(|explanation| explanation.layer == last) {
        let closed = predicted.class_maps.map(explanation.target, Score::Probability);
        for (a, b) in closed.signed.iter().zip(&explanation.map.signed) {
            assert!((a - b).abs() < 1e-5 * closed.max_abs());
        }
    }
}

#[test]
fn of_many_wishes_the_newest_wins() {
    let (explorer, _, early) = started();
    for class in 0..12 {
        explorer.send(explain(&[class], &[early]));
    }
    let mut finished = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(120);
    while finished.last() != Some(&11) {
        assert!(Instant::now() < deadline);
        if let Reply::ExplainedAll { request } = next(&explorer) {
            let [Target::Class(class)] = request.targets[..] else {
                panic!("one class was asked for")
            };
            finished.push(class);
        }
    }
    // the first may have been running already; those between were replaced while they waited
    assert!(finished.len() <= 3, "{finished:?}");
}

#[test]
fn failures_are_replies_and_the_session_goes_on() {
    let (explorer, last, _) = started();
    explorer.send(explain(&[4711], &[last]));
    assert!(matches!(next(&explorer), Reply::Failed(failure)
        if failure.during == Activity::Explaining && failure.error.to_string().contains("4711")));
    explorer.send(explain(&[0], &[LayerId(9999)]));
    assert!(matches!(next(&explorer), Reply::Failed(_)));

    let missing = PathBuf::from("no/such/file.png");
    explorer.send(Request::Open {
        image: ImageId(7),
        source: ImageSource::File(missing),
        urgent: true,
    });
    assert!(matches!(next(&explorer), Reply::Failed(failure)
        if failure.image == Some(ImageId(7)) && failure.error.to_string().contains("file.png")));
    let bytes = ImageSource::Bytes {
        name: "pasted".to_owned(),
        bytes: b"no image".as_slice().into(),
    };
    explorer.send(Request::Open {
        image: ImageId(8),
        source: bytes,
        urgent: true,
    });
    assert!(matches!(next(&explorer), Reply::Failed(failure) if failure.error.to_string().contains("pasted")));

    let file = NetworkSource::File("no/weights.safetensors".into());
    explorer.send(Request::UseNetwork {
        source: file,
        choices: NetworkChoices::default(),
        device: DeviceChoice::Cpu,
    });
    assert!(matches!(next(&explorer), Reply::Failed(failure) if failure.during == Activity::LoadingNetwork));

    // the network in use is still there
    explorer.send(Request::Predict {
        image: IMAGE,
        preprocessing: Resize::Bilinear.into(),
        urgent: true,
    });
    assert!(matches!(next(&explorer), Reply::Predicted(_)));
}

#[test]
fn a_network_that_took_effect_is_announced_though_another_was_asked_for_meanwhile() {
    let (explorer, ..) = started();
    let ask = |source| {
        explorer.send(Request::UseNetwork {
            source,
            choices: NetworkChoices::default(),
            device: DeviceChoice::Cpu,
        })
    };
    let mut announced = NetworkEpoch(1);
    // of these pauses some are so short that the first still waits, some so long that it is ready, most in between
    for pause in (0..40).map(|step| Duration::from_micros(250 * step)) {
        ask(NetworkSource::BuiltIn(BuiltIn::Drawings));
        std::thread::sleep(pause);
        ask(NetworkSource::File("no/weights.safetensors".into()));
        explorer.send(Request::Predict {
            image: IMAGE,
            preprocessing: Preprocessing::default(),
            urgent: true,
        });
        loop {
            match next(&explorer) {
                Reply::Network(network) => announced = network.epoch,
                Reply::Failed(failure) => assert_eq!(failure.during, Activity::LoadingNetwork),
                Reply::Predicted(predicted) => {
                    assert_eq!(predicted.epoch, announced, "after {pause:?}");
                    break;
                }
                other => panic!("unexpected {other:?}"),
            }
        }
    }
}

#[test]
fn without_a_network_a_prediction_is_refused_in_words() {
    let explorer = Explorer::start(|| {}).unwrap();
    explorer.send(Request::Open {
        image: IMAGE,
        source: sample(1),
        urgent: false,
    });
    assert!(matches!(next(&explorer), Reply::Opened(_)));
    explorer.send(Request::Predict {
        image: IMAGE,
        preprocessing: Preprocessing::default(),
        urgent: true,
    });
    assert!(matches!(next(&explorer), Reply::Failed(failure) if failure.error.to_string().contains("network")));
}

#[test]
fn channels_and_feature_maps_describe_the_same_layer() {
    let (explorer, last, early) = started();
    let Request::Explain(wish) = explain(&[2], &[early]) else {
        unreachable!()
    };
    explorer.send(Request::Channels(ChannelsRequest {
        explain: wish.clone(),
        cell: None,
    }));
    let Reply::Channels(channels) = next(&explorer) else {
        panic!("expected channels")
    };
    let count: u64 = channels.gradients.counts.iter().sum();
    assert_eq!(count as usize, 74 * 74 * channels.gradient_mean.len());
    assert_eq!(channels.strongest.len(), channels.gradient_mean.len());
    let channel = channels.strongest[0];
    explorer.send(Request::FeatureMap {
        image: IMAGE,
        preprocessing: Preprocessing::default(),
        layer: early,
        channel,
    });
    let Reply::FeatureMap(feature_map) = next(&explorer) else {
        panic!("expected a feature map")
    };
    let values = &feature_map.map.signed;
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    assert!((mean - channels.activation[channel]).abs() < 1e-6 * mean.abs().max(1.0));
    // in one cell the channels add up to Grad-CAM's map there
    let cell = 74 * 30 + 40;
    explorer.send(Request::Channels(ChannelsRequest {
        explain: wish.clone(),
        cell: Some(cell),
    }));
    let Reply::Channels(there) = next(&explorer) else {
        panic!("expected the channels of a cell")
    };
    assert!((there.activation[channel] - values[cell]).abs() < 1e-6);
    let products = there.gradient_mean.iter().zip(&there.activation);
    let sum: f64 = products.map(|(weight, activation)| weight * activation).sum();
    explorer.send(Request::Explain(wish.clone()));
    let Reply::Explained(explained) = next(&explorer) else {
        panic!("expected a map")
    };
    let map = explained.explanation.map;
    assert!(
        (sum - map.signed[cell]).abs() < 1e-5 * map.max_abs(),
        "{sum} {}",
        map.signed[cell]
    );
    assert!(matches!(next(&explorer), Reply::ExplainedAll { .. }));
    explorer.send(Request::Channels(ChannelsRequest {
        explain: wish,
        cell: Some(74 * 74),
    }));
    assert!(matches!(next(&explorer), Reply::Failed(_)));
    explorer.send(Request::FeatureMap {
        image: IMAGE,
        preprocessing: Preprocessing::default(),
        layer: last,
        channel: 1_000_000,
    });
    assert!(matches!(next(&explorer), Reply::Failed(_)));
}

#[test]
fn closing_the_session_ends_its_workers_at_once() {
    let (explorer, _, early) = started();
    explorer.send(explain(&(0..16).collect::<Vec<_>>(), &[early]));
    let start = Instant::now();
    drop(explorer);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_device_is_refused_at_once_and_holds_no_worker() {
    let (explorer, ..) = started();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.png");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let start = Instant::now();
    for (number, path) in (10..).zip([pipe, PathBuf::from("/dev/zero")]) {
        explorer.send(Request::Open {
            image: ImageId(number),
            source: ImageSource::File(path.clone()),
            urgent: true,
        });
        let Reply::Failed(failure) = next(&explorer) else {
            panic!("{} was opened", path.display())
        };
        let text = failure.error.to_string();
        assert!(
            text.contains(path.to_str().unwrap()) && text.contains("no regular file"),
            "{text}"
        );
    }
    drop(explorer);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn an_image_whose_file_is_away_for_a_while_stays_open() {
    let explorer = Explorer::start(|| {}).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("photo.png");
    std::fs::write(&file, drawings()[0].bytes).unwrap();
    let open = |image, source| {
        explorer.send(Request::Open {
            image,
            source,
            urgent: false,
        });
        assert!(matches!(next(&explorer), Reply::Opened(_)));
    };
    open(IMAGE, ImageSource::File(file.clone()));
    open(ImageId(2), large());
    std::fs::remove_file(&file).unwrap();
    explorer.send(Request::Show(IMAGE));
    assert!(matches!(next(&explorer), Reply::Failed(failure)
        if failure.during == Activity::Displaying && failure.error.to_string().contains("photo.png")));
    std::fs::write(&file, drawings()[0].bytes).unwrap();
    explorer.send(Request::Show(IMAGE));
    assert!(matches!(next(&explorer), Reply::Display { image: IMAGE, .. }));
}

#[test]
fn a_fingerprint_that_fails_is_no_failure_to_load() {
    let explorer = Explorer::start(|| {}).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cut.safetensors");
    let formats = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/formats/small.safetensors");
    std::fs::copy(formats, &file).unwrap();
    explorer.send(Request::UseNetwork {
        source: NetworkSource::File(file.clone()),
        choices: NetworkChoices::default(),
        device: DeviceChoice::Cpu,
    });
    assert!(matches!(next(&explorer), Reply::Network(_)));
    let opened = std::fs::File::options().write(true).open(&file).unwrap();
    opened.set_len(100).unwrap();
    explorer.send(Request::Fingerprint);
    assert!(matches!(next(&explorer), Reply::Failed(failure)
        if failure.during == Activity::Fingerprinting && failure.error.to_string().contains("cut.safetensors")));
}

#[test]
fn of_a_closed_image_no_copy_for_the_screen_is_made() {
    let (explorer, ..) = started();
    let open = |image, source| {
        explorer.send(Request::Open {
            image,
            source,
            urgent: true,
        })
    };
    // while the worker is at this one, the other waits
    open(ImageId(2), large());
    explorer.send(Request::Show(IMAGE));
    explorer.send(Request::Close(IMAGE));
    open(ImageId(3), sample(1));
    for image in [ImageId(2), ImageId(3)] {
        assert!(matches!(next(&explorer), Reply::Opened(opened) if opened.image == image));
        assert!(matches!(next(&explorer), Reply::Display { image: shown, .. } if shown == image));
    }
}

#[test]
fn a_second_network_sees_the_same_photo() {
    let (explorer, last, _) = started();
    let request = |layer, class| ExplainRequest {
        image: IMAGE,
        preprocessing: Preprocessing::default(),
        purpose: Purpose::Compare,
        targets: vec![Target::Class(class)],
        layers: vec![layer],
        score: Score::Logit,
        method: Method::GradCam,
    };
    // nothing before there is one, and the session goes on
    explorer.send(Request::ExplainSecond(request(last, 0)));
    assert!(matches!(next(&explorer), Reply::Failed(failure) if failure.during == Activity::ExplainingSecond));
    explorer.send(Request::HoldSecond {
        source: NetworkSource::BuiltIn(BuiltIn::Photographs),
        choices: NetworkChoices::default(),
        device: DeviceChoice::Cpu,
    });
    let Reply::SecondNetwork(Some(second)) = next(&explorer) else {
        panic!("expected the second network")
    };
    assert_eq!(second.plan.classes(), 1000);
    explorer.send(Request::ExplainSecond(request(second.plan.last_feature_layer(), 999)));
    let Reply::SecondExplained(made) = next(&explorer) else {
        panic!("expected what it makes of the photo")
    };
    assert_eq!((made.epoch, made.answers.len()), (second.epoch, 1000));
    assert!((made.answers.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    assert_eq!((made.map.width, made.map.height), (7, 7));
    // the first one still speaks for itself
    explorer.send(explain(&[3], &[last]));
    assert!(matches!(next(&explorer), Reply::Explained(explained) if explained.epoch != second.epoch));
    assert!(matches!(next(&explorer), Reply::ExplainedAll { .. }));
    explorer.send(Request::LetGoSecond);
    assert!(matches!(next(&explorer), Reply::SecondNetwork(None)));
}

#[test]
fn the_randomisation_test_makes_the_same_map_with_ever_more_random_weights() {
    let (explorer, last, _) = started();
    let Request::Explain(request) = explain(&[3], &[last]) else {
        panic!("a request for maps")
    };
    let request = std::sync::Arc::new(request);
    let run = || {
        let request = request.clone();
        explorer.send(Request::Randomize { request, next: 0 });
        let mut stages = Vec::new();
        loop {
            let Reply::Randomized(stage) = next(&explorer) else {
                panic!("expected a stage")
            };
            assert_eq!(stage.index, stages.len());
            let is_last = stage.index + 1 == stage.count;
            stages.push(stage);
            if is_last {
                return stages;
            }
        }
    };
    let stages = run();
    assert!((4..=12).contains(&stages.len()));
    assert!(stages.is_sorted_by(|a, b| a.stage.from > b.stage.from));
    assert_eq!(stages.last().unwrap().stage.from, LayerId(1));
    // Grad-CAM depends on what has been learnt
    let found: Vec<_> = stages.iter().map(|stage| stage.likeness).collect();
    let verdict = gradcam_explorer::explain::verdict(&found).unwrap();
    assert!(verdict.passes, "{verdict:?}");
    let identical = |stage: &gradcam_explorer::explain::Likeness| stage.structural_similarity > Some(0.999);
    assert!(!found.iter().any(identical));
    // the same in every run, and the network in use still has what it has learnt
    let again = run();
    assert!(stages.iter().zip(&again).all(|(one, other)| one.map == other.map));
    explorer.send(explain(&[3], &[last]));
    let Reply::Explained(explained) = next(&explorer) else {
        panic!("expected a map")
    };
    assert!(stages.iter().all(|stage| *stage.map != explained.explanation.map));
    assert!(matches!(next(&explorer), Reply::ExplainedAll { .. }));
}

/// It was lost if something more urgent came while the trained network's map was made.
#[test]
fn the_randomisation_test_gives_way_and_is_done_after_it() {
    let (explorer, last, early) = started();
    let Request::Explain(request) = explain(&[3], &[last]) else {
        panic!("a request for maps")
    };
    // a hundred passes and more before the first stage
    let request = std::sync::Arc::new(ExplainRequest {
        method: Method::Occlusion,
        layers: vec![LayerId(0)],
        ..request
    });
    explorer.send(Request::Randomize { request, next: 0 });
    explorer.send(explain(&[1], &[early]));
    assert!(matches!(next(&explorer), Reply::Explained(explained) if explained.explanation.layer == early));
    assert!(matches!(next(&explorer), Reply::ExplainedAll { .. }));
    let Reply::Randomized(first) = next(&explorer) else {
        panic!("expected the first stage")
    };
    assert_eq!((first.index, first.request.method), (0, Method::Occlusion));
}

/// What is wanted of the curve of a class at the last layer.
fn measure(layer: LayerId, class: usize) -> MeasureRequest {
    let Request::Explain(of) = explain(&[class], &[layer]) else {
        unreachable!()
    };
    MeasureRequest {
        of,
        fused: None,
        fill: Fill::Grey,
        part: Part::Curves,
    }
}

#[test]
fn measuring_gives_way_to_whatever_is_looked_at_and_is_done_after_it() {
    let (explorer, last, early) = started();
    let what = measure(last, 0);
    explorer.send(Request::Measure {
        what: what.clone(),
        map: None,
    });
    // it is under way
    let Reply::Measuring { request, done, total } = next(&explorer) else {
        panic!("expected how far it is")
    };
    assert!(*request == what && done < total);
    explorer.send(explain(&[1], &[early]));
    let mut order = Vec::new();
    let measured = loop {
        match next(&explorer) {
            Reply::Measuring { .. } => {}
            Reply::Explained(_) => order.push("map"),
            Reply::ExplainedAll { .. } => {}
            Reply::Measured(measured) => {
                order.push("measured");
                break measured;
            }
            other => panic!("unexpected {other:?}"),
        }
    };
    assert_eq!(order, ["map", "measured"]);
    assert_eq!(*measured.request, what);
    let curve = measured.measures.deletion.unwrap();
    assert_eq!(curve.answers.len(), STEPS + 1);
    // the pass over the photo is as it was
    let (way, step) = (Way::Deletion, 0);
    explorer.send(Request::Mask {
        what: MaskRequest {
            of: what.of.clone(),
            fused: None,
            fill: what.fill,
            way,
            step,
        },
        map: measured.map,
    });
    let Reply::Masked(masked) = next(&explorer) else {
        panic!("expected the picture")
    };
    assert!((masked.answers[0] - curve.answers[0]).abs() < 1e-9);
}

#[test]
fn a_measurement_that_nobody_wants_any_more_ends() {
    let (explorer, last, _) = started();
    let what = measure(last, 0);
    explorer.send(Request::Measure { what, map: None });
    assert!(matches!(next(&explorer), Reply::Measuring { .. }));
    explorer.cancel_measuring();
    explorer.send(Request::Measure {
        what: measure(last, 1),
        map: None,
    });
    loop {
        match next(&explorer) {
            Reply::Measuring { .. } => {}
            Reply::Measured(measured) => {
                assert_eq!(*measured.request, measure(last, 1), "the first was called off");
                break;
            }
            other => panic!("unexpected {other:?}"),
        }
    }
}
