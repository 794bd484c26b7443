//! Number formats: those of Python's `str.format`, with one field for the number.

use std::str::FromStr;

/// A width or a number of decimals may not be larger: a column of such cells would be all padding.
const MAX_LENGTH: usize = 4096;

/// How a number is written: `{:,.2f} €`.
///
/// A text before the number, one field in braces and a text behind it; `{{` and `}}` are braces in these texts. The
/// field is empty or holds what follows a colon in Python's format specification:
/// `[[fill]align][sign][#][0][width][,|_][.precision][type]`, with a type of `b c d e E f F g G n o x X %`.
///
/// A float that is whole is written as an integer: `3`, not `3.0`. Types for integers cut decimals off.
///
/// ```
/// use crunchbox_protocol::formats::NumberFormat;
///
/// let format: NumberFormat = "{:,.2f} €".parse()?;
/// assert_eq!(format.float(1234.5), "1,234.50 €");
/// assert_eq!("{:,}".parse::<NumberFormat>()?.integer(-1234), "-1,234");
/// # Ok::<(), crunchbox_protocol::formats::BadFormat>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    prefix: String,
    field: Field,
    suffix: String,
}

/// Why a text is no number format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFormat {
    /// There is no field, or a second one, or a brace has no twin.
    #[error("a number format has one pair of braces, as in {{:,.2f}}; write other braces twice")]
    Braces,
    /// The field has a name, a number or a conversion.
    #[error("the braces of a number format hold nothing or a colon and what follows it, as in {{:,.2f}}")]
    Name,
    /// What follows the colon is no format specification, or none for a number.
    #[error("what follows the colon of a number format is not of the form of ,.2f")]
    Specification,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    fill: char,
    align: Align,
    /// What stands before a number that isn't negative.
    plus: &'static str,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    notation: Notation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Align {
    Left,
    Right,
    Center,
    /// Between the sign and the digits.
    Inside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notation {
    /// As many digits as the number needs.
    Shortest,
    Decimal,
    Character,
    /// 2, 8 or 16, by bits a digit.
    Bits(u32, char),
    Fixed,
    Exponent,
    General,
    Percent,
    /// As another one, in capitals.
    Upper(&'static Notation),
}

/// The parts of a number: what padding and grouping have to tell apart.
struct Parts {
    negative: bool,
    /// `0x`, say.
    lead: String,
    digits: String,
    /// Decimals, exponent, percent sign.
    rest: String,
}

impl FromStr for NumberFormat {
    type Err = BadFormat;

    fn from_str(text: &str) -> Result<Self, BadFormat> {
        let (prefix, rest) = literal(text)?;
        let (inside, rest) =
            rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).ok_or(BadFormat::Braces)?;
        let (suffix, rest) = literal(rest)?;
        if !rest.is_empty() {
            return Err(BadFormat::Braces);
        }
        let specification = match inside.strip_prefix(':') {
            Some(specification) => specification,
            None if inside.is_empty() => "",
            None => return Err(BadFormat::Name),
        };
        let field = Field::parse(specification).ok_or(BadFormat::Specification)?;
        Ok(NumberFormat { prefix, field, suffix })
    }
}

impl NumberFormat {
    /// Writes an integer.
    pub fn integer(&self, value: i128) -> String {
        self.surround(&if self.field.notation.is_of_floats() {
            self.field.float(value as f64)
        } else {
            self.field.integer(value < 0, value.unsigned_abs().to_string(), || (value.unsigned_abs(), 0))
        })
    }

    /// Writes a float.
    pub fn float(&self, value: f64) -> String {
        let truncated = value.trunc();
        let whole = truncated == value || self.field.notation.is_of_integers();
        self.surround(&if self.field.notation.is_of_floats() || !whole || !value.is_finite() {
            self.field.float(value)
        } else {
            let magnitude = truncated.abs();
            self.field.integer(truncated < 0.0, format!("{magnitude:.0}"), || scaled(magnitude))
        })
    }

    fn surround(&self, number: &str) -> String {
        format!("{}{number}{}", self.prefix, self.suffix)
    }
}

/// The text up to a field or the end, with double braces made single, and what follows it.
fn literal(text: &str) -> Result<(String, &str), BadFormat> {
    let mut found = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let doubled = rest[c.len_utf8()..].starts_with(c);
        match c {
            '{' | '}' if doubled => rest = &rest[1..],
            '{' => break,
            '}' => return Err(BadFormat::Braces),
            _ => {}
        }
        found.push(c);
        rest = &rest[c.len_utf8()..];
    }
    Ok((found, rest))
}

