//! Questions about the picture: what must be hidden, what would win without a part, and what is said of it turned or darker.

use egui::Key;
use gradcam_explorer::gui::choices::Drawer;
use gradcam_explorer::imaging::{Brush, Painting, Photo, Variation};

use crate::brush::{follow, logits_of};
use crate::crop::{decoded, place};
use crate::support::{DOG_AND_CAT, Window, sample};

fn open() -> Window {
    let mut window = Window::with_sample(DOG_AND_CAT);
    window.command_key(Key::I);
    assert_eq!(window.state().preferences.drawer, Some(Drawer::Questions));
    window
}

fn photo() -> Photo {
    decoded(&sample(DOG_AND_CAT))
}

/// The class on top of a picture by the program without a window.
fn top_of(photo: &Photo) -> usize {
    let logits = logits_of(photo);
    (0..logits.len())
        .max_by(|&a, &b| logits[a].total_cmp(&logits[b]))
        .unwrap()
}

#[test]
fn cells_are_hidden_until_another_class_is_on_top_and_no_longer() {
    let mut window = open();
    let class = window.state().class().unwrap();
    let map = window.state().shown.as_ref().unwrap().map.clone();
    window.click("Hide");
    window.wait("another class on top", |state| {
        !state.is_hiding() && state.hiding.as_ref().is_some_and(|run| run.hiding.is_over())
    });
    follow(&mut window);
    let run = window.state().hiding.clone().unwrap();
    let (hidden, found) = (run.hiding.hidden(), run.hiding.found().unwrap());
    assert_ne!(found, class);
    let painting = window.state().painting().unwrap().clone();
    assert_eq!(painting.strokes().len(), hidden);
    assert!(painting.strokes().iter().all(|stroke| stroke.brush == Brush::Grey));
    // by the program without a window: the last cell made the difference
    assert_eq!(top_of(&painting.over(&photo())), found);
    let mut strokes: Vec<_> = painting.clone().into();
    strokes.pop();
    assert_eq!(top_of(&Painting::try_from(strokes).unwrap().over(&photo())), class);
    // those with most evidence went first
    let mut values = map.signed.clone();
    values.sort_by(|a, b| b.total_cmp(a));
    assert!(values[hidden - 1] >= 0.0, "{values:?}");
    let share = (100.0 * hidden as f64 / map.signed.len() as f64).round();
    let name = window.state().class_name(found);
    let told = format!(
        "{hidden} of {} cells ({share} %): then it is “{name}”",
        map.signed.len()
    );
    assert!(window.has(&told), "{told}");
    // the class stays in sight, and one step back shows everything again
    assert_eq!(window.state().class(), Some(class));
    window.command_key(Key::Z);
    follow(&mut window);
    assert_eq!(window.state().painting(), None);
    assert_eq!(window.state().hiding, None);
    window.assert_comes_to_rest();
}

#[test]
fn cells_are_hidden_one_by_one_and_shown_again() {
    let mut window = open();
    let before = window.state().prediction().unwrap().logits.clone();
    window.click("Blur");
    for count in 1..=2 {
        window.click("One cell");
        follow(&mut window);
        let run = window.state().hiding.as_ref().unwrap();
        assert_eq!((run.hiding.hidden(), run.plays), (count, false));
    }
    let painting = window.state().painting().unwrap();
    assert_eq!(painting.strokes()[1].brush, Brush::Blur);
    window.click("Show again");
    follow(&mut window);
    assert_eq!(window.state().painting(), None);
    assert_eq!(window.state().prediction().unwrap().logits, before);
    // a class that is not on top has nothing to lose
    let other = window.state().prediction().unwrap().ranking[3];
    let name = window.state().class_name(other);
    window.harness.state_mut().state_mut().choose_class(other);
    window.wait("its map", |state| !state.is_waiting_for_map());
    assert!(window.has_text("the class on top, first."), "{name}");
    window.click("Hide");
    assert_eq!(window.state().hiding, None);
}

#[test]
fn what_would_win_without_a_part_is_what_wins_in_a_picture_without_it() {
    let mut window = open();
    window.click("A rectangle");
    let (from, to) = (place(&window, [0.55, 0.05]), place(&window, [0.95, 0.9]));
    window.drag(from, to);
    assert_eq!(window.state().cropped(), None);
    window.wait("the answer", |state| state.without_answer().is_some());
    let answer = window.state().without_answer().unwrap().clone();
    let area = answer.request.area.unwrap();
    assert!(
        area.width.abs_diff(256) < 5 && area.height.abs_diff(408) < 5,
        "{area:?}"
    );
    let hidden = |brush: Brush| {
        Painting::from(gradcam_explorer::imaging::Stroke {
            brush,
            area: gradcam_explorer::imaging::Area::Rectangle(area),
        })
    };
    assert_eq!(answer.answers.len(), 4);
    assert_eq!(answer.answers[0].fill, None);
    assert_eq!(
        answer.answers[0].classes[0].0,
        window.state().prediction().unwrap().ranking[0]
    );
    for (winners, brush) in answer.answers[1..].iter().zip(Brush::FILLS) {
        assert_eq!(winners.fill, Some(brush));
        assert_eq!(winners.classes[0].0, top_of(&hidden(brush).over(&photo())), "{brush}");
    }
    assert!(window.has_text("Mean colour: "));
    // nothing of the photo has changed
    assert_eq!(window.state().painting(), None);
    // the same of what is painted, by every fill instead of its own
    window.key(Key::B);
    let (from, to) = (place(&window, [0.6, 0.5]), place(&window, [0.9, 0.5]));
    window.drag(from, to);
    follow(&mut window);
    window.key(Key::Escape);
    window.click("What is painted");
    window.wait("the answer", |state| {
        state
            .without_answer()
            .is_some_and(|answer| answer.request.area.is_none())
    });
    let painting = window.state().painting().unwrap().clone();
    let answer = window.state().without_answer().unwrap();
    assert_eq!(answer.answers[0].classes[0].0, top_of(&photo()));
    for (winners, brush) in answer.answers[1..].iter().zip(Brush::FILLS) {
        assert_eq!(
            winners.classes[0].0,
            top_of(&painting.by(brush).over(&photo())),
            "{brush}"
        );
    }
    window.assert_comes_to_rest();
}

#[test]
fn a_changed_picture_has_its_own_class_and_a_map_that_is_brought_back() {
    let mut window = open();
    let all = 1 + Variation::QUESTIONS.len();
    window.wait("all changes", |state| state.variations().count() == all);
    let state = window.state();
    let known: Vec<_> = state.variations().cloned().collect();
    let map = &state.shown.as_ref().unwrap().map;
    for varied in &known {
        let changed = varied.variation.of(&photo());
        assert_eq!(varied.top.0, top_of(&changed), "{}", varied.variation);
        let agreement = varied.agreement.unwrap();
        assert!((-1.0..=1.0).contains(&agreement));
        assert_eq!([varied.map.width, varied.map.height], [map.width, map.height]);
    }
    assert_eq!(known[0].variation, Variation::Same);
    assert_eq!(known[0].agreement, Some(1.0));
    let close = known[0]
        .map
        .signed
        .iter()
        .zip(&map.signed)
        .all(|(a, b)| (a - b).abs() <= 1e-6 * map.max_abs());
    assert!(close, "the map of the picture as it is");
    let brightness = known
        .iter()
        .find(|varied| varied.variation == Variation::Brightness(130))
        .unwrap();
    assert!(brightness.agreement.unwrap() > 0.5, "{:?}", brightness.agreement);
    assert!(window.has_text("Left and right swapped: "));
    window.assert_comes_to_rest();
}
