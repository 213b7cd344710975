//! What is written: the same bytes from the window as from the command line, and views that come back from pictures.

use std::path::{Path, PathBuf};

use egui::Theme;
use egui::accesskit::Role;
use gradcam_explorer::explain::{Fusion, Layers, Method, Score};
use gradcam_explorer::gui::choices::{Appearance, Choices, View};
use gradcam_explorer::imaging::{Colormap, Region};

use crate::program::{documents, run, stderr};
use crate::support::{DOG_AND_CAT, Window, sample};

/// Lets the window show what is chosen, and waits for it.
fn choose(window: &mut Window, change: impl FnOnce(&mut Choices)) {
    let state = window.harness.state_mut().state_mut();
    let mut choices = state.choices.clone();
    change(&mut choices);
    if let Some(class) = choices.class {
        state.choose_class(class);
    }
    state.choices = choices;
    window.settle();
    window.wait("its map", |state| {
        state.prediction().is_some() && !state.is_waiting_for_map()
    });
}

/// What the command line writes.
fn by_command_line(folder: &Path, options: &[&str]) -> Vec<u8> {
    let photo = sample(DOG_AND_CAT);
    let out = folder.join("command line");
    let arguments = [
        "explain",
        photo.to_str().unwrap(),
        "--json",
        "--out",
        out.to_str().unwrap(),
        "--device",
        "cpu",
    ];
    let output = run(&[&arguments[..], options].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let document = &documents(&output)[0];
    let files = document["maps"][0]["files"].as_object().unwrap();
    assert_eq!(files.len(), 1, "{files:?}");
    std::fs::read(files.values().next().unwrap().as_str().unwrap()).unwrap()
}

#[test]
fn the_window_and_the_command_line_write_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let early = "block4_sepconv2_bn";
    type Change = fn(&mut Choices);
    let combinations: [(&str, Change, &str); 13] = [
        ("png", |_| {}, ""),
        ("jpg", |_| {}, "--format jpeg"),
        ("webp", |_| {}, "--format webp"),
        ("png", |choices| choices.view = View::Map, "--write heatmap"),
        ("png", |choices| choices.view = View::Beside, "--write beside"),
        (
            "webp",
            |choices| (choices.view, choices.threshold) = (View::Mask, 0.3),
            "--write mask --threshold 0.3 --format webp",
        ),
        ("png", |choices| choices.view = View::Contours, "--write lines"),
        (
            "png",
            |choices| (choices.colormap, choices.blend) = (Colormap::Viridis, 0.65),
            "--colormap viridis --blend 0.65",
        ),
        (
            "jpeg",
            |choices| choices.signed = true,
            "--colormap diverging --format jpeg",
        ),
        ("png", |choices| choices.class = Some(7), "--class 7"),
        (
            "png",
            |choices| (choices.method, choices.score) = (Method::LayerCam, Some(Score::Probability)),
            "--method layer-cam --score probability",
        ),
        (
            "jpg",
            |choices| (choices.class, choices.cells) = (Some(0), true),
            "--class 0 --cells --format jpeg",
        ),
        // at an early layer
        (
            "png",
            |choices| (choices.method, choices.view) = (Method::GradCamPlusPlus, View::Map),
            "--method grad-cam-plus-plus --write heatmap",
        ),
    ];
    for (number, (ending, change, options)) in combinations.into_iter().enumerate() {
        let (theme, size) = match number % 2 {
            0 => (Theme::Dark, [1280.0, 800.0]),
            _ => (Theme::Light, [900.0, 620.0]),
        };
        let mut window = Window::with(vec![sample(DOG_AND_CAT)], size, theme);
        window.wait("the first map", |state| state.shown.is_some());
        let is_early = number == 12;
        let layer = window
            .state()
            .network
            .as_ref()
            .unwrap()
            .plan
            .find(early)
            .filter(|_| is_early);
        choose(&mut window, |choices| {
            choices.layer = layer;
            change(choices);
        });
        let path = window.save_as(&folder.path().join(format!("{number}.{ending}")));
        let mut options: Vec<&str> = options.split_whitespace().collect();
        if is_early {
            options.extend(["--layer", early]);
        }
        let (window, command_line) = (std::fs::read(path).unwrap(), by_command_line(folder.path(), &options));
        assert!(
            window == command_line,
            "{options:?}: {} and {} bytes",
            window.len(),
            command_line.len()
        );
    }
}

