//! What can be wrong with a table, and where.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};

/// Longest name or value that a message repeats, in characters; the rest is cut.
const SHOWN_CHARS: usize = 120;

/// Longest message, in characters: messages of the libraries underneath may repeat what the file says.
const DETAIL_CHARS: usize = 600;

macro_rules! checks {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// One thing that is checked. [`Check::as_str`] gives the name that people and reports see.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Check {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl Check {
            /// Every check, in the order of their declaration.
            pub const ALL: &[Check] = &[$(Check::$variant,)+];

            /// The name of the check, in kebab-case; it never changes.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Check::$variant => $name,)+
                }
            }
        }
    };
}

checks! {
    /// Reading or writing a file failed: the fault of the machine or the caller, not of the table.
    InputOutput = "input-output",
    /// Too short, or without the magic bytes at both ends.
    ArrowMagic = "arrow-magic",
    /// The footer's length or contents.
    ArrowFooter = "arrow-footer",
    /// Only little-endian data is read.
    ArrowEndianness = "arrow-endianness",
    /// A type in the schema that does not exist, or has impossible settings or the wrong number of children.
    ArrowSchema = "arrow-schema",
    /// The schema at the start of the file and the one in the footer differ, so two readers would see two tables.
    ArrowSchemaMessage = "arrow-schema-message",
    /// A block lies outside the file, or on top of another one.
    ArrowBlock = "arrow-block",
    /// A message's prefix, version, kind or length.
    ArrowMessage = "arrow-message",
    /// Number, position or length of a batch's buffers and field nodes.
    ArrowBuffers = "arrow-buffers",
    /// Blocks and buffers start at multiples of 8 bytes.
    ArrowAlignment = "arrow-alignment",
    /// Tables handed on between steps are not compressed.
    ArrowUncompressed = "arrow-uncompressed",
    /// A compressed buffer that does not decompress to its declared length.
    ArrowDecompression = "arrow-decompression",
    /// The declared number of nulls is not the number in the bitmap.
    ArrowNullCount = "arrow-null-count",
    /// A dictionary that is missing, given twice, inside itself, or has two types.
    ArrowDictionary = "arrow-dictionary",
    /// Values: offsets, lengths, UTF-8, dictionary indices, run ends, union type ids, views, nulls where none may be.
    ArrowValues = "arrow-values",
    /// A decimal with more digits than its type declares.
    ArrowDecimalPrecision = "arrow-decimal-precision",
    /// A time of day before midnight or past the day's end.
    ArrowTimeRange = "arrow-time-range",
    /// Rows of several parts of a table, of which it is not told where they belong among each other.
    Order = "order",
    /// A Parquet file whose footer, schema, pages or values cannot be read.
    Parquet = "parquet",
    /// A CSV cell or header that is not UTF-8.
    CsvUtf8 = "csv-utf8",
    /// A CSV record with more or fewer cells than the header.
    CsvCells = "csv-cells",
    /// A library gave up on the bytes in a way that none of the other checks foresaw.
    Malformed = "malformed",
    /// A type or value that the target format or profile has no place for.
    Conversion = "conversion",
    /// Limit: rows of the table.
    MaxRows = "max-rows",
    /// Limit: columns of the table.
    MaxColumns = "max-columns",
    /// Limit: fields of the schema, nested ones included.
    MaxFields = "max-fields",
    /// Limit: types nested in types.
    MaxNestingDepth = "max-nesting-depth",
    /// Limit: bytes of one text or binary value.
    MaxBytesPerValue = "max-bytes-per-value",
    /// Limit: bytes of all text and binary values.
    MaxBytesText = "max-bytes-text",
    /// Limit: bytes of the data once decompressed and decoded.
    MaxDecodedBytes = "max-decoded-bytes",
    /// Limit: bytes of one footer or message header.
    MaxMetadataBytes = "max-metadata-bytes",
    /// Limit: values in one dictionary.
    MaxDictionaryValues = "max-dictionary-values",
    /// A column name is UTF-8.
    ColumnNameUtf8 = "column-name-utf8",
    /// Limit: bytes of a column name.
    ColumnNameMaxBytes = "column-name-max-bytes",
    /// A column name is not empty.
    ColumnNameEmpty = "column-name-empty",
    /// A column name has no ASCII control character.
    ColumnNameControlCharacters = "column-name-control-characters",
    /// No two columns share a name.
    ColumnNameUnique = "column-name-unique",
    /// The schema carries no metadata.
    SchemaMetadata = "schema-metadata",
    /// Metadata of the schema or a field is UTF-8, with a key and a value each and no key twice.
    MetadataEntries = "metadata-entries",
    /// A column is text, number, timestamp or date.
    ColumnType = "column-type",
    /// A column carries exactly the metadata of its type.
    FieldMetadata = "field-metadata",
    /// A number column's format is a valid number format.
    NumberFormat = "number-format",
    /// Timestamps have no time zone.
    TimestampTimezone = "timestamp-timezone",
    /// Timestamps count nanoseconds.
    TimestampUnit = "timestamp-unit",
    /// A date is the first day of the column's unit.
    DateUnit = "date-unit",
    /// A date lies in the years 1 to 9999.
    DateRange = "date-range",
    /// Numbers are finite.
    FloatsAllFinite = "floats-all-finite",
    /// Dictionaries hold text.
    DictionaryValueType = "dictionary-value-type",
    /// Dictionary indices are signed integers of 8, 16 or 32 bits.
    DictionaryIndexType = "dictionary-index-type",
    /// Dictionaries hold no null.
    DictionaryValuesNotNull = "dictionary-values-not-null",
    /// Every dictionary value is used.
    DictionaryValuesAllUsed = "dictionary-values-all-used",
    /// No dictionary value is there twice.
    DictionaryValuesUnique = "dictionary-values-unique",
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why a table was refused: which check, in which column, and what was found.
///
/// Text taken from the file is cut to a bounded length and its control characters are escaped, so that the message
/// can be shown on a terminal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{check}{}: {detail}", self.place())]
pub struct TableError {
    check: Check,
    column: Option<String>,
    detail: String,
}

impl TableError {
    pub(crate) fn new(check: Check, detail: impl AsRef<str>) -> Self {
        TableError { check, column: None, detail: printable(detail.as_ref(), DETAIL_CHARS) }
    }

    pub(crate) fn read(error: &std::io::Error) -> Self {
        TableError::new(Check::InputOutput, format!("cannot read the input: {error}"))
    }

    pub(crate) fn write(error: &std::io::Error) -> Self {
        TableError::new(Check::InputOutput, format!("cannot write the output: {error}"))
    }

    /// For a limit: names it, its value, and what was asked for.
    pub(crate) fn over(check: Check, what: &str, asked: u64, limit: u64) -> Self {
        TableError::new(check, format!("{asked} {what}, and the limit is {limit}"))
    }

    pub(crate) fn in_column(mut self, name: &str) -> Self {
        self.column.get_or_insert_with(|| shown(name));
        self
    }

    /// Adds which record batch it was, counted from 1.
    pub(crate) fn at_batch(mut self, number: usize) -> Self {
        self.detail = format!("{} (record batch {number})", self.detail);
        self
    }

    /// The check that failed.
    pub fn check(&self) -> Check {
        self.check
    }

    /// The column it failed in, escaped and cut for display, or `None` if it is about the whole file.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// What was found, in a sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Whether the machine or the caller is at fault rather than the table: reading or writing failed.
    pub fn is_input_output(&self) -> bool {
        self.check == Check::InputOutput
    }

    fn place(&self) -> String {
        self.column.as_ref().map(|name| format!(" in column \"{name}\"")).unwrap_or_default()
    }
}

/// Text from a file as a message may show it: escaped, and cut to a bounded length.
pub(crate) fn shown(text: &str) -> String {
    printable(text, SHOWN_CHARS)
}

fn printable(text: &str, max_chars: usize) -> String {
    let mut result = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == max_chars {
            result.push('…');
            break;
        }
        // Beside control characters: those that change the direction of text or are invisible fool the reader.
        let fools = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if character.is_control() || fools {
            result.extend(character.escape_unicode());
        } else {
            result.push(character);
        }
    }
    result
}

