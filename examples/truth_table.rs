//! Which method finds the thing? All methods at five depths, on pictures whose truth is known:
//! `cargo run --release --example truth_table -- drawings|photographs [PICTURES] [METHOD ...]`.
//!
//! The truth of drawings are the pixels of each object (`tests/data/scenes`), that of photographs boxes drawn by hand
//! (`assets/samples/photographs/boxes.json`). A map points right if its maximum lies on the object, or half a cell beside it,
//! or in the box; its energy is its share inside the object's box, as a multiple of the box's share of the picture. What makes
//! a pass a channel or a mask is measured with the logit alone, but for Ablation-CAM, and of as many PICTURES as are said, the
//! first ones.

use std::error::Error;
use std::path::Path;

use gradcam_explorer::explain::{self, Method, Picture, Question, Score, Target, Watch};
use gradcam_explorer::explorer::{DeviceChoice, LoadedNetwork, NetworkSource, input_of, load_network};
use gradcam_explorer::imaging::{self, Limits, Photo};
use gradcam_explorer::network::{LayerId, Plan};
use gradcam_explorer::weights::{BuiltIn, Environment, NetworkChoices};
use serde::Deserialize;

/// Depths at which there are maps, as shares of the groups of layers.
const DEPTHS: usize = 5;

/// A thing in a picture.
#[derive(Deserialize)]
struct Thing {
    class: usize,
    /// Left, top, right, bottom; right and bottom are the first pixels outside.
    r#box: [usize; 4],
}

#[derive(Deserialize)]
struct Boxed {
    file: String,
    #[serde(flatten)]
    thing: Thing,
}

#[derive(Deserialize)]
struct Scene {
    file: String,
    mask: String,
    objects: Vec<Thing>,
}

/// A picture with the things in it, and where each of them is, `[height, width]`.
struct Case {
    photo: Photo,
    things: Vec<(Thing, Vec<bool>)>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let built_in = match arguments.next().as_deref() {
        Some("drawings") => BuiltIn::Drawings,
        Some("photographs") => BuiltIn::Photographs,
        _ => return Err("usage: truth_table drawings|photographs [PICTURES] [METHOD ...]".into()),
    };
    let mut names: Vec<String> = arguments.collect();
    let most: Option<usize> = names.first().and_then(|first| first.parse().ok());
    if most.is_some() {
        names.remove(0);
    }
    let mut methods: Vec<Method> = names.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
    if methods.is_empty() {
        methods = Method::ALL.to_vec();
    }
    let mut cases = match built_in {
        BuiltIn::Drawings => drawings()?,
        BuiltIn::Photographs => photographs()?,
    };
    cases.truncate(most.unwrap_or(usize::MAX));
    let source = NetworkSource::BuiltIn(built_in);
    let choices = NetworkChoices::default();
    let mut opened = load_network(&source, &choices, DeviceChoice::Cpu, &Environment::default())?;
    let depths = depths(opened.network.plan());
    let count: usize = cases.iter().map(|case| case.things.len()).sum();
    println!(
        "{count} things in {} pictures; pointing, and energy as a multiple of an even map's.\n",
        cases.len()
    );
    let names = depths
        .iter()
        .map(|&layer| opened.network.plan().layer(layer).name.as_str());
    println!("| method | score | {} |", names.collect::<Vec<_>>().join(" | "));
    println!("|---|---|{}", "---|".repeat(DEPTHS));
    for method in methods {
        let is_slow = depths.iter().any(|&layer| method.is_slow(opened.network.plan(), layer));
        let scores: &[Score] = match (is_slow && method != Method::AblationCam) || method.ignores_score() {
            true => &[Score::Logit],
            false => &[Score::Probability, Score::Logit],
        };
        for &score in scores {
            let cells = depths.iter().enumerate().map(|(depth, &layer)| {
                // a map of the picture stands in front
                let place = method.place(layer);
                if !method.has_map(opened.network.plan(), place) || place != layer && depth > 0 {
                    return Ok(String::new());
                }
                let (pointed, energy) = measured(&mut opened, &cases, place, score, method)?;
                Ok(format!("{:.0} %, {energy:.1}", 100.0 * pointed))
            });
            let cells: Vec<String> = cells.collect::<Result<_, Box<dyn Error>>>()?;
            let of = most.map_or_else(String::new, |_| format!(", {count} things"));
            println!("| {} | {score}{of} | {} |", method.title(), cells.join(" | "));
        }
    }
    Ok(())
}

