//! The window (eframe with glow).
//!
//! * [`state`], [`choices`], [`networks`], [`images`], [`maps`], [`history`], [`camera`]: what is shown, as plain values.
//! * [`command`]: everything a person can do, with its label, tooltip and keys; `apply` carries it out after layout.
//! * `wishes`: what the session should be working on, derived from the state.
//! * [`app`]: one frame. The other modules are panels, one file each, that only read the state.
//!
//! Nothing here waits: pictures are decoded and maps computed by the session, folders and dialogs by threads of their
//! own. A frame is drawn when something happens, and only then.

mod action;
mod agreement;
mod answers;
pub mod app;
mod apply;
mod backdrop;
pub mod batch;
mod brush;
mod built_in_notice;
pub mod camera;
pub mod choices;
mod class_row;
pub mod clipboard;
mod color_bar;
pub mod command;
mod compare;
mod compare_with;
mod contours;
mod copies;
mod crop;
pub mod dialogs;
mod display_server;
mod download;
mod drawer;
mod drawer_tabs;
mod drops;
mod evidence_notice;
pub mod export;
mod faithfulness;
mod film_strip;
pub mod folding;
mod gather;
mod greeting;
mod help;
mod histogram_plot;
pub mod history;
mod icons;
pub mod images;
mod input_picture;
mod input_size;
mod kept;
mod keys;
mod layer_strip;
mod layers;
mod left_open;
pub mod maps;
mod method_notice;
mod multiples;
mod network_menu;
pub mod networks;
mod notices;
mod numbers;
mod open_image;
mod output_notice;
mod path_field;
mod picture;
mod picture_menu;
mod pixels_notice;
mod pointer;
mod predictions;
mod preferences;
mod questions;
mod readout;
mod rows;
mod samples;
mod sanity;
mod screens;
mod settings;
pub mod state;
mod status_line;
mod strip;
mod tab_key;
mod target_bar;
mod textures;
mod theme;
mod ticks;
mod top_bar;
mod welcome;
mod widgets;
mod wishes;

use std::path::PathBuf;

use thiserror::Error;

use crate::explorer::{DeviceChoice, InputChoices, NetworkSource, Surroundings};
use crate::weights::NetworkChoices;
pub use app::ExplorerApp;
use display_server::DisplayServer;
pub use kept::file as settings_file;

/// Names the window to the system, and the folder of its settings.
const APP_ID: &str = "gradcam-explorer";

/// What the window starts with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files and folders to open.
    pub images: Vec<PathBuf>,
    /// Whether to open a sample when there are no images, so that the window is not empty.
    pub greet: bool,
    /// Which weights to run.
    pub source: NetworkSource,
    /// What a person says of the network.
    pub choices: NetworkChoices,
    /// What a person says of the way from photo to input.
    pub input: InputChoices,
    /// Which device to run on.
    pub device: DeviceChoice,
    /// The file in which choices are kept between starts; without one they are not.
    pub settings: Option<PathBuf>,
    /// Where weights are fetched from and where they go.
    pub surroundings: Surroundings,
}

/// The window could not be opened.
#[derive(Debug, Error)]
#[error("the window could not be opened: {0}; without a display, use: gradcam-explorer explain IMAGE")]
pub struct GuiError(String);

/// Opens the window and returns when it is closed.
///
/// # Errors
/// When there is no display or no OpenGL.
pub fn run(options: Options) -> Result<(), GuiError> {
    let native = native_options(options.settings.clone());
    eframe::run_native(
        APP_ID,
        native,
        Box::new(move |cc| {
            let mut app = ExplorerApp::new(cc, options)?;
            app.state_mut().takes_drops = DisplayServer::of_process().takes_drops();
            app.use_system_clipboard(&cc.egui_ctx);
            #[cfg(target_os = "linux")]
            app.catch_lost_drops(cc);
            if let Some(window) = cc.winit_window() {
                screens::keep_on_a_screen(window);
            }
            Ok(Box::new(app))
        }),
    )
    .map_err(|error| GuiError(reason(&error.to_string()).to_owned()))
}

/// Why the window could not be opened, without where in the source of a library that was found.
fn reason(told: &str) -> &str {
    let behind = told
        .split_once("os error at ")
        .and_then(|(_, place)| place.split_once(": "));
    behind.map_or(told, |(_, reason)| reason).trim_end_matches('.')
}

/// How the window is opened, also for those who open it themselves, such as a benchmark.
pub fn native_options(settings: Option<PathBuf>) -> eframe::NativeOptions {
    let mut viewport = egui::ViewportBuilder::default()
        .with_app_id(APP_ID)
        .with_title("Grad-CAM explorer")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([720.0, 480.0])
        .with_drag_and_drop(true);
    if let Some(icon) = icon() {
        viewport = viewport.with_icon(icon);
    }
    eframe::NativeOptions {
        viewport,
        // eframe prefers wgpu wherever another crate of the build asks for it, as the tests do; without a GPU that
        // takes four times as long a frame.
        renderer: eframe::Renderer::Glow,
        event_loop_builder: DisplayServer::of_process().event_loop_builder(),
        persistence_path: settings,
        // Colours are what the photo and the colormap say, and without a GPU a frame takes a tenth less.
        dithering: false,
        // see `clipboard`; `keys` makes egui's events of these keys
        clipboard_shortcuts: false,
        ..eframe::NativeOptions::default()
    }
}

/// The program's icon; none in case it cannot be decoded, which the tests rule out.
fn icon() -> Option<egui::IconData> {
    let image = image::load_from_memory(include_bytes!("../../assets/icon.png"))
        .ok()?
        .into_rgba8();
    let (width, height) = image.dimensions();
    Some(egui::IconData {
        rgba: image.into_raw(),
        width,
        height,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_window_that_cannot_be_opened_says_why_and_no_more() {
        let told = "winit EventLoopError: os error at /home/me/winit-0.30.13/src/linux/mod.rs:765: no display is set.";
        assert_eq!(super::reason(told), "no display is set");
        assert_eq!(super::reason("no OpenGL"), "no OpenGL");
    }

    #[test]
    fn the_icon_is_a_picture() {
        assert_eq!(super::icon().map(|icon| (icon.width, icon.height)), Some((128, 128)));
    }
}