/// Runs `work`, and turns a panic inside it into [`Check::Malformed`].
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, TableError>) -> Result<T, TableError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(TableError::new(Check::Malformed, format!("a library panicked on these bytes: {message}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_escaped_and_cut() {
        let error = TableError::new(Check::ColumnType, "\u{1b}[31mred\n").in_column(&"x\u{202e}".repeat(200));
        assert_eq!(error.detail(), "\\u{1b}[31mred\\u{a}");
        let column = error.column().unwrap();
        assert!(column.starts_with("x\\u{202e}x") && column.ends_with('…'));
        assert!(error.to_string().starts_with("column-type in column \"x"));
    }

    #[test]
    fn the_innermost_column_is_kept() {
        let error = TableError::new(Check::ColumnType, "no").in_column("a").in_column("b");
        assert_eq!(error.column(), Some("a"));
    }

    #[test]
    fn names_are_unique_and_survive_json() {
        let mut names: Vec<_> = Check::ALL.iter().map(|check| check.as_str()).collect();
        for check in Check::ALL {
            let json = serde_json::to_string(check).unwrap();
            assert_eq!(json, format!("\"{}\"", check.as_str()));
            assert_eq!(serde_json::from_str::<Check>(&json).unwrap(), *check);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Check::ALL.len());
    }

    #[test]
    fn a_panic_becomes_an_error() {
        let error = guarded::<()>(|| panic!("index {} out of bounds", 7)).unwrap_err();
        assert_eq!(error.check(), Check::Malformed);
        assert!(error.detail().contains("index 7"));
    }
}
