//! What has a name and perhaps keys. Labels, tooltips and keys live here, and nowhere else: menus, shortcuts and the help
//! page are made from [`Action`].

use egui::{Key, KeyboardShortcut, Modifiers};

use super::icons;

/// Something with a name, a sentence about it, and perhaps keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Choose files to open.
    Open,
    /// Choose a folder to open.
    OpenFolder,
    /// Open what is on the clipboard.
    Paste,
    /// Save the picture as it is.
    Save,
    /// Save the values of the map.
    SaveValues,
    /// Save the normalised map.
    SaveHeat,
    /// Save what the network answers for all classes.
    SavePredictions,
    /// Save all views of the map, and its numbers.
    SaveAll,
    /// Explain all images and write files of each.
    ExplainAll,
    /// Stop doing so.
    StopAll,
    /// Save a figure of the map.
    SaveFigure,
    /// Put that figure on the clipboard.
    CopyFigure,
    /// Save a sheet of many classes.
    SaveClasses,
    /// Put that sheet on the clipboard.
    CopyClasses,
    /// Save a sheet of the layers.
    SaveLayers,
    /// Put that sheet on the clipboard.
    CopyLayers,
    /// Put the picture on the clipboard.
    Copy,
    /// Put the listed classes on the clipboard.
    CopyList,
    /// Put the listed classes on the clipboard as CSV.
    CopyCsv,
    /// Put the map's values on the clipboard.
    CopyMap,
    /// Fetch an image from the web.
    OpenAddress,
    /// Choose a weights file.
    OpenNetwork,
    /// A second network beside the one in use.
    OpenSecond,
    /// Fetch the ImageNet weights.
    DownloadNetwork,
    /// Stop what is being fetched.
    CancelDownload,
    /// Write in the search field.
    Search,
    /// The class above.
    PreviousClass,
    /// The class below.
    NextClass,
    /// Keep the chosen class in the list below the predictions.
    Pin,
    /// Keep the class when another image is shown.
    KeepClass,
    /// Ask about a place of the picture.
    WhatIsHere,
    /// Two pictures beside each other.
    Compare,
    /// Each of two pictures in the place of the other.
    Swap,
    /// Cut a part out of the photo.
    Crop,
    /// The whole photo again.
    WholePhoto,
    /// Paint over the photo.
    Paint,
    /// The photo as it was before.
    RemovePainting,
    /// Evidence for and against.
    Signed,
    /// An earlier layer.
    PreviousLayer,
    /// A later layer.
    NextLayer,
    /// The default layer.
    DefaultLayer,
    /// The image before.
    PreviousImage,
    /// The image after.
    NextImage,
    /// The first image of the list.
    FirstImage,
    /// The last image of the list.
    LastImage,
    /// Take the image off the list.
    RemoveImage,
    /// Small maps of all layers.
    AllLayers,
    /// Small maps of many classes.
    SideBySide,
    /// The strongest channels.
    Channels,
    /// Whether the map is true to the network.
    Faithfulness,
    /// Whether all methods tell the same.
    Agreement,
    /// Stop computing what takes long.
    StopComputing,
    /// Go on computing what was stopped.
    GoOn,
    /// Questions about the picture.
    Questions,
    /// Whether the map depends on what the network has learnt.
    Sanity,
    /// Fold all panels away, or bring them back.
    FoldAll,
    /// Fold the classes away, or bring them back.
    FoldClasses,
    /// Fold layers and map away, or bring them back.
    FoldMap,
    /// Fold the film strip away, or bring it back.
    FoldImages,
    /// The whole screen for the window.
    FullScreen,
    /// Show the whole photo.
    Fit,
    /// Show each pixel of the photo as one of the screen.
    ActualPixels,
    /// Closer.
    ZoomIn,
    /// Farther.
    ZoomOut,
    /// One choice back.
    Undo,
    /// One choice forward again.
    Redo,
    /// Forget all changed settings.
    Reset,
    /// Close all images.
    StartFresh,
    /// Dark to light and back.
    SwitchTheme,
    /// Show all keys.
    Help,
    /// Out of whatever is open.
    Back,
    /// Close the window.
    Quit,
}

