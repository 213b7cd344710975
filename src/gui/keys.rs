//! Keys, pasted things and dropped files as commands.

use std::path::{Path, PathBuf};

use egui::{Context, Event, Key, KeyboardShortcut, Modifiers};

use super::command::{Action, Command};
use super::gather::NETWORKS;
use super::state::State;
use super::tab_key;
use crate::explorer::{IMAGE_ENDINGS, local_path};
use crate::imaging::Photo;

/// The name of a picture from the clipboard.
pub const PASTED: &str = "Pasted picture";

/// Collects what the keyboard, the clipboard and dropped files ask for.
pub fn collect(ctx: &Context, state: &State, commands: &mut Vec<Command>) {
    drops(ctx, commands);
    if ctx.input_mut(|input| clipboard_keys(&mut input.events)) {
        commands.push(Command::Do(Action::Paste));
    }
    if !tab_key::pressed(ctx).is_multiple_of(2) {
        commands.push(Command::Do(Action::FoldAll));
    }
    let is_writing = ctx.text_edit_focused();
    let is_asked =
        state.help_open || state.path_field.is_some() || state.size_question.is_some() || state.asks_about_all;
    shortcuts(ctx, is_writing, is_asked, commands);
    if !is_writing {
        clipboard(ctx, commands);
        let is_free = !is_asked && ctx.memory(|memory| memory.focused().is_none());
        // a word that begins like that key is one
        let crops = state.cropping.is_some_and(|cropping| cropping.may_be_a_word());
        let paints = state.brushing.is_some_and(|brushing| brushing.may_be_a_word());
        let begun = [(crops, Action::Crop), (paints, Action::Paint)];
        let begun = begun.into_iter().find_map(|(begun, action)| begun.then_some(action));
        typed(ctx, is_asked, is_free, begun, commands);
    }
}

/// `is_asked`: something lies over the window and wants an answer first.
fn shortcuts(ctx: &Context, is_writing: bool, is_asked: bool, commands: &mut Vec<Command>) {
    let menu_is_open = egui::Popup::is_any_open(ctx);
    let focused = ctx.memory(|memory| memory.focused().is_some());
    let mut known: Vec<(Action, KeyboardShortcut)> = Action::ALL
        .into_iter()
        .flat_map(|action| action.shortcuts().iter().map(move |&keys| (action, keys)))
        .collect();
    if is_asked {
        known.retain(|(action, _)| matches!(action, Action::Back | Action::Help));
    }
    // a key with shift also fits the pattern without, so the longer patterns come first
    known.sort_by_key(|(_, keys)| !keys.modifiers.shift);
    known.retain(|(_, keys)| typed_character(*keys).is_none());
    for (action, keys) in known {
        let is_plain = keys.modifiers == Modifiers::NONE;
        // a field keeps its own keys; arrows move between widgets once one of them has the keyboard
        let belongs_to_widget = match keys.logical_key {
            // a menu closes by it
            Key::Escape => menu_is_open,
            Key::F1 | Key::F11 => false,
            // see `tab_key`
            Key::Tab => true,
            Key::ArrowUp | Key::ArrowDown if is_writing => false,
            Key::ArrowUp | Key::ArrowDown | Key::ArrowLeft | Key::ArrowRight | Key::Home | Key::End => focused,
            Key::Z | Key::Y if is_writing => true,
            _ => is_plain && is_writing,
        };
        if belongs_to_widget {
            continue;
        }
        // a key that is held or pressed quickly may come several times in a frame
        let presses = ctx.input_mut(|input| input.count_and_consume_key(keys.modifiers, keys.logical_key));
        let times = if action.repeats() { presses } else { presses.min(1) };
        commands.extend(std::iter::repeat_n(Command::Do(action), times));
    }
}

/// The character by which a shortcut goes rather than by the key; none for others. Punctuation is elsewhere on every layout,
/// and where the American keyboard has it, others have letters.
fn typed_character(keys: KeyboardShortcut) -> Option<&'static str> {
    let character = match keys.logical_key {
        Key::OpenBracket => "[",
        Key::CloseBracket => "]",
        Key::Plus => "+",
        Key::Minus => "-",
        Key::Equals => "=",
        Key::Questionmark => "?",
        Key::B => "b",
        Key::C => "c",
        _ => return None,
    };
    (keys.modifiers == Modifiers::NONE).then_some(character)
}

