//! CSV files: a header row, commas, quotes as in RFC 4180, UTF-8.
//!
//! The file is read twice. The first time finds each column's type: whole numbers make it Int64, numbers with a point
//! or an exponent Float64, anything else text. A number that would not come back as it was (`007`, `+1`, a whole
//! number past 64 bits in a column of whole numbers) makes its column text. An empty cell is null in every column;
//! whether it was quoted makes no difference.

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, Int64Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use csv::{ByteRecord, ErrorKind, ReaderBuilder};

use crate::error::{Check, TableError, shown};
use crate::input::Input;
use crate::source::{BATCH_BYTES, BATCH_ROWS, Dictionaries, Source, batch_of, wanted};
use crunchbox_protocol::TableLimits;
use crunchbox_protocol::colnames::unique_colnames;

pub(crate) fn open(
    input: Input,
    limits: &TableLimits,
    columns: Option<&BTreeSet<String>>,
) -> Result<Source, TableError> {
    let Inferred { names, kinds, rows } = infer(&mut start_reader(&input)?, limits)?;
    let fields = names.iter().zip(&kinds).map(|(name, kind)| Field::new(name, kind.data_type(), true));
    let mut schema = Schema::new(fields.collect::<Vec<_>>());
    let places = match columns {
        Some(columns) => wanted(&schema, columns),
        None => (0..kinds.len()).collect(),
    };
    let kinds = places.iter().map(|place| kinds[*place]).collect();
    schema =
        schema.project(&places).map_err(|error| TableError::new(Check::Conversion, error.to_string()))?;
    let schema = Arc::new(schema);
    let mut reader = start_reader(&input)?;
    skip_header(&mut reader)?;
    let mut cells = Rows { reader, record: ByteRecord::new(), places, kinds, schema: schema.clone() };
    let batches = Box::new(std::iter::from_fn(move || cells.next_batch().transpose()));
    Ok(Source { schema, rows, dictionaries: Dictionaries::Any, plain: false, batches })
}

type Reader = csv::Reader<Box<dyn Read + Send>>;

fn start_reader(input: &Input) -> Result<Reader, TableError> {
    let bytes: Box<dyn Read + Send> = match input {
        Input::File(file) => {
            let mut file = file.try_clone().map_err(|error| TableError::read(&error))?;
            file.seek(SeekFrom::Start(0)).map_err(|error| TableError::read(&error))?;
            Box::new(file)
        }
        Input::Buffer(buffer) | Input::Mapped(buffer, _) => {
            Box::new(std::io::Cursor::new(Shared(buffer.clone())))
        }
    };
    Ok(ReaderBuilder::new().has_headers(true).buffer_capacity(1 << 18).from_reader(bytes))
}

struct Shared(arrow::buffer::Buffer);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

fn skip_header(reader: &mut Reader) -> Result<(), TableError> {
    reader.byte_headers().map(drop).map_err(|error| csv_error(&error))
}

/// What a column's cells allow it to be, as far as they have been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No cell so far but empty ones.
    Empty,
    /// All whole numbers of 64 bits.
    Whole,
    /// All whole numbers, and some of them too long.
    Long,
    Float,
    Text,
}

impl Kind {
    fn of(cell: &[u8]) -> Self {
        let digits = cell.strip_prefix(b"-").unwrap_or(cell);
        let whole = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if whole > 1 && digits[0] == b'0' {
            return Kind::Text;
        }
        if whole > 0 && whole == digits.len() {
            return if parse::<i64>(cell).is_some() { Kind::Whole } else { Kind::Long };
        }
        // What is left to exclude are the words for infinity and the like, and a plus sign.
        let plain = digits.iter().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(byte));
        let number = plain && !digits.starts_with(b"+") && !digits.starts_with(b"-");
        if number && parse::<f64>(cell).is_some_and(f64::is_finite) { Kind::Float } else { Kind::Text }
    }

    fn and(self, other: Kind) -> Kind {
        match (self, other) {
            (Kind::Empty, kind) | (kind, Kind::Empty) => kind,
            (Kind::Text, _) | (_, Kind::Text) => Kind::Text,
            (Kind::Float, _) | (_, Kind::Float) => Kind::Float,
            (Kind::Long, _) | (_, Kind::Long) => Kind::Long,
            (Kind::Whole, Kind::Whole) => Kind::Whole,
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Kind::Whole => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Empty | Kind::Long | Kind::Text => DataType::Utf8,
        }
    }
}

