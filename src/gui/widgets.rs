//! Small building blocks that several panels share.

use egui::accesskit::Role;
use egui::{
    Align, Align2, Button, Color32, ComboBox, FontId, Label, Layout, Rect, Response, RichText, Sense, Stroke,
    StrokeKind, TextWrapMode, Ui, WidgetInfo, WidgetText, pos2, vec2,
};

use super::command::{Action, Command};
use super::icons;
use super::theme::{self, UNIT, font, palette, strong};

/// The title of a section, with something at the right end of its line.
pub fn section(ui: &mut Ui, title: &str, right: impl FnOnce(&mut Ui)) {
    ui.add_space(UNIT);
    ui.horizontal(|ui| {
        ui.label(RichText::new(title).font(strong(theme::BODY)));
        ui.with_layout(Layout::right_to_left(Align::Center), right);
    });
}

/// A caption of less weight.
pub fn caption(ui: &mut Ui, text: impl Into<String>) -> Response {
    ui.label(RichText::new(text).small().weak())
}

/// One small button for each answer to a question that a network's file leaves open, with the assumed one marked;
/// returns the answer that was clicked. An answer comes as itself, its name and its explanation.
pub fn assumed_answers<T: Copy + PartialEq>(
    ui: &mut Ui,
    assumed: T,
    answers: impl IntoIterator<Item = (T, String, &'static str)>,
) -> Option<T> {
    let mut clicked = None;
    ui.horizontal_wrapped(|ui| {
        for (answer, name, explanation) in answers {
            let is_assumed = answer == assumed;
            let text = if is_assumed { format!("{name} (assumed)") } else { name };
            let button = Button::new(RichText::new(text).small()).selected(is_assumed);
            if ui.add(button).on_hover_text(explanation).clicked() {
                clicked = Some(answer);
            }
        }
    });
    clicked
}

/// A name with its icon before it.
pub fn with_icon(icon: Option<char>, name: &str) -> String {
    icon.map_or_else(|| name.to_owned(), |icon| format!("{icon} {name}"))
}

/// The key of an action, drawn as it looks on a keyboard.
pub fn key_cap(ui: &mut Ui, action: Action) {
    let Some(key) = action.keys_text(ui.ctx()) else { return };
    let colours = palette(ui);
    let text = ui
        .painter()
        .layout_no_wrap(key.clone(), font(theme::SMALL), colours.weak);
    let size = vec2((text.size().x + 2.0 * UNIT).max(4.5 * UNIT), 4.5 * UNIT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter()
        .rect_stroke(rect, 3.0, Stroke::new(1.0, colours.weak), StrokeKind::Inside);
    ui.painter()
        .galley(rect.center() - text.size() / 2.0, text, colours.weak);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Key {key}")));
    response.on_hover_ui(|ui| action_tooltip(ui, action));
}

/// A name with the sign that a click opens a menu.
pub fn with_chevron(name: &str) -> String {
    format!("{name} {}", icons::EXPAND)
}

/// The same sign for lists to choose from.
pub fn chevron(ui: &Ui, rect: Rect, visuals: &egui::style::WidgetVisuals, _is_open: bool) {
    let place = Rect::from_center_size(rect.center(), egui::Vec2::splat(5.0 * UNIT));
    let icon = icons::EXPAND.to_string();
    text_in(
        ui,
        place,
        Align2::CENTER_CENTER,
        &icon,
        theme::BODY,
        visuals.fg_stroke.color,
    );
}

/// A button without a background that does something with a name.
pub fn action_button(ui: &mut Ui, action: Action, commands: &mut Vec<Command>) -> Response {
    let (label, _) = action.label_and_tooltip();
    let response = ui
        .add(Button::new(with_icon(action.icon(), label)).frame_when_inactive(false))
        .accessible_name(label);
    let response = response.on_hover_ui(|ui| action_tooltip(ui, action));
    if response.clicked() {
        commands.push(Command::Do(action));
    }
    response
}

/// A menu entry that does something with a name.
pub fn action_entry(ui: &mut Ui, action: Action, enabled: bool, commands: &mut Vec<Command>) {
    named_entry(ui, action.label(), action, enabled, commands);
}

/// The same by a name for the moment.
pub fn named_entry(ui: &mut Ui, label: &str, action: Action, enabled: bool, commands: &mut Vec<Command>) {
    let (_, tooltip) = action.label_and_tooltip();
    let mut button = Button::new(label).frame_when_inactive(false);
    if let Some(keys) = action.keys_text(ui.ctx()) {
        button = button.shortcut_text(keys);
    }
    if ui.add_enabled(enabled, button).on_hover_text(tooltip).clicked() {
        commands.push(Command::Do(action));
        ui.close();
    }
}

/// What an action does, and its key.
pub fn action_tooltip(ui: &mut Ui, action: Action) {
    let (_, tooltip) = action.label_and_tooltip();
    ui.label(tooltip);
    if let Some(keys) = action.keys_text(ui.ctx()) {
        caption(ui, keys);
    }
}

/// A list of which one holds; says which was clicked.
pub fn list<T: Copy + PartialEq, S: Into<WidgetText>>(
    ui: &mut Ui,
    name: &str,
    chosen: T,
    choices: &[T],
    describe: impl Fn(T) -> (&'static str, S),
) -> Option<T> {
    let mut clicked = None;
    let (text, explanation) = describe(chosen);
    let combo = ComboBox::from_id_salt(name)
        .icon(chevron)
        .truncate()
        .width(ui.available_width())
        // as many rows as the longest list has, where the window is high enough
        .height(24.0 * theme::ROW);
    let response = combo.selected_text(text).show_ui(ui, |ui| {
        for &choice in choices {
            let (text, explanation) = describe(choice);
            let response = ui.selectable_label(choice == chosen, text);
            if response.on_hover_text(explanation).clicked() {
                clicked = Some(choice);
            }
        }
    });
    response.response.accessible_name(name).on_hover_text(explanation);
    clicked
}

/// A row of choices of which one holds, or a list of them where their names have no room beside each other; says which was
/// clicked.
pub fn segmented<T: Copy + PartialEq>(
    ui: &mut Ui,
    group: &str,
    chosen: T,
    choices: &[T],
    describe: impl Fn(T) -> (&'static str, &'static str),
) -> Option<T> {
    let names = choices.iter().map(|&choice| describe(choice).0);
    let Some(widths) = shares(ui, names, ui.available_width()) else {
        return list(ui, group, chosen, choices, describe);
    };
    let colours = palette(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW), Sense::hover());
    ui.painter().rect_filled(rect, UNIT, colours.raised);
    let mut clicked = None;
    let mut left = rect.left();
    for (&choice, width) in choices.iter().zip(widths) {
        let (name, explanation) = describe(choice);
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        left += width;
        let response = ui.interact(cell, ui.scope_id().with((group, name)), Sense::click());
        let is_chosen = choice == chosen;
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), is_chosen, name));
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_description(group));
        if is_chosen {
            ui.painter().rect_filled(cell.shrink(2.0), UNIT - 1.0, colours.accent);
        } else if response.hovered() {
            ui.painter().rect_filled(cell.shrink(2.0), UNIT - 1.0, colours.pressed);
        }
        focus_ring(ui, &response, cell.shrink(1.0));
        let colour = if is_chosen { colours.on_accent } else { colours.text };
        text_in(
            ui,
            cell.shrink2(vec2(2.0, 0.0)),
            Align2::CENTER_CENTER,
            name,
            theme::SMALL,
            colour,
        );
        if response.on_hover_text(explanation).clicked() {
            clicked = Some(choice);
        }
    }
    clicked
}

