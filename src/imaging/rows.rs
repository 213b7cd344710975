//! Work on all rows of a picture at once.

use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

use super::Photo;

/// Rows that a thread takes at a time.
const ROWS_PER_BAND: usize = 32;
/// Below this many pixels a second thread costs more than it saves.
const MIN_PIXELS_PER_THREAD: usize = 100_000;

/// Calls `work(y, pixels, values)` for each row, in no particular order, on all cores when the
/// picture is large; `values` is space for one float a pixel.
pub(super) fn for_each_row(picture: &mut Photo, work: impl Fn(usize, &mut [[u8; 3]], &mut [f32]) + Sync) {
    let width = picture.width as usize;
    let (pixels, _) = picture.rgb.as_chunks_mut::<3>();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(pixels.len() / MIN_PIXELS_PER_THREAD);
    let bands = Mutex::new(pixels.chunks_mut(width * ROWS_PER_BAND).enumerate());
    let take_bands = || {
        let mut values = vec![0.0; width];
        while let Some((band, pixels)) = bands.lock().ok().and_then(|mut bands| bands.next()) {
            for (row, pixels) in pixels.chunks_exact_mut(width).enumerate() {
                work(band * ROWS_PER_BAND + row, pixels, &mut values);
            }
        }
    };
    thread::scope(|scope| {
        for helper in 1..threads {
            let helper = thread::Builder::new().name(format!("rows {helper}"));
            if helper.spawn_scoped(scope, take_bands).is_err() {
                // The system has no thread left; this one takes what the others do not.
                break;
            }
        }
        take_bands();
    });
}