fn parse<T: std::str::FromStr>(cell: &[u8]) -> Option<T> {
    std::str::from_utf8(cell).ok()?.parse().ok()
}

/// What the whole file tells.
struct Inferred {
    names: Vec<String>,
    kinds: Vec<Kind>,
    rows: u64,
}

fn infer(reader: &mut Reader, limits: &TableLimits) -> Result<Inferred, TableError> {
    let header = reader.byte_headers().map_err(|error| csv_error(&error))?;
    if header.len() as u64 > limits.columns {
        return Err(TableError::over(Check::MaxColumns, "columns", header.len() as u64, limits.columns));
    }
    let mut names = Vec::with_capacity(header.len());
    for cell in header {
        let name = std::str::from_utf8(cell).map_err(|_| {
            let what =
                format!("line 1: the column name \"{}\" is not UTF-8", shown(&String::from_utf8_lossy(cell)));
            TableError::new(Check::CsvUtf8, what)
        })?;
        names.push(name.to_string());
    }
    let names = clean_names(&names, usize::try_from(limits.column_name_bytes).unwrap_or(usize::MAX));
    let mut kinds = vec![Kind::Empty; names.len()];
    let mut record = ByteRecord::new();
    let mut rows = 0u64;
    let mut text_bytes = 0u64;
    while reader.read_byte_record(&mut record).map_err(|error| csv_error(&error))? {
        rows += 1;
        if rows > limits.rows {
            return Err(TableError::over(Check::MaxRows, "rows or more", rows, limits.rows));
        }
        for ((cell, kind), name) in record.iter().zip(&mut kinds).zip(&names) {
            if cell.is_empty() {
                continue;
            }
            if std::str::from_utf8(cell).is_err() {
                let line = record.position().map_or(0, csv::Position::line);
                let text = shown(&String::from_utf8_lossy(cell));
                let what = format!("line {line}: \"{text}\" is not UTF-8; save the file as UTF-8");
                return Err(TableError::new(Check::CsvUtf8, what).in_column(name));
            }
            if *kind != Kind::Text {
                *kind = kind.and(Kind::of(cell));
            }
            text_bytes = text_bytes.saturating_add(cell.len() as u64);
        }
        if text_bytes > limits.decoded_bytes {
            let what = "bytes of data or more";
            return Err(TableError::over(Check::MaxDecodedBytes, what, text_bytes, limits.decoded_bytes));
        }
    }
    Ok(Inferred { names, kinds, rows })
}

enum Builder {
    Whole(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
}

impl Builder {
    fn new(kind: Kind) -> Self {
        match kind.data_type() {
            DataType::Int64 => Builder::Whole(Int64Builder::new()),
            DataType::Float64 => Builder::Float(Float64Builder::new()),
            _ => Builder::Text(StringBuilder::new()),
        }
    }

    /// Adds a cell, or says that it isn't what it was when the types were found.
    fn push(&mut self, cell: &[u8]) -> Result<(), ()> {
        let cell = std::str::from_utf8(cell).map_err(drop)?;
        let some = (!cell.is_empty()).then_some(cell);
        match self {
            Builder::Whole(builder) => builder.append_option(some.map(str::parse).transpose().map_err(drop)?),
            Builder::Float(builder) => builder.append_option(some.map(str::parse).transpose().map_err(drop)?),
            Builder::Text(builder) => builder.append_option(some),
        }
        Ok(())
    }

