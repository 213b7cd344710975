//! The names of what can be folded out below the picture: whole, shortened or as icons alone, as there is room.

use egui::scroll_area::ScrollBarVisibility;
use egui::{Button, RichText, ScrollArea, Ui};

use super::choices::{Drawer, Scale};
use super::command::Command;
use super::state::State;
use super::theme::{self, UNIT, font, palette};
use super::widgets::{caption, check, text_width, with_icon};

/// What the small pictures share, and its name where there is little room.
const SHARED: [&str; 2] = ["Shared scale", "Shared"];
/// What a box needs beside its name.
const BOX: f32 = 7.0 * UNIT;

/// Room beside each name where they stand close.
const CLOSE: f32 = UNIT;

/// How the names look.
#[derive(Clone, Copy, PartialEq)]
enum Look {
    /// Whole, each with its icon.
    Whole,
    /// Shortened, each with its icon.
    Short,
    /// Shortened, without icons and close to each other.
    Close,
    /// Icons alone, and the name of what is open behind them.
    Icons,
}

impl Look {
    /// What stands on a tab.
    fn text(self, drawer: Drawer) -> String {
        match self {
            Self::Whole => with_icon(Some(drawer.icon()), drawer.name()),
            Self::Short => with_icon(Some(drawer.icon()), drawer.short_name()),
            Self::Close => drawer.short_name().to_owned(),
            Self::Icons => drawer.icon().to_string(),
        }
    }

    /// Room on either side of what stands on a tab, where all of them have so much: of icons what any of the names leaves.
    fn padding(self, ui: &Ui, available: f32) -> f32 {
        let usual = ui.spacing().button_padding.x;
        match self {
            Self::Whole | Self::Short => usual,
            Self::Close => CLOSE,
            Self::Icons => {
                let names = Drawer::ALL.map(|drawer| text_width(ui, drawer.short_name(), &font(theme::SMALL)));
                let longest = names.into_iter().fold(0.0, f32::max) + 2.0 * UNIT;
                let rest = available - longest - self.texts(ui);
                (rest / (2.0 * Drawer::ALL.len() as f32)).clamp(0.5 * CLOSE, usual)
            }
        }
    }

    /// What the box behind the tabs is called.
    fn shared(self) -> &'static str {
        SHARED[usize::from(self != Self::Whole)]
    }

    /// What stands on all tabs beside each other, in points.
    fn texts(self, ui: &Ui) -> f32 {
        let widths = Drawer::ALL.map(|drawer| text_width(ui, &self.text(drawer), &font(theme::SMALL)) + UNIT);
        widths.iter().sum()
    }

    /// What all tabs need, in points, and the box behind them.
    fn width(self, ui: &Ui, available: f32, has_box: bool) -> f32 {
        let tabs = self.texts(ui) + 2.0 * self.padding(ui, available) * Drawer::ALL.len() as f32;
        let shared = text_width(ui, self.shared(), &font(theme::SMALL)) + BOX;
        tabs + if has_box { shared } else { 0.0 }
    }
}

/// Draws the names.
pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let available = ui.available_width();
    let area = ScrollArea::horizontal()
        .id_salt("tabs")
        .scroll_bar_visibility(ScrollBarVisibility::AlwaysHidden);
    area.show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = UNIT;
            let open = state.preferences.drawer;
            let has_box = open == Some(Drawer::SideBySide);
            let looks = [Look::Whole, Look::Short, Look::Close];
            let fits = |look: &Look| look.width(ui, available, has_box) <= available;
            let look = looks.into_iter().find(fits).unwrap_or(Look::Icons);
            ui.spacing_mut().button_padding.x = look.padding(ui, available);
            for drawer in Drawer::ALL {
                tab(ui, state, drawer, look, commands);
            }
            if has_box {
                shared_scale(ui, state, look.shared(), commands);
            }
            // behind all icons, so that they stay where they are
            if let Some(open) = open.filter(|_| look == Look::Icons) {
                let name = open.short_name();
                let right = ui.clip_rect().right();
                if ui.cursor().left() + text_width(ui, name, &font(theme::SMALL)) <= right {
                    caption(ui, name);
                }
            }
        })
    });
}

/// One tab.
fn tab(ui: &mut Ui, state: &State, drawer: Drawer, look: Look, commands: &mut Vec<Command>) {
    let is_open = state.preferences.drawer == Some(drawer);
    let (name, explanation) = (drawer.name(), drawer.explanation());
    let colours = palette(ui);
    let text = RichText::new(look.text(drawer)).font(font(theme::SMALL));
    let text = text.color(if is_open { colours.text } else { colours.weak });
    let button = Button::new(text).frame_when_inactive(is_open).selected(is_open);
    let response = ui.add(button).accessible_name(name);
    let tooltip = match look {
        Look::Whole => explanation.to_owned(),
        _ => format!("{name}\n{explanation}"),
    };
    if response.on_hover_text(tooltip).clicked() {
        let mut preferences = state.preferences.clone();
        preferences.drawer = (!is_open).then_some(drawer);
        commands.push(Command::Prefer(preferences));
    }
}

/// Whether the small pictures share one scale.
fn shared_scale(ui: &mut Ui, state: &State, text: &str, commands: &mut Vec<Command>) {
    let mut is_shared = state.choices.scale == Scale::Shared;
    let response = check(ui, &mut is_shared, RichText::new(text).small()).accessible_name(SHARED[0]);
    if response.on_hover_text(Scale::Shared.explanation()).changed() {
        let mut choices = state.choices.clone();
        choices.scale = if is_shared { Scale::Shared } else { Scale::Own };
        commands.push(Command::Choose(choices));
    }
}
