//! `explain --report`: one page about all images, that needs no network and no script to be read.
//!
//! Cards of images go into a file of their own as they come, so that memory does not grow with them; the page is put
//! together at the end, under another name, and then takes its own.

mod mean;
mod measured;
mod summary;
mod text;
mod truth;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::Stop;
use super::report::{ErrorReport, ImageReport, PredictionReport};
use crate::explorer::program;
use crate::labels::Labels;
use measured::Measured;
use summary::{Seen, SeenMap, Summary};
use text::{escaped, percent};
pub use truth::Truth;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// Longer side of the small pictures, in pixels.
pub const SIDE: u32 = 256;
/// How many classes of an image are told.
const TOP: usize = 5;

/// The small pictures of one image, JPEG.
#[derive(Debug, Default)]
pub struct Pictures {
    /// Of the photo.
    pub photo: Vec<u8>,
    /// Of each of its maps, in their order.
    pub maps: Vec<Vec<u8>>,
}

/// A page that grows.
pub struct HtmlReport {
    /// Where it will be.
    path: PathBuf,
    /// Where pictures go that are not part of the page.
    folder: Option<PathBuf>,
    cards: BufWriter<File>,
    summary: Summary,
    measured: Measured,
    truth: Option<Truth>,
    labels: Labels,
    images: usize,
    failed: Vec<(String, String)>,
}