    fn finish(self) -> ArrayRef {
        match self {
            Builder::Whole(mut builder) => Arc::new(builder.finish()),
            Builder::Float(mut builder) => Arc::new(builder.finish()),
            Builder::Text(mut builder) => Arc::new(builder.finish()),
        }
    }
}

struct Rows {
    reader: Reader,
    record: ByteRecord,
    /// Which cells of a record are wanted.
    places: Vec<usize>,
    kinds: Vec<Kind>,
    schema: SchemaRef,
}

impl Rows {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, TableError> {
        let mut builders: Vec<_> = self.kinds.iter().map(|kind| Builder::new(*kind)).collect();
        let (mut rows, mut bytes) = (0, 0);
        while rows < BATCH_ROWS
            && bytes < BATCH_BYTES
            && self.reader.read_byte_record(&mut self.record).map_err(|error| csv_error(&error))?
        {
            let changed =
                || TableError::new(Check::InputOutput, "the CSV file changed while it was being read");
            for (place, builder) in self.places.iter().zip(&mut builders) {
                let cell = self.record.get(*place).ok_or_else(changed)?;
                builder.push(cell).map_err(|()| changed())?;
                bytes += cell.len() + size_of::<u64>();
            }
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let columns = builders.into_iter().map(Builder::finish).collect();
        batch_of(self.schema.clone(), columns, rows)
            .map(Some)
            .map_err(|error| TableError::new(Check::Conversion, error.to_string()))
    }
}

fn csv_error(error: &csv::Error) -> TableError {
    match error.kind() {
        ErrorKind::Io(error) => TableError::read(error),
        ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            let what = format!("line {line} has {len} cells, and the header has {expected_len}");
            TableError::new(Check::CsvCells, what)
        }
        _ => TableError::new(Check::CsvCells, error.to_string()),
    }
}

/// Names as columns can have them, for a header that may have any.
fn clean_names(names: &[String], max_bytes: usize) -> Vec<String> {
    unique_colnames(names, &[], max_bytes).into_iter().map(|name| name.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(names: &[&str], max_bytes: usize) -> Vec<String> {
        clean_names(&names.iter().map(ToString::to_string).collect::<Vec<_>>(), max_bytes)
    }

    #[test]
    fn cells_have_a_kind() {
        for cell in ["0", "-0", "12", "-9223372036854775808", "9223372036854775807"] {
            assert_eq!(Kind::of(cell.as_bytes()), Kind::Whole, "{cell}");
        }
        for cell in ["9223372036854775808", "100000000000000000000"] {
            assert_eq!(Kind::of(cell.as_bytes()), Kind::Long, "{cell}");
        }
        for cell in ["0.5", "-1.25", ".5", "5.", "1e3", "-2E-7", "1.5e+10"] {
            assert_eq!(Kind::of(cell.as_bytes()), Kind::Float, "{cell}");
        }
        for cell in [
            "007",
            "-01",
            "00.5",
            "+1",
            "--1",
            "-+1",
            "nan",
            "inf",
            "-Infinity",
            "1e999",
            "1,2",
            " 1",
            "0x1",
            "e5",
            "-",
            ".",
        ] {
            assert_eq!(Kind::of(cell.as_bytes()), Kind::Text, "{cell}");
        }
    }

    #[test]
    fn kinds_combine() {
        assert_eq!(Kind::Whole.and(Kind::Float), Kind::Float);
        assert_eq!(Kind::Long.and(Kind::Float), Kind::Float);
        assert_eq!(Kind::Whole.and(Kind::Long).data_type(), DataType::Utf8);
        assert_eq!(Kind::Empty.and(Kind::Whole), Kind::Whole);
        assert_eq!(Kind::Float.and(Kind::Text), Kind::Text);
        assert_eq!(Kind::Empty.data_type(), DataType::Utf8);
    }

    #[test]
    fn names_are_cleaned_and_made_unique() {
        assert_eq!(clean(&["A", "A 1", "A 2"], 100), ["A", "A 1", "A 2"]);
        assert_eq!(clean(&["A", "A", "A 2"], 100), ["A", "A 3", "A 2"]);
        assert_eq!(clean(&["Column 2", "", ""], 100), ["Column 2", "Column 4", "Column 3"]);
        assert_eq!(clean(&["  1", "  1"], 100), ["  1", "  2"]);
        assert_eq!(clean(&["ab\n\ncd", "acé"], 3), ["abc", "ac"]);
        let many = ["abcd"; 10].iter().chain(&["a 100"]).copied().collect::<Vec<_>>();
        let expected =
            ["abcd", "ab 2", "ab 3", "ab 4", "ab 5", "ab 6", "ab 7", "ab 8", "ab 9", "a 11", "a 10"];
        assert_eq!(clean(&many, 4), expected);
    }

    #[test]
    fn ten_thousand_equal_names_are_quick() {
        let names = clean(&["x"; 10_000], 120);
        assert_eq!(names[9_999], "x 10000");
    }
}
