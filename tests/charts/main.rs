//! Charts through the command line: what the steps describe is drawn, and what a hostile specification wants is not done.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crunchbox_protocol::{JsonMap, Message, RenderResult};
use crunchbox_tests::{Built, CaseTable, write_table};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a table, and the built command.
struct Desk {
    built: Built,
    folder: TempDir,
}

impl Desk {
    fn new() -> Desk {
        let desk = Desk { built: Built::find().unwrap(), folder: tempfile::tempdir().unwrap() };
        let table: CaseTable = serde_json::from_value(json!({"columns": [
            {"name": "name", "type": "text", "values": ["one", "two & <three>", null, "four"]},
            {"name": "A", "type": "number", "format": "{:,.1f}", "values": [1.5, 2.5, 3.0, -4.0]},
            {"name": "B", "type": "number", "format": "{:,d}", "storage": "int64", "values": [1, null, 3, 4]},
            {"name": "when", "type": "timestamp", "values": ["2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z",
                "2020-03-01T00:00:00Z", "2020-06-01T00:00:00Z"]},
            {"name": "day", "type": "date", "unit": "day", "values": ["2020-01-01", "2020-01-02", "2020-01-03", null]},
        ]}))
        .unwrap();
        write_table(&table, &desk.path("in.arrow")).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn draw(&self, module: &Path, params: &Value, chart: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.built.command());
        command.current_dir(self.folder.path()).arg("run").arg(module).args(["--input", "in.arrow"]);
        command.args(["--params-clean", &params.to_string(), "--chart", chart]).args(arguments);
        command.env("LC_ALL", "en");
        command.env("CRUNCHBOX_MODULES", self.built.modules()).output().unwrap()
    }

