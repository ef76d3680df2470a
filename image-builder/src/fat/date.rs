use rootfs_tree::Time;

use crate::calendar::{DAY, civil};

/// The first second of 1980, and the last two of 2107: what FAT can tell.
const EARLIEST: i64 = 315_532_800;
const LATEST: i64 = 4_354_819_198;

/// A moment as FAT keeps it: without a zone, taken as UTC; out of its range, the nearest there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) date: u16,
    /// In steps of two seconds.
    pub(super) time: u16,
    /// Hundredths of a second that are left.
    pub(super) tenth: u8,
}

impl Stamp {
    pub(super) fn of(time: Time) -> Self {
        let seconds = time.seconds.clamp(EARLIEST, LATEST);
        let hundredths = if seconds == time.seconds { time.nanoseconds / 10_000_000 } else { 0 };
        let (year, month, day) = civil(seconds.div_euclid(DAY));
        let second = seconds.rem_euclid(DAY);
        let small = |number: i64| u16::try_from(number).unwrap_or(0);
        Self {
            date: small((year - 1980) << 9 | month << 5 | day),
            time: small(((second / 3600) << 11) | ((second / 60 % 60) << 5) | (second % 60 / 2)),
            tenth: u8::try_from(second % 2 * 100 + i64::from(hundredths)).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seconds: i64) -> String {
        let Stamp { date, time, tenth } = Stamp::of(Time { seconds, nanoseconds: 120_000_000 });
        let (year, month, day) = (1980 + (date >> 9), date >> 5 & 0xF, date & 0x1F);
        let (hour, minute, second) = (time >> 11, time >> 5 & 0x3F, (time & 0x1F) * 2);
        format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}+{tenth}")
    }

    #[test]
    fn moments() {
        assert_eq!(text(1_700_000_001), "2023-11-14 22:13:20+112");
        assert_eq!(text(951_782_400), "2000-02-29 00:00:00+12");
        assert_eq!(text(951_868_799), "2000-02-29 23:59:58+112");
        assert_eq!(text(4_107_542_400), "2100-03-01 00:00:00+12");
        assert_eq!(text(0), "1980-01-01 00:00:00+0");
        assert_eq!(text(i64::MIN), "1980-01-01 00:00:00+0");
        assert_eq!(text(i64::MAX), "2107-12-31 23:59:58+0");
    }
}