/// A whole number as an integer and a power of two to multiply it with.
fn scaled(magnitude: f64) -> (u128, u32) {
    let exponent = magnitude.log2().floor().max(0.0) as u32;
    let zeros = exponent.saturating_sub(f64::MANTISSA_DIGITS);
    ((magnitude / 2f64.powi(zeros.cast_signed())) as u128, zeros)
}

impl Notation {
    fn parse(type_char: Option<char>) -> Option<Notation> {
        Some(match type_char {
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
            Some(_) => return None,
        })
    }

    fn base(self) -> Notation {
        if let Notation::Upper(base) = self { *base } else { self }
    }

    fn is_of_floats(self) -> bool {
        matches!(self.base(), Notation::Fixed | Notation::Exponent | Notation::General | Notation::Percent)
    }

    fn is_of_integers(self) -> bool {
        matches!(self.base(), Notation::Decimal | Notation::Character | Notation::Bits(..))
    }
}

impl Field {
    fn parse(specification: &str) -> Option<Field> {
        let align = |c: &char| {
            Some(match c {
                '<' => Align::Left,
                '>' => Align::Right,
                '^' => Align::Center,
                '=' => Align::Inside,
                _ => return None,
            })
        };
        let chars: Vec<char> = specification.chars().collect();
        let mut rest = chars.as_slice();
        let (mut fill, mut alignment) = (None, None);
        if let [first, second, more @ ..] = rest
            && let Some(found) = align(second)
        {
            (fill, alignment, rest) = (Some(*first), Some(found), more);
        } else if let [first, more @ ..] = rest
            && let Some(found) = align(first)
        {
            (alignment, rest) = (Some(found), more);
        }
        let sign = take(&mut rest, &['+', '-', ' ']);
        let alternate = take(&mut rest, &['#']).is_some();
        if fill.is_none() && take(&mut rest, &['0']).is_some() {
            fill = Some('0');
            alignment = alignment.or(Some(Align::Inside));
        }
        let width = length(&mut rest)?;
        let grouping = take(&mut rest, &[',', '_']);
        let precision = match take(&mut rest, &['.']) {
            Some(_) => Some(length(&mut rest)??),
            None => None,
        };
        let letter = match rest {
            [] => None,
            [letter] => Some(*letter),
            _ => return None,
        };
        let notation = Notation::parse(letter)?;
        let is_character = notation == Notation::Character;
        let is_refused = (precision.is_some() && !notation.is_of_floats())
            || (grouping.is_some() && (is_character || letter == Some('n')))
            || (grouping == Some(',') && matches!(notation.base(), Notation::Bits(..)))
            || (is_character && (sign.is_some() || alternate));
        (!is_refused).then_some(Field {
            fill: fill.unwrap_or(' '),
            align: alignment.unwrap_or(Align::Right),
            plus: match sign {
                Some('+') => "+",
                Some(' ') => " ",
                _ => "",
            },
            alternate,
            width: width.unwrap_or(0),
            grouping,
            precision,
            notation,
        })
    }

    /// Writes a whole number: its digits, and what they are digits of.
    fn integer(&self, negative: bool, decimal: String, scaled: impl Fn() -> (u128, u32)) -> String {
        let mut lead = String::new();
        let digits = match self.notation.base() {
            Notation::Bits(bits, letter) => {
                if self.alternate {
                    lead = format!("0{letter}");
                }
                in_bits(scaled(), bits)
            }
            Notation::Character => {
                let code = decimal.parse().ok().and_then(char::from_u32).filter(|_| !negative);
                code.unwrap_or(char::REPLACEMENT_CHARACTER).to_string()
            }
            _ => decimal,
        };
        self.pad(Parts { negative, lead, digits, rest: String::new() })
    }

    fn float(&self, value: f64) -> String {
        let magnitude = value.abs();
        let precision = self.precision.unwrap_or(6);
        let mut text = match self.notation.base() {
            _ if value.is_nan() => "nan".to_owned(),
            _ if value.is_infinite() => "inf".to_owned(),
            Notation::Exponent => exponent(&format!("{magnitude:.precision$e}")),
            Notation::Fixed => format!("{magnitude:.precision$}"),
            Notation::Percent => format!("{:.precision$}", magnitude * 100.0),
            Notation::General => self.general(magnitude, precision.max(1)),
            _ => shortest(magnitude),
        };
        if self.alternate && value.is_finite() && !text.contains('.') {
            text.insert(text.find('e').unwrap_or(text.len()), '.');
        }
        let whole = text.find(|c: char| !c.is_ascii_digit()).filter(|_| value.is_finite());
        let mut rest = text.split_off(whole.unwrap_or(text.len()));
        if self.notation == Notation::Percent {
            rest.push('%');
        }
        let negative = value.is_sign_negative() && !value.is_nan();
        self.pad(Parts { negative, lead: String::new(), digits: text, rest })
    }

