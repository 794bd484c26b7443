//! The only decoder of untrusted bytes: a Thrift protocol that checks everything it hands on.
//!
//! The generated readers trust the wire: they read a field as the type they expect, whatever the wire says
//! it is, and make room for as many elements as it promises. This protocol stands between them and the
//! bytes. It compares every value's type with the one announced, caps bytes, texts, elements and depth, and
//! refuses numbers that are not finite. What it refuses is an error; nothing here panics.

use thrift::protocol::{
    TBinaryInputProtocol, TFieldIdentifier, TInputProtocol, TListIdentifier, TMapIdentifier,
    TMessageIdentifier, TSerializable, TSetIdentifier, TStructIdentifier, TType,
};
use thrift::{ProtocolError, ProtocolErrorKind, TConfiguration};

/// How much a message may ask of its reader.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caps {
    /// Bytes of the whole message. Default 2 MiB: what the kernel reads of a step's standard output.
    pub message_bytes: usize,
    /// Bytes of one text. Default 1 MiB.
    pub string_bytes: usize,
    /// Elements of all lists, sets and maps together, so that no nesting of short promises adds up to a long
    /// one. Default 262,144: more than fit into 2 MiB as numbers.
    pub elements: usize,
    /// How deep structs, lists and maps may nest. A level of JSON takes two. Default 200.
    pub depth: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Caps { message_bytes: 2 << 20, string_bytes: 1 << 20, elements: 1 << 18, depth: 200 }
    }
}

impl Caps {
    /// The same caps for messages of up to `bytes` bytes; texts may then be as long.
    #[must_use]
    pub fn with_message_bytes(mut self, bytes: usize) -> Self {
        self.message_bytes = bytes;
        self.string_bytes = bytes;
        self
    }

    /// The same caps for `elements` elements in all.
    #[must_use]
    pub fn with_elements(mut self, elements: usize) -> Self {
        self.elements = elements;
        self
    }
}

/// Why bytes are not the message they should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The message is longer than its cap.
    #[error("the message is {bytes} bytes long, more than the {limit} that are allowed")]
    TooLong {
        /// Bytes seen.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The bytes are not Thrift, or not the struct that was expected.
    #[error("at byte {at}: {reason}")]
    Malformed {
        /// Offset of the byte behind the last one read.
        at: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The struct ended, but bytes follow.
    #[error("{extra} bytes follow the message, which ends at byte {at}")]
    Trailing {
        /// Offset of the first byte that is too many.
        at: usize,
        /// How many there are.
        extra: usize,
    },
    /// The bytes are fine, what they say isn't.
    #[error("{0}")]
    Invalid(String),
}

/// Reads one generated struct from all of `bytes`.
pub(crate) fn read<T: TSerializable>(bytes: &[u8], caps: &Caps) -> Result<T, DecodeError> {
    if bytes.len() > caps.message_bytes {
        return Err(DecodeError::TooLong { bytes: bytes.len(), limit: caps.message_bytes });
    }
    let mut input = CheckedInput::new(bytes, caps);
    let value = T::read_from_in_protocol(&mut input).map_err(|error| DecodeError::Malformed {
        at: bytes.len() - input.remaining(),
        reason: reason(error),
    })?;
    match input.remaining() {
        0 => Ok(value),
        extra => Err(DecodeError::Trailing { at: bytes.len() - extra, extra }),
    }
}

fn reason(error: thrift::Error) -> String {
    match error {
        thrift::Error::Transport(_) => "the message is cut short".to_owned(),
        thrift::Error::Protocol(error) => error.message,
        other => other.to_string(),
    }
}

fn refuse(kind: ProtocolErrorKind, message: impl Into<String>) -> thrift::Error {
    thrift::Error::Protocol(ProtocolError::new(kind, message))
}

/// What the reader is inside of, and so which type of value must come next.
enum Frame {
    Struct { field: TType },
    List { element: TType },
    Map { key: TType, value: TType, at_key: bool },
}

struct CheckedInput<'a> {
    inner: TBinaryInputProtocol<&'a [u8]>,
    frames: Vec<Frame>,
    elements_left: usize,
    depth: usize,
}

impl<'a> CheckedInput<'a> {
    fn new(bytes: &'a [u8], caps: &Caps) -> Self {
        let config = TConfiguration::builder()
            .max_message_size(None)
            .max_frame_size(None)
            .max_recursion_depth(Some(caps.depth))
            .max_container_size(Some(caps.elements.min(i32::MAX as usize)))
            .max_string_size(Some(caps.string_bytes.min(bytes.len())))
            .build()
            .unwrap_or_else(|_| TConfiguration::default());
        CheckedInput {
            inner: TBinaryInputProtocol::with_config(bytes, true, config),
            frames: Vec::new(),
            elements_left: caps.elements,
            depth: caps.depth,
        }
    }

    fn remaining(&self) -> usize {
        self.inner.transport.len()
    }

    /// Refuses a value whose type is not the one that the wire announced for it.
    fn expect(&mut self, wanted: TType) -> thrift::Result<()> {
        let announced = match self.frames.last_mut() {
            None => return Ok(()),
            Some(Frame::Struct { field }) => *field,
            Some(Frame::List { element }) => *element,
            Some(Frame::Map { key, value, at_key }) => {
                *at_key = !*at_key;
                if *at_key { *value } else { *key }
            }
        };
        if announced == wanted {
            return Ok(());
        }
        Err(refuse(ProtocolErrorKind::InvalidData, format!("{wanted} is wanted here, not {announced}")))
    }

