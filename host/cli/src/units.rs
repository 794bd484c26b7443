//! How people write amounts: `64MiB`, `1.5s`, `10G`.

use std::time::Duration;

fn split(text: &str) -> Result<(f64, &str), String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 =
        number.replace('_', "").parse().map_err(|_| format!("`{text}` does not begin with a number"))?;
    Ok((number, unit.trim()))
}

/// A number and one of the units given, the first of which is meant where none is written.
fn scaled(text: &str, units: &[(&str, f64)], example: &str) -> Result<f64, String> {
    let (number, unit) = split(text)?;
    let scale = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, scale)| *scale);
    let scale = scale.ok_or_else(|| {
        let known: Vec<_> = units.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect();
        let what = if unit.is_empty() {
            "a unit is missing".to_owned()
        } else {
            format!("`{unit}` is no unit here")
        };
        format!("{what}; use {}, as in `{example}`", known.join(", "))
    })?;
    Ok(number * scale)
}

fn whole(amount: f64, text: &str) -> Result<u64, String> {
    // Up to 2^53 every whole number has a float of its own.
    if (0.0..=9_007_199_254_740_992.0).contains(&amount) {
        Ok(amount.round() as u64)
    } else {
        Err(format!("`{text}` is too much"))
    }
}

/// Bytes: `64MiB`, `1GiB`, `100MB`, `4096`.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let units = [
        ("", 1.0),
        ("B", 1.0),
        ("KB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("TB", 1e12),
        ("KiB", 1024.0),
        ("MiB", 1_048_576.0),
        ("GiB", 1_073_741_824.0),
        ("TiB", 1_099_511_627_776.0),
    ];
    whole(scaled(text, &units, "64MiB")?, text)
}

/// Fuel: `1000000`, `500M`, `10G`.
pub(crate) fn parse_fuel(text: &str) -> Result<u64, String> {
    whole(scaled(text, &[("", 1.0), ("K", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)], "500M")?, text)
}

/// Time: `1s`, `500ms`, `2m`, `1h`. A unit is needed.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let units = [("ms", 1e-3), ("us", 1e-6), ("s", 1.0), ("m", 60.0), ("min", 60.0), ("h", 3600.0)];
    let seconds = scaled(text, &units, "1s")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("`{text}` is too long"))
}

/// Bytes for a person: `63.1 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}

/// A number for a person: `147,105`.
pub(crate) fn count(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

/// Time for a person: `0.134 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}

/// The tag of a language, as `de` or `pt-BR`.
pub(crate) fn parse_language(text: &str) -> Result<String, String> {
    let tag = text.replace('_', "-");
    if crunchbox_messages::is_language(&tag) {
        Ok(tag)
    } else {
        Err("use a language's tag, as de or pt-BR".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        assert_eq!(parse_size("64MiB"), Ok(64 << 20));
        assert_eq!(parse_size("1.5 gib"), Ok(3 << 29));
        assert_eq!(parse_size("4_096"), Ok(4096));
        assert_eq!(parse_fuel("10G"), Ok(10_000_000_000));
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
    }

    #[test]
    fn what_is_no_amount_is_refused_with_the_units() {
        for bad in ["", "MiB", "-1", "1 XB", "9e99", "99999999999999999999"] {
            parse_size(bad).unwrap_err();
        }
        assert!(parse_size("1XB").unwrap_err().contains("MiB"));
        assert!(parse_duration("5").unwrap_err().contains("ms"));
        parse_duration("99999999999999999999h").unwrap_err();
    }
}
