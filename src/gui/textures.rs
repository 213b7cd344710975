//! Pixels on the graphics card: the photo once, the map when its colours change. The blend is a tint and uploads nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use egui::{Color32, ColorImage, Context, TextureFilter, TextureHandle, TextureId, TextureOptions};

use super::choices::{Choices, View};
use super::export;
use super::images::OpenImage;
use super::maps::Shown;
use crate::explain::Method;
use crate::explorer::ImageId;
use crate::imaging::{Colormap, Photo, Variation, colorize, mask_share, resize_map, signed_colours, signed_share};
use crate::network::LayerId;

/// Side of a smooth map in pixels; the screen stretches it further.
const SMOOTH_SIDE: usize = 299;
/// Side of a small smooth map in pixels.
const SMALL_SIDE: usize = 64;

/// Everything the colours of a map depend on.
#[derive(Clone, Debug, PartialEq)]
struct MapColours {
    shown: Shown,
    colormap: Colormap,
    cells: bool,
    mask: Option<Mask>,
    /// Whether the photo shows through where a signed map says nothing.
    fades: bool,
    /// Side of a smooth map in pixels.
    side: usize,
}

/// How the photo is hidden where the map is cold.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Mask {
    threshold: f32,
    cover: Color32,
}

/// Where a map is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// In the picture.
    Picture,
    /// In the second picture.
    Other,
    /// Beside those of other classes.
    Class(usize),
    /// Beside those of other layers.
    Layer(LayerId),
    /// The trained network's beside that of a random one.
    Trained,
    /// That of a network with random weights.
    Random,
    /// Beside those of other methods.
    Method(Method),
    /// Beside those of the changed picture.
    Varied(Variation),
}

/// Which of a photo's copies for the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Copied {
    Small,
    Large,
}

/// The textures in use.
#[derive(Default)]
pub struct Textures {
    /// By whether they are painted over, each with the pixels that it holds.
    photos: HashMap<(ImageId, Copied, bool), (Arc<Photo>, TextureHandle)>,
    /// What is shown until they are there, and how wide it is.
    preview: Option<(ImageId, usize, TextureHandle)>,
    maps: HashMap<Slot, (MapColours, TextureHandle)>,
    thumbnails: HashMap<ImageId, TextureHandle>,
    colormaps: HashMap<Colormap, TextureHandle>,
    /// What the network sees.
    input: Option<(Arc<Photo>, TextureHandle)>,
    in_sight: InSight,
}

/// What is drawn in a frame, and so kept for the next.
#[derive(Default)]
struct InSight {
    photos: HashSet<ImageId>,
    /// Whether the large copy of any is drawn.
    large: bool,
    maps: HashSet<Slot>,
    thumbnails: HashSet<ImageId>,
    input: bool,
}

/// Sharp when enlarged, smooth when shrunk. Without mipmaps, as a driver without a graphics card would make them for a
/// tenth of a second, on the window's thread; there are two copies of the photo instead.
const PHOTO: TextureOptions = TextureOptions {
    magnification: TextureFilter::Nearest,
    ..TextureOptions::LINEAR
};

/// How much the small copy is enlarged before the large one takes its place.
const MOST_ENLARGED: f32 = 1.25;

