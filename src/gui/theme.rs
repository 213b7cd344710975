//! The look: one font in three sizes, a rhythm of 4 points, neutral panels and one accent colour, light and dark.
//!
//! Neutral greys surround the picture, so that the only strong colours are those of photo and map. Text reaches WCAG's
//! contrast of 4.5 to 1 on every surface it stands on; the tests compute it.

use std::sync::Arc;

use egui::style::{HandleShape, WidgetVisuals};
use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, FontTweak, Margin, Shadow, Stroke,
    Style, TextStyle, Theme, Ui, Vec2, Visuals,
};

/// The unit of all distances, in points.
pub const UNIT: f32 = 4.0;
/// Height of one line of a list.
pub const ROW: f32 = 24.0;
/// Radius of rounded corners.
pub const RADIUS: u8 = 4;

/// Captions and numbers.
pub const SMALL: f32 = 11.5;
/// Almost everything.
pub const BODY: f32 = 13.0;
/// Titles.
pub const TITLE: f32 = 17.0;

/// The family for what stands out.
const STRONG: &str = "strong";
/// The font with the icons.
const ICONS: &str = "Material Icons";

/// The colours of one theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Behind the picture.
    pub canvas: Color32,
    /// Panels.
    pub panel: Color32,
    /// Fields, buttons, rows under the pointer.
    pub raised: Color32,
    /// Pressed buttons and chosen rows.
    pub pressed: Color32,
    /// Lines between things.
    pub line: Color32,
    /// Ordinary text.
    pub text: Color32,
    /// Text of less weight.
    pub weak: Color32,
    /// The one colour that says: chosen, active, focused.
    pub accent: Color32,
    /// Text on the accent colour.
    pub on_accent: Color32,
    /// Something is wrong.
    pub error: Color32,
}

const fn grey(value: u8) -> Color32 {
    Color32::from_gray(value)
}

/// Light text on dark panels.
pub const DARK: Palette = Palette {
    canvas: grey(18),
    panel: grey(28),
    raised: grey(42),
    pressed: grey(56),
    line: grey(50),
    text: grey(226),
    weak: grey(162),
    accent: Color32::from_rgb(94, 166, 255),
    on_accent: grey(10),
    error: Color32::from_rgb(255, 138, 128),
};

/// Dark text on light panels.
pub const LIGHT: Palette = Palette {
    canvas: grey(226),
    panel: grey(247),
    raised: grey(234),
    pressed: grey(218),
    line: grey(212),
    text: grey(28),
    weak: grey(88),
    accent: Color32::from_rgb(0, 92, 197),
    on_accent: grey(255),
    error: Color32::from_rgb(176, 28, 28),
};

/// Behind text that stands over a photo, whatever is in it.
pub const PLATE: Color32 = Color32::from_black_alpha(200);
/// The text on it.
pub const ON_PLATE: Color32 = Color32::WHITE;

/// Over the picture while something is about to be dropped on it; text stands on it.
pub fn veil(palette: &Palette) -> Color32 {
    palette.canvas.gamma_multiply(0.85)
}

/// The colours in use.
pub fn palette(ui: &Ui) -> Palette {
    if ui.visuals().dark_mode { DARK } else { LIGHT }
}

/// The two tones of the frame around what has the keyboard, the outer one first; one of them is seen on any fill.
pub fn ring(palette: &Palette) -> [Color32; 2] {
    [palette.accent, palette.panel]
}

/// Ordinary text in a size.
pub fn font(size: f32) -> FontId {
    FontId::proportional(size)
}

/// Text that stands out, in a size.
pub fn strong(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(STRONG.into()))
}

/// Gives a window its look.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    ctx.set_style_of(Theme::Dark, style(&DARK, Visuals::dark()));
    ctx.set_style_of(Theme::Light, style(&LIGHT, Visuals::light()));
    // plus and minus zoom the picture instead
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
}

/// Inter with tabular figures first, then egui's fonts for whatever it lacks.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let regular: &'static [u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
    let semi_bold: &'static [u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");
    let mut add = |name: &str, bytes: &'static [u8]| {
        fonts
            .font_data
            .insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    };
    add("Inter", regular);
    add("Inter SemiBold", semi_bold);
    let icons = FontData::from_static(include_bytes!("../../assets/fonts/MaterialIcons.ttf"));
    // larger than text, and as far below its line as above it
    let icons = icons.tweak(FontTweak {
        scale: 1.3,
        y_offset_factor: 0.14,
        ..FontTweak::default()
    });
    fonts.font_data.insert(ICONS.to_owned(), Arc::new(icons));
    let fallback = fonts
        .families
        .get(&FontFamily::Proportional)
        .cloned()
        .unwrap_or_default();
    let with_fallback = |name: &str| [vec![name.to_owned(), ICONS.to_owned()], fallback.clone()].concat();
    fonts.families.insert(FontFamily::Proportional, with_fallback("Inter"));
    fonts
        .families
        .insert(FontFamily::Name(STRONG.into()), with_fallback("Inter SemiBold"));
    fonts
}

