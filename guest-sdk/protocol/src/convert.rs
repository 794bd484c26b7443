//! Between the plain types of this crate and the generated ones, whose fields are all optional.
//!
//! Thrift lets any field be absent; which ones may be is decided here.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;
use thrift::OrderedFloat;
use thrift::protocol::{TBinaryOutputProtocol, TSerializable};

use crate::decode::{self, Caps, DecodeError};
use crate::message::{
    FetchError, FetchRequest, FetchResult, I18nArgument, I18nMessage, JsonMap, KeyPart, MigrateParamsRequest,
    MigrateParamsResult, QuickFix, QuickFixAction, RenderError, RenderRequest, RenderResult, Source,
    TabOutput, UploadedFile, ValidateModuleResult,
};
use crate::report::signed;
use crate::wire::step as wire;

/// A message that can't be put into Thrift.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A JSON number is no 64-bit signed integer and no float either.
    #[error("the number {0} does not fit into 64 bits; send it as a text or a float")]
    Number(serde_json::Number),
    /// An argument is not finite.
    #[error("the argument {0} is not a finite number")]
    NotFinite(f64),
    /// The encoder refused, as for a text of over 2 GiB.
    #[error("the message can't be encoded")]
    Thrift(#[from] thrift::Error),
}

/// A type that travels between host and step as one Thrift struct, binary protocol, unframed.
pub trait Message: Sized {
    /// The bytes of the message.
    ///
    /// # Errors
    /// [`EncodeError`] if a number in it has no form on the wire.
    fn encode(&self) -> Result<Vec<u8>, EncodeError>;

    /// Reads the message from all of `bytes`, which may be anything.
    ///
    /// # Errors
    /// [`DecodeError`] if they are not exactly one message of this type, or ask for more than `caps` allow.
    fn decode(bytes: &[u8], caps: &Caps) -> Result<Self, DecodeError>;
}

/// Writes one generated struct.
pub(crate) fn write<T: TSerializable>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::new();
    value.write_to_out_protocol(&mut TBinaryOutputProtocol::new(&mut bytes, true))?;
    Ok(bytes)
}

fn missing(field: &str) -> DecodeError {
    DecodeError::Invalid(format!("`{field}` is not set"))
}

fn need<T>(value: Option<T>, field: &str) -> Result<T, DecodeError> {
    value.ok_or_else(|| missing(field))
}

fn rows_from_wire(start: Option<i64>, end: Option<i64>) -> Result<Option<Range<u64>>, DecodeError> {
    if start.is_none() && end.is_none() {
        return Ok(None);
    }
    let (start, end) = (need(start, "input_row_start")?, need(end, "input_row_end")?);
    let rows = u64::try_from(start).ok().zip(u64::try_from(end).ok()).filter(|(start, end)| start <= end);
    let (start, end) =
        rows.ok_or_else(|| DecodeError::Invalid(format!("there are no rows from {start} to {end}")))?;
    Ok(Some(start..end))
}

/// A half of the way between a plain type and its generated twin.
trait Twin: Sized {
    type Wire;
    fn to_wire(&self) -> Result<Self::Wire, EncodeError>;
    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError>;
}

fn list_to_wire<T: Twin>(items: &[T]) -> Result<Vec<T::Wire>, EncodeError> {
    items.iter().map(T::to_wire).collect()
}

fn list_from_wire<T: Twin>(items: Option<Vec<T::Wire>>) -> Result<Vec<T>, DecodeError> {
    items.unwrap_or_default().into_iter().map(T::from_wire).collect()
}

fn map_to_wire<T: Twin>(items: &BTreeMap<String, T>) -> Result<BTreeMap<String, T::Wire>, EncodeError> {
    items.iter().map(|(key, item)| Ok((key.clone(), item.to_wire()?))).collect()
}

fn map_from_wire<T: Twin>(
    items: Option<BTreeMap<String, T::Wire>>,
) -> Result<BTreeMap<String, T>, DecodeError> {
    items.unwrap_or_default().into_iter().map(|(key, item)| Ok((key, T::from_wire(item)?))).collect()
}

const JSON_NULL: wire::Json = wire::Json {
    string_value: None,
    int64_value: None,
    number_value: None,
    boolean_value: None,
    array_value: None,
    object_value: None,
};

