//! How much memory the process has and has had, where the system says it.

/// Tells it, in megabytes of a million bytes.
pub fn report(when: &str) {
    if let [Some(now), Some(peak)] = ["VmRSS:", "VmHWM:"].map(megabytes) {
        println!("memory {when}: {now} MB, at most {peak} MB");
    }
}

/// A line of Linux' description of this process, which counts in kilobytes of 1024 bytes.
fn megabytes(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024 / 1_000_000)
}
