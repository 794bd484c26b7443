//! Judging an Arrow IPC file.

use std::ops::Range;

use arrow::buffer::Buffer;
use arrow::datatypes::Schema;

use crate::error::{Check, TableError, guarded};
use crate::info::TableInfo;
use crate::ipc::{Bodies, IpcFile};
use crate::rules::TableRules;
use crunchbox_protocol::{Profile, TableLimits};

/// How many of some rows are looked at together: so few that the second look at a column, and the offsets made for it, find it in the
/// processor's cache, and so many that what each piece takes by itself doesn't show.
const PIECE_ROWS: usize = 32 << 10;

/// Judges an Arrow IPC file in full: whatever a reader of it relies on, every limit, and the rules of the profile.
///
/// * `file`: all the bytes of the file; mapped memory is fine, nothing is copied. They must not change meanwhile.
///
/// The file is uncompressed, has its magic bytes at both ends, a footer and a schema message that agree, and blocks and
/// buffers that lie inside it, aligned to 8 bytes, none on top of another. Bytes that neither the footer nor a block
/// refers to are not looked at. An empty file is not a table: judge that before.
///
/// # Errors
/// [`TableError`] with the first check that failed.
pub fn validate(file: &Buffer, profile: Profile, limits: &TableLimits) -> Result<TableInfo, TableError> {
    validate_rows(file, None, profile, limits)
}

/// Judges some rows of an Arrow IPC file, the first being 0, or all, as [`validate`] does: values of the others are not looked at, and no
/// rule is for them.
///
/// # Errors
/// As [`validate`].
pub fn validate_rows(
    file: &Buffer,
    rows: Option<&Range<u64>>,
    profile: Profile,
    limits: &TableLimits,
) -> Result<TableInfo, TableError> {
    guarded(|| {
        let mut table = IpcFile::open(file.clone(), limits, Bodies::Uncompressed)?;
        if let Some(rows) = rows {
            table.select(rows.clone());
            table.in_pieces(PIECE_ROWS);
        }
        let schema = table.schema().clone();
        if profile == Profile::Workbench && table.has_schema_metadata() {
            return Err(TableError::new(
                Check::SchemaMetadata,
                "the schema has metadata; only columns may have some",
            ));
        }
        let mut rules = TableRules::new(schema.clone(), profile, limits)?;
        for (index, field) in schema.fields().iter().enumerate() {
            if let Some(values) = table.dictionary(field) {
                rules.dictionary(index, values)?;
            }
        }
        while let Some(batch) = table.next_batch()? {
            rules.batch(&batch)?;
        }
        rules.finish()?;
        let mut info = TableInfo::new(&schema, rules.rows(), file.len() as u64);
        let is_built_as_inputs = table.is_plain() && (rows.is_none() || table.is_flat());
        info.plain = is_built_as_inputs && fits_inputs(&schema, profile);
        Ok(info)
    })
}

/// Whether inputs may have these columns as they are: steps of profile workbench may leave nulls in any column.
pub(crate) fn fits_inputs(schema: &Schema, profile: Profile) -> bool {
    profile == Profile::Arrow || schema.fields().iter().all(|field| field.is_nullable())
}
