//! The script that draws, and the engine that runs it.

use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Function, Promise, Runtime};

use crunchbox_drawing_support::Reason;

use crate::text::Measure;

/// Vega, Vega-Lite and `script/plot.mjs`, bundled by `cargo xtask modules`.
const SCRIPT: &str = include_str!(env!("CRUNCHBOX_PLOT_SCRIPT"));

/// How deep scripts may call, in bytes of the stack that `build.rs` asks for.
const STACK_BYTES: usize = 12 << 20;

/// The SVG document of a chart, from its specification as JSON.
///
/// # Errors
/// What the script complains of: most often the specification.
pub(crate) fn plot(specification: &str) -> Result<String, Reason> {
    let runtime = Runtime::new()?;
    runtime.set_max_stack_size(STACK_BYTES);
    let context = Context::full(&runtime)?;
    let measure = Measure::new()?;
    context.with(|ctx| {
        let drawn = load(&ctx, measure).and_then(|plot| {
            let promise: Promise = plot.call((specification,))?;
            promise.finish::<String>()
        });
        drawn.catch(&ctx).map_err(|error| Reason::from(complaint(&error)))
    })
}

fn load<'js>(ctx: &Ctx<'js>, measure: Measure) -> rquickjs::Result<Function<'js>> {
    let globals = ctx.globals();
    let width = move |text: String, size: f64, bold: bool| measure.width(&text, size, bold);
    globals.set("measure", Function::new(ctx.clone(), width)?)?;
    ctx.eval::<(), _>(SCRIPT)?;
    // Nothing makes code of text from here on: what a specification says stays data.
    globals.remove("eval")?;
    globals.get("plot")
}

fn complaint(error: &CaughtError) -> String {
    match error {
        CaughtError::Exception(exception) => {
            exception.message().unwrap_or_else(|| "an error without a message".to_owned())
        }
        CaughtError::Value(value) => format!("{value:?}"),
        CaughtError::Error(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(mark: &str, values: &str) -> String {
        format!(
            r#"{{"title": "Two & <three>", "data": {{"values": {values}}}, "mark": {mark},
                "encoding": {{"x": {{"field": "a"}}, "y": {{"field": "b", "type": "quantitative"}}}}}}"#
        )
    }

    #[test]
    fn specifications_of_both_languages_are_drawn() {
        let svg = plot(&bars("\"bar\"", r#"[{"a": "A", "b": 28}, {"a": "B", "b": 55}]"#)).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("Two &amp; &lt;three&gt;"), "{svg}");
        assert!(svg.contains("width=\"640\"") && svg.contains("height=\"400\""), "{svg}");
        let vega = r#"{"$schema": "https://vega.github.io/schema/vega/v5.json", "width": 50, "height": 40,
            "marks": [{"type": "rect", "encode": {"enter": {"width": {"value": 20}, "height": {"signal": "4 + 5"},
            "fill": {"value": "red"}}}}]}"#;
        assert!(plot(vega).unwrap().contains("h20v9h-20Z"));
    }

    #[test]
    fn what_is_no_chart_is_complained_of() {
        for (specification, word) in [
            ("[]", "object"),
            ("{}", "Invalid specification"),
            (r#"{"mark": "nonsense", "data": {"values": []}}"#, ""),
            (r#"{"error": "x"}"#, "Invalid specification"),
        ] {
            let complaint = plot(specification).unwrap_err().to_string();
            assert!(complaint.contains(word), "{specification}: {complaint}");
        }
    }

    #[test]
    fn nothing_is_loaded() {
        for url in ["https://example.com/data.json", "file:///etc/passwd", "/in/input.arrow"] {
            let specification = format!(r#"{{"data": {{"url": "{url}"}}, "mark": "point"}}"#);
            let drawn = plot(&specification);
            assert!(
                drawn.as_ref().is_err_and(|reason| reason.to_string().contains("load")),
                "{url}: {drawn:?}"
            );
        }
        let svg =
            plot(&bars(r#"{"type": "image", "url": "https://example.com/a.png"}"#, r#"[{"a": 1, "b": 2}]"#));
        assert!(!svg.unwrap().contains("example.com"));
        let svg = plot(&bars(r#"{"type": "bar", "href": "javascript:alert(1)"}"#, r#"[{"a": 1, "b": 2}]"#));
        assert!(!svg.unwrap().contains("javascript"));
    }

    #[test]
    fn expressions_are_no_code() {
        for expression in [
            "constructor.constructor('return 1')()",
            "toString.constructor('return 1')()",
            "datum.constructor.constructor('return globalThis')()",
            "[].map.constructor('return 1')()",
            "globalThis.plot",
            "eval('1')",
        ] {
            let specification = format!(
                r#"{{"data": {{"values": [{{"a": 1}}]}}, "transform": [{{"calculate": "{expression}", "as": "z"}}],
                    "mark": "text", "encoding": {{"text": {{"field": "z"}}}}}}"#
            );
            if let Ok(svg) = plot(&specification) {
                assert!(!svg.contains(">1<") && !svg.contains("[object"), "{expression}: {svg}");
            }
        }
    }
}
