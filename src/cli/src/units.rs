//! Numbers as people read them.

use std::time::Duration;

/// Bytes in decimal units with one digit: `12.3 MB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}

/// Seconds with one digit, minutes from two on: `1.4 s`, `2 min 5 s`.
pub(crate) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds >= 120 { format!("{} min {} s", seconds / 60, seconds % 60) } else { format!("{:.1} s", duration.as_secs_f64()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_short() {
        assert_eq!([0, 999, 1_000, 12_399_999, 4_000_000_000].map(size), ["0 B", "999 B", "1.0 kB", "12.3 MB", "4.0 GB"]);
        assert_eq!([40, 1_440, 119_000, 125_000].map(|ms| time(Duration::from_millis(ms))), ["0.0 s", "1.4 s", "119.0 s", "2 min 5 s"]);
    }
}
