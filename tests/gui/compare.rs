//! Two large pictures beside each other.

use egui::accesskit::Role;
use egui::{Key, vec2};
use gradcam_explorer::explain::{Method, Score, Target};
use gradcam_explorer::gui::camera::Camera;
use gradcam_explorer::gui::state::{Difference, Instead};

use crate::program::run;
use crate::support::{DOG_AND_CAT, Window, sample};

/// A window that compares, once both maps are there.
fn comparing(difference: Difference) -> Window {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.key(Key::F8);
    assert!(window.state().compare.is_some());
    window
        .role(Role::RadioButton, difference.name_and_explanation().0)
        .click();
    window.settle();
    wait(&mut window);
    window
}

fn wait(window: &mut Window) {
    window.wait("both maps", |state| {
        !state.is_waiting_for_map() && !state.is_waiting_for_other() && state.prediction().is_some()
    });
}

#[test]
fn two_pictures_differ_in_what_is_chosen_and_in_nothing_else() {
    for difference in [
        Difference::Class,
        Difference::Layer,
        Difference::Method,
        Difference::Score,
    ] {
        let mut window = comparing(difference);
        let state = window.state();
        let (one, other) = (
            state.shown.as_ref().unwrap().key,
            state.other_shown.as_ref().unwrap().key,
        );
        let differs = [
            one.target != other.target,
            one.layer != other.layer,
            one.method != other.method,
            one.score != other.score,
            one.image != other.image,
            // through one network
            state.second.is_some(),
            one.preprocessing != other.preprocessing,
        ];
        assert_eq!(
            differs,
            Difference::ALL.map(|known| known == difference),
            "{difference:?}"
        );
        assert_eq!(window.state().compare.unwrap().instead.difference(), difference);
        // two maps, one photo
        assert_eq!((window.textures("map"), window.textures("photo")), (2, 1));
        window.assert_comes_to_rest();
        window.key(Key::Escape);
        assert_eq!(window.state().compare, None);
        assert_eq!(window.textures("map"), 1);
    }
}

#[test]
fn each_picture_says_what_it_shows() {
    let mut window = comparing(Difference::Class);
    let names = window.listed();
    let name = window.find(|label| label.contains(", beside ")).rect();
    assert!(name.width() > 400.0);
    assert!(
        window
            .find(|label| label.ends_with(&format!("with the map of {}, beside {}", names[0], names[1])))
            .rect()
            == name
    );
    assert!(window.has_text("no. 1, ") && window.has_text("no. 2, "));
    // any other class, found as on the list
    window.click("Second picture");
    window.type_text(&names[4]);
    window.key(Key::Enter);
    let class = window.state().listed()[4];
    assert_eq!(window.state().compare.unwrap().instead, Instead::Class(class));
    assert_eq!(
        window.state().other_shown.as_ref().unwrap().key.target,
        Target::Class(class)
    );
    assert!(window.has_text("no. 5, "));
}

#[test]
fn what_is_saved_while_comparing_has_both_pictures_and_is_named_so() {
    let folder = tempfile::tempdir().unwrap();
    let alone = |window: &mut Window| {
        let file = window.save(folder.path());
        let picture = image::open(&file).unwrap().into_rgba8();
        (file.file_name().unwrap().to_str().unwrap().to_owned(), picture)
    };
    for difference in [
        Difference::Class,
        Difference::Layer,
        Difference::Method,
        Difference::Score,
    ] {
        let mut window = comparing(difference);
        let (name, both) = alone(&mut window);
        let other = window.state().other_shown.clone().unwrap().key;
        let network = window.state().network.clone().unwrap();
        let other_name = match difference {
            Difference::Class => window.listed()[1].replace(' ', "_"),
            Difference::Layer => network.plan.layer(other.layer).name.clone(),
            Difference::Method => "HiResCAM".to_owned(),
            _ => "Probability".to_owned(),
        };
        assert!(name.ends_with(&format!("_beside_{other_name}.png")), "{name}");
        assert_eq!((both.width(), both.height()), (2 * 640 + 12, 480));
        // each half is what is saved of it alone, and between them is nothing
        let side = |x: u32| image::imageops::crop_imm(&both, x, 0, 640, 480).to_image();
        window.key(Key::F9);
        wait(&mut window);
        window.key(Key::F8);
        wait(&mut window);
        let (_, second) = alone(&mut window);
        assert!(side(652) == second, "{difference:?}");
        // at the last layer of this network HiResCAM is Grad-CAM
        assert_eq!(side(0) == second, difference == Difference::Method);
        assert_eq!(both.get_pixel(645, 100).0, [0; 4]);
    }
}

#[test]
fn a_second_picture_that_is_still_being_made_is_not_left_out() {
    let mut window = comparing(Difference::Layer);
    // its map is asked for at the end of the frame in which the key is pressed
    window.harness.state_mut().state_mut().choices.method = Method::GradCamPlusPlus;
    assert!(window.state().is_waiting_for_other());
    window.harness.input_mut().events.push(egui::Event::Key {
        key: Key::S,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: egui::Modifiers::COMMAND,
    });
    window.harness.step();
    assert!(window.state().path_field.is_none());
    let told = window.wait_until_told();
    assert!(told.contains("The second picture is still being made"), "{told}");
}

