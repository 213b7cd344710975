//! Where the results of `explain` go, and what of them is there already.
//!
//! A results file is the record of a job: one JSON document a line, appended by the worker that has made all files of its
//! image, before it begins another, so that a crash loses no more than what is in hand. In the end its lines are put in the
//! order of the images. What a crash tore off is the last line, which is cut when the job goes on. Each document names the
//! choices that it was made with and the hash of its photo, so that others do not count.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde::{Deserialize, Serialize};

use super::Stop;
use super::arguments::Explain;
use super::csv;
use super::inputs::Input;
use super::report::{ErrorReport, ImageReport, print_json, print_text};
use crate::explorer::{ImageSource, percent_encoded, percent_path, sha256};

/// A short hash of everything that decides what a result is; the same in every run of one version.
pub fn digest(choices: &impl Serialize) -> Result<String, Stop> {
    let text = serde_json::to_string(choices).map_err(|error| Stop::Failed(error.to_string()))?;
    let mut hash = sha256(format!("{} {text}", env!("CARGO_PKG_VERSION")).as_bytes());
    hash.truncate(16);
    Ok(hash)
}

/// Where results go.
pub struct Results {
    out: Out,
    format: Format,
    /// Whether the header of a table is still to come.
    header: bool,
    /// Images of which the file has a result already.
    known: HashSet<String>,
    /// How many had one, but are other files now.
    changed: usize,
    /// Of this job.
    choices: String,
    /// The place of each image in the job.
    order: HashMap<String, usize>,
}

/// A results file, to which workers append.
pub struct Record {
    file: Mutex<File>,
    path: PathBuf,
}

impl Record {
    /// One image more, all of whose files are whole.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, report: &ImageReport) -> Result<(), Stop> {
        let mut line = Vec::new();
        print_json(&mut line, report)?;
        self.append(&line)
    }

    /// A line goes into the file in one piece, or is the torn end of it.
    fn append(&self, line: &[u8]) -> Result<(), Stop> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line)
            .map_err(|error| cannot("written", &self.path, &error))
    }
}

/// How results are told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    /// For people.
    Text,
    /// One document a line.
    Json,
    /// One row a map.
    Csv,
}

enum Out {
    Standard(io::StdoutLock<'static>),
    File(Arc<Record>),
}

impl Results {
    /// Opens what the options name; `choices` is the [`digest`] of this run and `inputs` are its images.
    ///
    /// # Errors
    /// A file that is there although nobody said `--resume`, or that cannot be read, written or gone on with.
    pub fn open(options: &Explain, choices: &str, inputs: &[Input]) -> Result<Self, Stop> {
        let job = &options.job;
        let is_first = job.shard.is_none_or(|shard| shard.index == 0);
        let Some(path) = &job.results else {
            let format = match (options.json, options.csv) {
                (true, _) => Format::Json,
                (_, true) => Format::Csv,
                _ => Format::Text,
            };
            return Ok(Self {
                out: Out::Standard(io::stdout().lock()),
                format,
                header: is_first,
                known: HashSet::new(),
                changed: 0,
                choices: choices.to_owned(),
                order: HashMap::new(),
            });
        };
        let is_table = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        let format = match options.csv || is_table && !options.json {
            true => Format::Csv,
            false => Format::Json,
        };
        if job.resume && format != Format::Json {
            let text = "--resume goes on with JSON documents; leave --csv out, and give --results a name in .jsonl";
            return Err(Stop::Usage(text.to_owned()));
        }
        let (mut known, mut changed) = (HashSet::new(), 0);
        let exists = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        if exists && job.resume {
            (known, changed) = known_in(path, choices, inputs)?;
        } else if exists {
            let path = path.display();
            let text = format!("{path} is there already; --resume goes on with it, or give --results another name");
            return Err(Stop::Usage(text));
        }
        let file = OpenOptions::new().append(true).create(true).open(path);
        Ok(Self {
            out: Out::File(Arc::new(Record {
                file: Mutex::new(file.map_err(|error| cannot("written", path, &error))?),
                path: path.clone(),
            })),
            format,
            header: is_first,
            known,
            changed,
            choices: choices.to_owned(),
            order: (inputs.iter().rev().zip((0..inputs.len()).rev()))
                .map(|(input, place)| (key(&input.name), place))
                .collect(),
        })
    }

    /// Whether there is a whole result of an image already.
    pub fn has(&self, image: &Path) -> bool {
        !self.known.is_empty() && self.known.contains(&key(image))
    }

