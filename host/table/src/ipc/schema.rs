//! The schema of an Arrow IPC file: everything that would make the conversion to `arrow`'s types panic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, SchemaRef};
use arrow::ipc;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::{DateUnit, IntervalUnit, MetadataVersion, Precision, TimeUnit, Type, UnionMode};

use crate::error::{Check, TableError};
use crunchbox_protocol::TableLimits;

/// Longest time zone name that is taken for one.
const MAX_TIMEZONE_BYTES: usize = 128;

/// One dictionary of the schema.
pub(super) struct Dictionary {
    /// The type of its values.
    pub(super) values: DataType,
    /// The first column that uses it.
    pub(super) column: String,
}

/// A schema that was found sound.
pub(super) struct CheckedSchema {
    pub(super) arrow: SchemaRef,
    /// The dictionaries that fields ask for, by id.
    pub(super) dictionaries: BTreeMap<i64, Dictionary>,
    /// The dictionary id of each dictionary-encoded field, in the order of fields, depth first.
    pub(super) dictionary_ids: Vec<i64>,
    /// Whether there is metadata of the whole schema, even an empty list of it.
    pub(super) has_metadata: bool,
}

pub(super) fn check_schema(
    schema: ipc::Schema<'_>,
    version: MetadataVersion,
    limits: &TableLimits,
) -> Result<CheckedSchema, TableError> {
    let fields = schema
        .fields()
        .ok_or_else(|| TableError::new(Check::ArrowSchema, "the schema has no list of fields"))?;
    if fields.len() as u64 > limits.columns {
        return Err(TableError::over(Check::MaxColumns, "columns", fields.len() as u64, limits.columns));
    }
    check_metadata(schema.custom_metadata())?;
    let mut walk = Walk {
        limits,
        version,
        fields: 0,
        dictionaries: BTreeMap::new(),
        dictionary_ids: Vec::new(),
        open_dictionaries: Vec::new(),
    };
    for field in fields {
        let name = field.name().unwrap_or_default();
        if name.len() as u64 > limits.column_name_bytes {
            let error = TableError::over(
                Check::ColumnNameMaxBytes,
                "bytes in the column name",
                name.len() as u64,
                limits.column_name_bytes,
            );
            return Err(error.in_column(name));
        }
        walk.field(field, name, 1).map_err(|error| error.in_column(name))?;
    }
    Ok(CheckedSchema {
        has_metadata: schema.custom_metadata().is_some(),
        dictionaries: walk.dictionaries,
        dictionary_ids: walk.dictionary_ids,
        arrow: Arc::new(fb_to_schema(schema)),
    })
}

type Entries<'a> = flatbuffers::Vector<'a, flatbuffers::ForwardsUOffset<ipc::KeyValue<'a>>>;

fn check_metadata(entries: Option<Entries<'_>>) -> Result<(), TableError> {
    let metadata_error = |what: String| TableError::new(Check::MetadataEntries, what);
    let mut keys = BTreeSet::new();
    for entry in entries.into_iter().flatten() {
        let (Some(key), Some(_)) = (entry.key(), entry.value()) else {
            return Err(metadata_error("an entry lacks its key or its value".into()));
        };
        if !keys.insert(key) {
            return Err(metadata_error(format!("the key \"{}\" is there twice", crate::error::shown(key))));
        }
    }
    Ok(())
}

struct Walk<'a> {
    limits: &'a TableLimits,
    version: MetadataVersion,
    fields: u64,
    dictionaries: BTreeMap<i64, Dictionary>,
    dictionary_ids: Vec<i64>,
    /// Ids of the dictionaries whose value type is being looked at, outermost first.
    open_dictionaries: Vec<i64>,
}

