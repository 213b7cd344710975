//! What the network sees: its input as a picture, pixel by pixel, and in words how the photo became it.

use egui::{Align, Color32, Layout, Pos2, Rect, RichText, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::state::State;
use super::textures::Textures;
use super::theme::{self, UNIT, strong};
use super::widgets::caption;
use crate::imaging::{Fit, Preprocessing, Resize};

/// The picture of the shown image that the session is to make; none while it is not looked at, or known already.
pub fn wanted(state: &State) -> bool {
    let is_open = state.preferences.drawer == Some(super::choices::Drawer::Input);
    is_open && state.open_image().is_some() && state.network.is_some() && known(state).is_none()
}

fn known(state: &State) -> Option<&crate::explorer::InputPicture> {
    let image = state.open_image()?.id;
    state
        .input_picture
        .as_ref()
        .filter(|known| known.image == image && known.preprocessing == state.preprocessing())
}

/// Draws it beside its words.
pub fn show(ui: &mut Ui, state: &State, textures: &mut Textures) {
    let (Some(image), Some([width, height])) = (state.open_image(), state.input_size()) else {
        return;
    };
    ui.horizontal_top(|ui| {
        let room = vec2(0.5 * ui.available_width(), ui.available_height() - UNIT);
        // as large as there is room, but each pixel as a whole number of the screen's where that is possible
        let fit = (room.x / width as f32).min(room.y / height as f32) * ui.pixels_per_point();
        let scale = if fit >= 1.0 { fit.floor() } else { fit } / ui.pixels_per_point();
        let (rect, response) = ui.allocate_exact_size(scale * vec2(width as f32, height as f32), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, "What the network sees"));
        if let Some(known) = known(state) {
            let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            let texture = textures.input(ui.ctx(), &known.picture);
            ui.painter().image(texture, rect, whole, Color32::WHITE);
        } else {
            ui.painter().rect_filled(rect, 0.0, theme::palette(ui).raised);
        }
        ui.add_space(3.0 * UNIT);
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.label(RichText::new(format!("{width} × {height} pixels")).font(strong(theme::BODY)));
            let seen = state.preprocessing();
            let [from_width, from_height] = image.size;
            let from = match seen.crop {
                Some(crop) => format!("the part {} × {} of the photo", crop.width, crop.height),
                None => format!("the photo of {from_width} × {from_height}"),
            };
            ui.add(egui::Label::new(format!("This is all that the network sees of {from}: {}", steps(seen))).wrap());
            let region = seen.region(image.size, [width, height]);
            let squeezed = (region.width * height) as f32 / (region.height * width).max(1) as f32;
            if !(0.99..=1.01).contains(&squeezed) {
                let text = if squeezed > 1.0 {
                    format!("It is {squeezed:.2} times narrower than the photo.")
                } else {
                    format!("It is {:.2} times lower than the photo.", 1.0 / squeezed)
                };
                ui.add(egui::Label::new(text).wrap());
            }
            caption(
                ui,
                format!(
                    "Then each number is scaled: {}",
                    super::settings::pixels_text(seen.pixels)
                ),
            );
        });
    });
}

/// In words, what happens before the pixels are scaled.
fn steps(seen: Preprocessing) -> String {
    let fit = match seen.fit {
        Fit::Stretch => "stretched or squeezed to the input's sides",
        Fit::Crop => "its middle with the input's proportions",
    };
    let resize = match seen.resize {
        Resize::Nearest => "one photo pixel for each of its own",
        Resize::Bilinear | Resize::Bicubic => "photo pixels averaged",
        Resize::TensorFlow | Resize::OpenCv => "between four photo pixels",
    };
    format!("{fit}, {resize}.")
}
