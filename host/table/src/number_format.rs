//! How a number column is shown: a format string in the manner of Python's `str.format`.

use std::iter::Peekable;
use std::str::{Chars, FromStr};

/// Widest field and most digits that a format may ask for: the longest cell, so that no format blows up a table.
const MAX_WIDTH: u32 = 32_768;

/// A number format: literal text around exactly one replacement field, such as `{:,}` or `€{:,.2f} each`.
///
/// The field has no name, number or conversion, and its specification has to be able to format the integer 1.
/// In the literal text `{{` and `}}` stand for single braces.
///
/// ```
/// use crunchbox_table::{Grouping, NumberFormat, NumberType};
///
/// let format: NumberFormat = "${:,.2f} each".parse()?;
/// assert_eq!((format.prefix.as_str(), format.suffix.as_str()), ("$", " each"));
/// assert_eq!((format.grouping, format.precision), (Some(Grouping::Comma), Some(2)));
/// assert_eq!(format.number_type, NumberType::Fixed { upper: false });
/// # Ok::<(), crunchbox_table::InvalidNumberFormat>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NumberFormat {
    /// Text before the number.
    pub prefix: String,
    /// Text after the number.
    pub suffix: String,
    /// What fills the field up to its width.
    pub fill: char,
    /// Where the number stands in the field.
    pub align: Align,
    /// Which numbers get a sign.
    pub sign: Sign,
    /// `#`: the other form, such as `0x` before hexadecimal digits.
    pub alternate: bool,
    /// Least number of characters, or 0 for no such demand.
    pub width: u32,
    /// What stands between groups of digits, if anything.
    pub grouping: Option<Grouping>,
    /// Digits after the point, or significant digits, by type.
    pub precision: Option<u32>,
    /// How the number is written.
    pub number_type: NumberType,
}

/// Where a number stands in a field that is wider than it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// `<`
    Left,
    /// `>`: what numbers do by themselves.
    Right,
    /// `=`: the fill goes between sign and digits.
    AfterSign,
    /// `^`
    Center,
}

/// Which numbers get a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// `-`: only negative ones; what numbers do by themselves.
    Negative,
    /// `+`: all.
    Always,
    /// A space in front of those that are not negative.
    Space,
}

/// What stands between groups of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// `,`: every three digits.
    Comma,
    /// `_`: every three digits, or every four of a binary, octal or hexadecimal number.
    Underscore,
}

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberType {
    /// No type given: as short as can be.
    Shortest,
    /// `b`: the integer part, binary.
    Binary,
    /// `c`: the character with that code.
    Character,
    /// `d`: the integer part.
    Decimal,
    /// `o`: the integer part, octal.
    Octal,
    /// `x`, `X`: the integer part, hexadecimal.
    Hexadecimal {
        /// Whether letters are capitals.
        upper: bool,
    },
    /// `n`: the integer part, with the locale's grouping (which is none).
    Localized,
    /// `e`, `E`: with an exponent.
    Exponent {
        /// Whether letters are capitals.
        upper: bool,
    },
    /// `f`, `F`: with a fixed number of digits after the point.
    Fixed {
        /// Whether letters are capitals.
        upper: bool,
    },
    /// `g`, `G`: fixed or with an exponent, by size.
    General {
        /// Whether letters are capitals.
        upper: bool,
    },
    /// `%`: times 100, fixed, with a percent sign.
    Percent,
}

/// Why a text is not a number format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidNumberFormat {
    /// There is no `{…}`.
    #[error("it has no replacement field; write {{:,}} where the number goes")]
    NoField,
    /// There is more than one `{…}`.
    #[error("it has more than one replacement field")]
    SecondField,
    /// A brace without its partner.
    #[error("it has a single brace; write {{{{ or }}}} for a brace that is to be shown")]
    SingleBrace,
    /// A name, a number or a conversion in the field, or another field inside it.
    #[error("the field may hold nothing but a colon and a specification")]
    FieldName,
    /// A type that numbers do not have.
    #[error("'{0}' is not a type of number")]
    UnknownType(char),
    /// Parts of the specification that exclude each other.
    #[error("{0} and type '{1}' do not go together")]
    Contradiction(&'static str, char),
    /// `,` and `_`, or one of them twice.
    #[error("it groups digits in two ways")]
    TwoGroupings,
    /// A point without a number behind it.
    #[error("the precision after the point is missing")]
    NoPrecision,
    /// Width or precision over 32,768.
    #[error("width and precision go up to 32768")]
    TooWide,
}

impl FromStr for NumberFormat {
    type Err = InvalidNumberFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (prefix, rest) = literal(text)?;
        let (specification, rest) = field(rest)?;
        let (suffix, rest) = literal(rest)?;
        if !rest.is_empty() {
            return Err(InvalidNumberFormat::SecondField);
        }
        NumberFormat { prefix, suffix, ..NumberFormat::plain() }.with_specification(specification)
    }
}