/// What a character asks for outside of a field: punctuation is a shortcut, a digit chooses a class, letters search.
///
/// `is_asked` leaves the help page only, `is_free` says whether no widget has the keyboard, `begun` for what the letter before
/// may have been.
fn typed(ctx: &Context, is_asked: bool, is_free: bool, begun: Option<Action>, commands: &mut Vec<Command>) {
    let texts: Vec<String> = ctx.input(|input| {
        let texts = input.events.iter().filter_map(|event| match event {
            Event::Text(text) => Some(text.clone()),
            _ => None,
        });
        texts.collect()
    });
    let mut letters = String::new();
    for text in texts {
        // a letter alone is for cropping or painting, and with others it is one of a word
        if by_letter(&text).is_some() {
            letters.push_str(&text);
            continue;
        }
        let action = Action::ALL.into_iter().find(|action| {
            let mut shortcuts = action.shortcuts().iter();
            shortcuts.any(|&keys| typed_character(keys) == Some(&text))
        });
        match (action, text.parse::<usize>()) {
            (Some(action), _) if !is_asked || action == Action::Help => commands.push(Command::Do(action)),
            (None, Ok(digit @ 0..=9)) if is_free && text.len() == 1 => {
                // 1 to 9, then 0 for the tenth
                commands.push(Command::SelectRank((digit + 9) % 10));
            }
            (None, _) if is_free && text.chars().all(char::is_alphabetic) => letters.push_str(&text),
            _ => {}
        }
    }
    if !is_free {
        return;
    }
    match (by_letter(&letters), begun.and_then(letter_of)) {
        _ if letters.is_empty() => {}
        (Some(action), None) => commands.push(Command::Do(action)),
        (_, Some(letter)) => {
            commands.push(Command::Do(Action::Back));
            commands.push(Command::StartSearch(format!("{letter}{letters}")));
        }
        _ => commands.push(Command::StartSearch(letters)),
    }
}

/// What a letter alone is for.
fn by_letter(letter: &str) -> Option<Action> {
    let all = [Action::Crop, Action::Paint];
    all.into_iter().find(|&action| letter_of(action) == Some(letter))
}

/// The letter that an action has to itself.
fn letter_of(action: Action) -> Option<&'static str> {
    let letters = action.shortcuts().iter().filter_map(|&keys| typed_character(keys));
    letters
        .into_iter()
        .find(|letter| letter.chars().all(char::is_alphabetic))
}

/// Makes the events of which text fields know of the keys for cutting and copying, and takes those for pasting out;
/// returns whether there were any. egui would do so itself, but would read the clipboard there and then.
fn clipboard_keys(events: &mut Vec<Event>) -> bool {
    let mut paste = false;
    events.retain_mut(|event| {
        let Event::Key {
            key,
            pressed: true,
            repeat,
            modifiers,
            ..
        } = *event
        else {
            return true;
        };
        match (key, modifiers.command, modifiers.shift) {
            (Key::X, true, _) | (Key::Cut, ..) => *event = Event::Cut,
            (Key::C | Key::Insert, true, _) | (Key::Copy, ..) => *event = Event::Copy,
            (Key::V, true, _) | (Key::Paste, ..) | (Key::Insert, _, true) => {
                paste |= !repeat;
                return false;
            }
            _ => {}
        }
        true
    });
    paste
}

fn clipboard(ctx: &Context, commands: &mut Vec<Command>) {
    let events = ctx.input(|input| input.events.clone());
    for event in events {
        match event {
            Event::PasteImage(image) => {
                let rgb = image
                    .pixels
                    .iter()
                    .flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()])
                    .collect();
                let [width, height] = image.size.map(|side| u32::try_from(side).unwrap_or(0));
                if let Ok(photo) = Photo::new(width, height, rgb) {
                    commands.push(Command::OpenPixels {
                        name: PASTED.to_owned(),
                        photo: photo.into(),
                    });
                }
            }
            // what the system makes of the key for copying
            Event::Copy => commands.push(Command::Do(Action::Copy)),
            Event::Paste(text) => {
                let paths = pasted_paths(&text);
                commands.push(if paths.is_empty() {
                    Command::NothingToPaste
                } else {
                    Command::OpenPaths(paths)
                });
            }
            _ => {}
        }
    }
}

/// The paths and addresses of a text, one a line; a name alone counts if it ends as an image or a network does. Prose has
/// none.
fn pasted_paths(text: &str) -> Vec<PathBuf> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_path = |line: &str| {
        let line = unquoted(line);
        Path::new(line).is_absolute() || line.contains("://") || line.starts_with('~') || line.starts_with('.')
    };
    let is_name = |line: &str| {
        let ending = Path::new(unquoted(line)).extension();
        let ending = ending.map(|ending| ending.to_string_lossy().to_lowercase());
        ending.is_some_and(|ending| IMAGE_ENDINGS.contains(&ending.as_str()) || NETWORKS.contains(&ending.as_str()))
    };
    let chosen = lines
        .iter()
        .filter(|line| is_path(line) || lines.len() == 1 && is_name(line));
    chosen.map(|line| pasted_path(line)).collect()
}

