//! Reading number formats: what the host lets through is what steps can write.

use std::str::FromStr;

use super::{Align, Field, Notation, NumberFormat};

/// Widest field and most digits that a format may ask for: the longest cell, so that no format blows up a table.
const MAX_WIDTH: usize = 32_768;

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
        Ok(NumberFormat { prefix, field: Field::parse(specification)?, suffix })
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

impl Field {
    /// Reads `[[fill]align][sign][#][0][width][grouping][.precision][type]`.
    fn parse(specification: &str) -> Result<Field, InvalidNumberFormat> {
        let chars: Vec<char> = specification.chars().collect();
        let mut rest = chars.as_slice();
        let (mut fill, mut align) = (None, None);
        if let [first, second, more @ ..] = rest
            && let Some(found) = alignment(*second)
        {
            (fill, align, rest) = (Some(*first), Some(found), more);
        } else if let [first, more @ ..] = rest
            && let Some(found) = alignment(*first)
        {
            (align, rest) = (Some(found), more);
        }
        let sign = take(&mut rest, &['+', '-', ' ']);
        let alternate = take(&mut rest, &['#']).is_some();
        if fill.is_none() && take(&mut rest, &['0']).is_some() {
            fill = Some('0');
            align = align.or(Some(Align::Inside));
        }
        let width = digits(&mut rest)?.unwrap_or(0);
        let grouping = take(&mut rest, &[',', '_']);
        if grouping.is_some() && take(&mut rest, &[',', '_']).is_some() {
            return Err(InvalidNumberFormat::TwoGroupings);
        }
        let precision = match take(&mut rest, &['.']) {
            Some(_) => Some(digits(&mut rest)?.ok_or(InvalidNumberFormat::NoPrecision)?),
            None => None,
        };
        let letter = match rest {
            [] => None,
            [letter] => Some(*letter),
            [_, extra, ..] => return Err(InvalidNumberFormat::UnknownType(*extra)),
        };
        let field = Field {
            fill: fill.unwrap_or(' '),
            align: align.unwrap_or(Align::Right),
            plus: match sign {
                Some('+') => "+",
                Some(' ') => " ",
                _ => "",
            },
            alternate,
            width,
            grouping,
            precision,
            notation: Notation::parse(letter)?,
        };
        field.check(letter.unwrap_or('d'), sign.is_some())?;
        Ok(field)
    }

    /// Refuses what could not write an integer.
    fn check(&self, letter: char, signed: bool) -> Result<(), InvalidNumberFormat> {
        let is_character = self.notation == Notation::Character;
        // Of the locale's own grouping, which is none.
        let is_grouped = letter == 'n';
        let is_in_bits = matches!(self.notation.base(), Notation::Bits(..));
        let contradiction = if self.precision.is_some() && !self.notation.is_of_floats() {
            "a precision"
        } else if self.grouping == Some(',') && (is_character || is_grouped || is_in_bits) {
            "','"
        } else if self.grouping == Some('_') && (is_character || is_grouped) {
            "'_'"
        } else if is_character && signed {
            "a sign"
        } else if is_character && self.alternate {
            "'#'"
        } else {
            return Ok(());
        };
        Err(InvalidNumberFormat::Contradiction(contradiction, letter))
    }
}

impl Notation {
    fn parse(letter: Option<char>) -> Result<Notation, InvalidNumberFormat> {
        Ok(match letter {
            None => Notation::Shortest,
            Some('d' | 'n') => Notation::Decimal,
            Some('c') => Notation::Character,
            Some('b') => Notation::Bits(1, 'b'),
            Some('o') => Notation::Bits(3, 'o'),
            Some('x') => Notation::Bits(4, 'x'),
            Some('X') => Notation::Upper(&Notation::Bits(4, 'x')),
            Some('f') => Notation::Fixed,
            Some('F') => Notation::Upper(&Notation::Fixed),
            Some('e') => Notation::Exponent,
            Some('E') => Notation::Upper(&Notation::Exponent),
            Some('g') => Notation::General,
            Some('G') => Notation::Upper(&Notation::General),
            Some('%') => Notation::Percent,
            Some(other) => return Err(InvalidNumberFormat::UnknownType(other)),
        })
    }
}

fn alignment(character: char) -> Option<Align> {
    match character {
        '<' => Some(Align::Left),
        '>' => Some(Align::Right),
        '=' => Some(Align::Inside),
        '^' => Some(Align::Center),
        _ => None,
    }
}

/// Takes the next character if it is one of these.
fn take(rest: &mut &[char], of: &[char]) -> Option<char> {
    let (first, more) = rest.split_first().filter(|(first, _)| of.contains(first))?;
    *rest = more;
    Some(*first)
}

/// Takes the number that comes next, if there is one.
fn digits(rest: &mut &[char]) -> Result<Option<usize>, InvalidNumberFormat> {
    let count = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    let (digits, more) = rest.split_at(count);
    *rest = more;
    if digits.is_empty() {
        return Ok(None);
    }
    let number = digits.iter().collect::<String>().parse().ok().filter(|number| *number <= MAX_WIDTH);
    number.map(Some).ok_or(InvalidNumberFormat::TooWide)
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
            ("x", NoField),
            ("{{}}", NoField),
            ("{", SingleBrace),
            ("}", SingleBrace),
            ("{:,}}", SingleBrace),
            ("{:}}", SingleBrace),
            ("{:,invalid", SingleBrace),
            ("{:,}{:,}", SecondField),
            ("{}{}", SecondField),
            ("{} {:d}", SecondField),
            ("{:,} {", SecondField),
            ("{0:d}", FieldName),
            ("{0}", FieldName),
            ("{a}", FieldName),
            ("{ :d}", FieldName),
            ("{:{<5}", FieldName),
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
            ("{:99999}", TooWide),
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
        let field = format.field;
        assert_eq!((field.fill, field.align, field.plus), ('*', Align::Left, "+"));
        assert!(field.alternate);
        assert_eq!((field.width, field.grouping, field.precision), (9, Some('_'), Some(3)));
        assert_eq!(field.notation, Notation::Upper(&Notation::General));

        // A zero before the width fills behind the sign, unless an alignment or a fill says otherwise.
        for (text, fill, align) in
            [("{:010}", '0', Align::Inside), ("{:<010}", '0', Align::Left), ("{:x<010}", 'x', Align::Left)]
        {
            let field = parse(text).unwrap().field;
            assert_eq!((field.fill, field.align, field.width), (fill, align, 10), "{text}");
        }
    }
}
