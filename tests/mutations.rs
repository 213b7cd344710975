//! Mutated photos: no panic, no hang, and no more memory than the limits allow.
//!
//! `MUTATIONS=20000 cargo test --release --test mutations -- --nocapture` tries as many files and tells the worst.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gradcam_explorer::imaging::{Limits, decode, source_format};

/// Counts what is taken.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

/// All small files of the tests, by name.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/imaging");
    let mut seeds = Vec::new();
    for folder in [folder.clone(), folder.join("kinds")] {
        for entry in fs::read_dir(folder).expect("the test data") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_file()
                && let bytes = fs::read(&path).expect("a file")
                && source_format(&bytes).is_some()
            {
                seeds.push((name, bytes));
            }
        }
    }
    let archive = fs::File::open(folder.join("jpegs.zip")).expect("jpegs.zip");
    let mut archive = zip::ZipArchive::new(archive).expect("an archive");
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).expect("a file");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("a whole file");
        let name = file.name().expect("a name").into_owned();
        drop(file);
        seeds.push((name, bytes));
    }
    seeds.sort();
    seeds
}

/// One to four changes: bits, bytes, runs of extremes, cuts, repeats, and pieces of another file.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    for _ in 0..=dice.next(4) {
        if bytes.is_empty() {
            return;
        }
        // headers are worth more than pixels
        let at = if dice.next(2) == 0 {
            dice.next(bytes.len().min(200))
        } else {
            dice.next(bytes.len())
        };
        let len = 1 + dice.next(8);
        let end = (at + len).min(bytes.len());
        match dice.next(8) {
            0 => bytes[at] ^= 1 << dice.next(8),
            1 => bytes[at] = dice.next(256) as u8,
            2 => bytes[at..end].fill(0xFF),
            3 => bytes[at..end].fill(0),
            4 => drop(bytes.drain(at..end)),
            5 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            6 => bytes.truncate(at),
            _ => {
                let from = dice.next(other.len());
                let piece = other[from..(from + 64).min(other.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
}

/// Makes the checksums of a PNG file right again, without which nothing behind them is looked at.
fn mend_checksums(png: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = png.get(at..at + 4).and_then(|length| length.first_chunk()) {
        let end = at
            .saturating_add(8)
            .saturating_add(u32::from_be_bytes(*length) as usize);
        let Some(sum) = png.get(at + 4..end).map(crc32) else {
            return;
        };
        let Some(place) = png.get_mut(end..end + 4) else { return };
        place.copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
}

/// CRC-32 of a PNG chunk (PNG specification, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
    !bytes
        .iter()
        .fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

#[test]
fn mutated_files_are_survived() {
    let count = std::env::var("MUTATIONS").map_or(1500, |count| count.parse().expect("a number"));
    let seeds = seeds();
    let mut dice = Dice(13);
    let limits = Limits::default();
    let (mut slowest, mut largest, mut read) = ((Duration::ZERO, String::new()), (0, String::new()), 0);
    for number in 0..count {
        let (name, seed) = &seeds[dice.next(seeds.len())];
        let (_, other) = &seeds[dice.next(seeds.len())];
        let mut bytes = seed.clone();
        mutate(&mut bytes, other, &mut dice);
        if bytes.starts_with(b"\x89PNG") && dice.next(4) > 0 {
            mend_checksums(&mut bytes);
        }
        let before = NOW.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        let start = Instant::now();
        let result = std::panic::catch_unwind(|| decode(&bytes, &limits));
        let (time, most) = (start.elapsed(), MOST.load(Ordering::Relaxed) - before);
        let result = result.unwrap_or_else(|_| panic!("{name}, mutation {number}: a panic"));
        if let Err(error) = &result {
            let message = error.to_string();
            assert!(!message.contains("gave up"), "{name}, mutation {number}: {message}");
            assert!(!message.contains('\n') && message.contains("; "), "{name}: {message}");
        }
        read += usize::from(result.is_ok());
        assert!(time < Duration::from_secs(5), "{name}, mutation {number}: {time:?}");
        // decoders take some more than they are told on the way, but not twice as much
        assert!(
            (most as u64) < limits.max_bytes * 3 / 2,
            "{name}, mutation {number}: {most} bytes"
        );
        if time > slowest.0 {
            slowest = (time, format!("{name}, mutation {number}"));
        }
        if most > largest.0 {
            largest = (most, format!("{name}, mutation {number}"));
        }
    }
    println!("{count} files, {read} of them still read");
    println!("slowest: {:?}, {}", slowest.0, slowest.1);
    println!("largest: {} MB, {}", largest.0 / 1_000_000, largest.1);
}