#[test]
fn a_crop_and_a_fixed_scale_are_the_same_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    let crop = Region {
        x: 100,
        y: 60,
        width: 300,
        height: 200,
    };
    window.harness.state_mut().state_mut().crop(Some(crop));
    window.settle();
    window.wait("the map of the part", |state| {
        state.prediction().is_some() && !state.is_waiting_for_map()
    });
    let path = window.save_as(&folder.path().join("part.png"));
    let expected = by_command_line(folder.path(), &["--crop", "100,60,300,200"]);
    assert!(std::fs::read(path).unwrap() == expected);

    let mut window = Window::with_sample(DOG_AND_CAT);
    window.role(Role::RadioButton, "Fixed").click();
    window.settle();
    let maximum = window.state().choices.fixed_maximum;
    choose(&mut window, |choices| choices.class = Some(3));
    assert_eq!(window.state().shown.as_ref().unwrap().maximum, maximum);
    let path = window.save_as(&folder.path().join("fixed.png"));
    let expected = by_command_line(folder.path(), &["--class", "3", "--maximum", &maximum.to_string()]);
    assert!(std::fs::read(path).unwrap() == expected);
}

#[test]
fn nothing_is_overwritten_by_a_name_that_is_typed() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.harness.state_mut().state_mut().preferences.appearance = Appearance::Light;
    let path = folder.path().join("a.png");
    std::fs::write(&path, "something of mine").unwrap();
    let saved = window.save_as(&path);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "something of mine");
    assert_eq!(saved, folder.path().join("a-2.png"));
    assert!(image::open(saved).is_ok());
}

#[test]
fn values_are_written_as_their_names_say() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    let mut saved = |normalised: bool, name: &str| -> PathBuf {
        let save = gradcam_explorer::gui::export::save_values(window.state(), normalised).unwrap();
        window.save_what(save, &folder.path().join(name))
    };
    let (csv, json, heat) = (
        saved(false, "map.csv"),
        saved(false, "map.json"),
        saved(true, "heat.npy"),
    );
    let map = window.state().shown.clone().unwrap().map;
    let csv = std::fs::read_to_string(csv).unwrap();
    assert_eq!(csv.lines().count(), 1 + map.signed.len());
    let last = csv.lines().last().unwrap();
    assert!(
        last.starts_with(&format!("{},{},", map.height - 1, map.width - 1)),
        "{last}"
    );
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    // readers of JSON may round the last digit
    let first = json["signed"][0][0].as_f64().unwrap();
    assert!((first - map.signed[0]).abs() <= 1e-15 * first.abs(), "{first}");
    assert_eq!(json["of"]["layer"], "block14_sepconv2_act");
    assert_eq!(json["of"]["class"]["name"], *window.chosen().unwrap());
    let shares: Vec<f64> = json["extents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|extent| extent["share"].as_f64().unwrap())
        .collect();
    assert!(shares.is_sorted_by(|a, b| a > b) && shares[3] > 0.0, "{shares:?}");
    let heat = candle_core::Tensor::read_npy(heat).unwrap();
    assert_eq!(heat.dims(), [map.height, map.width]);
    let heat = heat.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert_eq!(heat.iter().copied().fold(0.0, f32::max), 1.0);
}

