//! Every malformed message there is a name for, and what the decoder says of it.

use crunchbox_protocol::{Caps, DecodeError, KeyPart, Message, RenderRequest, RenderResult};

const BOOL: u8 = 2;
const DOUBLE: u8 = 4;
const I32: u8 = 8;
const I64: u8 = 10;
const STRING: u8 = 11;
const STRUCT: u8 = 12;
const MAP: u8 = 13;
const LIST: u8 = 15;
const STOP: u8 = 0;

/// Bytes of a message, put together by hand.
#[derive(Clone, Default)]
struct Raw(Vec<u8>);

impl Raw {
    fn new() -> Self {
        Raw::default()
    }

    fn field(mut self, kind: u8, id: i16) -> Self {
        self.0.push(kind);
        self.0.extend(id.to_be_bytes());
        self
    }

    fn i32(mut self, value: i32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    fn string(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let mut raw = self.i32(bytes.len() as i32);
        raw.0.extend(bytes);
        raw
    }

    fn list(mut self, kind: u8, size: i32) -> Self {
        self.0.push(kind);
        self.i32(size)
    }

    fn map(mut self, key: u8, value: u8, size: i32) -> Self {
        self.0.extend([key, value]);
        self.i32(size)
    }

    fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    fn raw(mut self, other: &Raw) -> Self {
        self.0.extend(&other.0);
        self
    }

    fn stop(self) -> Self {
        self.byte(STOP)
    }
}

/// A result without errors whose JSON has one member, `x`.
fn with_json(value: &Raw) -> Raw {
    Raw::new()
        .field(LIST, 1)
        .list(STRUCT, 0)
        .field(MAP, 2)
        .map(STRING, STRUCT, 1)
        .string("x")
        .raw(value)
        .stop()
}

/// A result with this one error.
fn with_error(error: &Raw) -> Raw {
    Raw::new().field(LIST, 1).list(STRUCT, 1).raw(error).field(MAP, 2).map(STRING, STRUCT, 0).stop()
}

/// An error with this message.
fn with_message(message: &Raw) -> Raw {
    with_error(&Raw::new().field(STRUCT, 1).raw(message).stop())
}

fn good() -> Raw {
    with_message(&Raw::new().field(STRING, 1).string("an.id").stop())
}

fn decode(raw: &Raw) -> Result<RenderResult, DecodeError> {
    RenderResult::decode(&raw.0, &Caps::default())
}

#[track_caller]
fn refused(raw: &Raw, why: &str) {
    let error = decode(raw).expect_err("it was taken").to_string();
    assert!(error.contains(why), "refused, but as: {error}");
}

#[test]
fn a_good_message_is_taken() {
    assert_eq!(decode(&good()).unwrap().errors[0].message.id, "an.id");
}

#[test]
fn every_truncation_is_refused() {
    let whole = good();
    for length in 0..whole.0.len() {
        let error = decode(&Raw(whole.0[..length].to_vec())).unwrap_err().to_string();
        assert!(error.contains("cut short") || error.contains("in the last"), "refused, but as: {error}");
    }
}

#[test]
fn a_byte_behind_the_end_is_refused() {
    refused(&good().byte(0), "1 bytes follow");
    refused(&good().raw(&good()), "bytes follow");
}

#[test]
fn text_and_noise_are_refused() {
    decode(&Raw(b"Hello, world!\n".to_vec())).unwrap_err();
    decode(&Raw(vec![0xff; 64])).unwrap_err();
    decode(&Raw::new()).unwrap_err();
}

#[test]
fn lengths_that_lie_are_refused_without_room_being_made() {
    let message = |length| Raw::new().field(STRING, 1).i32(length);
    refused(&with_message(&message(-1)), "Negative");
    refused(&with_message(&message(i32::MAX)), "exceeds");
    let list = |size| Raw::new().field(LIST, 1).list(STRUCT, size);
    refused(&list(-1), "Negative");
    refused(&list(i32::MAX), "exceeds");
    refused(&list(200_000), "in the last 0 bytes");
    let map = |size| Raw::new().field(MAP, 2).map(STRING, STRUCT, size);
    refused(&map(-5), "Negative");
    refused(&map(i32::MAX), "exceeds");
    refused(&map(1000), "in the last 0 bytes");
}

#[test]
fn many_short_promises_are_one_long_one() {
    // Each list in a list is short of the cap, all together are not.
    let caps = Caps::default().with_elements(100);
    let inner = Raw::new().field(LIST, 5).list(STRUCT, 60).raw(&Raw(vec![STOP; 60])).stop();
    let outer = Raw::new().field(LIST, 5).list(STRUCT, 2).raw(&inner).raw(&inner).stop();
    let error = RenderResult::decode(&with_json(&outer).0, &caps).unwrap_err().to_string();
    assert!(error.contains("more elements"), "{error}");
}

#[test]
fn invalid_utf8_is_refused() {
    refused(&with_message(&Raw::new().field(STRING, 1).bytes(b"\xc3\x28").stop()), "utf-8");
}

#[test]
fn json_that_nests_5000_deep_is_refused_on_a_small_stack() {
    let mut value = Raw::new().stop();
    for _ in 0..5000 {
        value = Raw::new().field(LIST, 5).list(STRUCT, 1).raw(&value).stop();
    }
    let raw = with_json(&value);
    let thread = std::thread::Builder::new().stack_size(256 << 10);
    thread.spawn(move || refused(&raw, "nest deeper")).unwrap().join().unwrap();
}

#[test]
fn unknown_fields_are_skipped_however_deep_and_no_deeper() {
    let unknown = |depth: usize| {
        let mut value = Raw::new().stop();
        for _ in 0..depth {
            value = Raw::new().field(STRUCT, 7).raw(&value).stop();
        }
        Raw::new().field(STRUCT, 99).raw(&value).raw(&good())
    };
    decode(&unknown(20)).unwrap();
    decode(&unknown(5000)).unwrap_err();
    decode(&Raw::new().field(BOOL, 42).byte(1).raw(&good())).unwrap();
    decode(&Raw::new().field(STRING, 42).bytes(b"\xff\xff").raw(&good())).unwrap();
}

#[test]
fn unset_required_parts_are_refused() {
    refused(&Raw::new().stop(), "`errors` is not set");
    refused(&Raw::new().field(LIST, 1).list(STRUCT, 0).stop(), "`json` is not set");
    refused(&with_error(&Raw::new().stop()), "`message` is not set");
    refused(&with_message(&Raw::new().stop()), "`id` is not set");
}

#[test]
fn a_wrong_wire_type_is_refused() {
    refused(&Raw::new().field(I32, 1).i32(5).stop(), "list is wanted here, not i32");
    refused(&with_message(&Raw::new().field(I64, 1).i32(0).i32(4).stop()), "string is wanted here, not i64");
    // A list that announces numbers where structs belong.
    refused(&Raw::new().field(LIST, 1).list(I32, 1).i32(0), "struct is wanted here, not i32");
    refused(&Raw::new().field(MAP, 2).map(I32, STRUCT, 1).i32(0).stop(), "string is wanted here, not i32");
}

#[test]
fn only_known_sources_are_taken() {
    let sourced = |word: &str| {
        with_message(&Raw::new().field(STRING, 1).string("id").field(STRING, 3).string(word).stop())
    };
    for word in ["module", "cjwmodule", "cjwparse"] {
        decode(&sourced(word)).unwrap();
    }
    for word in ["evil", "random", "", "Module"] {
        refused(&sourced(word), "`source`");
    }
}

#[test]
fn unions_need_a_member() {
    let argument = |argument: &Raw| {
        let map = Raw::new().field(MAP, 2).map(STRING, STRUCT, 1).string("n").raw(argument);
        with_message(&Raw::new().field(STRING, 1).string("id").raw(&map).stop())
    };
    decode(&argument(&Raw::new().field(I32, 2).i32(3).stop())).unwrap();
    refused(&argument(&Raw::new().stop()), "`an argument` is not set");
    let unknown = Raw::new().field(I32, 9).i32(3).stop();
    refused(&argument(&unknown), "`an argument` is not set");
    let text = Raw::new().field(STRING, 1).string("b").stop();
    let fix = |action: &Raw| {
        let fix = Raw::new().field(STRUCT, 1).raw(&text).field(STRUCT, 2).raw(action).stop();
        with_error(&Raw::new().field(STRUCT, 1).raw(&text).field(LIST, 2).list(STRUCT, 1).raw(&fix).stop())
    };
    refused(&fix(&Raw::new().stop()), "`prepend_step` is not set");
    refused(&fix(&unknown), "`prepend_step` is not set");
    let step = Raw::new().field(STRING, 1).string("a-step").stop();
    decode(&fix(&Raw::new().field(STRUCT, 1).raw(&step).stop())).unwrap();
    refused(&fix(&Raw::new().field(STRUCT, 1).stop().stop()), "`module_slug` is not set");
}

#[test]
fn json_is_read_as_the_contract_says() {
    let value = |raw: &Raw| decode(&with_json(raw)).unwrap().json["x"].clone();
    assert!(value(&Raw::new().stop()).is_null());
    let both = Raw::new().field(BOOL, 4).byte(1).field(STRING, 1).string("first").stop();
    assert_eq!(value(&both), "first", "the lowest id wins");
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut raw = Raw::new().field(DOUBLE, 3);
        raw.0.extend(bad.to_be_bytes());
        refused(&with_json(&raw.stop()), "not finite");
    }
}

