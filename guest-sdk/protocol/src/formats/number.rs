//! Number formats: those of Python's `str.format`, with one field for the number.

mod parse;

pub use parse::InvalidNumberFormat;

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
/// # Ok::<(), crunchbox_protocol::formats::InvalidNumberFormat>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    prefix: String,
    field: Field,
    suffix: String,
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

/// A whole number as an integer and a power of two to multiply it with.
fn scaled(magnitude: f64) -> (u128, u32) {
    let exponent = magnitude.log2().floor().max(0.0) as u32;
    let zeros = exponent.saturating_sub(f64::MANTISSA_DIGITS);
    ((magnitude / 2f64.powi(zeros.cast_signed())) as u128, zeros)
}

impl Notation {
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
