use rootfs_plugin::BuildError;

use super::Index;
use crate::apt::date::format_date;
use crate::engine::build_error;
use crate::store::Store;

impl Index<'_> {
    /// Refuses an index that is older than one that the same place had before, and remembers the newest: whoever shows an old state would keep what was
    /// mended since from a guest, and the packages' signatures don't tell. An index without times passes.
    pub(crate) fn check_age(&self, store: &Store, is_older_wanted: bool) -> Result<(), BuildError> {
        let Some(time) = self.repomd.timestamp().and_then(|time| i64::try_from(time).ok()) else { return Ok(()) };
        let name = format!("{} newest index", self.place);
        let kept = store.document(&name).map_err(|error| build_error(&error))?;
        let newest = kept.and_then(|text| str::from_utf8(&text).ok()?.parse::<i64>().ok());
        match newest {
            Some(newest) if newest > time && !is_older_wanted => Err(BuildError {
                hint: Some("try again later, or name another mirror; `--no-cache` takes what it has".to_owned()),
                ..BuildError::new(format!(
                    "the index of the repository `{}` is of {}, and there was one of {} before",
                    self.repository.name,
                    format_date(time),
                    format_date(newest)
                ))
            }),
            Some(newest) if newest >= time => Ok(()),
            _ => store.keep_document(&name, time.to_string().as_bytes()).map_err(|error| build_error(&error)),
        }
    }
}