#[test]
fn a_message_over_the_cap_is_refused_unread() {
    let caps = Caps::default().with_message_bytes(10);
    assert!(matches!(RenderResult::decode(&good().0, &caps), Err(DecodeError::TooLong { limit: 10, .. })));
}

#[test]
fn rows_of_an_input_are_a_range_or_none() {
    let with_rows = |start: Option<i64>, end: Option<i64>| {
        let mut bytes = RenderRequest { input_rows: None, ..RenderRequest::default() }.encode().unwrap();
        bytes.pop();
        for (id, row) in [(9u8, start), (10, end)] {
            row.into_iter().for_each(|row| {
                bytes.extend([I64, 0, id]);
                bytes.extend(row.to_be_bytes());
            });
        }
        bytes.push(STOP);
        RenderRequest::decode(&bytes, &Caps::default())
    };
    assert_eq!(with_rows(None, None).unwrap().input_rows, None);
    assert_eq!(with_rows(Some(3), Some(3)).unwrap().input_rows, Some(3..3));
    for (start, end, what) in [
        (Some(1), None, "`input_row_end` is not set"),
        (None, Some(1), "`input_row_start` is not set"),
        (Some(-1), Some(1), "from -1 to 1"),
        (Some(2), Some(1), "from 2 to 1"),
    ] {
        let error = with_rows(start, end).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn a_part_by_key_is_one_of_those_there_are() {
    let with_part = |number: i32, count: i32| {
        let part = KeyPart { number: 7, count: 9, order_filename: "order".to_owned() };
        let mut bytes = RenderRequest { key_part: Some(part), ..RenderRequest::default() }.encode().unwrap();
        for (id, from, to) in [(1u8, 7i32, number), (2, 9, count)] {
            let field = [[I32, 0, id].as_slice(), &from.to_be_bytes()].concat();
            let at = bytes.windows(7).position(|window| window == field).unwrap();
            bytes[at + 3..at + 7].copy_from_slice(&to.to_be_bytes());
        }
        RenderRequest::decode(&bytes, &Caps::default())
    };
    assert_eq!(with_part(1, 2).unwrap().key_part.unwrap().number, 1);
    for (number, count) in [(2, 2), (-1, 2), (0, 0), (0, -1)] {
        let error = with_part(number, count).unwrap_err().to_string();
        assert!(error.contains(&format!("`key_part` is part {number} of {count}")), "{error}");
    }
}