/// The widths of choices beside each other: equal ones where all names fit, else each as much as its name needs; none where
/// that is too much.
fn shares<'a>(ui: &Ui, names: impl Iterator<Item = &'a str>, width: f32) -> Option<Vec<f32>> {
    let needed: Vec<f32> = names
        .map(|name| text_width(ui, name, &font(theme::SMALL)) + UNIT)
        .collect();
    let equal = width / needed.len().max(1) as f32;
    if needed.iter().all(|needed| *needed <= equal) {
        return Some(vec![equal; needed.len()]);
    }
    let rest = (width - needed.iter().sum::<f32>()) / needed.len().max(1) as f32;
    (rest >= 0.0).then(|| needed.into_iter().map(|needed| needed + rest).collect())
}

/// A box to be ticked, with an edge that is seen on every panel.
pub fn check(ui: &mut Ui, checked: &mut bool, text: impl Into<WidgetText>) -> Response {
    let edge = Stroke::new(1.0, palette(ui).weak);
    let text = text.into();
    ui.scope(|ui| {
        ui.visuals_mut().widgets.inactive.bg_stroke = edge;
        ui.checkbox(checked, text)
    })
    .inner
}

/// One of several choices, with an edge that is seen on every panel.
pub fn radio(ui: &mut Ui, is_chosen: bool, text: impl Into<WidgetText>) -> Response {
    let edge = Stroke::new(1.0, palette(ui).weak);
    let text = text.into();
    ui.scope(|ui| {
        ui.visuals_mut().widgets.inactive.bg_stroke = edge;
        ui.radio(is_chosen, text)
    })
    .inner
}

/// A visible frame around what has the keyboard's attention.
pub fn focus_ring(ui: &Ui, response: &Response, rect: Rect) {
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if response.has_focus() {
        let [outer, inner] = theme::ring(&palette(ui));
        ui.painter()
            .rect_stroke(rect, UNIT, Stroke::new(2.0, outer), StrokeKind::Inside);
        let inside = rect.shrink(2.0);
        ui.painter()
            .rect_stroke(inside, UNIT - 2.0, Stroke::new(1.0, inner), StrokeKind::Inside);
    }
}

/// One line of text that ends in … where it does not fit.
pub fn truncated(ui: &mut Ui, text: impl Into<WidgetText>) -> Response {
    ui.add(Label::new(text).wrap_mode(TextWrapMode::Truncate))
}

/// A name that ends in … where it is wider than the room for it.
pub fn shortened(ui: &Ui, name: &str, font: &FontId, room: f32) -> String {
    if text_width(ui, name, font) <= room {
        return name.to_owned();
    }
    let letters: Vec<char> = name.chars().collect();
    let beginning = |count: usize| letters.iter().take(count).chain(&['…']).collect::<String>();
    // the longest beginning that fits, and one that is too long
    let (mut fits, mut fails) = (0, letters.len());
    while fails - fits > 1 {
        let middle = fits.midpoint(fails);
        if text_width(ui, &beginning(middle), font) <= room {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    beginning(fits)
}

/// Width of one line of text, in points.
pub fn text_width(ui: &Ui, text: &str, font: &FontId) -> f32 {
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), font.clone(), Color32::WHITE);
    galley.size().x
}

/// One line of text in a rectangle, cut off with … where it does not fit; returns its width.
pub fn text_in(ui: &Ui, rect: Rect, align: Align2, text: &str, size: f32, colour: Color32) -> f32 {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font(size), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width().max(0.0));
    let galley = ui.painter().layout_job(job);
    let position = align.align_size_within_rect(galley.size(), rect).min;
    let width = galley.size().x;
    ui.painter().galley(position, galley, colour);
    width
}