fn style(palette: &Palette, visuals: Visuals) -> Style {
    let mut style = Style {
        visuals: colours(palette, visuals),
        ..Style::default()
    };
    style.text_styles = [
        (TextStyle::Small, font(SMALL)),
        (TextStyle::Body, font(BODY)),
        (TextStyle::Button, font(BODY)),
        (TextStyle::Monospace, font(BODY)),
        (TextStyle::Heading, strong(TITLE)),
    ]
    .into();
    style.drag_value_text_style = TextStyle::Body;
    style.animation_time = 0.08;
    style.always_scroll_the_only_direction = true;
    style.interaction.tooltip_delay = 0.4;
    // text is not selectable: dragging over a panel should not mark its labels
    style.interaction.selectable_labels = false;
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(2.0 * UNIT, UNIT);
    spacing.button_padding = Vec2::new(2.0 * UNIT, UNIT);
    spacing.interact_size = Vec2::new(8.0 * UNIT, ROW);
    spacing.window_margin = Margin::same(16);
    spacing.menu_margin = Margin::same(4);
    spacing.slider_rail_height = 3.0;
    spacing.icon_width = 4.0 * UNIT;
    spacing.icon_spacing = 1.5 * UNIT;
    spacing.tooltip_width = 300.0;
    spacing.scroll.bar_width = 6.0;
    spacing.scroll.floating_width = 3.0;
    // the bar is there to be found, not to be looked at
    spacing.scroll.dormant_handle_opacity = 0.25;
    spacing.scroll.active_handle_opacity = 0.35;
    spacing.scroll.interact_handle_opacity = 0.6;
    spacing.scroll.dormant_background_opacity = 0.0;
    spacing.scroll.active_background_opacity = 0.0;
    spacing.scroll.interact_background_opacity = 0.1;
    style
}

