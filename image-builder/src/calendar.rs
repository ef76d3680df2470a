//! Seconds as dates.

use rootfs_tree::Time;

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// A moment in UTC as RFC 3339 has it, to the second: `2023-11-14T22:13:20Z`. What is before year 0 or after 9999 is the nearest there is.
pub(crate) fn rfc3339(time: Time) -> String {
    let seconds = time.seconds.clamp(-62_167_219_200, 253_402_300_799);
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day so many days after 1 January 1970, in the calendar that holds today.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    // Eras of 400 years, which begin on 1 March, so that a leap day is the last of its year.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_based = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_based + 2) / 5 + 1;
    let month = if march_based < 10 { march_based + 3 } else { march_based - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_in_words() {
        let of = |seconds| rfc3339(Time::from_seconds(seconds));
        assert_eq!(of(0), "1970-01-01T00:00:00Z");
        assert_eq!(of(1_700_000_000), "2023-11-14T22:13:20Z");
        assert_eq!(of(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(of(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(of(-1), "1969-12-31T23:59:59Z");
        assert_eq!((of(i64::MIN).as_str(), of(i64::MAX).as_str()), ("0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"));
    }
}
