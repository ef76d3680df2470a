use super::table::{Format, Table};
use crate::customise::CustomiseError;
use crate::customise::edit::Editor;

/// Users and groups of the tree.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) passwd: Table,
    pub(super) shadow: Table,
    pub(super) group: Table,
    /// Not every system has it.
    pub(super) gshadow: Option<Table>,
    /// The day of a password's last change: of the build's epoch, not of today.
    pub(super) day: Vec<u8>,
}

impl Database {
    pub(super) fn read(editor: &Editor<'_>) -> Result<Self, CustomiseError> {
        let table = |format: Format| {
            let text = editor.read(format.path.as_bytes())?;
            text.map(|text| Table::parse(format, &text)).transpose()
        };
        let needed =
            |format: Format, package| table(format)?.ok_or_else(|| CustomiseError::Missing { path: format.path.to_owned(), package });
        Ok(Self {
            passwd: needed(Format::PASSWD, "base-passwd")?,
            shadow: needed(Format::SHADOW, "passwd")?,
            group: needed(Format::GROUP, "base-passwd")?,
            gshadow: table(Format::GSHADOW)?,
            day: day(editor.mtime.seconds),
        })
    }

    /// Gives root a password, or takes any from it: `*` is no hash of anything.
    pub(super) fn set_root(&mut self, hash: Option<&str>) {
        let day = self.day.clone();
        let Some(row) = self.shadow.row_mut(b"root") else { return };
        match hash {
            Some(hash) => {
                row[1] = hash.as_bytes().to_vec();
                row[2] = day;
            }
            None if row[1].starts_with(b"*") || row[1].starts_with(b"!") => {}
            None => row[1] = b"*".to_vec(),
        }
    }

    pub(super) fn write(&self, editor: &mut Editor<'_>) -> Result<(), CustomiseError> {
        let tables = [(Format::PASSWD, Some(&self.passwd)), (Format::SHADOW, Some(&self.shadow)), (Format::GROUP, Some(&self.group))];
        for (format, table) in tables.into_iter().chain([(Format::GSHADOW, self.gshadow.as_ref())]) {
            if let Some(table) = table {
                editor.rewrite(format.path.as_bytes(), table.to_bytes(), format.mode)?;
            }
        }
        Ok(())
    }
}

/// Days since 1970. Day 0 would mean that the password must be changed at once, so it is left out.
pub(in crate::customise) fn day(seconds: i64) -> Vec<u8> {
    match seconds.div_euclid(86400) {
        day if day > 0 => day.to_string().into_bytes(),
        _ => Vec::new(),
    }
}