impl NumberFormat {
    fn plain() -> Self {
        NumberFormat {
            prefix: String::new(),
            suffix: String::new(),
            fill: ' ',
            align: Align::Right,
            sign: Sign::Negative,
            alternate: false,
            width: 0,
            grouping: None,
            precision: None,
            number_type: NumberType::Shortest,
        }
    }

    /// Reads `[[fill]align][sign][#][0][width][grouping][.precision][type]`.
    fn with_specification(mut self, text: &str) -> Result<Self, InvalidNumberFormat> {
        let mut rest = text.chars().peekable();
        let mut ahead = text.chars();
        let (first, second) = (ahead.next(), ahead.next());
        let mut zero_fills = true;
        let mut aligned = true;
        if let (Some(fill), Some(align)) = (first, second.and_then(alignment)) {
            (self.fill, self.align) = (fill, align);
            rest.nth(1);
            zero_fills = false;
        } else if let Some(align) = first.and_then(alignment) {
            self.align = align;
            rest.next();
        } else {
            aligned = false;
        }
        let mut signed = true;
        match rest.peek() {
            Some('+') => self.sign = Sign::Always,
            Some('-') => self.sign = Sign::Negative,
            Some(' ') => self.sign = Sign::Space,
            _ => signed = false,
        }
        if signed {
            rest.next();
        }
        self.alternate = rest.next_if_eq(&'#').is_some();
        if zero_fills && rest.next_if_eq(&'0').is_some() {
            self.fill = '0';
            if !aligned {
                self.align = Align::AfterSign;
            }
        }
        self.width = digits(&mut rest)?.unwrap_or(0);
        while let Some(character) = rest.next_if(|character| matches!(character, ',' | '_')) {
            let grouping = if character == ',' { Grouping::Comma } else { Grouping::Underscore };
            if self.grouping.replace(grouping).is_some() {
                return Err(InvalidNumberFormat::TwoGroupings);
            }
        }
        if rest.next_if_eq(&'.').is_some() {
            self.precision = Some(digits(&mut rest)?.ok_or(InvalidNumberFormat::NoPrecision)?);
        }
        let character = rest.next();
        if let Some(extra) = rest.next() {
            return Err(InvalidNumberFormat::UnknownType(extra));
        }
        self.number_type = character.map_or(Ok(NumberType::Shortest), number_type)?;
        self.check(character.unwrap_or('d'), signed)?;
        Ok(self)
    }

    /// Refuses what could not format an integer.
    fn check(&self, character: char, signed: bool) -> Result<(), InvalidNumberFormat> {
        use NumberType::*;
        let contradiction = |part| Err(InvalidNumberFormat::Contradiction(part, character));
        let float = matches!(self.number_type, Exponent { .. } | Fixed { .. } | General { .. } | Percent);
        let based = matches!(self.number_type, Binary | Octal | Hexadecimal { .. });
        let plain = matches!(self.number_type, Shortest | Decimal);
        if self.precision.is_some() && !float {
            return contradiction("a precision");
        }
        match self.grouping {
            Some(Grouping::Comma) if !(float || plain) => return contradiction("','"),
            Some(Grouping::Underscore) if !(float || plain || based) => return contradiction("'_'"),
            _ => {}
        }
        if self.number_type == Character {
            if signed {
                return contradiction("a sign");
            }
            if self.alternate {
                return contradiction("'#'");
            }
        }
        Ok(())
    }
}

/// Splits off the text up to a replacement field or the end.
fn literal(mut rest: &str) -> Result<(String, &str), InvalidNumberFormat> {
    let mut text = String::new();
    while let Some(brace) = rest.find(['{', '}']) {
        text.push_str(&rest[..brace]);
        rest = &rest[brace..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            text.push_str(&rest[..1]);
            rest = &rest[2..];
        } else if rest.starts_with('{') {
            return Ok((text, rest));
        } else {
            return Err(InvalidNumberFormat::SingleBrace);
        }
    }
    text.push_str(rest);
    Ok((text, ""))
}

/// Splits off a replacement field, and gives its specification.
fn field(text: &str) -> Result<(&str, &str), InvalidNumberFormat> {
    let inside = text.strip_prefix('{').ok_or(InvalidNumberFormat::NoField)?;
    let (inside, rest) = inside.split_once('}').ok_or(InvalidNumberFormat::SingleBrace)?;
    if inside.contains('{') {
        return Err(InvalidNumberFormat::FieldName);
    }
    match inside.strip_prefix(':') {
        Some(specification) => Ok((specification, rest)),
        None if inside.is_empty() => Ok(("", rest)),
        None => Err(InvalidNumberFormat::FieldName),
    }
}

fn alignment(character: char) -> Option<Align> {
    match character {
        '<' => Some(Align::Left),
        '>' => Some(Align::Right),
        '=' => Some(Align::AfterSign),
        '^' => Some(Align::Center),
        _ => None,
    }
}

