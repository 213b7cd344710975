//! Questions about the shown picture: what must be hidden so that its class is no longer on top, which class would win without
//! a part of it, and what is said of it turned, darker or cut.

use super::State;
use crate::explain::{Hiding, Target};
use crate::explorer::{ExplainRequest, ImageId, Purpose, Varied, Without, WithoutRequest};
use crate::gui::choices::Drawer;
use crate::gui::maps::Shown;
use crate::imaging::{Area, Brush, Painting, PaintingKey, Preprocessing, Region, Stroke, Variation};

/// Cells of a map that are hidden in the photo one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct HidingRun {
    /// Which cells, and what came of it.
    pub hiding: Hiding,
    /// Whether the next cell follows by itself.
    pub plays: bool,
    /// Whether the network has still to see the last cell hidden.
    awaits: bool,
    image: ImageId,
    /// How the network sees the photo, apart from what is painted.
    way: Preprocessing,
    /// Where in the photo the map lies.
    region: Region,
    fill: Brush,
    /// What was painted before.
    before: Painting,
    /// What is painted now.
    painted: Option<PaintingKey>,
}

impl HidingRun {
    /// In words, how far it is.
    pub fn told(&self, name: impl Fn(usize) -> String) -> String {
        let (hidden, all) = (self.hiding.hidden(), self.hiding.all());
        let share = (100.0 * hidden as f64 / all.max(1) as f64).round();
        let class = name(self.hiding.class);
        match self.hiding.found() {
            Some(found) => format!("{hidden} of {all} cells ({share} %): then it is “{}”", name(found)),
            None if self.hiding.is_over() => format!("all {all} cells, and it is still “{class}”"),
            None => format!("{hidden} of {all} cells ({share} %): still “{class}”"),
        }
    }
}

/// What is asked without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithoutWhat {
    image: ImageId,
    /// A part of the photo; what is painted over it if there is none.
    pub area: Option<Region>,
}

impl State {
    /// Whether questions are open.
    fn asks(&self) -> bool {
        self.preferences.drawer == Some(Drawer::Questions)
    }

    /// The map whose cells can be hidden: that of the class on top.
    ///
    /// # Errors
    /// In a sentence, why there is none.
    pub fn map_to_hide(&self) -> Result<(usize, &Shown), String> {
        let top = self
            .prediction()
            .and_then(|prediction| prediction.ranking.first().copied());
        let (Some(top), Some(shown)) = (top, &self.shown) else {
            return Err("There is no map yet.".to_owned());
        };
        let is_of_class = shown.key.target == Target::Class(top) && shown.channel.is_none();
        if is_of_class && self.chosen_key() == Some(shown.key) {
            Ok((top, shown))
        } else {
            Err(format!("Choose “{}”, the class on top, first.", self.class_name(top)))
        }
    }

    /// Begins to hide the cells of the map in the picture; says whether it did.
    fn start_hiding(&mut self) -> bool {
        let Some(id) = self.open_image().map(|image| image.id) else {
            return false;
        };
        let Ok((class, shown)) = self.map_to_hide() else {
            return false;
        };
        let (map, way) = (shown.map.clone(), shown.key.preprocessing);
        let Some((image, input)) = self.images.get(id).zip(self.input_size()) else {
            return false;
        };
        self.hiding = Some(HidingRun {
            hiding: Hiding::new(class, &map),
            plays: false,
            awaits: false,
            image: id,
            way: way.unpainted(),
            region: way.region(image.size, input),
            fill: self.hide_with,
            before: image.painting.clone(),
            painted: image.painting.key(),
        });
        // it stays in sight when another class is on top
        self.choose_class(class);
        true
    }

    /// Hides cells until another class is on top, or one cell; begins anew if that was the case.
    pub fn hide(&mut self, plays: bool) {
        let goes_on = self.hiding.as_ref().is_some_and(|run| !run.hiding.is_over());
        if (goes_on || self.start_hiding())
            && let Some(run) = &mut self.hiding
        {
            run.plays = plays;
            if !run.awaits {
                self.hide_next();
            }
        }
    }

    /// Goes no further; what is hidden stays.
    pub fn stop_hiding(&mut self) {
        if let Some(run) = &mut self.hiding {
            run.plays = false;
        }
    }

    /// Shows again what was hidden.
    pub fn take_hiding_back(&mut self) {
        let Some(run) = self.hiding.take() else { return };
        if let Some(image) = self.images.get_mut(run.image) {
            image.paint(run.before);
        }
    }

    /// Whether cells are being hidden by themselves, or the network has still to see one.
    pub fn is_hiding(&self) -> bool {
        let is_under_way = |run: &HidingRun| run.awaits || run.plays && !run.hiding.is_over();
        self.hiding.as_ref().is_some_and(is_under_way)
    }

