//! An SVG document's shapes.

use std::sync::Arc;

use crunchbox_drawing_support::{BOLD, REGULAR, Reason};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::roxmltree::Document;
use resvg::usvg::{ImageHrefResolver, Options, Tree, WriteOptions};

/// Pixels for each of the document's, in both directions: sharp on screens that are.
const SCALE: f32 = 2.0;

/// The most pixels of a picture: 200 MB of memory.
const MAX_PIXELS: f32 = 50e6;

/// Paths, gradients and clips; text is paths too.
pub(crate) struct Shapes {
    tree: Tree,
}

impl Shapes {
    /// Reads a document. Images in it are left out, wherever they are from.
    ///
    /// # Errors
    /// If it is no SVG.
    pub(crate) fn of(svg: &str) -> Result<Shapes, Reason> {
        let mut fonts = Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(BOLD.to_vec());
        let family = "Roboto";
        fonts.set_serif_family(family);
        fonts.set_sans_serif_family(family);
        fonts.set_cursive_family(family);
        fonts.set_fantasy_family(family);
        fonts.set_monospace_family(family);
        let options = Options {
            font_family: family.to_owned(),
            fontdb: Arc::new(fonts),
            image_href_resolver: ImageHrefResolver {
                resolve_data: Box::new(|_, _, _| None),
                resolve_string: Box::new(|_, _| None),
            },
            ..Options::default()
        };
        // Without entities of its own.
        let document = Document::parse(svg)?;
        check_ids(&document)?;
        Ok(Shapes { tree: Tree::from_xmltree(&document, &options)? })
    }

    /// As SVG again.
    pub(crate) fn to_svg(&self) -> String {
        self.tree.to_string(&WriteOptions {
            coordinates_precision: 3,
            transforms_precision: 6,
            ..WriteOptions::default()
        })
    }

