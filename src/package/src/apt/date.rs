//! Dates as release files write them: `Sat, 15 Nov 2025 09:41:03 UTC`.

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// Reads a date in UTC (or `GMT`, `Z`, `+0000`) as seconds since 1970; none when it is no such date.
#[must_use]
pub fn parse_date(text: &str) -> Option<i64> {
    let text = text.split_once(',').map_or(text, |(_, date)| date);
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    let [day, month, year, time, zone] = words[..] else { return None };
    if !matches!(zone, "UTC" | "GMT" | "Z" | "+0000") {
        return None;
    }
    let month = MONTHS.iter().position(|known| *known == month)?;
    let [hour, minute, second] = time.splitn(3, ':').map(|part| number(part, 59)).collect::<Option<Vec<_>>>()?[..] else { return None };
    let (day, year) = (number(day, 31)?, number(year, 9999)?);
    if year < 1970 || day == 0 || hour > 23 {
        return None;
    }
    Some(days_before(year, i64::try_from(month).ok()?) * 86400 + (day - 1) * 86400 + hour * 3600 + minute * 60 + second)
}

/// Writes seconds since 1970 as a release file would.
#[must_use]
pub fn format_date(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86400), seconds.rem_euclid(86400));
    let mut year = 1970 + days.div_euclid(366);
    while days_before(year + 1, 0) <= days {
        year += 1;
    }
    let month = (1..12).rev().find(|month| days_before(year, *month) <= days).unwrap_or(0);
    let day = days - days_before(year, month) + 1;
    let name = |names: &[&'static str], index: i64| usize::try_from(index).ok().and_then(|index| names.get(index).copied()).unwrap_or("?");
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{}, {day:02} {} {year} {hour:02}:{minute:02}:{second:02} UTC", name(&DAYS, days.rem_euclid(7)), name(&MONTHS, month))
}

fn number(text: &str, most: i64) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?.filter(|number| *number <= most)
}

/// Days from 1970 to the first of a month (0 is January).
fn days_before(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = year - 1;
    let years = (year - 1970) * 365 + (last / 4 - last / 100 + last / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30];
    years + lengths.iter().zip(0..month).map(|(length, _)| length).sum::<i64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_and_written() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 UTC", 0),
            ("Tue, 29 Feb 2000 23:59:59 UTC", 951_868_799),
            ("Sat, 15 Nov 2025 09:41:03 UTC", 1_763_199_663),
            ("Thu, 31 Dec 2026 00:00:00 UTC", 1_798_675_200),
            ("Mon, 01 Mar 2100 00:00:00 UTC", 4_107_542_400),
        ] {
            assert_eq!(parse_date(text), Some(seconds), "{text}");
            assert_eq!(format_date(seconds), text);
        }
        assert_eq!(parse_date("Sat,  5 Nov 2025  9:41:03 GMT"), Some(1_762_335_663));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "2025-11-15",
            "Sat, 15 Nov 2025 09:41:03 +0100",
            "0 Nov 2025 09:41:03 UTC",
            "1 Foo 2025 0:0:0 UTC",
            "1 Nov 99999 0:0:0 UTC",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
