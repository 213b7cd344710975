//! The picture: zoom, pan, what lies under the pointer, and its views.

use std::sync::Arc;

use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use egui::{Key, Pos2, accesskit::Role, vec2};
use gradcam_explorer::explain::ClassMaps;
use gradcam_explorer::gui::camera::Camera;
use gradcam_explorer::gui::choices::View;
use gradcam_explorer::network::{Head, HeadPass, LayerId, Network, NetworkError, Plan, ReluRule, Visit};

use crate::support::{DOG_AND_CAT, Window};

#[test]
fn the_wheel_zooms_at_the_pointer_and_a_drag_pans() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let rect = window.picture();
    let corner = rect.left_top() + rect.size() * 0.3;
    window.wheel(corner, 200.0);
    let zoomed = window.state().camera;
    assert!(
        zoomed.zoom > 1.5 && zoomed.centre[0] < 0.5 && zoomed.centre[1] < 0.5,
        "{zoomed:?}"
    );
    window.drag(rect.center(), rect.center() - vec2(60.0, 30.0));
    let panned = window.state().camera;
    assert!(panned.centre[0] > zoomed.centre[0] && panned.centre[1] > zoomed.centre[1]);
    window.double_click(rect.center());
    assert_eq!(window.state().camera, Camera::default());
}

/// The photo's pixel under the pointer, as the line below the picture says it.
fn pixel_at(window: &mut Window, position: Pos2) -> [f32; 2] {
    window.move_to(position);
    let text = window.under_pointer().unwrap();
    let number = |name: &str| {
        let mut words = text.split_whitespace().skip_while(|word| *word != name);
        words.nth(1).unwrap().parse().unwrap()
    };
    [number("x"), number("y")]
}

#[test]
fn the_wheel_leaves_the_pixel_under_the_pointer_where_it_is() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let rect = window.picture();
    for share in [[0.4, 0.45], [0.6, 0.3], [0.55, 0.7]] {
        let position = rect.left_top() + rect.size() * egui::Vec2::from(share);
        window.command_key(Key::Num0);
        window.wheel(position, 250.0);
        let mut before = pixel_at(&mut window, position);
        // a photo pixel covers more than one point, so half of one may be lost to rounding
        for up in [60.0, 180.0, 300.0, -120.0] {
            let zoom = window.state().camera.zoom;
            window.wheel(position, up);
            assert_ne!(window.state().camera.zoom, zoom);
            let after = pixel_at(&mut window, position);
            assert!(
                (0..2).all(|axis| (before[axis] - after[axis]).abs() <= 1.0),
                "{position:?} {up}: {before:?} became {after:?}"
            );
            before = after;
        }
    }
}

#[test]
fn zoom_stays_when_class_and_layer_change() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let middle = window.picture().center();
    window.wheel(middle + vec2(60.0, -40.0), 300.0);
    let zoomed = window.state().camera;
    assert!(zoomed.zoom > 1.5);
    let class = window.state().class();
    window.key(Key::ArrowDown);
    assert_ne!(window.state().class(), class);
    assert_eq!(window.state().camera, zoomed);
    let layer = window.state().layer();
    window.key(Key::OpenBracket);
    window.wait("the map of the layer before", |state| {
        state.layer() != layer && !state.is_waiting_for_map()
    });
    assert_eq!(window.state().camera, zoomed);
}

#[test]
fn keys_zoom_too() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.key(Key::Plus);
    assert!(window.state().camera.zoom > 1.0);
    window.key(Key::Minus);
    window.command_key(Key::Num1);
    let shown = window
        .state()
        .camera
        .size((window.picture().size() - vec2(24.0, 24.0)).into(), [640.0, 480.0]);
    assert!((shown[0] - 640.0).abs() < 1.0, "{shown:?}");
    window.command_key(Key::Num0);
    assert_eq!(window.state().camera, Camera::default());
}

#[test]
fn the_value_under_the_pointer_is_told() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let middle = window.picture().center();
    window.move_to(middle + vec2(1.0, 1.0));
    assert!(window.has_text("x 320"));
    assert!(window.has_text("cell 5, 5"));
    assert!(window.has_text("of the evidence"));
}