fn json_to_wire(value: &Value) -> Result<wire::Json, EncodeError> {
    let mut wire = JSON_NULL;
    match value {
        Value::Null => {}
        Value::Bool(boolean) => wire.boolean_value = Some(*boolean),
        Value::String(text) => wire.string_value = Some(text.clone()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => wire.int64_value = Some(integer),
            (None, Some(float)) if number.is_f64() => wire.number_value = Some(OrderedFloat(float)),
            _ => return Err(EncodeError::Number(number.clone())),
        },
        Value::Array(items) => {
            let items = items.iter().map(|item| json_to_wire(item).map(Box::new));
            wire.array_value = Some(items.collect::<Result<_, _>>()?);
        }
        Value::Object(map) => wire.object_value = Some(to_wire_map(map)?),
    }
    Ok(wire)
}

/// A JSON value; with several members set the lowest field id wins, with none it is null.
fn json_from_wire(wire: wire::Json) -> Value {
    if let Some(text) = wire.string_value {
        Value::String(text)
    } else if let Some(integer) = wire.int64_value {
        Value::from(integer)
    } else if let Some(float) = wire.number_value {
        // The reader has refused what is not finite.
        Value::from(float.into_inner())
    } else if let Some(boolean) = wire.boolean_value {
        Value::Bool(boolean)
    } else if let Some(items) = wire.array_value {
        items.into_iter().map(|item| json_from_wire(*item)).collect()
    } else if let Some(map) = wire.object_value {
        Value::Object(from_wire_map(map))
    } else {
        Value::Null
    }
}

pub(crate) fn to_wire_map(map: &JsonMap) -> Result<BTreeMap<String, Box<wire::Json>>, EncodeError> {
    map.iter().map(|(key, value)| Ok((key.clone(), Box::new(json_to_wire(value)?)))).collect()
}

pub(crate) fn from_wire_map(map: BTreeMap<String, Box<wire::Json>>) -> JsonMap {
    map.into_iter().map(|(key, value)| (key, json_from_wire(*value))).collect()
}

/// The same for fields whose type the generator does not box.
fn to_plain_map(map: &JsonMap) -> Result<BTreeMap<String, wire::Json>, EncodeError> {
    map.iter().map(|(key, value)| Ok((key.clone(), json_to_wire(value)?))).collect()
}

fn from_plain_map(map: BTreeMap<String, wire::Json>) -> JsonMap {
    map.into_iter().map(|(key, value)| (key, json_from_wire(value))).collect()
}

impl Twin for I18nArgument {
    type Wire = wire::I18nArgument;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        let mut wire = wire::I18nArgument { string_value: None, i32_value: None, double_value: None };
        match self {
            I18nArgument::String(text) => wire.string_value = Some(text.clone()),
            I18nArgument::I32(number) => wire.i32_value = Some(*number),
            I18nArgument::Double(number) if number.is_finite() => {
                wire.double_value = Some(OrderedFloat(*number))
            }
            I18nArgument::Double(number) => return Err(EncodeError::NotFinite(*number)),
        }
        Ok(wire)
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        let text = wire.string_value.map(I18nArgument::String);
        let whole = wire.i32_value.map(I18nArgument::I32);
        let double = wire.double_value.map(|number| I18nArgument::Double(number.into_inner()));
        need(text.or(whole).or(double), "an argument")
    }
}

impl Twin for I18nMessage {
    type Wire = wire::I18nMessage;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        Ok(wire::I18nMessage {
            id: Some(self.id.clone()),
            arguments: Some(map_to_wire(&self.arguments)?),
            source: self.source.map(|source| source.as_str().to_owned()),
        })
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        let source = match wire.source {
            None => None,
            Some(word) => Some(Source::from_word(&word).ok_or_else(|| {
                DecodeError::Invalid(format!(
                    "`source` is {word:?}; it may be unset, \"module\", \"cjwmodule\" or \"cjwparse\""
                ))
            })?),
        };
        Ok(I18nMessage { id: need(wire.id, "id")?, arguments: map_from_wire(wire.arguments)?, source })
    }
}