/// The share of things that a method points at, and the mean energy.
fn measured(
    opened: &mut LoadedNetwork,
    cases: &[Case],
    layer: LayerId,
    score: Score,
    method: Method,
) -> Result<(f64, f64), Box<dyn Error>> {
    let plan = opened.network.plan().clone();
    let [mut black, mut grey] = [[0.0_f32; 3], [127.5; 3]];
    opened.usual.pixels.scale(&mut black);
    opened.usual.pixels.scale(&mut grey);
    let (mut pointed, mut energies, mut count) = (0, 0.0, 0);
    for case in cases {
        let input = input_of(&case.photo, plan.input(), opened.usual);
        let logits = plan.output.class_logits(&opened.network.forward(&input)?);
        let [width, height] = [case.photo.width as usize, case.photo.height as usize];
        for (thing, is_there) in &case.things {
            let picture = Picture {
                values: &input,
                black: &black,
                grey: &grey,
            };
            let question = Question {
                targets: &[Target::Class(thing.class)],
                layers: &[layer],
                score,
                method,
            };
            let mut watch = Watch {
                stop: &|| false,
                progress: &mut |_, _| {},
            };
            let mut found = None;
            let network = opened.network.as_mut();
            explain::maps(network, picture, &logits, question, &mut watch, &mut |map| {
                found = Some(map)
            })?;
            let map = found.ok_or("no map")?.map;
            count += 1;
            if map.is_empty() {
                continue;
            }
            let heat = imaging::resize_map(&map.heat(), map.width, map.height, width, height);
            let peak = (0..heat.len())
                .max_by(|&a, &b| heat[a].total_cmp(&heat[b]))
                .unwrap_or(0);
            pointed += usize::from(is_there[peak]);
            energies += energy(&heat, width, thing.r#box);
        }
    }
    Ok((
        f64::from(u32::try_from(pointed)?) / f64::from(count),
        energies / f64::from(count),
    ))
}

/// A map's share inside a box, divided by the box's share of the picture.
fn energy(heat: &[f32], width: usize, [left, top, right, bottom]: [usize; 4]) -> f64 {
    let all: f64 = heat.iter().map(|&h| f64::from(h)).sum();
    let places = (top..bottom).flat_map(|y| (left..right).map(move |x| y * width + x));
    let inside: f64 = places.map(|at| f64::from(heat[at])).sum();
    inside / all / (((right - left) * (bottom - top)) as f64 / heat.len() as f64)
}

/// The layers at the ends of a fifth, two fifths, ... of the groups; the last feature layer at the end.
fn depths(plan: &Plan) -> Vec<LayerId> {
    let groups = plan.groups();
    let early =
        (1..DEPTHS).filter_map(|depth| Some(groups.get((groups.len() * depth / DEPTHS).checked_sub(1)?)?.last()));
    early.chain([plan.last_feature_layer()]).collect()
}

fn read(path: &str) -> Result<Vec<u8>, std::io::Error> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
}

fn drawings() -> Result<Vec<Case>, Box<dyn Error>> {
    // half a cell of the last layer
    const MARGIN: usize = 15;
    let scenes: Vec<Scene> = serde_json::from_slice(&read("tests/data/scenes/scenes.json")?)?;
    let cases = scenes.into_iter().map(|scene| -> Result<Case, Box<dyn Error>> {
        let photo = imaging::decode(&read(&format!("tests/data/scenes/{}", scene.file))?, &Limits::default())?;
        let mask = image::load_from_memory(&read(&format!("tests/data/scenes/{}", scene.mask))?)?.to_luma8();
        let [width, height] = [mask.width() as usize, mask.height() as usize];
        let things = (1_u8..).zip(scene.objects).map(|(value, thing)| {
            let mut is_there = vec![false; width * height];
            for (at, pixel) in mask.pixels().enumerate().filter(|(_, pixel)| pixel.0[0] == value) {
                debug_assert_eq!(pixel.0[0], value);
                let near = |place: usize, side: usize| place.saturating_sub(MARGIN)..(place + MARGIN + 1).min(side);
                for y in near(at / width, height) {
                    is_there[y * width..][near(at % width, width)].fill(true);
                }
            }
            (thing, is_there)
        });
        let things = things.collect();
        Ok(Case { photo, things })
    });
    cases.collect()
}

fn photographs() -> Result<Vec<Case>, Box<dyn Error>> {
    let boxes: Vec<Boxed> = serde_json::from_slice(&read("assets/samples/photographs/boxes.json")?)?;
    let mut cases: Vec<(String, Case)> = Vec::new();
    for Boxed { file, thing } in boxes {
        let at = match cases.iter().position(|(name, _)| *name == file) {
            Some(at) => at,
            None => {
                let photo = read(&format!("assets/samples/photographs/{file}"))?;
                let photo = imaging::decode(&photo, &Limits::default())?;
                cases.push((
                    file,
                    Case {
                        photo,
                        things: Vec::new(),
                    },
                ));
                cases.len() - 1
            }
        };
        let case = &mut cases[at].1;
        let [width, height] = [case.photo.width as usize, case.photo.height as usize];
        let [left, top, right, bottom] = thing.r#box;
        let mut is_there = vec![false; width * height];
        for y in top..bottom {
            is_there[y * width + left..y * width + right].fill(true);
        }
        case.things.push((thing, is_there));
    }
    Ok(cases.into_iter().map(|(_, case)| case).collect())
}
