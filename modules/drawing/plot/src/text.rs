//! How wide text is, for the layout.

use crunchbox_drawing_support::{BOLD, REGULAR, Reason};
use ttf_parser::Face;

/// The faces that text is drawn with.
pub(crate) struct Measure {
    regular: Face<'static>,
    bold: Face<'static>,
}

impl Measure {
    pub(crate) fn new() -> Result<Measure, Reason> {
        Ok(Measure { regular: Face::parse(REGULAR, 0)?, bold: Face::parse(BOLD, 0)? })
    }

    /// In pixels, for a size in pixels. What the font lacks counts as wide as its box for that.
    pub(crate) fn width(&self, text: &str, size: f64, bold: bool) -> f64 {
        let face = if bold { &self.bold } else { &self.regular };
        let advance = |character| {
            let glyph = face.glyph_index(character).unwrap_or_default();
            f64::from(face.glyph_hor_advance(glyph).unwrap_or_default())
        };
        text.chars().map(advance).sum::<f64>() * size / f64::from(face.units_per_em())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_follow_letters_size_and_weight() {
        let measure = Measure::new().unwrap();
        let width = |text, size, bold| measure.width(text, size, bold);
        assert_eq!(width("", 10.0, false), 0.0);
        assert!(width("WWW", 10.0, false) > 2.0 * width("iii", 10.0, false));
        assert!((width("abc", 20.0, false) - 2.0 * width("abc", 10.0, false)).abs() < 1e-9);
        assert!(width("mmm", 10.0, true) != width("mmm", 10.0, false));
        assert!(width("日本", 10.0, false) > 0.0);
    }
}