impl Twin for QuickFix {
    type Wire = wire::QuickFix;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        let QuickFixAction::PrependStep { module_slug, partial_params } = &self.action;
        Ok(wire::QuickFix {
            button_text: Some(self.button_text.to_wire()?),
            action: Some(wire::QuickFixAction {
                prepend_step: Some(wire::PrependStepQuickFixAction {
                    module_slug: Some(module_slug.clone()),
                    partial_params: Some(to_plain_map(partial_params)?),
                }),
            }),
        })
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        let step = need(need(wire.action, "action")?.prepend_step, "prepend_step")?;
        Ok(QuickFix {
            button_text: I18nMessage::from_wire(need(wire.button_text, "button_text")?)?,
            action: QuickFixAction::PrependStep {
                module_slug: need(step.module_slug, "module_slug")?,
                partial_params: from_plain_map(step.partial_params.unwrap_or_default()),
            },
        })
    }
}

impl Twin for RenderError {
    type Wire = wire::RenderError;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        Ok(wire::RenderError {
            message: Some(self.message.to_wire()?),
            quick_fixes: Some(list_to_wire(&self.quick_fixes)?),
        })
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        Ok(RenderError {
            message: I18nMessage::from_wire(need(wire.message, "message")?)?,
            quick_fixes: list_from_wire(wire.quick_fixes)?,
        })
    }
}

impl Twin for FetchError {
    type Wire = wire::FetchError;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        Ok(wire::FetchError { message: Some(self.message.to_wire()?) })
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        Ok(FetchError { message: I18nMessage::from_wire(need(wire.message, "message")?)? })
    }
}

impl Twin for FetchResult {
    type Wire = wire::FetchResult;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        Ok(wire::FetchResult {
            filename: Some(self.filename.clone()),
            errors: Some(list_to_wire(&self.errors)?),
        })
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        Ok(FetchResult { filename: need(wire.filename, "filename")?, errors: list_from_wire(wire.errors)? })
    }
}

impl Twin for TabOutput {
    type Wire = wire::TabOutput;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        Ok(wire::TabOutput {
            tab_name: Some(self.tab_name.clone()),
            table_filename: Some(self.table_filename.clone()),
        })
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        Ok(TabOutput {
            tab_name: need(wire.tab_name, "tab_name")?,
            table_filename: need(wire.table_filename, "table_filename")?,
        })
    }
}

impl Twin for UploadedFile {
    type Wire = wire::UploadedFile;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        Ok(wire::UploadedFile {
            name: Some(self.name.clone()),
            filename: Some(self.filename.clone()),
            uploaded_at_timestampus: Some(self.uploaded_at_timestampus),
        })
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        Ok(UploadedFile {
            name: need(wire.name, "name")?,
            filename: need(wire.filename, "filename")?,
            uploaded_at_timestampus: wire.uploaded_at_timestampus.unwrap_or(0),
        })
    }
}

impl Twin for KeyPart {
    type Wire = wire::KeyPart;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        Ok(wire::KeyPart {
            number: Some(i32::try_from(self.number).unwrap_or(i32::MAX)),
            count: Some(i32::try_from(self.count).unwrap_or(i32::MAX)),
            order_filename: Some(self.order_filename.clone()),
        })
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        let (number, count) = (need(wire.number, "number")?, need(wire.count, "count")?);
        let order_filename = need(wire.order_filename, "order_filename")?;
        match (u32::try_from(number), u32::try_from(count)) {
            (Ok(number), Ok(count)) if number < count => Ok(KeyPart { number, count, order_filename }),
            _ => Err(DecodeError::Invalid(format!("`key_part` is part {number} of {count}"))),
        }
    }
}

