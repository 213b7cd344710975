//! Memory for pictures.

/// Zeros, in huge pages where the system gives them: a picture of 24 megapixels has 18,000 ordinary ones, each of which
/// interrupts the decoder once.
pub(super) fn zeros(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    ask_for_huge_pages(&mut bytes);
    bytes
}

#[cfg(target_os = "linux")]
fn ask_for_huge_pages(bytes: &mut [u8]) {
    const HUGE_PAGE: usize = 2 << 20;
    let start = bytes.as_mut_ptr();
    let skipped = start.align_offset(HUGE_PAGE);
    let length = bytes.len().saturating_sub(skipped) / HUGE_PAGE * HUGE_PAGE;
    if length > 0 {
        // SAFETY: `skipped + length` is within the bytes, which belong to us, and the advice changes nothing in them. A
        // system without huge pages says so; its ordinary ones do as well.
        unsafe { libc::madvise(start.add(skipped).cast(), length, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_bytes: &mut [u8]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_any_size_is_zero() {
        for len in [0, 1, 4096, (2 << 20) - 1, 9 << 20] {
            let bytes = zeros(len);
            assert!(bytes.len() == len && bytes.iter().all(|&byte| byte == 0));
        }
    }
}