impl Textures {
    /// The photo of an image where it is `side` pixels of the screen long: a copy for the screen, or until there is one what
    /// else there is of it; with what is painted over it or without.
    pub fn photo(&mut self, ctx: &Context, image: &OpenImage, side: f32, is_painted: bool) -> Option<TextureId> {
        let Some(small) = &image.small_display else {
            return self.preview(ctx, image);
        };
        self.preview = None;
        let has_large = image.display.as_ref().is_some_and(|large| large.width > small.width);
        let copied = if has_large && side > MOST_ENLARGED * small.width.max(small.height) as f32 {
            Copied::Large
        } else {
            Copied::Small
        };
        self.in_sight.photos.insert(image.id);
        self.in_sight.large |= copied == Copied::Large;
        let painted = image.painted.as_ref().filter(|_| is_painted);
        let key = (image.id, copied, painted.is_some());
        let repainted = match copied {
            Copied::Small => painted.map(|painted| &painted.small),
            Copied::Large => painted.and_then(|painted| painted.large.as_ref()),
        };
        let photo = match (repainted, copied) {
            (Some(repainted), _) => &repainted.photo,
            (None, Copied::Small) => small,
            (None, Copied::Large) => image.display.as_ref()?,
        };
        if let Some((known, texture)) = self.photos.get_mut(&key) {
            if !Arc::ptr_eq(known, photo) {
                let part = repainted.filter(|repainted| Arc::ptr_eq(&repainted.before, known));
                match part.map(|repainted| repainted.region) {
                    Some(None) => {}
                    Some(Some(region)) => {
                        let corner = [region.x as usize, region.y as usize];
                        texture.set_partial(corner, pixels(&photo.part(region)), PHOTO);
                    }
                    None => texture.set(pixels(photo), PHOTO),
                }
                *known = photo.clone();
            }
            return Some(texture.id());
        }
        let texture = ctx.load_texture("photo", pixels(photo), PHOTO);
        let id = texture.id();
        self.photos.insert(key, (photo.clone(), texture));
        Some(id)
    }

    /// Whether the larger copy of a photo was drawn in this frame.
    pub fn large_in_sight(&self) -> bool {
        self.in_sight.large
    }

    fn preview(&mut self, ctx: &Context, image: &OpenImage) -> Option<TextureId> {
        let kept = [Copied::Large, Copied::Small].map(|copied| self.photos.get(&(image.id, copied, false)));
        if let Some((_, texture)) = kept.into_iter().flatten().next() {
            return Some(texture.id());
        }
        let photo = image.preview.as_ref().or(image.thumbnail.as_ref())?;
        let width = photo.width as usize;
        let known = self.preview.as_ref();
        if let Some((_, _, texture)) = known.filter(|(kept, of, _)| (*kept, *of) == (image.id, width)) {
            return Some(texture.id());
        }
        let texture = ctx.load_texture("preview", pixels(photo), TextureOptions::LINEAR);
        Some(self.preview.insert((image.id, width, texture)).2.id())
    }

    /// The coloured map; for [`View::Mask`] what covers the photo where the map is cold.
    pub fn map(
        &mut self,
        ctx: &Context,
        choices: &Choices,
        shown: &Shown,
        (view, slot): (View, Slot),
        canvas: Color32,
    ) -> TextureId {
        let mask = (view == View::Mask).then_some(Mask {
            threshold: choices.threshold,
            cover: canvas,
        });
        let colours = MapColours {
            mask,
            fades: shown.signed && view == View::Overlay,
            side: SMOOTH_SIDE,
            ..MapColours::small(choices, shown)
        };
        self.painted(ctx, slot, colours)
    }

    /// A small coloured map.
    pub fn small_map(&mut self, ctx: &Context, choices: &Choices, shown: &Shown, slot: Slot) -> TextureId {
        self.painted(ctx, slot, MapColours::small(choices, shown))
    }

    /// Uploads a map where its colours changed.
    fn painted(&mut self, ctx: &Context, slot: Slot, colours: MapColours) -> TextureId {
        self.in_sight.maps.insert(slot);
        if let Some((known, texture)) = self.maps.get_mut(&slot) {
            if *known != colours {
                texture.set(colours.paint(), colours.options());
                *known = colours;
            }
            return texture.id();
        }
        let texture = ctx.load_texture("map", colours.paint(), colours.options());
        let id = texture.id();
        self.maps.insert(slot, (colours, texture));
        id
    }

    /// The small copy of an image, once it is open.
    pub fn thumbnail(&mut self, ctx: &Context, image: &OpenImage) -> Option<TextureId> {
        self.in_sight.thumbnails.insert(image.id);
        if let Some(texture) = self.thumbnails.get(&image.id) {
            return Some(texture.id());
        }
        let thumbnail = image.thumbnail.as_ref()?;
        let texture = ctx.load_texture("thumbnail", pixels(thumbnail), TextureOptions::LINEAR);
        let id = texture.id();
        self.thumbnails.insert(image.id, texture);
        Some(id)
    }