    fn hide_next(&mut self) {
        let Some(run) = &mut self.hiding else { return };
        let Some(cell) = run.hiding.next_cell() else { return };
        let stroke = Stroke {
            brush: run.fill,
            area: Area::Rectangle(run.region.cell(cell, run.hiding.cells)),
        };
        if let Some(image) = self.images.get_mut(run.image) {
            image.paint(image.painting.with(stroke));
            run.painted = image.painting.key();
            run.awaits = true;
        }
    }

    /// Takes note of what the network says of the last cell hidden, and hides the next one.
    pub fn go_on_hiding(&mut self) {
        let seen = self.prediction().map(|prediction| {
            let top = prediction.ranking.first().copied();
            (top, prediction.preprocessing.painting)
        });
        let way = self.preprocessing().unpainted();
        let image = self.images.current().map(|image| (image.id, image.painting.key()));
        // whoever paints, undoes, crops or goes to another image meanwhile has something else in mind
        self.hiding
            .take_if(|run| Some((run.image, run.painted)) != image || run.way != way);
        let Some(run) = &mut self.hiding else { return };
        if run.awaits
            && let Some((Some(top), painting)) = seen
            && painting == run.painted
        {
            run.awaits = false;
            run.hiding.hide(top);
        }
        if run.hiding.is_over() {
            run.plays = false;
        } else if run.plays && !run.awaits {
            self.hide_next();
        }
    }

    /// Asks which class would win without a part of the shown photo, or without what is painted over it.
    pub fn ask_without(&mut self, area: Option<Region>) {
        self.cropping = None;
        if let Some(image) = self.images.current() {
            self.without = Some(WithoutWhat { image: image.id, area });
        }
    }

    /// What is asked without, of the shown image.
    pub fn without_what(&self) -> Option<WithoutWhat> {
        let image = self.open_image()?;
        let what = self.without.filter(|what| what.image == image.id)?;
        (what.area.is_some() || !image.painting.is_empty()).then_some(what)
    }

    fn without_request(&self) -> Option<WithoutRequest> {
        let WithoutWhat { image, area } = self.without_what()?;
        self.prediction()?;
        Some(WithoutRequest {
            image,
            preprocessing: self.preprocessing(),
            area,
        })
    }

    /// The answer, once it is there.
    pub fn without_answer(&self) -> Option<&Without> {
        let (request, epoch) = (self.without_request()?, self.network.as_ref()?.epoch);
        let answer = self.without_answer.as_ref()?;
        (answer.request == request && answer.epoch == epoch).then_some(answer)
    }

    /// What is to be asked without, if that is looked at and not known; not while a hand paints.
    pub fn without_wish(&self) -> Option<WithoutRequest> {
        let is_missing = self.asks() && !self.is_busy_painting() && self.without_answer().is_none();
        self.without_request().filter(|_| is_missing)
    }

    /// What is asked of the changed picture; none of a method that takes many passes.
    fn variations_request(&self) -> Option<ExplainRequest> {
        self.prediction()?;
        let key = self.chosen_key().filter(|key| !self.is_slow(key))?;
        Some(key.request(Purpose::Main))
    }

    /// What is to be asked of the changed picture, if that is looked at; not while a hand paints.
    pub fn variations_wish(&self) -> Option<ExplainRequest> {
        let is_looked_at = self.asks() && !self.is_busy_painting();
        self.variations_request().filter(|_| is_looked_at)
    }

    /// Whether the photo changes from one moment to the next, so that nothing long is asked about it.
    pub(super) fn is_busy_painting(&self) -> bool {
        self.is_hiding() || self.is_drawing_stroke()
    }

    /// What is known of the changed picture so far.
    pub fn variations(&self) -> impl Iterator<Item = &Varied> {
        let wanted = self.variations_request();
        let epoch = self.network.as_ref().map(|network| network.epoch);
        let fits = move |varied: &&Varied| Some(varied.epoch) == epoch && Some(&*varied.request) == wanted.as_ref();
        self.varied.iter().filter(fits)
    }

    /// Stores what is said of a changed picture.
    pub fn take_varied(&mut self, varied: Varied) {
        if self.varied.first().is_none_or(|first| first.request != varied.request)
            || varied.variation == Variation::Same
        {
            self.varied.clear();
        }
        self.varied.push(varied);
    }

    /// The map of a changed picture, brought back to where the picture was, as a small picture shows it.
    pub fn shown_varied(&self, varied: &Varied) -> Option<Shown> {
        let key = self.chosen_key()?;
        let signed = self.choices.is_signed(key.target);
        Some(Shown {
            seen: self.seen_of(&key),
            maximum: varied.map.strongest(signed),
            map: varied.map.clone(),
            channel: None,
            signed,
            key,
        })
    }
}