impl Action {
    /// All of them, in the order of the help page.
    pub const ALL: [Self; 72] = [
        Self::Open,
        Self::OpenFolder,
        Self::Paste,
        Self::OpenAddress,
        Self::Save,
        Self::SaveValues,
        Self::SaveHeat,
        Self::SavePredictions,
        Self::SaveAll,
        Self::ExplainAll,
        Self::StopAll,
        Self::SaveFigure,
        Self::CopyFigure,
        Self::SaveClasses,
        Self::CopyClasses,
        Self::SaveLayers,
        Self::CopyLayers,
        Self::Copy,
        Self::CopyList,
        Self::CopyCsv,
        Self::CopyMap,
        Self::OpenNetwork,
        Self::OpenSecond,
        Self::DownloadNetwork,
        Self::CancelDownload,
        Self::Search,
        Self::PreviousClass,
        Self::NextClass,
        Self::Pin,
        Self::KeepClass,
        Self::WhatIsHere,
        Self::Compare,
        Self::Swap,
        Self::Crop,
        Self::WholePhoto,
        Self::Paint,
        Self::RemovePainting,
        Self::Signed,
        Self::PreviousLayer,
        Self::NextLayer,
        Self::DefaultLayer,
        Self::PreviousImage,
        Self::NextImage,
        Self::FirstImage,
        Self::LastImage,
        Self::RemoveImage,
        Self::AllLayers,
        Self::SideBySide,
        Self::Channels,
        Self::Faithfulness,
        Self::Agreement,
        Self::StopComputing,
        Self::GoOn,
        Self::Questions,
        Self::Sanity,
        Self::FoldAll,
        Self::FoldClasses,
        Self::FoldMap,
        Self::FoldImages,
        Self::FullScreen,
        Self::Fit,
        Self::ActualPixels,
        Self::ZoomIn,
        Self::ZoomOut,
        Self::Undo,
        Self::Redo,
        Self::Reset,
        Self::StartFresh,
        Self::SwitchTheme,
        Self::Help,
        Self::Back,
        Self::Quit,
    ];

