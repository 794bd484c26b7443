//! What is encoded is decoded as it was, and nothing that is thrown at the decoder makes it panic.

use std::collections::BTreeMap;

use crunchbox_protocol::{
    Caps, EncodeError, I18nArgument, I18nMessage, JsonMap, KeyPart, Message, QuickFix, QuickFixAction,
    RenderError, RenderRequest, RenderResult, Report, Source, TabOutput, UploadedFile,
};
use proptest::prelude::*;
use serde_json::Value;

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn json_map() -> impl Strategy<Value = JsonMap> {
    prop::collection::btree_map(".{0,6}", json(), 0..5).prop_map(|map| map.into_iter().collect())
}

fn message() -> impl Strategy<Value = I18nMessage> {
    let argument = prop_oneof![
        ".{0,8}".prop_map(I18nArgument::String),
        any::<i32>().prop_map(I18nArgument::I32),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(I18nArgument::Double),
    ];
    let source =
        prop::option::of(prop_oneof![Just(Source::Module), Just(Source::Cjwmodule), Just(Source::Cjwparse)]);
    (".{0,12}", prop::collection::btree_map(".{0,6}", argument, 0..4), source)
        .prop_map(|(id, arguments, source)| I18nMessage { id, arguments, source })
}

fn render_error() -> impl Strategy<Value = RenderError> {
    let fix = (message(), ".{0,8}", json_map()).prop_map(|(button_text, module_slug, partial_params)| {
        QuickFix { button_text, action: QuickFixAction::PrependStep { module_slug, partial_params } }
    });
    (message(), prop::collection::vec(fix, 0..3))
        .prop_map(|(message, quick_fixes)| RenderError { message, quick_fixes })
}

fn render_result() -> impl Strategy<Value = RenderResult> {
    (prop::collection::vec(render_error(), 0..4), json_map())
        .prop_map(|(errors, json)| RenderResult { errors, json })
}

fn render_request() -> impl Strategy<Value = RenderRequest> {
    let tab =
        (".{0,6}", ".{0,6}").prop_map(|(tab_name, table_filename)| TabOutput { tab_name, table_filename });
    let file = (".{0,6}", ".{0,6}", any::<i64>()).prop_map(|(name, filename, time)| UploadedFile {
        name,
        filename,
        uploaded_at_timestampus: time,
    });
    let maps =
        (prop::collection::btree_map(".{0,6}", tab, 0..3), prop::collection::btree_map(".{0,6}", file, 0..3));
    let rows = prop::option::of((0..u64::MAX >> 2, 0..u64::MAX >> 2)).prop_map(|rows| {
        let (start, length) = rows?;
        Some(start..start + length)
    });
    let part = (0..i32::MAX as u32, 1..1000_u32, ".{0,6}").prop_map(|(number, more, order_filename)| {
        let count = number.saturating_add(more).min(i32::MAX as u32);
        KeyPart { number, count, order_filename }
    });
    (json_map(), ".{0,6}", ".{0,6}", maps, rows, prop::option::of(part)).prop_map(
        |(params, tab_name, output, (tabs, files), rows, key_part)| RenderRequest {
            basedir: "/in".to_owned(),
            input_filename: "input.arrow".to_owned(),
            params,
            tab_name,
            fetch_result: None,
            output_filename: output,
            tab_outputs: tabs,
            uploaded_files: files,
            input_rows: rows,
            key_part,
        },
    )
}

proptest! {
    #[test]
    fn results_come_back_as_they_went(result in render_result()) {
        let bytes = result.encode().unwrap();
        prop_assert_eq!(RenderResult::decode(&bytes, &Caps::default()).unwrap(), result);
    }

    #[test]
    fn requests_come_back_as_they_went(request in render_request()) {
        let bytes = request.encode().unwrap();
        prop_assert_eq!(RenderRequest::decode(&bytes, &Caps::default()).unwrap(), request);
    }

    #[test]
    fn noise_is_an_error_or_a_message(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = RenderResult::decode(&bytes, &Caps::default());
        let _ = RenderRequest::decode(&bytes, &Caps::default());
        let _ = Report::decode(&bytes, &Caps::default());
    }

    #[test]
    fn a_good_message_with_a_byte_changed_is_an_error_or_a_message(
        result in render_result(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = result.encode().unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = RenderResult::decode(&bytes, &Caps::default());
    }
}

#[test]
fn what_has_no_form_on_the_wire_is_refused() {
    let json: JsonMap = serde_json::from_str(r#"{"n": 18446744073709551615}"#).unwrap();
    let result = RenderResult { errors: Vec::new(), json };
    assert!(matches!(result.encode(), Err(EncodeError::Number(_))));
    let message = I18nMessage::new("id").arg("x", f64::NAN);
    let result = RenderResult { errors: vec![message.into()], json: JsonMap::new() };
    assert!(matches!(result.encode(), Err(EncodeError::NotFinite(_))));
}

/// The bytes that any other language must write for this result: a fixed point for their SDKs.
#[test]
fn the_bytes_of_a_result_are_these() {
    let errors = vec![I18nMessage::new("e").arg("n", 3).from_source(Source::Module).into()];
    let json = BTreeMap::from([("k".to_owned(), Value::from(true))]).into_iter().collect();
    let bytes = RenderResult { errors, json }.encode().unwrap();
    let expected = [
        "0f0001 0c00000001",                                  // 1: list of 1 struct
        "0c0001 0b0001 00000001 65",                          // message: id "e"
        "0d0002 0b0c00000001 00000001 6e 080002 00000003 00", // arguments {"n": 3}
        "0b0003 00000006 6d6f64756c65 00",                    // source "module"
        "0f0002 0c00000000 00",                               // no quick fixes
        "0d0002 0b0c00000001 00000001 6b 020004 01 00 00",    // 2: {"k": true}
    ];
    let expected: String = expected.concat().split_whitespace().collect();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, expected);
}