impl Twin for RenderRequest {
    type Wire = wire::RenderRequest;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        Ok(wire::RenderRequest {
            basedir: Some(self.basedir.clone()),
            input_filename: Some(self.input_filename.clone()),
            params: Some(to_plain_map(&self.params)?),
            tab_name: Some(self.tab_name.clone()),
            fetch_result: self.fetch_result.as_ref().map(FetchResult::to_wire).transpose()?,
            output_filename: Some(self.output_filename.clone()),
            tab_outputs: Some(map_to_wire(&self.tab_outputs)?),
            uploaded_files: Some(map_to_wire(&self.uploaded_files)?),
            input_row_start: self.input_rows.as_ref().map(|rows| signed(rows.start)),
            input_row_end: self.input_rows.as_ref().map(|rows| signed(rows.end)),
            key_part: self.key_part.as_ref().map(KeyPart::to_wire).transpose()?,
        })
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        Ok(RenderRequest {
            basedir: need(wire.basedir, "basedir")?,
            input_filename: wire.input_filename.unwrap_or_default(),
            params: from_plain_map(need(wire.params, "params")?),
            tab_name: wire.tab_name.unwrap_or_default(),
            fetch_result: wire.fetch_result.map(FetchResult::from_wire).transpose()?,
            output_filename: need(wire.output_filename, "output_filename")?,
            tab_outputs: map_from_wire(wire.tab_outputs)?,
            uploaded_files: map_from_wire(wire.uploaded_files)?,
            input_rows: rows_from_wire(wire.input_row_start, wire.input_row_end)?,
            key_part: wire.key_part.map(KeyPart::from_wire).transpose()?,
        })
    }
}

impl Twin for RenderResult {
    type Wire = wire::RenderResult;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        Ok(wire::RenderResult {
            errors: Some(list_to_wire(&self.errors)?),
            json: Some(to_plain_map(&self.json)?),
        })
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        let errors = need(wire.errors, "errors")?;
        Ok(RenderResult {
            errors: list_from_wire(Some(errors))?,
            json: from_plain_map(need(wire.json, "json")?),
        })
    }
}

impl Twin for FetchRequest {
    type Wire = wire::FetchRequest;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        Ok(wire::FetchRequest {
            basedir: Some(self.basedir.clone()),
            params: Some(to_plain_map(&self.params)?),
            secrets: Some(to_plain_map(&self.secrets)?),
            last_fetch_result: self.last_fetch_result.as_ref().map(FetchResult::to_wire).transpose()?,
            input_table_parquet_filename: self.input_table_parquet_filename.clone(),
            output_filename: Some(self.output_filename.clone()),
            uploaded_files: Some(map_to_wire(&self.uploaded_files)?),
        })
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        Ok(FetchRequest {
            basedir: need(wire.basedir, "basedir")?,
            params: from_plain_map(need(wire.params, "params")?),
            secrets: from_plain_map(wire.secrets.unwrap_or_default()),
            last_fetch_result: wire.last_fetch_result.map(FetchResult::from_wire).transpose()?,
            input_table_parquet_filename: wire.input_table_parquet_filename,
            output_filename: need(wire.output_filename, "output_filename")?,
            uploaded_files: map_from_wire(wire.uploaded_files)?,
        })
    }
}

impl Twin for MigrateParamsRequest {
    type Wire = wire::MigrateParamsRequest;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        Ok(wire::MigrateParamsRequest { params: Some(to_plain_map(&self.params)?) })
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        Ok(MigrateParamsRequest { params: from_plain_map(need(wire.params, "params")?) })
    }
}

impl Twin for MigrateParamsResult {
    type Wire = wire::MigrateParamsResult;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        Ok(wire::MigrateParamsResult { params: Some(to_plain_map(&self.params)?) })
    }

    fn from_wire(wire: Self::Wire) -> Result<Self, DecodeError> {
        Ok(MigrateParamsResult { params: from_plain_map(need(wire.params, "params")?) })
    }
}

impl Twin for ValidateModuleResult {
    type Wire = wire::ValidateModuleResult;

    fn to_wire(&self) -> Result<Self::Wire, EncodeError> {
        Ok(wire::ValidateModuleResult {})
    }

    fn from_wire(_: Self::Wire) -> Result<Self, DecodeError> {
        Ok(ValidateModuleResult {})
    }
}

macro_rules! messages {
    ($($name:ident)*) => {$(
        impl Message for $name {
            fn encode(&self) -> Result<Vec<u8>, EncodeError> {
                write(&self.to_wire()?)
            }

            fn decode(bytes: &[u8], caps: &Caps) -> Result<Self, DecodeError> {
                $name::from_wire(decode::read(bytes, caps)?)
            }
        }
    )*};
}

messages! {
    FetchRequest FetchResult MigrateParamsRequest MigrateParamsResult RenderRequest RenderResult
    ValidateModuleResult
}