    /// Name, and one sentence about it.
    pub fn label_and_tooltip(self) -> (&'static str, &'static str) {
        match self {
            Self::Open => (
                "Open…",
                "Choose images to look at; files and folders can also be dropped on the window.",
            ),
            Self::OpenFolder => ("Open folder…", "Choose a folder and open every image in it."),
            Self::Paste => (
                "Paste",
                "Open the picture, or the path of an image, that is on the clipboard.",
            ),
            Self::Save => (
                "Save picture…",
                "Save what the picture shows, both pictures while two are compared, as PNG, JPEG or WebP at the photo's own size, with \
                 a note of what made it.",
            ),
            Self::SaveValues => (
                "Save values…",
                "Save the map's signed values, one a cell, as a NumPy array, CSV or JSON.",
            ),
            Self::SaveHeat => (
                "Save normalised map…",
                "Save the map from 0 to 1, one value a cell, as a NumPy array.",
            ),
            Self::SavePredictions => (
                "Save predictions…",
                "Save what the network answers for all classes, as CSV or JSON.",
            ),
            Self::SaveAll => (
                "Save all…",
                "Save the map in every view and as a figure, its values and the predictions to a folder; nothing there is \
                 overwritten.",
            ),
            Self::ExplainAll => (
                "Explain all images…",
                "Write pictures and numbers of every image of the row to a folder, with the choices of the picture; nothing there \
                 is overwritten.",
            ),
            Self::StopAll => (
                "Stop explaining all images",
                "Finish the images that were begun and leave the others out; what is written stays.",
            ),
            Self::SaveFigure => (
                "Save figure…",
                "Save a page for papers: photo, map, colour bar with numbers, class, network, layer, method and score; as SVG its \
                 text is real.",
            ),
            Self::CopyFigure => ("Copy figure", "Put the figure on the clipboard."),
            Self::SaveClasses => (
                "Save sheet of classes…",
                "Save small pictures of the ten likeliest classes, or of the pinned ones, with their names.",
            ),
            Self::CopyClasses => (
                "Copy sheet of classes",
                "Put small pictures of the ten likeliest classes, or of the pinned ones, on the clipboard.",
            ),
            Self::SaveLayers => (
                "Save sheet of layers…",
                "Save small pictures of the class along the layers, with their names.",
            ),
            Self::CopyLayers => (
                "Copy sheet of layers",
                "Put small pictures of the class along the layers on the clipboard.",
            ),
            Self::Copy => ("Copy picture", "Put what the picture shows on the clipboard."),
            Self::CopyList => (
                "Copy list",
                "Put the classes on the list with their ranks and numbers on the clipboard, as text.",
            ),
            Self::CopyCsv => (
                "Copy list as CSV",
                "Put the classes on the list on the clipboard with all digits, for a spreadsheet or a script.",
            ),
            Self::CopyMap => (
                "Copy values",
                "Put the map's signed values on the clipboard, a row of cells a line, for a spreadsheet.",
            ),
            Self::OpenAddress => (
                "Open web address…",
                "Fetch an image over https; nothing is fetched without being asked for.",
            ),
            Self::DownloadNetwork => (
                "Download ImageNet weights (92 MB)",
                "Fetch the weights that Keras publishes for Xception, with 1000 classes, and use them.",
            ),
            Self::CancelDownload => (
                "Cancel download",
                "Stop fetching; what has arrived is kept for the next attempt.",
            ),
            Self::OpenNetwork => (
                "Open weights…",
                "Choose the .keras, .h5 or safetensors file of a convolutional classifier.",
            ),
            Self::OpenSecond => (
                "Open a second network…",
                "Choose the file of another network, to see the same photo and class through both.",
            ),
            Self::Search => (
                "Find a class",
                "Look for any class by name or number; you can also just start typing.",
            ),
            Self::PreviousClass => ("Class above", "Choose the class above on the list."),
            Self::NextClass => ("Class below", "Choose the class below on the list."),
            Self::Pin => (
                "Pin class",
                "Keep the class in the list below the predictions, whichever image is shown; a pinned class that is chosen \
                 stays chosen.",
            ),
            Self::KeepClass => (
                "Keep this class",
                "Show this class for every image, to compare one class over many photos; otherwise each image shows its own \
                 top class.",
            ),
            Self::WhatIsHere => (
                "What is here?",
                "Click a place of the picture to see which classes it argues for; Alt+click does so at any time.",
            ),
            Self::Compare => (
                "Compare",
                "Two large pictures beside each other: two classes, layers, methods, scores or images.",
            ),
            Self::Swap => ("Swap", "Put each of the two pictures in the place of the other."),
            Self::Crop => (
                "Crop",
                "Drag a rectangle over the photo: the network then sees that part alone, and its map lies there.",
            ),
            Self::WholePhoto => ("Whole photo", "Let the network see the whole photo again."),
            Self::Paint => (
                "Paint",
                "Paint over the photo with grey, blur, its mean colour or pixels from elsewhere, and watch classes and map follow; the \
                 wheel makes the brush wider, undo takes one stroke back.",
            ),
            Self::RemovePainting => (
                "Remove all painting",
                "Take everything away that is painted over the photo; undo brings it back.",
            ),
            Self::Signed => (
                "For and against",
                "Show evidence for the class in one colour and evidence against it in another.",
            ),
            Self::PreviousLayer => (
                "Earlier layer",
                "Choose the layer before: finer cells, simpler features.",
            ),
            Self::NextLayer => (
                "Later layer",
                "Choose the layer after: coarser cells, features closer to classes.",
            ),
            Self::DefaultLayer => (
                "Default layer",
                "Go back to the last feature layer, the usual one for Grad-CAM.",
            ),
            Self::PreviousImage => ("Previous image", "Show the image before."),
            Self::NextImage => ("Next image", "Show the image after."),
            Self::FirstImage => ("First image", "Show the first image of the list."),
            Self::LastImage => ("Last image", "Show the last image of the list."),
            Self::RemoveImage => (
                "Remove from list",
                "Take the image off the list; the file stays where it is.",
            ),
            Self::AllLayers => ("All layers", "Fold out small maps of the class along the layers."),
            Self::SideBySide => ("Side by side", "Fold out small maps of many classes."),
            Self::Channels => ("Channels", "Fold out the channels that count most."),
            Self::Faithfulness => (
                "Faithfulness",
                "Fold out what the network answers while the evidence that the map names is hidden, or appears.",
            ),
            Self::Agreement => (
                "Agreement",
                "Fold out the maps of all methods at this layer, and how much each two agree.",
            ),
            Self::StopComputing => (
                "Stop",
                "Stop the map that takes many passes, or what is being measured; the other choices stay.",
            ),
            Self::GoOn => ("Go on", "Compute what was stopped after all."),
            Self::Questions => (
                "Questions",
                "Fold out questions about the picture: what must be hidden so that the class is no longer on top, which would win \
                 without a part, and what is said of it turned, darker or cut.",
            ),
            Self::Sanity => (
                "Sanity",
                "Fold out the map while ever more of the network's weights are random.",
            ),
            Self::FoldAll => (
                "Fold all panels",
                "Leave the window to the picture, or bring the panels back. Shift+Tab goes from field to button, and from there \
                 Tab does.",
            ),
            Self::FoldClasses => (
                "Classes",
                "Fold the panel with the classes away, or bring it back; drag to make it wider.",
            ),
            Self::FoldMap => (
                "Layers and map",
                "Fold the panel with layers and map away, or bring it back; drag to make it wider.",
            ),
            Self::FoldImages => ("Images", "Fold the row of images away, or bring it back."),
            Self::FullScreen => ("Full screen", "Give the window the whole screen, or no longer."),
            Self::Fit => ("Fit", "Show the whole photo."),
            Self::ActualPixels => ("100 %", "Show each pixel of the photo as one pixel of the screen."),
            Self::ZoomIn => ("Zoom in", "A closer look."),
            Self::ZoomOut => ("Zoom out", "A wider look."),
            Self::Undo => ("Undo", "Take the last choice back."),
            Self::Redo => ("Redo", "Make the choice again that was taken back."),
            Self::Reset => ("Reset settings", "Set all map settings back to the tutorial's."),
            Self::StartFresh => (
                "Start fresh",
                "Close all images and forget pins, class and layer; the settings stay. What is open when the window is closed \
                 is open again at the next start, except for pasted pictures.",
            ),
            Self::SwitchTheme => ("Switch to light or dark", "Give the window the other look."),
            Self::Help => ("Help", "Show all keys and what the words mean."),
            Self::Back => ("Back", "Leave whatever is open."),
            Self::Quit => ("Quit", "Close the window."),
        }
    }