#[test]
fn what_is_copied_while_comparing_has_both_pictures() {
    let mut window = comparing(Difference::Class);
    window.harness.event(egui::Event::Copy);
    let copied = window.wait_until_copied();
    assert_eq!(copied.size, [2 * 640 + 12, 480]);
}

#[test]
fn two_images_of_different_height_are_saved_beside_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let low = folder.path().join("low.png");
    let photo = image::open(sample(DOG_AND_CAT)).unwrap();
    photo.crop_imm(0, 0, 640, 300).save(&low).unwrap();
    let mut window = Window::with(vec![sample(DOG_AND_CAT), low], [1280.0, 800.0], egui::Theme::Dark);
    window.wait("both images", |state| {
        state.images.list().len() == 2 && state.images.list().iter().all(|image| image.prediction.is_some())
    });
    window.key(Key::F8);
    window
        .role(Role::RadioButton, Difference::Image.name_and_explanation().0)
        .click();
    window.settle();
    wait(&mut window);
    let file = window.save(folder.path());
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.ends_with("_beside_low.png"), "{name}");
    let both = image::open(&file).unwrap().into_rgba8();
    assert_eq!((both.width(), both.height()), (2 * 640 + 12, 480));
    assert_eq!(both.get_pixel(700, 80).0[3], 0, "above the lower one");
    assert_eq!(both.get_pixel(700, 100).0[3], 255);
}

#[test]
fn swapped_pictures_change_places() {
    for difference in [
        Difference::Class,
        Difference::Layer,
        Difference::Method,
        Difference::Score,
    ] {
        let mut window = comparing(difference);
        let keys = |window: &Window| {
            let state = window.state();
            [
                state.shown.as_ref().unwrap().key,
                state.other_shown.as_ref().unwrap().key,
            ]
        };
        let [one, other] = keys(&window);
        window.click("Swap");
        wait(&mut window);
        assert_eq!(keys(&window), [other, one], "{difference:?}");
        window.key(Key::F9);
        wait(&mut window);
        assert_eq!(keys(&window), [one, other], "{difference:?}");
    }
}

#[test]
fn one_scale_is_the_larger_of_both() {
    let mut window = comparing(Difference::Class);
    let maxima = |window: &Window| {
        let state = window.state();
        [
            state.shown.as_ref().unwrap().maximum,
            state.other_shown.as_ref().unwrap().maximum,
        ]
    };
    let own = maxima(&window);
    assert_ne!(own[0], own[1]);
    window.click("One scale");
    let shared = own[0].max(own[1]);
    assert_eq!(maxima(&window), [shared; 2]);
    window.click("One scale");
    assert_eq!(maxima(&window), own);
}

#[test]
fn both_pictures_are_zoomed_and_moved_together() {
    let mut window = comparing(Difference::Layer);
    let picture = window.picture();
    // the middles of both
    let aside = 12.0 + (picture.width() - 32.0) / 4.0;
    let [left, right] = [
        picture.left_center() + vec2(aside, 0.0),
        picture.right_center() - vec2(aside, 0.0),
    ];
    window.move_to(left);
    let on_the_left = window.under_pointer().unwrap();
    window.move_to(right);
    let on_the_right = window.under_pointer().unwrap();
    let pixel = |text: &str| text.split("  ·").next().unwrap().to_owned();
    assert_eq!(pixel(&on_the_left), pixel(&on_the_right), "the same place");
    assert_ne!(on_the_left, on_the_right, "another layer");
    window.wheel(right, 200.0);
    let zoomed = window.state().camera;
    assert!(zoomed.zoom > 1.5, "{zoomed:?}");
    window.drag(right, right + vec2(-40.0, 0.0));
    let moved = window.state().camera;
    assert!(moved.centre[0] > zoomed.centre[0]);
    window.move_to(left);
    let on_the_left = pixel(&window.under_pointer().unwrap());
    window.move_to(right);
    assert_eq!(on_the_left, pixel(&window.under_pointer().unwrap()));
    window.double_click(left);
    assert_eq!(window.state().camera, Camera::default());
}

#[test]
fn two_images_stand_beside_each_other() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.drop_files(&[sample("fish-key.png"), sample("house-tree-car.png")]);
    window.wait("the others", |state| {
        state.images.list().len() > 1 && state.shown.is_some()
    });
    window.key(Key::F8);
    window.role(Role::RadioButton, "Images").click();
    window.settle();
    wait(&mut window);
    window.wait("both copies for the screen", |state| {
        state.images.beside().is_some_and(|image| image.display.is_some())
    });
    let state = window.state();
    let (one, other) = (state.shown.clone().unwrap(), state.other_shown.clone().unwrap());
    assert_ne!(one.key.image, other.key.image);
    assert_eq!((one.key.target, one.key.layer), (other.key.target, other.key.layer));
    assert_eq!((window.textures("map"), window.textures("photo")), (2, 2));
    window.assert_comes_to_rest();
    // at a layer whose maps have to be computed too
    window.key(Key::OpenBracket);
    wait(&mut window);
    let state = window.state();
    assert_eq!(
        state.shown.as_ref().unwrap().key.layer,
        state.other_shown.as_ref().unwrap().key.layer
    );
    window.assert_comes_to_rest();
    window.click("Swap");
    wait(&mut window);
    let state = window.state();
    assert_eq!(state.shown.as_ref().unwrap().key.image, other.key.image);
    assert_eq!(state.other_shown.as_ref().unwrap().key.image, one.key.image);
    assert_eq!(
        state.shown.as_ref().unwrap().key.target,
        one.key.target,
        "the pictures change places, not the class"
    );
    // the other image goes: another takes its place, or another comparison
    window.key(Key::Delete);
    wait(&mut window);
    assert_eq!(window.state().images.list().len(), 2);
    assert!(window.state().compare.is_some());
}