#[test]
fn a_picture_that_is_dropped_shows_again_what_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("photo.png");
    std::fs::copy(sample(DOG_AND_CAT), &photo).unwrap();
    let mut window = Window::with(vec![photo], [1280.0, 800.0], Theme::Dark);
    window.wait("the first map", |state| state.shown.is_some());
    let crop = Region {
        x: 100,
        y: 60,
        width: 400,
        height: 300,
    };
    window.harness.state_mut().state_mut().crop(Some(crop));
    let layer = window.state().network.as_ref().unwrap().plan.find("block4_sepconv2_bn");
    choose(&mut window, |choices| {
        choices.class = Some(5);
        choices.layer = layer;
        choices.method = Method::LayerCam;
        choices.score = Some(Score::Probability);
        choices.colormap = Colormap::Magma;
        choices.view = View::Mask;
        choices.threshold = 0.35;
        choices.cells = true;
    });
    for ending in ["png", "jpg", "webp"] {
        let picture = window.save_as(&folder.path().join(format!("picture.{ending}")));
        let mut other = Window::with_sample("fish-key.png");
        other.drop_files(&[picture]);
        other.wait("the view", |state| {
            state.images.list().len() == 2 && state.choices.view == View::Mask && !state.is_waiting_for_map()
        });
        let (one, other) = (window.state(), other.state());
        let shown = |state: &gradcam_explorer::gui::state::State| state.shown.clone().unwrap();
        let (a, b) = (shown(one), shown(other));
        assert_eq!((a.map, a.maximum, a.signed), (b.map, b.maximum, b.signed), "{ending}");
        assert_eq!(
            (
                a.key.target,
                a.key.layer,
                a.key.preprocessing,
                a.key.method,
                a.key.score
            ),
            (
                b.key.target,
                b.key.layer,
                b.key.preprocessing,
                b.key.method,
                b.key.score
            )
        );
        assert_eq!(one.choices.threshold, other.choices.threshold);
        assert_eq!(
            (one.choices.cells, one.choices.colormap),
            (other.choices.cells, other.choices.colormap)
        );
        assert_eq!(other.images.current().unwrap().name, "photo.png");
    }
}

#[test]
fn a_picture_of_layers_that_are_fused_shows_them_so_again() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("photo.png");
    std::fs::copy(sample(DOG_AND_CAT), &photo).unwrap();
    let mut window = Window::with(vec![photo], [1280.0, 800.0], Theme::Dark);
    window.wait("the first map", |state| state.shown.is_some());
    let plan = window.state().network.as_ref().unwrap().plan.clone();
    let names = "block13_sepconv2_bn+block14_sepconv2_act (product)";
    let layers = Layers::parse(names, &plan, Fusion::Mean).unwrap();
    choose(&mut window, |choices| {
        choices.layer = layers.all().next();
        choices.fused = Some(layers);
    });
    let picture = window.save_as(&folder.path().join("picture.png"));
    let mut other = Window::with_sample("fish-key.png");
    other.drop_files(&[picture]);
    other.wait("the view", |state| {
        state.images.list().len() == 2 && state.choices.fused.is_some() && !state.is_waiting_for_map()
    });
    let [one, other] = [&window, &other].map(|window| window.state().shown.clone().unwrap());
    assert_eq!((one.key.layers(), one.map), (layers, other.map));
    assert_eq!(other.key.layers(), layers);
}

#[test]
fn a_comparison_that_is_dropped_compares_again() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("photo.png");
    std::fs::copy(sample(DOG_AND_CAT), &photo).unwrap();
    let mut window = Window::with(vec![photo], [1280.0, 800.0], Theme::Dark);
    window.wait("the first map", |state| state.shown.is_some());
    window.key(egui::Key::F8);
    window.wait("both maps", |state| !state.is_waiting_for_other());
    let picture = window.save(folder.path());
    let mut other = Window::empty();
    other.drop_files(&[picture]);
    other.wait("both again", |state| {
        state.compare.is_some() && state.shown.is_some() && !state.is_waiting_for_map() && !state.is_waiting_for_other()
    });
    assert_eq!(window.state().compare, other.state().compare);
    assert_eq!(window.state().class(), other.state().class());
}

#[test]
fn what_a_dropped_picture_lacks_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("photo.png");
    std::fs::copy(sample(DOG_AND_CAT), &photo).unwrap();
    let mut window = Window::with(vec![photo.clone()], [1280.0, 800.0], Theme::Dark);
    window.wait("the first map", |state| state.shown.is_some());
    let picture = window.save_as(&folder.path().join("picture.png"));
    // another photo of that name
    std::fs::copy(sample("fish-key.png"), &photo).unwrap();
    let told = |picture: &Path| {
        let mut other = Window::empty();
        other.drop_files(&[picture.to_owned()]);
        let told = other.wait_until_told();
        assert!(other.state().images.list().is_empty());
        told
    };
    let changed = told(&picture);
    assert!(
        changed.contains("picture.png was made from another photo.png"),
        "{changed}"
    );
    std::fs::remove_file(&photo).unwrap();
    let missing = told(&picture);
    assert!(
        missing.contains("picture.png was made from photo.png, which is neither beside it"),
        "{missing}"
    );
}