    /// As pixels, in PNG.
    ///
    /// # Errors
    /// If there would be too many.
    pub(crate) fn to_png(&self) -> Result<Vec<u8>, Reason> {
        let size = self.tree.size();
        let (width, height) = ((size.width() * SCALE).ceil(), (size.height() * SCALE).ceil());
        if width * height > MAX_PIXELS {
            let (width, height) = (size.width(), size.height());
            return Err(format!(
                "the chart is {width} × {height}: draw it smaller, or as SVG; a PNG has at most {MAX_PIXELS} pixels, and \
                 {SCALE} each way for one of the chart's"
            )
            .into());
        }
        // Floats as large as this are whole numbers of 32 bits.
        let mut pixels = Pixmap::new(width as u32, height as u32).ok_or("the chart has no size")?;
        resvg::render(&self.tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
        Ok(pixels.encode_png()?)
    }
}

/// Ids are all that is written as it was read, and not all of it is escaped: they must not need it. Vega's own don't.
fn check_ids(document: &Document) -> Result<(), Reason> {
    let plain =
        |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    let ids = document.descendants().filter_map(|node| node.attribute("id"));
    match ids.into_iter().find(|id| !plain(id)) {
        None => Ok(()),
        Some(id) => {
            Err(format!("the SVG document has the id {id:?}: an id is of letters, digits, _ and -").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(inside: &str) -> String {
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="100" height="50"
                onload="alert(1)"><rect width="9" height="9" fill="#ff0000" onclick="alert(1)"/>{inside}</svg>"##
        )
    }

    #[test]
    fn nothing_is_left_but_shapes() {
        for inside in [
            "<script>alert(1)</script>",
            "<script xlink:href=\"https://example.com/a.js\"/>",
            "<a xlink:href=\"javascript:alert(1)\"><text y=\"20\">click</text></a>",
            "<image xlink:href=\"https://example.com/a.png\" width=\"9\" height=\"9\"/>",
            "<image xlink:href=\"/in/input.arrow\" width=\"9\" height=\"9\"/>",
            "<image xlink:href=\"data:image/svg+xml;base64,PHN2Zy8+\" width=\"9\" height=\"9\"/>",
            "<image href=\"data:image/png;base64,iVBORw0KGgo=\" width=\"9\" height=\"9\"/>",
            "<foreignObject width=\"9\" height=\"9\"><iframe xmlns=\"http://www.w3.org/1999/xhtml\" src=\"https://example.com\"/></foreignObject>",
            "<style>@import url(https://example.com/a.css); rect { fill: url(https://example.com/#a) }</style>",
            "<use xlink:href=\"https://example.com/a.svg#b\"/>",
            "<rect width=\"5\" height=\"5\" fill=\"url(https://example.com/a.svg#b) blue\"/>",
            "<rect width=\"5\" height=\"5\" style=\"fill: red; background: url(https://example.com/)\"/>",
            "<set attributeName=\"href\" to=\"javascript:alert(1)\"/>",
            "<animate attributeName=\"href\" values=\"javascript:alert(1)\"/>",
            "<text y=\"20\" font-family=\"&quot;&gt;&lt;script>\">&lt;script>alert(1)&lt;/script></text>",
            "<filter id=\"f\"><feImage xlink:href=\"https://example.com/a.png\"/></filter><rect filter=\"url(#f)\" width=\"3\" height=\"3\"/>",
            "<!-- alert(1) --><?xml-stylesheet href=\"https://example.com/a.css\"?><title>alert(1)</title>",
        ] {
            let svg = Shapes::of(&document(inside)).unwrap().to_svg();
            for word in [
                "script",
                "alert",
                "example.com",
                "href=",
                "<image",
                "<a",
                "foreign",
                "@import",
                "<style",
                "onclick",
                "onload",
                "<text",
                "data:",
            ] {
                assert!(!svg.contains(word), "{word} is left of {inside}:\n{svg}");
            }
            assert!(svg.contains("<path"), "{svg}");
        }
    }

    #[test]
    fn ids_are_plain() {
        let group = |id: &str| {
            document(&format!("<g id=\"{id}\" opacity=\"0.5\"><rect width=\"3\" height=\"3\"/></g>"))
        };
        assert!(Shapes::of(&group("clip_1-a")).is_ok());
        for id in ["&quot;&gt;&lt;script&gt;alert(1)", "a b", "a&amp;lt;", "'", "é"] {
            let refused = Shapes::of(&group(id)).err().map(|reason| reason.to_string());
            assert!(refused.is_some_and(|reason| reason.contains("has the id")), "{id}");
        }
    }

    #[test]
    fn text_is_drawn_in_its_weight() {
        let drawn = |weight: &str| {
            let text =
                format!("<text y=\"20\" font-weight=\"{weight}\" font-family=\"Nobody's\">Text</text>");
            Shapes::of(&document(&text)).unwrap().to_svg()
        };
        assert!(drawn("normal").matches("<path").count() > 1);
        assert_ne!(drawn("normal"), drawn("bold"));
    }

    #[test]
    fn pixels_are_twice_as_many_and_not_too_many() {
        let png = Shapes::of(&document("")).unwrap().to_png().unwrap();
        // The header's width and height.
        assert_eq!(png[..4], *b"\x89PNG");
        assert_eq!(png[16..24], [0, 0, 0, 200, 0, 0, 0, 100]);
        let large = document("").replace("width=\"100\"", "width=\"1000000\"");
        let refused = Shapes::of(&large).unwrap().to_png().unwrap_err().to_string();
        assert!(refused.contains("1000000 × 50"), "{refused}");
        assert!(Shapes::of("no SVG").is_err());
    }

    #[test]
    fn entities_are_no_bomb() {
        let mut entities = "<!ENTITY a \"xxxxxxxxxx\">".to_owned();
        for (from, to) in ["ab", "bc", "cd", "de", "ef", "fg", "gh", "hi"].map(|pair| pair.split_at(1)) {
            entities += &format!("<!ENTITY {to} \"{}\">", format!("&{from};").repeat(10));
        }
        let bomb = format!("<!DOCTYPE svg [{entities}]>{}", document("<text>&i;</text>"));
        assert!(Shapes::of(&bomb).is_err());
    }
}
