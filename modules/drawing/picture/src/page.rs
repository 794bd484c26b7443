//! A chart as a page of its own.

use serde_json::Value;

use crate::shapes::Shapes;

/// A page with the chart, and its specification as text to read. There is no script in it, and it may run and load none.
///
/// # Errors
/// If the specification is no JSON.
pub(crate) fn of(shapes: &Shapes, specification: &Value) -> Result<String, serde_json::Error> {
    let svg = shapes.to_svg();
    let text = escaped(&serde_json::to_string_pretty(specification)?);
    Ok(format!(
        "<!DOCTYPE html>\n\
         <html>\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">\n\
         <title>Chart</title>\n\
         </head>\n\
         <body>\n\
         {svg}\n\
         <details>\n\
         <summary>Specification</summary>\n\
         <pre id=\"specification\">{text}</pre>\n\
         </details>\n\
         </body>\n\
         </html>\n"
    ))
}

/// Text as HTML has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specification_stays_in_its_place() {
        let shapes =
            Shapes::of(r#"<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>"#)
                .unwrap();
        let hostile =
            serde_json::json!({"title": "</pre></details><script>alert(1)</script><!--&lt;", "<b>": "]]>"});
        let page = of(&shapes, &hostile).unwrap();
        assert!(
            page.contains("<path")
                && !page.contains("<script")
                && !page.contains("<b>")
                && !page.contains("<!--")
        );
        assert_eq!(page.matches("</pre>").count(), 1);
        assert!(page.contains("&lt;/pre&gt;") && page.contains("&amp;lt;"));
    }
}
