//! Filters a table in ten lines: `outside INPUT OUTPUT COLUMN LEAST`.

use crunchbox::{Engine, Limits, Module, RenderRequest, Verdict};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [_, input, output, column, least] = std::env::args()
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "4 arguments")?;
    let least: f64 = least.parse()?;
    let engine = Engine::builder().build()?;
    let condition = serde_json::json!({"operation": "number_is_greater_than", "column": column, "value": least, "isCaseSensitive": false, "isRegex": false});
    let params = serde_json::json!({"keep": true, "condition": condition});
    let request = RenderRequest::new(&Module::find("filter")?)
        .input(input)
        .clean_params(params)
        .output(output);
    let outcome = engine.render(&request, &Limits::default())?;
    if outcome.verdict != Verdict::Ok {
        return Err(format!("{}\n{}", outcome.verdict, outcome.log.text).into());
    }
    println!("{} of {} rows", outcome.usage.rows_out, outcome.usage.rows_in);
    Ok(())
}