fn unquoted(line: &str) -> &str {
    line.trim().trim_matches('"').trim_matches('\'')
}

/// A path as file managers copy it: plain, quoted or as a file address.
fn pasted_path(line: &str) -> PathBuf {
    local_path(Path::new(unquoted(line)))
}

fn drops(ctx: &Context, commands: &mut Vec<Command>) {
    let paths: Vec<PathBuf> = ctx.input(|input| {
        input
            .raw
            .dropped_files
            .iter()
            .map(|file| file.path().to_owned())
            .collect()
    });
    if !paths.is_empty() {
        commands.push(Command::OpenPaths(paths));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_for_the_clipboard_become_what_text_fields_know() {
        let key = |key, modifiers, repeat| Event::Key {
            key,
            physical_key: None,
            pressed: true,
            repeat,
            modifiers,
        };
        let typed = Event::Text("v".to_owned());
        let mut events = vec![
            key(Key::C, Modifiers::COMMAND, false),
            key(Key::V, Modifiers::NONE, false),
            typed.clone(),
            key(Key::X, Modifiers::COMMAND, false),
        ];
        assert!(!clipboard_keys(&mut events));
        assert_eq!(
            events,
            [Event::Copy, key(Key::V, Modifiers::NONE, false), typed, Event::Cut]
        );
        for (pasting, modifiers) in [
            (Key::V, Modifiers::COMMAND),
            (Key::Insert, Modifiers::SHIFT),
            (Key::Paste, Modifiers::NONE),
        ] {
            let mut events = vec![key(pasting, modifiers, false)];
            assert!(clipboard_keys(&mut events), "{pasting:?}");
            assert_eq!(events, []);
        }
        assert!(
            !clipboard_keys(&mut vec![key(Key::V, Modifiers::COMMAND, true)]),
            "held"
        );
    }

    #[test]
    fn punctuation_goes_by_the_character_and_letters_are_letters() {
        let commands = |key: Key, text: &str| {
            let ctx = Context::default();
            let mut input = egui::RawInput::default();
            input.events.push(Event::Key {
                key,
                physical_key: Some(key),
                pressed: true,
                repeat: false,
                modifiers: Modifiers::NONE,
            });
            input.events.push(Event::Text(text.to_owned()));
            let mut commands = Vec::new();
            let _ = ctx.run_ui(input, |ui| {
                shortcuts(ui.ctx(), false, false, &mut commands);
                typed(ui.ctx(), false, true, None, &mut commands);
            });
            format!("{commands:?}")
        };
        // the same key on the American, German, French and Russian keyboard
        assert_eq!(commands(Key::OpenBracket, "["), "[Do(PreviousLayer)]");
        assert_eq!(commands(Key::OpenBracket, "ü"), "[StartSearch(\"ü\")]");
        assert_eq!(commands(Key::OpenBracket, "х"), "[StartSearch(\"х\")]");
        assert_eq!(commands(Key::Num2, "é"), "[StartSearch(\"é\")]");
        assert_eq!(commands(Key::Num2, "2"), "[SelectRank(1)]");
        assert_eq!(commands(Key::Num0, "0"), "[SelectRank(9)]");
        // where AltGr and another key type it
        assert_eq!(commands(Key::Num8, "["), "[Do(PreviousLayer)]");
        assert_eq!(commands(Key::Slash, "-"), "[Do(ZoomOut)]");
        assert_eq!(commands(Key::OpenBracket, ""), "[]", "a dead key types nothing yet");
        assert_eq!(commands(Key::C, "c"), "[Do(Crop)]");
        assert_eq!(commands(Key::C, "с"), "[StartSearch(\"с\")]", "a Russian letter");
    }

    #[test]
    fn prose_is_no_path() {
        let paths = |text: &str| pasted_paths(text);
        assert_eq!(
            paths("/tmp/a.png\n\n  https://b.org/c.png \nand so on"),
            ["/tmp/a.png", "https://b.org/c.png"].map(PathBuf::from)
        );
        assert_eq!(paths("Once upon\na time."), [] as [PathBuf; 0]);
        assert_eq!(paths("hello world"), [] as [PathBuf; 0]);
        assert_eq!(paths("photo.jpg"), [PathBuf::from("photo.jpg")]);
        assert_eq!(paths(" \n "), [] as [PathBuf; 0]);
    }

    #[test]
    fn paths_are_read_however_they_were_copied() {
        for (line, path) in [
            ("/tmp/a b.png", "/tmp/a b.png"),
            (" \"/tmp/a.png\" ", "/tmp/a.png"),
            ("file:///tmp/a%20b%C3%A9.png", "/tmp/a bé.png"),
        ] {
            assert_eq!(pasted_path(line), PathBuf::from(path));
        }
    }
}