#[test]
fn figures_and_sheets_are_written_as_pictures_and_as_svg() {
    use gradcam_explorer::gui::export::{Page, save_page};
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    let mut saved = |page: Page, name: &str| {
        let save = save_page(window.state(), page).unwrap();
        window.save_what(save, &folder.path().join(name))
    };
    let figure = image::open(saved(Page::Figure, "figure.png")).unwrap();
    assert_eq!(figure.width(), 1600);
    let svg = std::fs::read_to_string(saved(Page::Figure, "figure.svg")).unwrap();
    assert!(svg.contains("Grad-CAM · logit</text>"), "{}", &svg[svg.len() - 2000..]);
    assert!(svg.contains(&format!("{DOG_AND_CAT}</text>")));
    assert_eq!(svg.matches("<image ").count(), 3);
    let sheet = image::open(saved(Page::Classes, "classes.webp")).unwrap();
    assert!(sheet.width() > 5 * 300 && sheet.height() > 2 * 200);
    // the maps of the layers are made when they are looked at
    assert!(
        save_page(window.state(), Page::Layers)
            .unwrap_err()
            .contains("fold out All layers")
    );
    window.click("All layers");
    window.wait("the maps of the layers", |state| save_page(state, Page::Layers).is_ok());
    let save = save_page(window.state(), Page::Layers).unwrap();
    assert!(save.name.ends_with("_layers.png"), "{}", save.name);
    let layers = image::open(window.save_what(save, &folder.path().join("layers.png"))).unwrap();
    assert!(layers.width() > 5 * 300);
}

#[test]
fn all_views_are_saved_to_a_folder_without_overwriting() {
    use gradcam_explorer::gui::command::PathField;
    use gradcam_explorer::gui::dialogs::Question;
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::with_sample(DOG_AND_CAT);
    for count in [10, 20] {
        let files = gradcam_explorer::gui::export::all(window.state()).unwrap();
        window.harness.state_mut().state_mut().path_field = Some(PathField {
            question: Question::SaveAll(files),
            text: folder.path().to_str().unwrap().to_owned(),
        });
        window.settle();
        window.click("Save");
        let written = || std::fs::read_dir(folder.path()).unwrap();
        window.wait("all files", |_| written().count() == count);
        for entry in written() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "png") {
                assert!(image::open(path).is_ok());
            }
        }
    }
}

#[test]
fn what_only_the_window_shows_is_made_again_by_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let check = |picture: &Path| {
        let photo = sample(DOG_AND_CAT);
        let other = sample("fish-key.png");
        // the second photo is beside the first
        let folder = other.parent().unwrap().to_str().unwrap();
        assert_eq!(photo.parent(), other.parent());
        let output = run(&[
            "explain",
            folder,
            "--from",
            picture.to_str().unwrap(),
            "--check",
            "--device",
            "cpu",
        ]);
        let told = String::from_utf8(output.stdout.clone()).unwrap();
        assert_eq!(told, "same\n", "{}: {}", picture.display(), stderr(&output));
        assert!(output.status.success());
    };
    let mut window = Window::with_sample(DOG_AND_CAT);
    // one class rather than another, and evidence against
    choose(&mut window, |choices| {
        (choices.class, choices.than) = (Some(1), Some(2))
    });
    check(&window.save_as(&folder.path().join("rather.png")));
    // a channel
    choose(&mut window, |choices| choices.than = None);
    window.harness.state_mut().state_mut().channel = Some(3);
    window.wait("the channel", |state| {
        state.shown.as_ref().is_some_and(|shown| shown.channel == Some(3))
    });
    check(&window.save_as(&folder.path().join("channel.webp")));
    window.harness.state_mut().state_mut().channel = None;
    // two layers on one scale
    window.key(egui::Key::F8);
    for name in ["Layers", "Classes"] {
        window.role(Role::RadioButton, name).click();
        window.settle();
        window.click("One scale");
        window.wait("both maps", |state| {
            !state.is_waiting_for_map() && !state.is_waiting_for_other() && state.other_shown.is_some()
        });
        check(&window.save_as(&folder.path().join(format!("{name}.jpg"))));
    }
    // two images
    window.drop_files(&[sample("fish-key.png")]);
    window.wait("the second image", |state| {
        state.images.list().len() == 2 && state.images.list().iter().all(|image| image.prediction.is_some())
    });
    window.role(Role::RadioButton, "Images").click();
    window.settle();
    window.wait("both images", |state| {
        !state.is_waiting_for_map() && !state.is_waiting_for_other() && state.other_shown.is_some()
    });
    check(&window.save_as(&folder.path().join("images.png")));
}