    /// The name.
    pub fn label(self) -> &'static str {
        self.label_and_tooltip().0
    }

    /// The icon before the name on buttons; none for what has no button.
    pub fn icon(self) -> Option<char> {
        match self {
            Self::Open => Some(icons::OPEN),
            Self::Help => Some(icons::HELP),
            Self::Pin => Some(icons::PIN),
            Self::Compare => Some(icons::TWO),
            Self::Swap => Some(icons::SWAP),
            Self::Crop => Some(icons::CROP),
            Self::WholePhoto => Some(icons::CLOSE),
            Self::Paint => Some(icons::BRUSH),
            Self::KeepClass => Some(icons::KEEP),
            Self::Signed => Some(icons::SIGNED),
            Self::WhatIsHere => Some(icons::HERE),
            Self::Fit => Some(icons::FIT),
            Self::StopComputing => Some(icons::STOP),
            Self::GoOn => Some(icons::GO_ON),
            _ => None,
        }
    }

    /// The keys; the first is the one shown.
    pub fn shortcuts(self) -> &'static [KeyboardShortcut] {
        const fn plain(key: Key) -> KeyboardShortcut {
            KeyboardShortcut::new(Modifiers::NONE, key)
        }
        const fn command(key: Key) -> KeyboardShortcut {
            KeyboardShortcut::new(Modifiers::COMMAND, key)
        }
        const fn command_shift(key: Key) -> KeyboardShortcut {
            KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
        }
        match self {
            Self::Open => const { &[command(Key::O)] },
            Self::OpenFolder => const { &[command_shift(Key::O)] },
            Self::Paste => const { &[command(Key::V)] },
            Self::Save => const { &[command(Key::S)] },
            Self::SaveValues => const { &[command_shift(Key::S)] },
            Self::ExplainAll => const { &[command_shift(Key::E)] },
            Self::Copy => const { &[command(Key::C)] },
            Self::CopyList => const { &[command_shift(Key::C)] },
            Self::OpenAddress => const { &[command(Key::L)] },
            Self::Search => const { &[command(Key::F)] },
            Self::PreviousClass => const { &[plain(Key::ArrowUp)] },
            Self::NextClass => const { &[plain(Key::ArrowDown)] },
            Self::Pin => const { &[command(Key::P)] },
            Self::KeepClass => const { &[command(Key::K)] },
            Self::WhatIsHere => const { &[command(Key::H)] },
            Self::Compare => const { &[plain(Key::F8)] },
            Self::Swap => const { &[plain(Key::F9)] },
            Self::Crop => const { &[plain(Key::C)] },
            Self::Paint => const { &[plain(Key::B)] },
            Self::Signed => const { &[command(Key::E)] },
            Self::PreviousLayer => const { &[plain(Key::OpenBracket)] },
            Self::NextLayer => const { &[plain(Key::CloseBracket)] },
            Self::PreviousImage => const { &[plain(Key::ArrowLeft)] },
            Self::NextImage => const { &[plain(Key::ArrowRight)] },
            Self::FirstImage => const { &[plain(Key::Home)] },
            Self::LastImage => const { &[plain(Key::End)] },
            Self::RemoveImage => const { &[plain(Key::Delete)] },
            Self::AllLayers => const { &[plain(Key::F2)] },
            Self::SideBySide => const { &[plain(Key::F3)] },
            Self::Channels => const { &[plain(Key::F4)] },
            Self::Faithfulness => const { &[plain(Key::F10)] },
            Self::Agreement => const { &[plain(Key::F12)] },
            Self::StopComputing => const { &[command(Key::Period)] },
            Self::Questions => const { &[command(Key::I)] },
            Self::Sanity => const { &[command(Key::R)] },
            Self::FoldAll => const { &[plain(Key::Tab)] },
            Self::FoldClasses => const { &[plain(Key::F5)] },
            Self::FoldMap => const { &[plain(Key::F6)] },
            Self::FoldImages => const { &[plain(Key::F7)] },
            Self::FullScreen => const { &[plain(Key::F11)] },
            Self::Fit => const { &[command(Key::Num0)] },
            Self::ActualPixels => const { &[command(Key::Num1)] },
            Self::ZoomIn => {
                const {
                    &[
                        plain(Key::Plus),
                        plain(Key::Equals),
                        command(Key::Plus),
                        command(Key::Equals),
                    ]
                }
            }
            Self::ZoomOut => const { &[plain(Key::Minus), command(Key::Minus)] },
            Self::Undo => const { &[command(Key::Z)] },
            Self::Redo => const { &[command_shift(Key::Z), command(Key::Y)] },
            Self::SwitchTheme => const { &[command(Key::D)] },
            Self::Help => const { &[plain(Key::F1), plain(Key::Questionmark)] },
            Self::Back => const { &[plain(Key::Escape)] },
            Self::Quit => const { &[command(Key::Q)] },
            Self::GoOn
            | Self::SaveHeat
            | Self::SavePredictions
            | Self::SaveAll
            | Self::StopAll
            | Self::SaveFigure
            | Self::CopyFigure
            | Self::SaveClasses
            | Self::CopyClasses
            | Self::SaveLayers
            | Self::CopyLayers
            | Self::CopyCsv
            | Self::CopyMap
            | Self::WholePhoto
            | Self::RemovePainting
            | Self::OpenNetwork
            | Self::OpenSecond
            | Self::DownloadNetwork
            | Self::CancelDownload
            | Self::DefaultLayer
            | Self::Reset
            | Self::StartFresh => &[],
        }
    }

    /// Whether each press counts, however quickly they follow each other.
    pub fn repeats(self) -> bool {
        matches!(
            self,
            Self::PreviousImage
                | Self::NextImage
                | Self::PreviousClass
                | Self::NextClass
                | Self::PreviousLayer
                | Self::NextLayer
                | Self::ZoomIn
                | Self::ZoomOut
                | Self::Undo
                | Self::Redo
        )
    }

    /// The key that is shown; none if there is none.
    pub fn keys_text(self, ctx: &egui::Context) -> Option<String> {
        self.shortcuts().first().map(|shortcut| shortcut_text(ctx, shortcut))
    }
}

/// Keys as they are printed on the keyboard.
pub fn shortcut_text(ctx: &egui::Context, shortcut: &KeyboardShortcut) -> String {
    match shortcut.logical_key {
        key @ (Key::OpenBracket | Key::CloseBracket | Key::Plus | Key::Minus | Key::Equals | Key::Questionmark)
            if shortcut.modifiers == Modifiers::NONE =>
        {
            key.symbol_or_name().to_owned()
        }
        _ => ctx.format_shortcut(shortcut),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_action_is_listed_once_and_no_key_means_two_things() {
        let mut actions = HashSet::new();
        let mut keys = HashSet::new();
        for action in Action::ALL {
            assert!(actions.insert(action));
            assert!(!action.label().is_empty() && action.label_and_tooltip().1.ends_with('.'));
            for shortcut in action.shortcuts() {
                assert!(keys.insert((shortcut.modifiers, shortcut.logical_key)), "{shortcut:?}");
            }
        }
    }
}
