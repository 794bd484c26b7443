//! What holds for all params: cleaning twice is cleaning once, and nothing panics.

use std::collections::BTreeSet;

use crunchbox_params::{
    CleanError, CleanInput, ColumnKind, InputColumn, InputTab, Manifest, ParamDtype, ParamSchema, clean,
};
use crunchbox_protocol::JsonMap;
use proptest::prelude::*;
use serde_json::{Value, json};

const UUIDS: [&str; 2] = ["00000000-0000-4000-8000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"];

fn input() -> CleanInput {
    let tab = |slug: &str, columns| InputTab { slug: slug.to_owned(), name: slug.to_owned(), columns };
    CleanInput {
        columns: vec![
            InputColumn::new("A", ColumnKind::Text),
            InputColumn::new("B", ColumnKind::Number),
            InputColumn::new("C", ColumnKind::Timestamp),
            InputColumn::new("D", ColumnKind::Date),
            InputColumn { name: "E".to_owned(), kind: None },
        ],
        tabs: vec![
            tab(
                "t1",
                Some(vec![
                    InputColumn::new("A", ColumnKind::Number),
                    InputColumn::new("Z", ColumnKind::Text),
                ]),
            ),
            tab("t2", Some(vec![InputColumn::new("B", ColumnKind::Number)])),
            tab("t3", Some(Vec::new())),
            tab("t4", None),
        ],
        files: BTreeSet::from([UUIDS[0].to_owned()]),
    }
}

fn kinds() -> impl Strategy<Value = BTreeSet<ColumnKind>> {
    let kinds = vec![ColumnKind::Date, ColumnKind::Number, ColumnKind::Text, ColumnKind::Timestamp];
    prop_oneof![3 => Just(BTreeSet::new()), 1 => proptest::sample::subsequence(kinds, 1..4).prop_map(BTreeSet::from_iter)]
}

fn dtype() -> BoxedStrategy<ParamDtype> {
    let tab = || proptest::option::weighted(0.3, Just("tab".to_owned()));
    let choices = vec![json!("a"), json!(true), json!(3)];
    let leaf = prop_oneof![
        Just(ParamDtype::String { default: "x".to_owned() }),
        any::<bool>().prop_map(|default| ParamDtype::Boolean { default }),
        any::<i64>().prop_map(|default| ParamDtype::Integer { default }),
        (-1e300..1e300).prop_map(|default| ParamDtype::Float { default }),
        Just(ParamDtype::Enum { default: choices[1].clone(), choices }),
        Just(ParamDtype::Timezone),
        (kinds(), tab())
            .prop_map(|(column_types, tab_parameter)| ParamDtype::Column { column_types, tab_parameter }),
        (kinds(), tab()).prop_map(|(column_types, tab_parameter)| ParamDtype::Multicolumn {
            column_types,
            tab_parameter
        }),
        Just(ParamDtype::Condition),
        Just(ParamDtype::Multichartseries),
        Just(ParamDtype::Tab),
        Just(ParamDtype::Multitab),
        Just(ParamDtype::File),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|dtype| ParamDtype::List(Box::new(dtype))),
            inner.clone().prop_map(|dtype| ParamDtype::Map(Box::new(dtype))),
            inner.clone().prop_map(|dtype| ParamDtype::Option(Box::new(dtype))),
            proptest::collection::vec(inner, 0..3).prop_map(|dtypes| {
                ParamDtype::Dict(
                    dtypes.into_iter().enumerate().map(|(n, dtype)| (format!("k{n}"), dtype)).collect(),
                )
            }),
        ]
    })
    .boxed()
}

fn column() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec!["A", "B", "C", "D", "E", "Z", "gone"]).prop_map(Value::from)
}

fn tab() -> impl Strategy<Value = Value> {
    // Tabs that can't be used end the matter, so they are rare.
    prop_oneof![4 => Just(json!("t1")), 4 => Just(json!("t2")), 4 => Just(json!("gone")), 1 => Just(json!("t3")), 1 => Just(json!("t4"))]
}

fn condition() -> BoxedStrategy<Value> {
    let operations = vec![
        ("", "any"),
        ("cell_is_empty", ""),
        ("cell_is_not_null", ""),
        ("text_contains", "x"),
        ("text_is_not", "x"),
        ("text_does_not_contain", "x"),
        ("number_is", " 3 "),
        ("number_is_not", "1e3"),
        ("number_is_less_than", "x"),
        ("timestamp_is_not", "2020-01-01"),
        ("timestamp_is_after", "2020-01-01T01:02:03.5+01:00"),
        ("timestamp_is", "soon"),
    ];
    let leaf = (proptest::sample::select(operations), column(), any::<bool>()).prop_map(|((operation, value), column, flag)| {
        // Mostly columns that fit, or most conditions would end in prompts.
        let column = match operation.split('_').next() {
            Some("text") if flag => json!("A"),
            Some("number") if flag => json!("B"),
            Some("timestamp") if flag => json!("D"),
            _ => column,
        };
        json!({"operation": operation, "column": column, "value": value, "isCaseSensitive": flag, "isRegex": !flag})
    });
    let level = |inner: BoxedStrategy<Value>| {
        (proptest::sample::select(vec!["and", "or"]), proptest::collection::vec(inner, 0..3))
            .prop_map(|(operation, conditions)| json!({"operation": operation, "conditions": conditions}))
            .boxed()
    };
    level(level(leaf.boxed()))
}