impl HtmlReport {
    /// A page of its own if `target` ends in `.html`, otherwise a folder with `index.html` and the pictures beside it.
    ///
    /// # Errors
    /// When there is something of that name already, or nothing can be written there.
    pub fn create(target: &Path, truth: Option<Truth>, labels: Labels) -> Result<Self, Stop> {
        let is_page = target
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("html") || ending.eq_ignore_ascii_case("htm"));
        let (path, folder) = if is_page {
            (target.to_owned(), None)
        } else {
            (target.join("index.html"), Some(target.join("pictures")))
        };
        if path.exists() {
            let path = path.display();
            let text = format!("{path} is there already; give --report another name, or remove it");
            return Err(Stop::Usage(text));
        }
        if let Some(folder) = &folder {
            fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
        }
        let cards = tempfile::tempfile().map_err(|error| cannot(&std::env::temp_dir(), &error))?;
        let report = Self {
            path,
            folder,
            cards: BufWriter::new(cards),
            summary: Summary::default(),
            measured: Measured::default(),
            truth,
            labels,
            images: 0,
            failed: Vec::new(),
        };
        // better told now than after a thousand images
        let partial = report.partial();
        File::create(&partial)
            .and_then(|_| fs::remove_file(&partial))
            .map_err(|error| cannot(&partial, &error))?;
        Ok(report)
    }

    /// An image that failed.
    pub fn failed(&mut self, report: &ErrorReport) {
        self.failed.push((report.image.clone(), report.error.clone()));
    }

    /// An image with its small pictures.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn add(&mut self, path: &Path, report: &ImageReport, pictures: &Pictures) -> Result<(), Stop> {
        let number = self.images;
        self.images += 1;
        let truth = self.truth.as_ref().and_then(|truth| truth.class(path));
        let mut predictions: Vec<&PredictionReport> = report.predictions.iter().chain(&report.complement).collect();
        predictions.sort_by_key(|prediction| prediction.rank);
        let name = path
            .file_name()
            .map_or_else(|| report.image.clone(), |name| name.to_string_lossy().into_owned());
        let maps: Vec<_> = report
            .maps
            .iter()
            .map(|map| SeenMap {
                class: map.class,
                middle: map.middle,
                deletion: map.measures.as_ref().and_then(|measures| measures.deletion),
            })
            .collect();
        for map in &report.maps {
            if let Some(measures) = &map.measures {
                self.measured.add(map.method, &map.layer, measures);
            }
        }
        let top = predictions.first();
        if let Some(top) = top {
            self.summary.add(&Seen {
                number,
                name: &name,
                top: (top.index, top.probability),
                truth,
                maps: &maps,
            });
        }
        let is_right = truth.zip(top).map(|(truth, top)| truth == top.index);
        let search: Vec<String> = [report.image.clone()]
            .into_iter()
            .chain(truth.map(|truth| self.labels.display_name(truth)))
            .chain(predictions.iter().take(TOP).map(|prediction| prediction.label.clone()))
            .map(|text| text.to_lowercase())
            .collect();
        let mut card = format!(
            "<article id=\"i{number}\" data-search=\"{}\" data-probability=\"{}\" data-middle=\"{}\" data-right=\"{}\">\
             <h3 title=\"{}\">{}</h3>\n<div class=\"pictures\">",
            escaped(&search.join(" ")),
            top.map_or(0.0, |top| top.probability),
            maps.first().and_then(|map| map.middle).unwrap_or(-1.0),
            is_right.map_or("", |right| if right { "yes" } else { "no" }),
            escaped(&report.image),
            escaped(&name)
        );
        let size = format!("{} x {}", report.width, report.height);
        let photo = self.reference(&format!("{number:06}.jpg"), &pictures.photo)?;
        card += &figure(&photo, "photo", &size);
        for (at, (map, picture)) in report.maps.iter().zip(&pictures.maps).enumerate() {
            let picture = self.reference(&format!("{number:06}-{at}.jpg"), picture)?;
            let state = if map.empty { ", no evidence" } else { "" };
            let caption = format!("{} ({}) at {}{state}", map.label, map.class, map.layer);
            card += &figure(&picture, &format!("map of {}", map.label), &caption);
        }
        card += "</div>\n<ol>";
        for prediction in predictions.iter().take(TOP) {
            let answer = if report.weights.output.is_probability() {
                percent(prediction.probability)
            } else {
                format!("{:.4}", prediction.probability)
            };
            let _ = write!(
                card,
                "<li><span>{}</span><span>{answer}</span></li>",
                escaped(&prediction.label)
            );
        }
        card += "</ol>";
        if let (Some(truth), Some(right)) = (truth, is_right) {
            let (kind, folder) = (
                if right { "right" } else { "wrong" },
                escaped(&self.labels.display_name(truth)),
            );
            let _ = write!(card, "<p class=\"truth {kind}\">{kind}: its folder is {folder}</p>");
        }
        card += "</article>\n";
        let written = self.cards.write_all(card.as_bytes());
        written.map_err(|error| cannot(&std::env::temp_dir(), &error))
    }

    /// Writes the page. `parameters` are pairs of a name and a value.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self, parameters: &[(&str, String)], unfinished: Option<&str>) -> Result<(), Stop> {
        let partial = self.partial();
        let written = self.write(&partial, parameters, unfinished);
        let written = written.and_then(|()| fs::rename(&partial, &self.path));
        written.map_err(|error| {
            // the first error is the one to report
            fs::remove_file(&partial).ok();
            cannot(&self.path, &error)
        })
    }

    fn write(&mut self, partial: &Path, parameters: &[(&str, String)], unfinished: Option<&str>) -> io::Result<()> {
        self.cards.flush()?;
        let cards = self.cards.get_mut();
        cards.seek(SeekFrom::Start(0))?;
        let mut page = BufWriter::new(File::create(partial)?);
        let (images, failed) = (self.images, self.failed.len());
        let told = match failed {
            0 => format!("{images} images"),
            _ => format!("{images} images, {failed} failed"),
        };
        write!(
            page,
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"generator\" content=\"{}\"><title>Where the network looks: {told}</title>\n\
             <style>\n{STYLE}</style></head><body>\n<h1>Where the network looks</h1>\n<p class=\"soft\">{told}</p>\n",
            program()
        )?;
        if let Some(unfinished) = unfinished {
            writeln!(page, "<p>{}</p>", escaped(unfinished))?;
        }
        writeln!(page, "<h2>Choices</h2>\n<table class=\"parameters\">")?;
        for (name, value) in parameters {
            writeln!(page, "<tr><th>{}</th><td>{}</td></tr>", escaped(name), escaped(value))?;
        }
        writeln!(page, "</table>")?;
        if !self.failed.is_empty() {
            writeln!(page, "<h2>Failed</h2>\n<ul class=\"failed\">")?;
            for (image, error) in &self.failed {
                writeln!(page, "<li><strong>{}</strong>: {}</li>", escaped(image), escaped(error))?;
            }
            writeln!(page, "</ul>")?;
        }
        page.write_all(self.summary.confusion(&self.labels).as_bytes())?;
        page.write_all(self.summary.classes(&self.labels).as_bytes())?;
        page.write_all(self.measured.table().as_bytes())?;
        writeln!(page, "<h2>Images</h2>\n<div id=\"images\">")?;
        io::copy(cards, &mut page)?;
        write!(page, "</div>\n<script>\n{SCRIPT}</script>\n</body></html>\n")?;
        page.into_inner().map_err(|error| error.into_error())?.sync_all()
    }

    /// The name of the page until it is whole.
    fn partial(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{}.partial", std::process::id()));
        PathBuf::from(name)
    }

    /// What the page calls a picture: its bytes, or the file into which they are written.
    fn reference(&self, name: &str, jpeg: &[u8]) -> Result<String, Stop> {
        let Some(folder) = &self.folder else {
            return Ok(format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(jpeg)));
        };
        let path = folder.join(name);
        fs::write(&path, jpeg).map_err(|error| cannot(&path, &error))?;
        Ok(format!("pictures/{name}"))
    }
}

fn cannot(path: &Path, error: &io::Error) -> Stop {
    Stop::Failed(format!("the report cannot be written to {}: {error}", path.display()))
}

fn figure(source: &str, description: &str, caption: &str) -> String {
    format!(
        "<figure><img loading=\"lazy\" decoding=\"async\" src=\"{source}\" alt=\"{}\"><figcaption>{}</figcaption></figure>",
        escaped(description),
        escaped(caption)
    )
}