    /// How many photos are others than those that the file has results of, in one sentence.
    pub fn changed(&self) -> Option<String> {
        let changed = self.changed;
        (changed > 0).then(|| match changed {
            1 => "1 photo was changed since and is done again".to_owned(),
            _ => format!("{changed} photos were changed since and are done again"),
        })
    }

    /// Where workers put what they have made; none where results are told in the order of the images.
    pub fn record(&self) -> Option<Arc<Record>> {
        match &self.out {
            Out::File(record) if self.format == Format::Json && record.path.is_file() => Some(record.clone()),
            _ => None,
        }
    }

    /// Puts the lines of this job into the order of its images; those of others stay where they are.
    ///
    /// # Errors
    /// When the file cannot be read or written; it is as it was then.
    pub fn finish(self) -> Result<(), Stop> {
        let Some(record) = self.record() else { return Ok(()) };
        let path = &record.path;
        let mut file = File::open(path).map_err(|error| cannot("read", path, &error))?;
        let (mut lines, mut start) = (Vec::new(), 0);
        each_line(&mut file, path, |_, line| {
            let document: Option<Known> = serde_json::from_slice(line).ok();
            let document = document.filter(|document| document.choices == self.choices);
            let place = document.and_then(|document| self.order.get(document.key()).copied());
            lines.push((place, start, line.len()));
            start += line.len() as u64;
            Ok(())
        })?;
        let mut own: Vec<_> = lines.iter().copied().filter(|(place, ..)| place.is_some()).collect();
        if own.is_sorted_by_key(|(place, ..)| *place) {
            return Ok(());
        }
        own.sort_by_key(|(place, ..)| *place);
        let mut own = own.into_iter();
        let lines = lines.into_iter().map(|line| {
            let (_, start, length) = line.0.and_then(|_| own.next()).unwrap_or(line);
            (start, length)
        });
        copy(&mut file, path, lines)
    }

    /// Whether whoever reads standard output hears of images that failed.
    pub fn tells_failures(&self) -> bool {
        self.format != Format::Text && matches!(self.out, Out::Standard(_))
    }

    /// One image more, at once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, result: Result<&ImageReport, &ErrorReport>) -> Result<(), Stop> {
        let mut line = Vec::new();
        match self.format {
            Format::Text => match result {
                Ok(report) => print_text(&mut line, report)?,
                // those that fail are told on standard error
                Err(_) => return Ok(()),
            },
            Format::Json => match result {
                Ok(report) => print_json(&mut line, report)?,
                Err(report) => print_json(&mut line, report)?,
            },
            Format::Csv => {
                if std::mem::take(&mut self.header) {
                    line.extend(csv::header().into_bytes());
                }
                line.extend(csv::rows(result).into_bytes());
            }
        }
        match &mut self.out {
            Out::Standard(out) => {
                out.write_all(&line)?;
                Ok(out.flush()?)
            }
            Out::File(record) => record.append(&line),
        }
    }
}

/// What names an image in a file: its path, in percent encoding if it is no text.
fn key(image: &Path) -> String {
    percent_encoded(image).unwrap_or_else(|| image.display().to_string())
}

fn cannot(be: &str, path: &Path, error: &io::Error) -> Stop {
    Stop::Failed(format!("the results {} cannot be {be}: {error}", path.display()))
}

/// What is read of a document.
#[derive(Deserialize)]
struct Known {
    image: String,
    image_bytes: Option<String>,
    sha256: Option<String>,
    #[serde(default)]
    choices: String,
    error: Option<String>,
    #[serde(default)]
    maps: Vec<KnownFiles>,
    #[serde(default)]
    files: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct KnownFiles {
    files: BTreeMap<String, String>,
}

impl Known {
    fn key(&self) -> &str {
        self.image_bytes.as_ref().unwrap_or(&self.image)
    }

    /// Whether the image was explained, and all that was written of it is still there. A file of no length is what a
    /// crash of the whole system may leave.
    fn is_whole(&self) -> bool {
        let all = self.maps.iter().map(|map| &map.files).chain([&self.files]);
        let mut files = all.flat_map(|files| {
            let named = files.iter().filter(|(what, _)| !what.ends_with("_bytes"));
            named.map(|(what, path)| {
                let bytes = files.get(&format!("{what}_bytes"));
                bytes.map_or_else(|| PathBuf::from(path), |bytes| percent_path(bytes))
            })
        });
        let is_there = |path: PathBuf| fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0);
        self.error.is_none() && files.all(is_there)
    }
}