#[test]
fn the_network_of_a_dropped_picture_is_opened_beside_it_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let [photo, network] = ["photo.png", "small.keras"].map(|name| folder.path().join(name));
    std::fs::copy(sample(DOG_AND_CAT), &photo).unwrap();
    let small = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/formats/small.keras");
    std::fs::copy(small, &network).unwrap();
    let [photo, file, out] = [photo.as_path(), network.as_path(), folder.path()].map(|path| path.to_str().unwrap());
    let output = run(&[
        "explain",
        photo,
        "--weights",
        file,
        "--class",
        "2",
        "--out",
        out,
        "--json",
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let picture = documents(&output)[0]["maps"][0]["files"]["overlay"]
        .as_str()
        .unwrap()
        .to_owned();

    let mut window = Window::with_sample("fish-key.png");
    window.drop_files(&[PathBuf::from(&picture)]);
    window.wait("the other network and its map", |state| {
        let network = state.network.as_ref();
        network.is_some_and(|network| network.plan.classes() == 7)
            && state.shown.is_some()
            && !state.is_waiting_for_map()
    });
    assert_eq!(window.state().class(), Some(2));
    assert_eq!(window.state().images.current().unwrap().name, "photo.png");

    std::fs::remove_file(&network).unwrap();
    let mut window = Window::with_sample("fish-key.png");
    window.drop_files(&[PathBuf::from(&picture)]);
    let told = window.wait_until_told();
    assert!(
        told.contains("was made with the network")
            && told.contains("(small.keras), which is not in use and was not found"),
        "{told}"
    );
    assert_eq!(window.state().network.as_ref().unwrap().plan.classes(), 18);
}

#[test]
fn a_photo_whose_file_vanishes_is_saved_from_its_pixels_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("photo.png");
    std::fs::copy(sample(DOG_AND_CAT), &photo).unwrap();
    let mut window = Window::with(vec![photo.clone()], [1280.0, 800.0], Theme::Dark);
    window.wait("the first map", |state| state.shown.is_some());
    let before = std::fs::read(window.save_as(&folder.path().join("before.png"))).unwrap();
    std::fs::remove_file(&photo).unwrap();
    let after = std::fs::read(window.save_as(&folder.path().join("after.png"))).unwrap();
    assert!(before == after);
    // a photo so large that it leaves no room for the other's pixels
    let large = folder.path().join("large.png");
    image::GrayImage::new(10_000, 9_000).save(&large).unwrap();
    let small = window.state().images.current().unwrap().id;
    window.drop_files(&[large]);
    window.wait("the large photo", |state| {
        state.images.list().len() == 2 && state.images.list().iter().all(|image| image.prediction.is_some())
    });
    window.harness.state_mut().state_mut().images.show(small);
    window.wait("the small photo", |state| {
        state.shown.as_ref().is_some_and(|shown| shown.key.image == small)
    });
    let path = folder.path().join("vanished.png");
    let save = gradcam_explorer::gui::export::save(window.state()).unwrap();
    window.harness.state_mut().state_mut().path_field = Some(gradcam_explorer::gui::command::PathField {
        question: gradcam_explorer::gui::dialogs::Question::Save(Box::new(save)),
        text: path.to_str().unwrap().to_owned(),
    });
    window.settle();
    window.click("Save");
    let start = std::time::Instant::now();
    while !window
        .told()
        .iter()
        .any(|told| told.contains("photo.png could not be read"))
    {
        assert!(start.elapsed().as_secs() < 60, "{:?}", window.told());
        window.harness.step();
    }
    assert!(!path.exists());
    // the image and its map stay
    assert!(window.state().images.get(small).is_some() && window.state().shown.is_some());
}
