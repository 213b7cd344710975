//! Zeroed memory from the system, in huge pages where it gives them.
//!
//! A pass reads 90 MB of weights and writes as much again. In pages of 4 kB that is more than a processor keeps the
//! addresses of, and in a virtual machine each address it has lost costs dozens of reads: without huge pages a forward
//! pass takes about 6 % longer and a backward sweep a fifth. Linux gives them to those who ask.

use bytemuck::{cast_slice, cast_slice_mut};
use memmap2::MmapMut;

/// Bytes in a cache line, and in the widest vector.
const ALIGNMENT: usize = 64;
const ALIGNMENT_FLOATS: usize = ALIGNMENT / size_of::<f32>();

/// Bytes in a huge page.
const HUGE_PAGE: usize = 2 << 20;
/// Bytes of the smallest map that asks for huge pages. Smaller than one of them, since the system puts maps beside each
/// other, and a huge page may then hold several.
const SMALLEST_MAP: usize = HUGE_PAGE / 8;

/// Floats that start at a cache line.
#[derive(Debug)]
pub(super) enum Pages {
    /// From the allocator; the floats begin at `start`.
    Heap { data: Vec<f32>, start: usize },
    /// Straight from the system.
    Mapped(MmapMut),
}

impl Pages {
    /// At least `len` zeros.
    pub(super) fn zeros(len: usize) -> Self {
        if let Some(pages) = mapped(len * size_of::<f32>()) {
            return Self::Mapped(pages);
        }
        let data = vec![0.0; len + ALIGNMENT_FLOATS];
        let start = data.as_ptr().align_offset(ALIGNMENT) % ALIGNMENT_FLOATS;
        Self::Heap { data, start }
    }

    pub(super) fn floats(&self) -> &[f32] {
        match self {
            Self::Heap { data, start } => &data[*start..][..data.len() - ALIGNMENT_FLOATS],
            Self::Mapped(pages) => cast_slice(pages),
        }
    }

    pub(super) fn floats_mut(&mut self) -> &mut [f32] {
        match self {
            Self::Heap { data, start } => {
                let len = data.len() - ALIGNMENT_FLOATS;
                &mut data[*start..][..len]
            }
            Self::Mapped(pages) => cast_slice_mut(pages),
        }
    }
}

/// Zeroed pages, or nothing where ordinary memory is as good.
#[cfg(target_os = "linux")]
fn mapped(bytes: usize) -> Option<MmapMut> {
    if bytes < SMALLEST_MAP {
        return None;
    }
    // maps of whole huge pages begin at one; the last one may stay small, as it would waste what is not used
    let (length, huge) = if bytes < HUGE_PAGE {
        (bytes, bytes)
    } else {
        (bytes.next_multiple_of(HUGE_PAGE), bytes / HUGE_PAGE * HUGE_PAGE)
    };
    let pages = MmapMut::map_anon(length).ok()?;
    // a system without huge pages says so here; its ordinary ones do as well
    pages.advise_range(memmap2::Advice::HugePage, 0, huge).ok();
    Some(pages)
}

/// Elsewhere the allocator knows best.
#[cfg(not(target_os = "linux"))]
fn mapped(_bytes: usize) -> Option<MmapMut> {
    None
}