    /// `precision` significant digits, in whichever notation is the shorter one.
    fn general(&self, magnitude: f64, precision: usize) -> String {
        let scientific = format!("{magnitude:.*e}", precision - 1);
        let power: i64 = scientific.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
        let decimals = i64::try_from(precision).unwrap_or(i64::MAX) - 1 - power;
        let fixed = usize::try_from(decimals).ok().filter(|_| power >= -4);
        let text = fixed.map_or_else(|| exponent(&scientific), |decimals| format!("{magnitude:.decimals$}"));
        if self.alternate || !text.contains('.') {
            return text;
        }
        let (mantissa, power) = text.split_at(text.find('e').unwrap_or(text.len()));
        format!("{}{power}", mantissa.trim_end_matches('0').trim_end_matches('.'))
    }

    fn pad(&self, parts: Parts) -> String {
        let sign = if parts.negative { "-" } else { self.plus };
        let around = sign.len() + parts.lead.len() + parts.rest.len();
        // Zeros between the sign and the digits are digits themselves: they are grouped too.
        let zeros = self.fill == '0' && self.align == Align::Inside;
        let least = if zeros { self.width.saturating_sub(around) } else { 0 };
        let size = if matches!(self.notation.base(), Notation::Bits(..)) { 4 } else { 3 };
        let digits = match self.grouping {
            Some(separator) => grouped(&parts.digits, size, separator, least),
            None => format!("{:0>least$}", parts.digits),
        };
        let mut number = format!("{}{digits}{}", parts.lead, parts.rest);
        if let Notation::Upper(_) = self.notation {
            number.make_ascii_uppercase();
        }
        let padding = self.width.saturating_sub(sign.len() + number.chars().count());
        let fill = |count: usize| self.fill.to_string().repeat(count);
        match self.align {
            Align::Left => format!("{sign}{number}{}", fill(padding)),
            Align::Right => format!("{}{sign}{number}", fill(padding)),
            Align::Center => format!("{}{sign}{number}{}", fill(padding / 2), fill(padding - padding / 2)),
            Align::Inside => format!("{sign}{}{number}", fill(padding)),
        }
    }
}

/// Takes the next character if it is one of these.
fn take(rest: &mut &[char], of: &[char]) -> Option<char> {
    let (first, more) = rest.split_first().filter(|(first, _)| of.contains(first))?;
    *rest = more;
    Some(*first)
}

/// Takes the digits that come next: `Some(None)` if there are none, `None` if they are too many.
fn length(rest: &mut &[char]) -> Option<Option<usize>> {
    let count = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    let (digits, more) = rest.split_at(count);
    *rest = more;
    if digits.is_empty() {
        return Some(None);
    }
    let number = digits.iter().collect::<String>().parse().ok().filter(|number| *number <= MAX_LENGTH)?;
    Some(Some(number))
}

/// Digits of so many bits each.
fn in_bits((number, zeros): (u128, u32), bits: u32) -> String {
    let number = number << (zeros % bits);
    let mut digits = match bits {
        1 => format!("{number:b}"),
        3 => format!("{number:o}"),
        _ => format!("{number:x}"),
    };
    digits.extend(std::iter::repeat_n('0', (zeros / bits) as usize));
    digits
}

/// Rust's `1.5e-7` as Python has it: with a sign and two digits at least.
fn exponent(scientific: &str) -> String {
    let (mantissa, power) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
    format!("{mantissa}e{sign}{power:0>2}")
}

/// The fewest digits that stand for no other float.
fn shortest(magnitude: f64) -> String {
    if (1e-4..1e16).contains(&magnitude) {
        magnitude.to_string()
    } else {
        exponent(&format!("{magnitude:e}"))
    }
}

/// Digits in groups, with zeros before them until there are `least` characters.
fn grouped(digits: &str, size: usize, separator: char, least: usize) -> String {
    let mut reversed = String::new();
    let mut from_right = digits.chars().rev();
    let mut count = 0;
    loop {
        let next = from_right.next();
        if next.is_none() && reversed.len() >= least {
            break;
        }
        if count > 0 && count % size == 0 {
            reversed.push(separator);
        }
        reversed.push(next.unwrap_or('0'));
        count += 1;
    }
    reversed.chars().rev().collect()
}

#[cfg(test)]
mod tests;