fn number_type(character: char) -> Result<NumberType, InvalidNumberFormat> {
    let upper = character.is_ascii_uppercase();
    Ok(match character {
        'b' => NumberType::Binary,
        'c' => NumberType::Character,
        'd' => NumberType::Decimal,
        'o' => NumberType::Octal,
        'x' | 'X' => NumberType::Hexadecimal { upper },
        'n' => NumberType::Localized,
        'e' | 'E' => NumberType::Exponent { upper },
        'f' | 'F' => NumberType::Fixed { upper },
        'g' | 'G' => NumberType::General { upper },
        '%' => NumberType::Percent,
        other => return Err(InvalidNumberFormat::UnknownType(other)),
    })
}

fn digits(chars: &mut Peekable<Chars<'_>>) -> Result<Option<u32>, InvalidNumberFormat> {
    let mut number = None;
    while let Some(digit) = chars.peek().and_then(|character| character.to_digit(10)) {
        chars.next();
        let sum = number.unwrap_or(0) * 10 + digit;
        if sum > MAX_WIDTH {
            return Err(InvalidNumberFormat::TooWide);
        }
        number = Some(sum);
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<NumberFormat, InvalidNumberFormat> {
        text.parse()
    }

    #[test]
    fn formats_that_can_format_the_integer_1() {
        for text in [
            "{}",
            "{:}",
            "{:,}",
            "{:d}",
            "{:,d}",
            "${:,.2f}",
            "€{:,.2f}",
            "{:.1%}",
            "{:x}",
            "{:X}",
            "{:>10}",
            "{:_}",
            "{:e}",
            "{:E}",
            "{:c}",
            "{:n}",
            "{:b}",
            "{:o}",
            "{:_x}",
            "{:_b}",
            "{:G}",
            "{:F}",
            "{:%}",
            "{:,d} cows",
            "{{{:,}}}",
            "a}}b{{c {:d}",
            "{:+d}",
            "{: d}",
            "{:-}",
            "{:#x}",
            "{:#}",
            "{:010d}",
            "{:0}",
            "{:<<8}",
            "{:0=+#10_.3f}",
            "{:é^7}",
            "{:,.0f}",
            "{:=c}",
            "{:05c}",
            "{:32768}",
            "{:.32768f}",
            "{:==}",
            "{:0<010}",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        }
    }

    #[test]
    fn formats_that_cannot() {
        use InvalidNumberFormat::*;
        for (text, error) in [
            ("", NoField),
            ("12", NoField),
            ("{{}}", NoField),
            ("{", SingleBrace),
            ("}", SingleBrace),
            ("{:,}}", SingleBrace),
            ("{:,invalid", SingleBrace),
            ("{:,}{:,}", SecondField),
            ("{:,} {", SecondField),
            ("{0:d}", FieldName),
            ("{a}", FieldName),
            ("{value:f}", FieldName),
            ("{!r}", FieldName),
            ("{ }", FieldName),
            ("{:{}}", FieldName),
            ("{:s}", UnknownType('s')),
            ("{:T}", UnknownType('T')),
            ("{:z}", UnknownType('z')),
            ("{:dd}", UnknownType('d')),
            ("{:,n}", Contradiction("','", 'n')),
            ("{:,x}", Contradiction("','", 'x')),
            ("{:_c}", Contradiction("'_'", 'c')),
            ("{:_n}", Contradiction("'_'", 'n')),
            ("{:.2d}", Contradiction("a precision", 'd')),
            ("{:.2}", Contradiction("a precision", 'd')),
            ("{:.2n}", Contradiction("a precision", 'n')),
            ("{:+c}", Contradiction("a sign", 'c')),
            ("{:#c}", Contradiction("'#'", 'c')),
            ("{:,,}", TwoGroupings),
            ("{:,_}", TwoGroupings),
            ("{:.f}", NoPrecision),
            ("{:.}", NoPrecision),
            ("{:32769}", TooWide),
            ("{:99999999999999999999}", TooWide),
            ("{:.99999f}", TooWide),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn the_parts_are_told_apart() {
        let format = parse("{{€{:*<+#9_.3G}}}").unwrap();
        assert_eq!((format.prefix.as_str(), format.suffix.as_str()), ("{€", "}"));
        assert_eq!((format.fill, format.align, format.sign), ('*', Align::Left, Sign::Always));
        assert!(format.alternate);
        assert_eq!(
            (format.width, format.grouping, format.precision),
            (9, Some(Grouping::Underscore), Some(3))
        );
        assert_eq!(format.number_type, NumberType::General { upper: true });

        // A zero before the width fills behind the sign, unless an alignment or a fill says otherwise.
        let format = parse("{:010}").unwrap();
        assert_eq!((format.fill, format.align, format.width), ('0', Align::AfterSign, 10));
        let format = parse("{:<010}").unwrap();
        assert_eq!((format.fill, format.align, format.width), ('0', Align::Left, 10));
        let format = parse("{:x<010}").unwrap();
        assert_eq!((format.fill, format.align, format.width), ('x', Align::Left, 10));
    }
}