impl Walk<'_> {
    fn field(&mut self, field: ipc::Field<'_>, column: &str, depth: u64) -> Result<(), TableError> {
        self.fields += 1;
        if self.fields > self.limits.fields {
            return Err(TableError::over(
                Check::MaxFields,
                "fields or more",
                self.fields,
                self.limits.fields,
            ));
        }
        if depth > self.limits.nesting_depth {
            let what = "levels of nested types or more";
            return Err(TableError::over(Check::MaxNestingDepth, what, depth, self.limits.nesting_depth));
        }
        check_metadata(field.custom_metadata())?;

        let dictionary = field.dictionary();
        if let Some(dictionary) = dictionary {
            let index =
                dictionary.indexType().ok_or_else(|| schema_error("a dictionary without an index type"))?;
            check_int_width(index.bitWidth())?;
            self.dictionary_ids.push(dictionary.id());
            if self.open_dictionaries.contains(&dictionary.id()) {
                let what = format!("dictionary {} holds itself", dictionary.id());
                return Err(TableError::new(Check::ArrowDictionary, what));
            }
            self.open_dictionaries.push(dictionary.id());
        }

        let children: Vec<ipc::Field<'_>> =
            field.children().map(|list| list.iter().collect()).unwrap_or_default();
        self.check_type(&field, &children)?;
        for child in children {
            self.field(child, column, depth + 1)?;
        }

        if let Some(dictionary) = dictionary {
            self.open_dictionaries.pop();
            // Sound by now, so that the conversion can't panic.
            let DataType::Dictionary(_, values) = Field::from(field).data_type().clone() else {
                return Err(schema_error("a dictionary of an unknown type"));
            };
            let known = self
                .dictionaries
                .entry(dictionary.id())
                .or_insert_with(|| Dictionary { values: *values.clone(), column: column.to_string() });
            if known.values != *values {
                let what = format!(
                    "dictionary {} is used with two types, {} and {values}",
                    dictionary.id(),
                    known.values
                );
                return Err(TableError::new(Check::ArrowDictionary, what));
            }
        }
        Ok(())
    }

    fn check_type(&self, field: &ipc::Field<'_>, children: &[ipc::Field<'_>]) -> Result<(), TableError> {
        let kind = field.type_type();
        let no_settings = || schema_error(&format!("type {kind:?} without its settings"));
        let expected_children = match kind {
            Type::Null
            | Type::Bool
            | Type::Binary
            | Type::LargeBinary
            | Type::BinaryView
            | Type::Utf8
            | Type::LargeUtf8
            | Type::Utf8View => 0,
            Type::Int => {
                check_int_width(field.type_as_int().ok_or_else(no_settings)?.bitWidth())?;
                0
            }
            Type::FloatingPoint => {
                let precision = field.type_as_floating_point().ok_or_else(no_settings)?.precision();
                allow(
                    matches!(precision, Precision::HALF | Precision::SINGLE | Precision::DOUBLE),
                    "float precision",
                )?;
                0
            }
            Type::FixedSizeBinary => {
                let width = field.type_as_fixed_size_binary().ok_or_else(no_settings)?.byteWidth();
                allow(width >= 0, "width of fixed-size binary")?;
                0
            }
            Type::Date => {
                let unit = field.type_as_date().ok_or_else(no_settings)?.unit();
                allow(matches!(unit, DateUnit::DAY | DateUnit::MILLISECOND), "date unit")?;
                0
            }
            Type::Time => {
                let time = field.type_as_time().ok_or_else(no_settings)?;
                let coarse = matches!(time.unit(), TimeUnit::SECOND | TimeUnit::MILLISECOND);
                let fine = matches!(time.unit(), TimeUnit::MICROSECOND | TimeUnit::NANOSECOND);
                allow(
                    (coarse && time.bitWidth() == 32) || (fine && time.bitWidth() == 64),
                    "unit or width of time",
                )?;
                0
            }
            Type::Timestamp => {
                let timestamp = field.type_as_timestamp().ok_or_else(no_settings)?;
                allow(is_time_unit(timestamp.unit()), "timestamp unit")?;
                let zone = timestamp.timezone().unwrap_or_default();
                allow(zone.len() <= MAX_TIMEZONE_BYTES, "length of a time zone's name")?;
                0
            }
            Type::Duration => {
                allow(
                    is_time_unit(field.type_as_duration().ok_or_else(no_settings)?.unit()),
                    "duration unit",
                )?;
                0
            }
            Type::Interval => {
                let unit = field.type_as_interval().ok_or_else(no_settings)?.unit();
                let known = [IntervalUnit::YEAR_MONTH, IntervalUnit::DAY_TIME, IntervalUnit::MONTH_DAY_NANO];
                allow(known.contains(&unit), "interval unit")?;
                0
            }
            Type::Decimal => {
                let decimal = field.type_as_decimal().ok_or_else(no_settings)?;
                let digits = match decimal.bitWidth() {
                    32 => 9,
                    64 => 18,
                    128 => 38,
                    256 => 76,
                    _ => return Err(schema_error("a decimal of an unknown width")),
                };
                allow((1..=digits).contains(&decimal.precision()), "decimal precision")?;
                allow((-digits..=digits).contains(&decimal.scale()), "decimal scale")?;
                0
            }
            Type::List | Type::LargeList | Type::ListView | Type::LargeListView => 1,
            Type::FixedSizeList => {
                allow(field.type_as_fixed_size_list().ok_or_else(no_settings)?.listSize() >= 0, "list size")?;
                1
            }
            Type::Map => {
                field.type_as_map().ok_or_else(no_settings)?;
                if let [entries] = children {
                    let pair =
                        entries.children().map(|list| list.iter().collect::<Vec<_>>()).unwrap_or_default();
                    allow(
                        entries.type_type() == Type::Struct_ && entries.dictionary().is_none(),
                        "map entries",
                    )?;
                    allow(pair.len() == 2 && !entries.nullable() && !pair[0].nullable(), "map entries")?;
                }
                1
            }
            Type::RunEndEncoded => {
                if let [run_ends, _] = children {
                    let width =
                        run_ends.type_as_int().filter(|int| int.is_signed()).map(|int| int.bitWidth());
                    allow(matches!(width, Some(16 | 32 | 64)), "type of run ends")?;
                    allow(
                        !run_ends.nullable() && run_ends.dictionary().is_none(),
                        "nullable or encoded run ends",
                    )?;
                }
                2
            }
            Type::Struct_ => children.len(),
            Type::Union => {
                let union = field.type_as_union().ok_or_else(no_settings)?;
                allow(matches!(union.mode(), UnionMode::Dense | UnionMode::Sparse), "union mode")?;
                // Before version 5 unions had a validity bitmap, which the reader would drop silently.
                allow(self.version >= MetadataVersion::V5, "union before metadata version 5")?;
                allow(children.len() <= 127, "number of a union's fields")?;
                if let Some(ids) = union.typeIds() {
                    let unique: BTreeSet<i32> = ids.iter().collect();
                    let in_range = unique.iter().all(|id| (0..=127).contains(id));
                    allow(
                        in_range && unique.len() == ids.len() && ids.len() == children.len(),
                        "union type ids",
                    )?;
                }
                children.len()
            }
            other => return Err(schema_error(&format!("type {} is not known", other.0))),
        };
        if children.len() != expected_children {
            return Err(schema_error(&format!(
                "type {kind:?} with {} child fields instead of {expected_children}",
                children.len()
            )));
        }
        Ok(())
    }
}

fn schema_error(what: &str) -> TableError {
    TableError::new(Check::ArrowSchema, what)
}

fn allow(good: bool, what: &str) -> Result<(), TableError> {
    if good { Ok(()) } else { Err(schema_error(&format!("impossible {what}"))) }
}

fn check_int_width(width: i32) -> Result<(), TableError> {
    allow(matches!(width, 8 | 16 | 32 | 64), "integer width")
}

fn is_time_unit(unit: TimeUnit) -> bool {
    matches!(unit, TimeUnit::SECOND | TimeUnit::MILLISECOND | TimeUnit::MICROSECOND | TimeUnit::NANOSECOND)
}
