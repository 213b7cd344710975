//! Questions about a picture that are answered by changed copies of it: which class would win without a part of it, and what
//! the network says of it turned, darker or cut.

use std::sync::Arc;

use super::error::ExplorerError;
use super::preprocessing::{Shades, input_of};
use super::reply::{Reply, Varied, Winners, Without};
use super::request::{ExplainRequest, WithoutRequest};
use super::session::{Session, check, first_map, ranking};
use crate::explain::{Map, Watch, agreement_where_seen, brought_back};
use crate::imaging::{Area, Brush, Canvas, Fit, Painting, Photo, Preprocessing, Stroke, Variation};
use crate::network::{Network, NetworkError};

/// How many classes are told of each fill.
const TOLD: usize = 3;

impl Session {
    /// Which classes win when a part of the picture, or what is painted over it, is hidden by each fill.
    pub fn without(&mut self, request: WithoutRequest, stop: &dyn Fn() -> bool) -> Result<Reply, ExplorerError> {
        let WithoutRequest {
            image,
            preprocessing,
            area,
        } = request;
        let photo = self.images.photo(image)?;
        let painting = self.images.painting(image, preprocessing.painting)?;
        let loaded = self.in_use()?;
        let info = loaded.info().clone();
        let plan = &info.plan;
        let hidden = |brush: Brush| match area {
            Some(region) => painting.with(Stroke {
                brush,
                area: Area::Rectangle(region),
            }),
            None => painting.by(brush),
        };
        // what brushes take their colours from is made once for all fills
        let mut canvas = Canvas::new(photo);
        let mut answers = Vec::new();
        for (fill, painting) in std::iter::once((None, unhidden(&painting, area.is_some())))
            .chain(Brush::FILLS.map(|fill| (Some(fill), hidden(fill))))
        {
            if stop() {
                return Err(NetworkError::Stopped.into());
            }
            canvas.paint(&painting);
            let input = input_of(canvas.painted(), plan.input(), preprocessing);
            let logits = plan.output.class_logits(&loaded.changed().forward(&input)?);
            let values = plan.output.answers(&logits);
            let told = ranking(&logits)
                .into_iter()
                .take(TOLD)
                .map(|class| (class, values[class]));
            answers.push(Winners {
                fill,
                classes: told.collect(),
            });
        }
        Ok(Reply::Without(Without {
            request,
            epoch: info.epoch,
            answers,
        }))
    }

    /// What the network says of the picture with each change, and whether the map of the first target at the first layer
    /// goes with it; each is sent as it comes.
    pub fn vary(
        &mut self,
        request: ExplainRequest,
        stop: &dyn Fn() -> bool,
        send: &mut dyn FnMut(Reply),
    ) -> Result<(), ExplorerError> {
        let seen = request.preprocessing;
        let photo = self.images.painted(request.image, seen.painting)?;
        let loaded = self.in_use()?;
        let info = loaded.info().clone();
        check(&info, &request)?;
        let [width, height] = info.plan.input().sides();
        let region = seen.region([photo.width, photo.height], [width, height]);
        let picture = photo.part(region).into_owned();
        let size = [picture.width, picture.height];
        // what was cut out and fitted is the picture now
        let whole = Preprocessing {
            fit: Fit::Stretch,
            crop: None,
            painting: None,
            ..seen
        };
        let request = Arc::new(request);
        let mut original: Option<Map> = None;
        for variation in std::iter::once(Variation::Same).chain(Variation::QUESTIONS) {
            let (logits, map) = explained(loaded.changed(), &variation.of(&picture), whole, &request, stop)?;
            let back = brought_back(&map, |place| variation.place(place, size));
            let original = original.get_or_insert(map);
            let answers = info.plan.output.answers(&logits);
            let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
            let top = best.unwrap_or(0);
            send(Reply::Varied(Varied {
                request: request.clone(),
                epoch: info.epoch,
                variation,
                top: (top, answers.get(top).copied().unwrap_or(f64::NAN)),
                agreement: agreement_where_seen(original, &back),
                map: Arc::new(back.map),
            }));
        }
        Ok(())
    }
}

/// What is painted without the part that is asked about: all of it if that is a rectangle, and nothing if it is the painting.
fn unhidden(painting: &Painting, is_rectangle: bool) -> Painting {
    if is_rectangle {
        painting.clone()
    } else {
        Painting::default()
    }
}

/// The logits of a picture, and its map.
fn explained(
    network: &mut dyn Network,
    picture: &Photo,
    preprocessing: Preprocessing,
    request: &ExplainRequest,
    stop: &dyn Fn() -> bool,
) -> Result<(Vec<f64>, Map), ExplorerError> {
    if stop() {
        return Err(NetworkError::Stopped.into());
    }
    let (shape, output) = (network.plan().input(), network.plan().output);
    let input = input_of(picture, shape, preprocessing);
    let logits = output.class_logits(&network.forward(&input)?);
    let shades = Shades::new(shape.channels, preprocessing.pixels);
    let mut watch = Watch {
        stop,
        progress: &mut |_, _| {},
    };
    let map = first_map(network, shades.picture(&input), &logits, request, &mut watch)?;
    Ok((logits, map))
}
