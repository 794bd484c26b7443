//! Positions as people write them: `5`, `5-8`.

/// The first and the last number of `5` or `5-8`: whole numbers from 1 on, in ASCII digits, without spaces or leading
/// zeros. `None` for anything else. The last may be less than the first.
///
/// A number that no machine can count to is as good as the largest.
///
/// ```
/// assert_eq!(crunchbox_sdk::parse_range("5-8"), Some((5, 8)));
/// assert_eq!(crunchbox_sdk::parse_range("5"), Some((5, 5)));
/// assert_eq!(crunchbox_sdk::parse_range("0"), None);
/// ```
pub fn parse_range(text: &str) -> Option<(usize, usize)> {
    match text.split_once('-') {
        None => number(text).map(|number| (number, number)),
        Some((first, last)) => Some((number(first)?, number(last)?)),
    }
}

fn number(digits: &str) -> Option<usize> {
    let valid = digits.starts_with(|first: char| ('1'..='9').contains(&first))
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| digits.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_range_is_none() {
        for text in ["", "-", "-1", "0", "01", "1-", "1-0", "1-2-3", "1 - 2", " 1", "+1", "1.0", "x", "٣"] {
            assert_eq!(parse_range(text), None, "{text:?}");
        }
    }

    #[test]
    fn large_and_backward_ranges_are_ranges() {
        assert_eq!(parse_range("8-5"), Some((8, 5)));
        assert_eq!(parse_range("1-99999999999999999999999"), Some((1, usize::MAX)));
    }
}