    /// A colormap from its lowest colour on the left to its highest on the right.
    pub fn colormap(&mut self, ctx: &Context, colormap: Colormap) -> TextureId {
        let texture = self.colormaps.entry(colormap).or_insert_with(|| {
            let colours = colormap
                .table()
                .map(|[red, green, blue]| Color32::from_rgb(red, green, blue));
            ctx.load_texture(
                colormap.name(),
                ColorImage::new([256, 1], colours.to_vec()),
                TextureOptions::LINEAR,
            )
        });
        texture.id()
    }

    /// What the network sees, pixel by pixel.
    pub fn input(&mut self, ctx: &Context, picture: &Arc<Photo>) -> TextureId {
        self.in_sight.input = true;
        if let Some((shown, texture)) = &self.input
            && Arc::ptr_eq(shown, picture)
        {
            return texture.id();
        }
        let texture = ctx.load_texture("input", pixels(picture), PHOTO);
        self.input.insert((picture.clone(), texture)).1.id()
    }

    /// Ends a frame: lets go of the maps and thumbnails that were not drawn in it, and of the photos of other images than
    /// are shown.
    pub fn keep_in_sight(&mut self, is_listed: impl Fn(ImageId) -> bool) {
        let in_sight = std::mem::take(&mut self.in_sight);
        self.maps.retain(|slot, _| in_sight.maps.contains(slot));
        self.thumbnails.retain(|image, _| in_sight.thumbnails.contains(image));
        self.input.take_if(|_| !in_sight.input);
        // while no photo is drawn, as where the map is shown alone, those drawn last stay
        let photos = in_sight.photos;
        self.photos
            .retain(|(image, ..), _| is_listed(*image) && (photos.is_empty() || photos.contains(image)));
    }
}

/// A photo as egui wants it.
fn pixels(photo: &Photo) -> ColorImage {
    ColorImage::from_rgb([photo.width as usize, photo.height as usize], &photo.rgb)
}

impl MapColours {
    /// Those of a small map over its photo.
    fn small(choices: &Choices, shown: &Shown) -> Self {
        Self {
            shown: shown.clone(),
            colormap: export::colormap(choices, shown),
            cells: choices.cells,
            mask: None,
            fades: shown.signed,
            side: SMALL_SIDE,
        }
    }

    fn options(&self) -> TextureOptions {
        if self.cells {
            TextureOptions::NEAREST
        } else {
            TextureOptions::LINEAR
        }
    }

    /// Floats are made smooth first and coloured then, so that no colour appears that the map does not have.
    fn paint(&self) -> ColorImage {
        let (width, height) = (self.shown.map.width, self.shown.map.height);
        let units = self.shown.units();
        if units.is_empty() {
            return ColorImage::filled([1, 1], Color32::TRANSPARENT);
        }
        let (size, units) = if self.cells {
            ([width, height], units)
        } else {
            let size = [self.side; 2];
            (size, resize_map(&units, width, height, size[0], size[1]))
        };
        match self.mask {
            Some(mask) => ColorImage::new(size, units.iter().map(|&unit| mask.at(unit)).collect()),
            None if self.fades => {
                let [against, evidence_for] =
                    signed_colours(self.colormap).map(|[red, green, blue]| Color32::from_rgb(red, green, blue));
                let pixel = |&unit: &f32| {
                    let colour = if unit < 0.5 { against } else { evidence_for };
                    colour.gamma_multiply(signed_share(unit))
                };
                ColorImage::new(size, units.iter().map(pixel).collect())
            }
            None => ColorImage::from_rgb(size, &colorize(&units, self.colormap)),
        }
    }
}

impl Mask {
    /// Opaque below the threshold, clear above, with a narrow edge between.
    fn at(&self, unit: f32) -> Color32 {
        self.cover.gamma_multiply(1.0 - mask_share(unit, self.threshold))
    }
}