#[test]
fn what_cannot_be_compared_is_not_offered() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.key(Key::F8);
    let offers = |window: &Window, name: &str| window.harness_has(Role::RadioButton, name);
    assert!(offers(&window, "Classes") && offers(&window, "Scores"));
    assert!(!offers(&window, "Images"), "there is one image");
    // methods and scores by their menus
    window.role(Role::RadioButton, "Methods").click();
    window.settle();
    window.click("Second picture");
    window.last(Method::LayerCam.title()).click();
    window.settle();
    wait(&mut window);
    assert_eq!(
        window.state().other_shown.as_ref().unwrap().key.method,
        Method::LayerCam
    );
    window.role(Role::RadioButton, "Scores").click();
    window.settle();
    let other = window.state().other_key().unwrap().score;
    assert_ne!(other, window.state().score());
    assert!(matches!(other, Score::Probability | Score::Logit));
}

#[test]
fn a_narrow_window_has_room_for_two_pictures() {
    let mut window = comparing(Difference::Class);
    window.harness.set_size(vec2(720.0, 480.0));
    window.settle();
    let picture = window.picture();
    for label in ["Second picture", "Stop comparing pictures", "Swap"] {
        let rect = window.last(label).rect();
        assert!(
            rect.left() >= picture.left() - 1.0 && rect.right() <= picture.right() + 1.0,
            "{label} {rect:?} {picture:?}"
        );
    }
}

fn choose(window: &mut Window, name: &str) {
    window.type_text(name);
    window.key(Key::Enter);
    if window.has("Clear search") {
        window.click("Clear search");
    }
}

fn open_menu_of_network(window: &mut Window) {
    window.find(|label| label.contains(" · CPU")).click();
    window.settle();
}

#[test]
fn the_same_photo_is_seen_through_two_networks() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let before = window.state().shown.clone().unwrap();
    open_menu_of_network(&mut window);
    window
        .find(|label| label.starts_with("Compare with a second network"))
        .click();
    window.settle();
    window.click("Beside built-in: photographs");
    window.wait("the second network", |state| state.second.is_some());
    wait(&mut window);
    let state = window.state();
    assert_eq!(state.compare.unwrap().instead, Instead::Network);
    let second = state.second.as_ref().unwrap();
    assert!(window.has_text(&second.info.weights.name));
    // a drawn thing that is none of ImageNet's classes: there is nothing to be shown of it
    choose(&mut window, "party hat");
    wait(&mut window);
    assert!(window.state().other_shown.is_none());
    assert!(window.has_text("has no class party hat"));
    // one that both know
    let name = "umbrella";
    choose(&mut window, name);
    wait(&mut window);
    let state = window.state();
    let (one, other) = (state.shown.as_ref().unwrap(), state.other_shown.as_ref().unwrap());
    let second = state.second.as_ref().unwrap();
    assert_eq!(other.key.image, one.key.image);
    assert_eq!(other.key.layer, second.info.plan.last_feature_layer());
    assert_eq!(other.key.preprocessing.pixels, second.info.usual.pixels);
    assert_eq!(other.key.target, Target::Class(second.info.labels.find(name).unwrap()));
    assert!(window.has_text("no. "));
    let other = other.map.clone();
    window.assert_comes_to_rest();
    // what is saved of both is made again, and shown again
    let folder = tempfile::tempdir().unwrap();
    let picture = window.save(folder.path());
    let photo = sample(DOG_AND_CAT);
    let arguments = ["explain", photo.to_str().unwrap(), "--from", picture.to_str().unwrap()];
    let output = run(&[&arguments[..], &["--check", "--device", "cpu"]].concat());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "same\n", "{output:?}");
    let mut again = Window::empty();
    again.drop_files(&[picture]);
    again.wait("both networks", |state| {
        state.second.is_some() && state.shown.is_some() && state.other_shown.is_some() && !state.is_waiting_for_other()
    });
    assert_eq!(again.state().other_shown.clone().unwrap().map, other);
    // it is let go, and one picture is left, as it was
    open_menu_of_network(&mut window);
    window.click("Let the second network go");
    window.wait("one picture", |state| state.second.is_none() && state.compare.is_none());
    assert_eq!(window.state().shown.as_ref().unwrap().key.layer, before.key.layer);
}