/// Values that a param of that type may be stored as.
fn stored(dtype: &ParamDtype) -> BoxedStrategy<Value> {
    use proptest::collection::vec;
    match dtype {
        ParamDtype::String { .. } => "[^\0]{0,4}".prop_map(Value::from).boxed(),
        ParamDtype::Boolean { .. } => any::<bool>().prop_map(Value::from).boxed(),
        ParamDtype::Integer { .. } => any::<i64>().prop_map(Value::from).boxed(),
        ParamDtype::Float { .. } => prop_oneof![
            any::<i64>().prop_map(Value::from),
            (-1e300..1e300).prop_map(|float: f64| json!(float))
        ]
        .boxed(),
        ParamDtype::Enum { choices, .. } => proptest::sample::select(choices.clone()).boxed(),
        ParamDtype::Timezone => Just(json!("Europe/Athens")).boxed(),
        ParamDtype::Column { .. } => prop_oneof![column(), Just(json!(""))].boxed(),
        ParamDtype::Multicolumn { .. } => vec(column(), 0..4).prop_map(Value::from).boxed(),
        ParamDtype::Condition => condition(),
        ParamDtype::Multichartseries => {
            let entry = column().prop_map(|column| json!({"column": column, "color": "#abcdef"}));
            vec(entry, 0..3).prop_map(Value::from).boxed()
        }
        ParamDtype::Tab => prop_oneof![tab(), Just(json!(""))].boxed(),
        ParamDtype::Multitab => vec(tab(), 0..3).prop_map(Value::from).boxed(),
        ParamDtype::File => {
            proptest::option::of(proptest::sample::select(&UUIDS[..])).prop_map(|uuid| json!(uuid)).boxed()
        }
        ParamDtype::List(inner) => vec(stored(inner), 0..3).prop_map(Value::from).boxed(),
        ParamDtype::Map(inner) => proptest::collection::btree_map("[a-c]", stored(inner), 0..3)
            .prop_map(|map| map.into_iter().collect())
            .boxed(),
        ParamDtype::Option(inner) => prop_oneof![Just(Value::Null), stored(inner)].boxed(),
        ParamDtype::Dict(properties) => {
            let values: Vec<_> =
                properties.iter().map(|(key, dtype)| (Just(key.clone()), stored(dtype))).collect();
            values.prop_map(|entries| entries.into_iter().collect()).boxed()
        }
        other => panic!("this test does not know {other:?}"),
    }
}

fn schema_and_params() -> impl Strategy<Value = (ParamSchema, JsonMap)> {
    proptest::collection::vec(dtype(), 1..4).prop_flat_map(|dtypes| {
        let named = dtypes.into_iter().enumerate().map(|(n, dtype)| (format!("p{n}"), dtype));
        let schema = ParamSchema::new(named.chain([("tab".to_owned(), ParamDtype::Tab)]));
        let values: Vec<_> =
            schema.params().iter().map(|(key, dtype)| (Just(key.clone()), stored(dtype))).collect();
        (Just(schema), values.prop_map(|entries| entries.into_iter().collect()))
    })
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(vec!["", "A", "t1", "and", "not", "text_is", "number_is", "\0", UUIDS[0]])
            .prop_map(Value::from),
    ];
    let keys = proptest::sample::select(vec![
        "operation",
        "conditions",
        "condition",
        "column",
        "value",
        "color",
        "k0",
    ]);
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(keys.clone(), inner, 0..5)
                .prop_map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn cleaning_what_is_clean_changes_nothing((schema, params) in schema_and_params()) {
        prop_assert_eq!(schema.check(&params), Ok(()));
        match clean(&schema, &params, &input()) {
            Ok(cleaned) => prop_assert_eq!(clean(&schema, &cleaned.params, &input()), Ok(cleaned)),
            Err(CleanError::Param(error)) => prop_assert!(false, "checked params are refused: {}", error),
            Err(CleanError::Prompting(errors)) => prop_assert!(!errors.is_empty()),
            Err(_) => {}
        }
    }

    #[test]
    fn defaults_are_of_their_types_and_clean(dtypes in proptest::collection::vec(dtype(), 0..4)) {
        let named = dtypes.into_iter().enumerate().map(|(n, dtype)| (format!("p{n}"), dtype));
        let schema = ParamSchema::new(named.chain([("tab".to_owned(), ParamDtype::Tab)]));
        let params = schema.prepare(&JsonMap::new()).unwrap();
        prop_assert!(clean(&schema, &params, &input()).is_ok());
    }

    #[test]
    fn any_value_gets_an_answer(dtype in dtype(), value in any_json()) {
        let schema = ParamSchema::new([("p".to_owned(), dtype)]);
        let params = JsonMap::from_iter([("p".to_owned(), value)]);
        let result = clean(&schema, &params, &input());
        if schema.check(&params).is_ok() {
            prop_assert!(!matches!(result, Err(CleanError::Param(_))));
        }
    }

    #[test]
    fn what_the_check_takes_fits_the_json_schema((schema, params) in schema_and_params(), other in any_json()) {
        let json_schema = schema.to_json_schema();
        let validator = jsonschema::draft7::new(&json_schema).unwrap();
        let fits = |params: &JsonMap| validator.is_valid(&Value::Object(params.clone()));
        prop_assert!(fits(&params));
        prop_assert!(fits(&schema.defaults()));
        let mut changed = params;
        changed.insert("p0".to_owned(), other);
        if schema.check(&changed).is_ok() {
            prop_assert!(fits(&changed));
        }
    }

    #[test]
    fn any_bytes_are_a_manifest_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Manifest::from_json_bytes(&bytes).is_err());
    }

    #[test]
    fn any_text_is_a_manifest_or_an_error(text in r#"[-a-z:{}\[\]"'&*!|> \n]{0,80}"#) {
        prop_assert!(Manifest::from_yaml(&text).is_err());
    }
}