/// The images of which a file has whole results made with these choices, and how many others it has results of that are
/// other files now. A torn last line is cut, and documents of those that failed, were changed or whose files are gone are
/// taken out, since these are done again; all others stay.
fn known_in(path: &Path, choices: &str, inputs: &[Input]) -> Result<(HashSet<String>, usize), Stop> {
    let wanted: HashMap<String, &Input> = inputs.iter().map(|input| (key(&input.name), input)).collect();
    let mut known = HashMap::new();
    let mut file = File::open(path).map_err(|error| cannot("read", path, &error))?;
    let mut again = false;
    let end = each_line(&mut file, path, |number, line| {
        let document: Known = serde_json::from_slice(line).map_err(|_| {
            let path = path.display();
            Stop::Failed(format!(
                "line {number} of {path} is no result; give --results another name"
            ))
        })?;
        if document.choices == choices && wanted.contains_key(document.key()) {
            if document.is_whole() {
                known.insert(document.key().to_owned(), document.sha256);
            } else {
                again = true;
            }
        }
        Ok(())
    })?;
    let before = known.len();
    let known = unchanged(known, &wanted);
    let changed = before - known.len();
    if again || changed > 0 {
        rewrite(&mut file, path, &|document| {
            document.choices != choices || known.contains(document.key()) || !wanted.contains_key(document.key())
        })?;
    } else if file.metadata().is_ok_and(|metadata| metadata.len() > end) {
        let cut = OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|file| file.set_len(end));
        cut.map_err(|error| cannot("written", path, &error))?;
    }
    Ok((known, changed))
}

/// The images whose files still have the hashes that are known of them, or of which none is; read on all cores.
fn unchanged(known: HashMap<String, Option<String>>, wanted: &HashMap<String, &Input>) -> HashSet<String> {
    let is_same = |(name, hash): &(String, Option<String>)| match (wanted.get(name).map(|input| &input.source), hash) {
        (Some(Ok(ImageSource::File(path))), Some(hash)) => fs::read(path).is_ok_and(|bytes| sha256(&bytes) == *hash),
        _ => true,
    };
    let known: Vec<(String, Option<String>)> = known.into_iter().collect();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let part = known.len().div_ceil(cores).max(1);
    thread::scope(|scope| {
        let is_same = &is_same;
        let names = |part: &[(String, Option<String>)]| -> Vec<String> {
            let same = part.iter().filter(|known| is_same(known));
            same.map(|(name, _)| name.clone()).collect()
        };
        let parts = known.chunks(part).map(|part| scope.spawn(move || names(part)));
        let parts: Vec<_> = parts.collect();
        // a part that ended in a panic counts as changed, and is done again
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_default())
            .collect()
    })
}

/// Every whole line with its number, and where the last of them ends.
fn each_line(
    file: &mut File,
    path: &Path,
    mut line_is: impl FnMut(usize, &[u8]) -> Result<(), Stop>,
) -> Result<u64, Stop> {
    let fail = |error: io::Error| cannot("read", path, &error);
    file.seek(SeekFrom::Start(0)).map_err(fail)?;
    let mut reader = BufReader::new(file);
    let (mut line, mut end) = (Vec::new(), 0);
    for number in 1.. {
        line.clear();
        let length = reader.read_until(b'\n', &mut line).map_err(fail)?;
        if line.last() != Some(&b'\n') {
            break;
        }
        end += length as u64;
        line_is(number, &line)?;
    }
    Ok(end)
}

/// Leaves out what is not to stay.
fn rewrite(file: &mut File, path: &Path, stays: &dyn Fn(&Known) -> bool) -> Result<(), Stop> {
    let mut kept = Vec::new();
    let mut start = 0;
    each_line(file, path, |_, line| {
        let document = serde_json::from_slice(line);
        if !document.is_ok_and(|document| !stays(&document)) {
            kept.push((start, line.len()));
        }
        start += line.len() as u64;
        Ok(())
    })?;
    copy(file, path, kept)
}

/// Replaces a file by some of its lines, each by its start and its length; it is whole at any time.
fn copy(file: &mut File, path: &Path, lines: impl IntoIterator<Item = (u64, usize)>) -> Result<(), Stop> {
    let fail = |error: io::Error| cannot("written", path, &error);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    let partial = PathBuf::from(name);
    let mut out = BufWriter::new(File::create(&partial).map_err(fail)?);
    let mut text = Vec::new();
    for (start, length) in lines {
        text.resize(length, 0);
        let read = file
            .seek(SeekFrom::Start(start))
            .and_then(|_| file.read_exact(&mut text));
        read.and_then(|()| out.write_all(&text)).map_err(fail)?;
    }
    let written = out.into_inner().map_err(|error| error.into_error());
    written
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&partial, path))
        .map_err(fail)
}