    fn enter(&mut self, frame: Frame) -> thrift::Result<()> {
        if self.frames.len() >= self.depth {
            return Err(refuse(
                ProtocolErrorKind::DepthLimit,
                format!("values nest deeper than {} levels", self.depth),
            ));
        }
        self.frames.push(frame);
        Ok(())
    }

    fn leave(&mut self) {
        self.frames.pop();
    }

    /// Charges a container's elements, each of which takes a byte or more, before room is made for them.
    fn charge(&mut self, size: i32) -> thrift::Result<()> {
        let size = usize::try_from(size).map_err(|_| {
            refuse(ProtocolErrorKind::NegativeSize, format!("a container of {size} elements"))
        })?;
        if size > self.remaining() {
            return Err(refuse(
                ProtocolErrorKind::SizeLimit,
                format!("a container of {size} elements in the last {} bytes", self.remaining()),
            ));
        }
        self.elements_left = self
            .elements_left
            .checked_sub(size)
            .ok_or_else(|| refuse(ProtocolErrorKind::SizeLimit, "more elements than are allowed"))?;
        Ok(())
    }
}

impl TInputProtocol for CheckedInput<'_> {
    fn read_message_begin(&mut self) -> thrift::Result<TMessageIdentifier> {
        Err(refuse(ProtocolErrorKind::NotImplemented, "messages are not framed"))
    }

    fn read_message_end(&mut self) -> thrift::Result<()> {
        Err(refuse(ProtocolErrorKind::NotImplemented, "messages are not framed"))
    }

    fn read_struct_begin(&mut self) -> thrift::Result<Option<TStructIdentifier>> {
        self.expect(TType::Struct)?;
        self.enter(Frame::Struct { field: TType::Stop })?;
        self.inner.read_struct_begin()
    }

    fn read_struct_end(&mut self) -> thrift::Result<()> {
        self.leave();
        self.inner.read_struct_end()
    }

    fn read_field_begin(&mut self) -> thrift::Result<TFieldIdentifier> {
        let identifier = self.inner.read_field_begin()?;
        if let Some(Frame::Struct { field }) = self.frames.last_mut() {
            *field = identifier.field_type;
        }
        Ok(identifier)
    }

    fn read_field_end(&mut self) -> thrift::Result<()> {
        self.inner.read_field_end()
    }

    fn read_bool(&mut self) -> thrift::Result<bool> {
        self.expect(TType::Bool)?;
        self.inner.read_bool()
    }

    fn read_bytes(&mut self) -> thrift::Result<Vec<u8>> {
        self.expect(TType::String)?;
        self.inner.read_bytes()
    }

    fn read_i8(&mut self) -> thrift::Result<i8> {
        self.expect(TType::I08)?;
        self.inner.read_i8()
    }

    fn read_i16(&mut self) -> thrift::Result<i16> {
        self.expect(TType::I16)?;
        self.inner.read_i16()
    }

    fn read_i32(&mut self) -> thrift::Result<i32> {
        self.expect(TType::I32)?;
        self.inner.read_i32()
    }

    fn read_i64(&mut self) -> thrift::Result<i64> {
        self.expect(TType::I64)?;
        self.inner.read_i64()
    }

    fn read_double(&mut self) -> thrift::Result<f64> {
        self.expect(TType::Double)?;
        let value = self.inner.read_double()?;
        if value.is_finite() {
            Ok(value)
        } else {
            Err(refuse(ProtocolErrorKind::InvalidData, format!("the number {value} is not finite")))
        }
    }

    fn read_uuid(&mut self) -> thrift::Result<uuid::Uuid> {
        self.expect(TType::Uuid)?;
        self.inner.read_uuid()
    }

    fn read_string(&mut self) -> thrift::Result<String> {
        self.expect(TType::String)?;
        self.inner.read_string()
    }

    fn read_list_begin(&mut self) -> thrift::Result<TListIdentifier> {
        self.expect(TType::List)?;
        let identifier = self.inner.read_list_begin()?;
        self.charge(identifier.size)?;
        self.enter(Frame::List { element: identifier.element_type })?;
        Ok(identifier)
    }

    fn read_list_end(&mut self) -> thrift::Result<()> {
        self.leave();
        self.inner.read_list_end()
    }

    fn read_set_begin(&mut self) -> thrift::Result<TSetIdentifier> {
        self.expect(TType::Set)?;
        let identifier = self.inner.read_set_begin()?;
        self.charge(identifier.size)?;
        self.enter(Frame::List { element: identifier.element_type })?;
        Ok(identifier)
    }

    fn read_set_end(&mut self) -> thrift::Result<()> {
        self.leave();
        self.inner.read_set_end()
    }

    fn read_map_begin(&mut self) -> thrift::Result<TMapIdentifier> {
        self.expect(TType::Map)?;
        let identifier = self.inner.read_map_begin()?;
        self.charge(identifier.size)?;
        // A map that announces no types (it is empty, then) has none to compare with.
        let key = identifier.key_type.unwrap_or(TType::Stop);
        let value = identifier.value_type.unwrap_or(TType::Stop);
        self.enter(Frame::Map { key, value, at_key: true })?;
        Ok(identifier)
    }

    fn read_map_end(&mut self) -> thrift::Result<()> {
        self.leave();
        self.inner.read_map_end()
    }

    fn skip_binary(&mut self) -> thrift::Result<()> {
        self.expect(TType::String)?;
        self.inner.skip_binary()
    }

    fn read_byte(&mut self) -> thrift::Result<u8> {
        self.inner.read_byte()
    }

    fn min_serialized_size(&self, field_type: TType) -> usize {
        self.inner.min_serialized_size(field_type)
    }
}
