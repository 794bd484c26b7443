//! How many rows are kept.

use arrow::error::ArrowError;

use crate::order::{Key, encode, is_incomplete};

/// The number of rows to keep: `None` for all. As people write numbers: spaces around it, a plus before it and
/// underscores in it do no harm.
pub(crate) fn parse(text: &str) -> Result<Option<usize>, ()> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.trim().trim_start_matches('+');
    let plus_signs = text.trim().len() - digits.len();
    let well_formed = plus_signs <= 1
        && digits.split('_').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let digits = digits.replace('_', "");
    if !well_formed || digits.bytes().all(|byte| byte == b'0') {
        return Err(());
    }
    // More rows than can be counted are all rows.
    Ok(Some(digits.parse().unwrap_or(usize::MAX)))
}

/// Keeps the first `count` of the sorted `rows`, of each group where there are keys of groups. Rows without a value
/// for one of these belong to no group, and are all kept.
pub(crate) fn top(rows: &mut Vec<u32>, groups: &[Key], count: usize) -> Result<(), ArrowError> {
    if groups.is_empty() {
        rows.truncate(count);
        return Ok(());
    }
    let encoded = encode(groups)?;
    let mut current: Option<u32> = None;
    let mut kept = 0;
    rows.retain(|row| {
        if is_incomplete(groups, *row) {
            return true;
        }
        if current.is_none_or(|first| encoded.row(first) != encoded.row(*row)) {
            current = Some(*row);
            kept = 0;
        }
        kept += 1;
        kept <= count
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(parse(""), Ok(None));
        for (text, count) in [("3", 3), (" 3 ", 3), ("+3", 3), ("003", 3), ("1_000", 1000)] {
            assert_eq!(parse(text), Ok(Some(count)), "{text}");
        }
        for bad in [" ", "0", "00", "-3", "++3", "3.0", "1,000", "_3", "3_", "1__0", "three", "+"] {
            assert_eq!(parse(bad), Err(()), "{bad}");
        }
    }
}
