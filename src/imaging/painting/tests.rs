use super::canvas::GREY;
use super::*;
use crate::imaging::Photo;
use proptest::prelude::*;

fn line(brush: Brush, radius: u32, points: &[[i32; 2]]) -> Stroke {
    let points = points.to_vec();
    Stroke {
        brush,
        area: Area::Line { radius, points },
    }
}

fn pixel(photo: &Photo, x: u32, y: u32) -> [u8; 3] {
    photo.pixel(x, y)
}

#[test]
fn a_stroke_covers_what_is_near_its_line_and_nothing_else() {
    let photo = Photo::coordinates(40, 30);
    let painted = Painting::from(line(Brush::Grey, 3, &[[10, 10], [20, 10]]))
        .over(&photo)
        .into_owned();
    for y in 0..30_i32 {
        for x in 0..40_i32 {
            let beside = [x - x.clamp(10, 20), y - 10];
            let is_near = beside[0] * beside[0] + beside[1] * beside[1] <= 9;
            let expected = if is_near {
                GREY
            } else {
                pixel(&photo, x as u32, y as u32)
            };
            assert_eq!(pixel(&painted, x as u32, y as u32), expected, "{x}, {y}");
        }
    }
}

#[test]
fn every_brush_gives_what_it_says() {
    let photo = Photo::coordinates(40, 30);
    let at = |brush| {
        let painted = Painting::from(line(brush, 0, &[[5, 6]])).over(&photo).into_owned();
        let differing = photo.rgb.chunks(3).zip(painted.rgb.chunks(3)).filter(|(a, b)| a != b);
        assert!(differing.count() <= 1);
        pixel(&painted, 5, 6)
    };
    assert_eq!(at(Brush::Grey), [128; 3]);
    // the mean of 0..=39 and 0..=29, rounded up as halves are
    assert_eq!(at(Brush::Mean), [20, 15, 7]);
    assert_eq!(at(Brush::Erase), [5, 6, 7]);
    assert_eq!(at(Brush::Clone([10, -3])), [15, 3, 7]);
    // outside of the photo there is nothing to take
    assert_eq!(at(Brush::Clone([-6, 0])), [5, 6, 7]);
    assert_eq!(at(Brush::Clone([35, 0])), [5, 6, 7]);
    // a slope stays one out of focus, except near the edge
    let middle = Painting::from(line(Brush::Blur, 0, &[[20, 15]]))
        .over(&photo)
        .into_owned();
    assert_eq!(pixel(&middle, 20, 15), [20, 15, 7]);
}

#[test]
fn a_blurred_step_has_no_edge_left() {
    let rgb = (0..200 * 100).flat_map(|i| [if i % 200 < 100 { 0 } else { 200 }; 3]);
    let photo = Photo {
        width: 200,
        height: 100,
        rgb: rgb.collect(),
    };
    let all = Stroke {
        brush: Brush::Blur,
        area: Area::Rectangle(Region::whole(200, 100)),
    };
    let painted = Painting::from(all).over(&photo).into_owned();
    let row: Vec<i32> = (0..200).map(|x| i32::from(pixel(&painted, x, 50)[0])).collect();
    assert!(
        row.windows(2).all(|pair| (0..=20).contains(&(pair[1] - pair[0]))),
        "{row:?}"
    );
    assert!((row[99] + row[100] - 200).abs() <= 4 && row[0] == 0 && row[199] == 200);
}

#[test]
fn what_is_read_is_what_was_written_and_too_much_is_refused() {
    let painting = Painting::from(line(Brush::Clone([3, -4]), 5, &[[1, 2], [-3, 4]])).with(Stroke {
        brush: Brush::Erase,
        area: Area::Rectangle(Region::whole(7, 8)),
    });
    let json = serde_json::to_string(&painting).unwrap();
    assert_eq!(
        json,
        r#"[{"brush":{"clone":[3,-4]},"area":{"line":{"radius":5,"points":[[1,2],[-3,4]]}}},{"brush":"erase","area":{"rectangle":{"x":0,"y":0,"width":7,"height":8}}}]"#
    );
    let read: Painting = serde_json::from_str(&json).unwrap();
    assert_eq!(read, painting);
    assert_eq!(read.strokes(), painting.strokes());
    let many = vec![[0, 0]; MOST_POINTS + 1];
    let json = serde_json::to_string(&vec![line(Brush::Grey, 1, &many)]).unwrap();
    let refused = serde_json::from_str::<Painting>(&json).unwrap_err();
    assert!(refused.to_string().contains("200001 points"), "{refused}");
}

fn brush() -> impl Strategy<Value = Brush> {
    prop_oneof![
        Just(Brush::Grey),
        Just(Brush::Blur),
        Just(Brush::Mean),
        Just(Brush::Erase),
        [-20_i32..20, -20_i32..20].prop_map(Brush::Clone),
    ]
}

fn stroke() -> impl Strategy<Value = Stroke> {
    let points = prop::collection::vec([-10_i32..60, -10_i32..60], 1..6);
    let area = prop_oneof![
        (0_u32..12, points).prop_map(|(radius, points)| Area::Line { radius, points }),
        [0_u32..50, 0_u32..50, 1_u32..40, 1_u32..40]
            .prop_map(|[x, y, width, height]| { Area::Rectangle(Region { x, y, width, height }) }),
    ];
    (brush(), area).prop_map(|(brush, area)| Stroke { brush, area })
}

proptest! {
    /// However it came to be: stroke by stroke, point by point, there and back.
    #[test]
    fn only_what_changed_is_painted_and_that_is_exact(
        size in [1_u32..50, 1_u32..50],
        steps in prop::collection::vec((prop::collection::vec(stroke(), 0..5), [-10_i32..60, -10_i32..60]), 1..6),
    ) {
        let photo = Arc::new(Photo::coordinates(size[0], size[1]));
        let mut canvas = Canvas::new(photo.clone());
        for (strokes, on) in steps {
            let mut painting = Painting::try_from(strokes).unwrap();
            for _ in 0..2 {
                let before = canvas.painted().clone();
                let changed = canvas.paint(&painting);
                let whole = painting.over(&photo).into_owned();
                prop_assert_eq!(canvas.painted().as_ref(), &whole);
                for y in 0..size[1] {
                    for x in 0..size[0] {
                        let here = Region { x, y, width: 1, height: 1 };
                        let may_differ = changed.is_some_and(|changed| changed.intersection(here).is_some());
                        prop_assert!(may_differ || pixel(&before, x, y) == pixel(canvas.painted(), x, y));
                    }
                }
                painting.draw_to(on);
            }
        }
    }

    #[test]
    fn paintings_are_equal_if_their_strokes_are(a in prop::collection::vec(stroke(), 0..4), b in prop::collection::vec(stroke(), 0..4)) {
        let (first, second) = (Painting::try_from(a.clone()).unwrap(), Painting::try_from(b.clone()).unwrap());
        prop_assert_eq!(first == second, a == b);
        prop_assert_eq!(first.key().is_none(), a.is_empty());
    }
}
