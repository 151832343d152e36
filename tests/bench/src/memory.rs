//! How much memory this process holds, from what Linux tells of it.

/// A line of `/proc/self/status`, in megabytes: `VmRSS` is now, `VmHWM` the most there ever was.
pub(crate) fn megabytes(line: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let rest = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':'))?;
    let kilobytes: f64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1_024.0)
}