    /// What a step's chart is drawn as.
    fn drawn(&self, step: &str, params: &Value, chart: &str) -> Vec<u8> {
        let output = self.draw(&self.built.module(step).unwrap(), params, chart, &[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.contains(&format!("chart -> {chart}")), "{step}: {said}");
        fs::read(self.path(chart)).unwrap()
    }

    /// What a step that says this and nothing else has drawn.
    fn draw_json(&self, json: Value, chart: &str) -> Output {
        self.draw_json_with(json, chart, &[])
    }

    fn draw_json_with(&self, json: Value, chart: &str, arguments: &[&str]) -> Output {
        let step = self.path("says.wasm");
        fs::write(&step, saying(json)).unwrap();
        self.draw(&step, &json!({}), chart, arguments)
    }
}

/// A step whose JSON result is this one.
fn saying(json: Value) -> Vec<u8> {
    let Value::Object(json): Value = json else { panic!("a result is an object") };
    let bytes = RenderResult { json, ..RenderResult::default() }.encode().unwrap();
    let text: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let pages = bytes.len() / 65_536 + 2;
    wat::parse_str(format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") {pages})
            (data (i32.const 0) "\10\00\00\00")
            (data (i32.const 16) "{text}")
            (func (export "_start")
                (i32.store (i32.const 4) (i32.const {length}))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#,
        length = bytes.len()
    ))
    .unwrap()
}

fn series(columns: [&str; 2]) -> Value {
    json!([{"column": columns[0], "color": "#fbaa6d"}, {"column": columns[1], "color": "#48c8d7"}])
}

fn chart_params(x: &str) -> Value {
    json!({"title": "Title", "x_axis_label": "", "y_axis_label": "", "x_column": x, "y_columns": series(["A", "B"])})
}

#[test]
fn each_step_that_describes_a_chart_has_it_drawn() {
    let desk = Desk::new();
    let scatter =
        json!({"title": "", "x_axis_label": "", "y_axis_label": "", "x_column": "A", "y_column": "B"});
    let mut on_time = scatter.clone();
    on_time["x_column"] = "when".into();
    let mut on_text = scatter.clone();
    on_text["x_column"] = "name".into();
    for (step, params, color) in [
        ("columnchart", chart_params("name"), "#48c8d7"),
        ("linechart", chart_params("name"), "#48c8d7"),
        ("linechart", chart_params("when"), "#48c8d7"),
        ("linechart", chart_params("day"), "#48c8d7"),
        ("scatterplot", scatter, "#4c78a8"),
        ("scatterplot", on_time, "#4c78a8"),
        ("scatterplot", on_text, "#4c78a8"),
        ("histogram", json!({"column": "A", "n_buckets": 4, "title": ""}), "#fbaa6d"),
    ] {
        let svg = String::from_utf8(desk.drawn(step, &params, "chart.svg")).unwrap();
        assert!(svg.starts_with("<svg width=\"640\" height=\"400\""), "{step}: {svg}");
        assert!(svg.to_lowercase().contains(color), "{step} {params}: {svg}");
        // Letters are paths: dozens of them.
        assert!(svg.matches("<path").count() > 20 && !svg.contains("<text"), "{step}: {svg}");
    }
}

#[test]
fn a_chart_is_pixels_or_a_page_too() {
    let desk = Desk::new();
    let params = json!({"column": "A", "n_buckets": 4, "title": "</pre><script>alert(1)</script>"});
    let png = desk.drawn("histogram", &params, "chart.PNG");
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    assert_eq!(png[16..24], [0, 0, 5, 0, 0, 0, 3, 32], "1280 × 800");
    // A picture of one colour would be smaller.
    assert!(png.len() > 5_000, "{} bytes", png.len());
    let page = String::from_utf8(desk.drawn("histogram", &params, "chart.html")).unwrap();
    assert!(page.contains("<svg ") && page.contains("default-src 'none'"), "{page}");
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;alert(1)"), "{page}");
}

#[test]
fn a_drawing_is_the_same_every_time() {
    let desk = Desk::new();
    let params = chart_params("when");
    let first = desk.drawn("linechart", &params, "a.svg");
    assert!(first == desk.drawn("linechart", &params, "b.svg"));
}

#[test]
fn what_can_not_be_drawn_is_said_and_leaves_the_old_picture() {
    let desk = Desk::new();
    fs::write(desk.path("old.svg"), "old").unwrap();
    let url = json!({"data": {"url": "https://example.com/a.json"}, "mark": "point"});
    for (json, status, word) in [
        (json!({}), 3, "is empty"),
        (json!({"error": "x"}), 3, "no chart: The chart can’t be drawn: Invalid specification"),
        (url, 3, "https://example.com/a.json"),
    ] {
        let output = desk.draw_json(json, "old.svg");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(said.contains("no chart: ") && said.contains(word), "{said}");
        assert_eq!(fs::read_to_string(desk.path("old.svg")).unwrap(), "old");
    }
    for chart in ["chart.pdf", "chart", "nowhere/chart.svg"] {
        let output = desk.draw_json(json!({"mark": "point"}), chart);
        assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let left = fs::read_dir(desk.folder.path()).unwrap();
    let hidden = left.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
    assert_eq!(hidden.count(), 0, "no draft is left");
}

#[test]
fn a_complaint_is_told_in_the_users_language() {
    let desk = Desk::new();
    let output = desk.draw_json_with(json!({"error": "x"}), "chart.svg", &["--lang", "de"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("no chart: Das Diagramm lässt sich nicht zeichnen: Invalid"), "{said}");
}

#[test]
fn a_picture_goes_where_a_link_leads_and_nowhere_but_to_a_plain_file() {
    let desk = Desk::new();
    fs::create_dir(desk.path("folder.svg")).unwrap();
    fs::create_dir(desk.path("there")).unwrap();
    std::os::unix::fs::symlink("there/chart.svg", desk.path("link.svg")).unwrap();
    fs::write(desk.path("there/chart.svg"), "old").unwrap();
    let point = json!({"data": {"values": [{"a": 1}]}, "mark": "point"});
    assert!(desk.draw_json(point.clone(), "link.svg").status.success());
    assert!(desk.path("link.svg").is_symlink());
    assert!(fs::read_to_string(desk.path("there/chart.svg")).unwrap().starts_with("<svg "));
    let output = desk.draw_json(point, "folder.svg");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("no plain file"), "{said}");
}

#[test]
fn the_steps_time_is_that_of_drawing_too() {
    let desk = Desk::new();
    // A million points take a quarter of an hour.
    let points = json!({"data": {"sequence": {"start": 0, "stop": 1e6}}, "mark": "point"});
    let output = desk.draw_json_with(points, "chart.svg", &["--timeout", "3s"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("no chart: ") && said.contains("after 3 s"), "{said}");
}

#[test]
fn a_specification_that_never_ends_meets_a_limit() {
    let desk = Desk::new();
    let sequence = json!({"data": {"sequence": {"start": 0, "stop": 1e9}}, "mark": "point"});
    let output = desk.draw_json(sequence, "chart.svg");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(3..=5)), "{:?}: {said}", output.status);
    assert!(said.contains("no chart: "), "{said}");
    let mut deep = json!({"mark": "point"});
    // As deep as a message may be.
    for _ in 0..12 {
        deep = json!({"layer": [deep]});
    }
    let output = desk.draw_json(deep, "chart.svg");
    assert!(output.status.code().is_some_and(|code| code < 6), "{:?}", output.status);
}

/// Everything that a document could do to whoever looks at it.
const FORBIDDEN: [&str; 14] = [
    "<script",
    "<a ",
    "<a>",
    "<image",
    "<img",
    "<foreignobject",
    "<iframe",
    "<use",
    "href",
    "javascript:",
    "onload",
    "onclick",
    "@import",
    "url(http",
];

#[test]
fn hostile_specifications_leave_nothing_but_shapes() {
    let desk = Desk::new();
    let payload = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>";
    let encoding = json!({"x": {"field": "a", "title": payload}, "y": {"field": "b", "type": "quantitative"},
        "href": {"value": "javascript:alert(1)"}, "url": {"value": "https://example.com/a.png"},
        "tooltip": {"value": payload}, "description": {"value": payload}});
    let values: Vec<Value> = [1, 2].map(|n| json!({"a": payload, "b": n})).to_vec();
    let chart = |mark: Value, config: Value| {
        json!({"title": payload, "description": payload, "name": payload, "data": {"values": values}, "mark": mark,
            "encoding": encoding, "config": config, "usermeta": {"onload": payload}})
    };
    let font = json!({"font": payload, "background": "url(https://example.com/a.png)"});
    let expressions = "toString.constructor('return globalThis')().plot";
    let with_expression = json!({"data": {"values": [{"a": 1}]}, "mark": "text",
        "transform": [{"calculate": expressions, "as": "z"}], "encoding": {"text": {"field": "z"}}});
    let vega = json!({"$schema": "https://vega.github.io/schema/vega/v5.json", "width": 90, "height": 90,
    "signals": [{"name": "s", "init": "'<script>alert(1)</script>'"}],
    "marks": [
        {"type": "text", "encode": {"enter": {"text": {"signal": "s"}, "x": {"value": 9}, "y": {"value": 9},
            "font": {"value": "x\" onload=\"alert(1)"}, "fill": {"value": "url(#a) javascript:alert(1)"}}}},
        {"type": "image", "encode": {"enter": {"url": {"value": "file:///etc/passwd"}, "width": {"value": 9},
            "height": {"value": 9}}}},
        {"type": "path", "encode": {"enter": {"path": {"value": "M0,0\"/><script>alert(1)</script>"},
            "stroke": {"value": "\"/><script>"}}}},
        {"type": "rect", "clip": true, "encode": {"enter": {"width": {"value": 50}, "height": {"value": 50},
            "href": {"value": "https://example.com"}, "fill": {"value": {"gradient": "linear", "id": "\"><script>",
            "stops": [{"offset": 0, "color": "\"><script>"}, {"offset": 1, "color": "red"}]}}}}},
    ]});
    let hostile = [
        chart(json!({"type": "bar", "href": "javascript:alert(1)", "color": payload}), font.clone()),
        chart(
            json!({"type": "image", "url": "https://example.com/a.png", "width": 9, "height": 9}),
            json!({}),
        ),
        chart(json!({"type": "image", "url": "data:image/svg+xml;base64,PHN2Zy8+"}), json!({})),
        chart(json!({"type": "point", "shape": "M0,0\"/><script>alert(1)</script>"}), font),
        chart(
            json!({"type": "text", "text": payload, "font": payload}),
            json!({"style": {"cell": {"stroke": payload}}}),
        ),
        with_expression,
        vega,
    ];
    let mut drawn = 0;
    for (index, specification) in hostile.into_iter().enumerate() {
        for chart in ["chart.svg", "chart.html"] {
            let _ = fs::remove_file(desk.path(chart));
            let output = desk.draw_json(specification.clone(), chart);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let Ok(document) = fs::read_to_string(desk.path(chart)) else {
                assert!(said.contains("no chart: "), "{index}: {said}");
                continue;
            };
            drawn += 1;
            // What the page shows of the specification is text.
            let shapes = document.split("<details>").next().unwrap().to_lowercase();
            for word in FORBIDDEN {
                assert!(!shapes.contains(word), "{index}: {word} in {shapes}");
            }
            assert!(!document.contains("<script") && !document.contains("<img"), "{index}: {document}");
        }
    }
    assert!(drawn >= 6, "most of them can be drawn: {drawn}");
}

#[test]
fn a_large_specification_is_drawn() {
    let desk = Desk::new();
    let values: Vec<Value> = (0..5_000).map(|n| json!({"x": n, "y": n * n % 1009})).collect();
    let mut specification = JsonMap::new();
    specification.insert("data".into(), json!({"values": values}));
    specification.insert("mark".into(), "point".into());
    let axis = |name: &str| json!({"field": name, "type": "quantitative"});
    specification.insert("encoding".into(), json!({"x": axis("x"), "y": axis("y")}));
    let output = desk.draw_json(Value::Object(specification), "chart.png");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