#[test]
fn every_view_is_one_click_away() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    for view in View::ALL {
        window.role(Role::RadioButton, view.name()).click();
        window.settle();
        assert_eq!(window.state().choices.view, view);
    }
}

#[test]
fn the_layers_own_cells_can_be_seen() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.click("True cells");
    assert!(window.state().choices.cells);
}

/// A network whose last feature layer is zero everywhere, so that there is no evidence for anything.
struct Silent {
    plan: Plan,
    head: Arc<Head>,
}

impl Network for Silent {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn head(&self) -> &Arc<Head> {
        &self.head
    }

    fn head_pass(&self) -> Result<HeadPass, NetworkError> {
        Err(NetworkError::NoForward)
    }

    fn forward(&mut self, _: &[f32]) -> Result<Vec<f64>, NetworkError> {
        Err(NetworkError::NoForward)
    }

    fn forward_from(&mut self, _: LayerId, _: &[f64]) -> Result<Vec<f64>, NetworkError> {
        Err(NetworkError::NoForward)
    }

    fn activation(&mut self, _: LayerId) -> Result<Vec<f32>, NetworkError> {
        Err(NetworkError::NoForward)
    }

    fn unit_shares(&self) -> Result<Option<Vec<f32>>, NetworkError> {
        let cells = self.plan.layer(self.plan.last_feature_layer()).shape.cells();
        Ok(Some(vec![0.0; self.plan.units() * cells]))
    }

    fn backward(
        &mut self,
        _: &[Vec<f64>],
        _: &[LayerId],
        _: &dyn Fn() -> bool,
        _: &mut Visit<'_>,
    ) -> Result<(), NetworkError> {
        Err(NetworkError::NoForward)
    }

    fn input_gradient(&mut self, _: &[f64], _: ReluRule, _: &dyn Fn() -> bool) -> Result<Vec<f32>, NetworkError> {
        Err(NetworkError::NoForward)
    }
}

#[test]
fn a_class_without_evidence_says_so_and_offers_the_signed_view() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let network = window.state().network.clone().unwrap();
    let plan = network.plan.clone();
    let head = Head::load(&plan, &VarBuilder::zeros(DType::F32, &Device::Cpu)).unwrap();
    let head = Arc::new(head);
    let silent = Arc::new(ClassMaps::new(&Silent { plan, head }, &vec![0.0; network.labels.len()]).unwrap());
    for image in window.harness.state_mut().state_mut().images.list_mut() {
        if let Some(prediction) = &mut image.prediction {
            prediction.class_maps = silent.clone();
        }
    }
    window.settle();
    assert!(window.state().shown.as_ref().unwrap().is_empty());
    assert!(window.has_text("No evidence for"));
    window.click("Show evidence against it");
    assert!(window.state().shown.as_ref().unwrap().signed);
    assert!(!window.has_text("No evidence for"));
}

#[test]
fn space_shows_the_bare_photo_only_while_it_is_held() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let with_map = window.shapes();
    window.hold(Key::Space);
    assert_eq!(window.shapes(), with_map - 1, "the map is one shape");
    window.release(Key::Space);
    assert_eq!(window.shapes(), with_map);
}

#[test]
fn the_full_stop_shows_the_photo_pixel_by_pixel_while_it_is_held() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    let middle = window.picture().center();
    window.move_to(middle + vec2(80.0, 0.0));
    let before = window.under_pointer();
    window.hold(Key::Period);
    // the photo is larger than its own pixels here, so at 100 % the same place is farther from its middle
    assert_ne!(window.under_pointer(), before);
    assert_eq!(window.state().camera, Camera::default());
    window.release(Key::Period);
    assert_eq!(window.under_pointer(), before);
}

#[test]
fn a_narrow_window_cuts_nothing_off() {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.harness.set_size(vec2(720.0, 480.0));
    window.settle();
    let picture = window.picture();
    assert!(
        picture.left() >= 0.0 && picture.right() <= 720.0 && picture.width() > 200.0,
        "{picture:?}"
    );
    for label in ["book", "View", "Blend"] {
        let rect = window.last(label).rect();
        assert!(rect.left() >= 0.0 && rect.right() <= 720.0, "{label} {rect:?}");
    }
}