fn colours(palette: &Palette, mut visuals: Visuals) -> Visuals {
    let Palette {
        canvas,
        panel,
        raised,
        pressed,
        line,
        text,
        weak,
        accent,
        error,
        ..
    } = *palette;
    let radius = CornerRadius::same(RADIUS);
    let widget = |fill: Color32, stroke: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, stroke),
        corner_radius: radius,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    visuals.widgets.noninteractive = widget(panel, line, text);
    visuals.widgets.inactive = widget(raised, Color32::TRANSPARENT, text);
    visuals.widgets.hovered = widget(pressed, Color32::TRANSPARENT, text);
    visuals.widgets.active = widget(pressed, accent, text);
    visuals.widgets.open = widget(pressed, Color32::TRANSPARENT, text);
    visuals.selection.bg_fill = accent.gamma_multiply(0.28);
    visuals.selection.stroke = Stroke::new(1.0, text);
    visuals.weak_text_color = Some(weak);
    visuals.hyperlink_color = accent;
    visuals.faint_bg_color = raised;
    visuals.extreme_bg_color = canvas;
    visuals.text_edit_bg_color = Some(raised);
    visuals.code_bg_color = raised;
    visuals.warn_fg_color = error;
    visuals.error_fg_color = error;
    visuals.window_fill = panel;
    visuals.window_stroke = Stroke::new(1.0, line);
    visuals.window_corner_radius = CornerRadius::same(2 * RADIUS);
    visuals.menu_corner_radius = CornerRadius::same(RADIUS + 2);
    visuals.panel_fill = panel;
    visuals.popup_shadow = Shadow {
        offset: [0, 4],
        blur: 16,
        spread: 0,
        color: Color32::from_black_alpha(70),
    };
    visuals.window_shadow = Shadow {
        offset: [0, 8],
        blur: 32,
        spread: 0,
        color: Color32::from_black_alpha(90),
    };
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = HandleShape::Circle;
    visuals.indent_has_left_vline = false;
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as WCAG 2 defines it.
    fn luminance(colour: Color32) -> f64 {
        let linear = |byte: u8| {
            let value = f64::from(byte) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_icon_is_in_the_font() {
        let ctx = Context::default();
        let mut alone = FontDefinitions::empty();
        alone.font_data = fonts().font_data;
        alone.families.insert(FontFamily::Proportional, vec![ICONS.to_owned()]);
        ctx.set_fonts(alone);
        let mut missing = Vec::new();
        let _ = ctx.run_ui(egui::RawInput::default(), |ui| {
            let has = |icon: &char| ui.ctx().fonts_mut(|fonts| fonts.has_glyph(&font(BODY), *icon));
            missing = crate::gui::icons::ALL.into_iter().filter(|icon| !has(icon)).collect();
        });
        assert_eq!(missing, [] as [char; 0]);
    }

    #[test]
    fn text_reaches_the_contrast_of_wcag_aa() {
        for palette in [DARK, LIGHT] {
            // all of them, so that a new colour is either text or a surface here, or has a reason beside it
            let Palette {
                canvas,
                panel,
                raised,
                pressed,
                line: _, // stands between things and says nothing that their places do not
                text,
                weak,
                accent,
                on_accent,
                error,
            } = palette;
            for surface in [canvas, panel, raised, pressed] {
                for text in [text, weak, accent, error] {
                    assert!(
                        contrast(text, surface) >= 4.5,
                        "{text:?} on {surface:?}: {}",
                        contrast(text, surface)
                    );
                }
            }
            assert!(contrast(on_accent, accent) >= 4.5);
        }
    }

    #[test]
    fn text_over_a_photo_reaches_it_whatever_the_photo_shows() {
        for photo in (0..=255).map(grey) {
            let found = contrast(ON_PLATE, over(PLATE, photo));
            assert!(found >= 4.5, "on the plate over {photo:?}: {found}");
            for palette in [DARK, LIGHT] {
                let found = contrast(palette.text, over(veil(&palette), photo));
                assert!(found >= 4.5, "on the veil over {photo:?}: {found}");
            }
        }
    }

    #[test]
    fn marks_that_mean_something_are_told_from_what_they_lie_on() {
        for palette in [DARK, LIGHT] {
            // bars of lists and their tracks, ticks and edges of boxes, the frame of the image shown, the mark of a chosen row
            for (mark, below) in [
                (palette.weak, palette.raised),
                (palette.accent, palette.line),
                (palette.accent, palette.pressed),
                (palette.weak, palette.panel),
                (palette.accent, palette.panel),
                (palette.text, palette.panel),
            ] {
                let found = contrast(mark, below);
                assert!(found >= 3.0, "{mark:?} on {below:?}: {found}");
            }
        }
    }

    #[test]
    fn text_reaches_it_on_what_is_selected_and_on_every_widget() {
        for (palette, visuals) in [(DARK, Visuals::dark()), (LIGHT, Visuals::light())] {
            let visuals = colours(&palette, visuals);
            let widgets = visuals.widgets.clone();
            for widget in [
                widgets.noninteractive,
                widgets.inactive,
                widgets.hovered,
                widgets.active,
                widgets.open,
            ] {
                let found = contrast(widget.fg_stroke.color, widget.weak_bg_fill);
                assert!(found >= 4.5, "{widget:?}: {found}");
            }
            // the selection is a veil over a field, and the part of a bar that is done
            for below in [palette.raised, palette.panel, palette.pressed, palette.canvas] {
                let selected = over(visuals.selection.bg_fill, below);
                let text = contrast(visuals.selection.stroke.color, selected);
                assert!(text >= 4.5, "selected {selected:?}: {text}");
            }
            for text in [
                visuals.text_color(),
                visuals.weak_text_color(),
                visuals.strong_text_color(),
                visuals.hyperlink_color,
                visuals.warn_fg_color,
                visuals.error_fg_color,
            ] {
                for surface in [
                    visuals.panel_fill,
                    visuals.window_fill,
                    visuals.faint_bg_color,
                    visuals.extreme_bg_color,
                    visuals.code_bg_color,
                    visuals.text_edit_bg_color(),
                ] {
                    let found = contrast(text, surface);
                    assert!(found >= 4.5, "{text:?} on {surface:?}: {found}");
                }
            }
        }
    }

    #[test]
    fn the_keyboards_ring_is_seen_on_every_fill() {
        for palette in [DARK, LIGHT] {
            for fill in [
                palette.canvas,
                palette.panel,
                palette.raised,
                palette.pressed,
                palette.accent,
            ] {
                let best = ring(&palette)
                    .map(|tone| contrast(tone, fill))
                    .into_iter()
                    .fold(0.0, f64::max);
                assert!(best >= 3.0, "on {fill:?}: {best}");
            }
            let [outer, inner] = ring(&palette);
            assert!(contrast(outer, inner) >= 3.0);
        }
    }

    /// A colour with some opacity over another.
    fn over(veil: Color32, below: Color32) -> Color32 {
        let rest = 255 - u32::from(veil.a());
        let mix = |veil: u8, below: u8| veil.saturating_add(((u32::from(below) * rest + 127) / 255) as u8);
        Color32::from_rgb(
            mix(veil.r(), below.r()),
            mix(veil.g(), below.g()),
            mix(veil.b(), below.b()),
        )
    }
}
