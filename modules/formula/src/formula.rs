//! A formula and the cells that it names.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use crunchbox_sdk::{Error, I18nMessage, Result};
use ironcalc_base::expressions::lexer::util::{MarkedToken, get_tokens};
use ironcalc_base::expressions::parser::{Node, Parser};
use ironcalc_base::expressions::token::TokenType;
use ironcalc_base::expressions::types::CellReferenceRC;
use ironcalc_base::language::get_language;
use ironcalc_base::locale::get_locale;

use crate::{message, missing};

/// Functions that reckon with numbers and don't take text for them.
const AGGREGATES: [&str; 10] =
    ["SUM", "AVERAGE", "MIN", "MAX", "PRODUCT", "MEDIAN", "STDEV", "STDEV.S", "VAR", "VAR.S"];

/// Where a formula is taken to be: what it names is told by how far that is from there.
pub(crate) static HOME: LazyLock<CellReferenceRC> =
    LazyLock::new(|| CellReferenceRC { sheet: "Sheet1".to_owned(), column: 1, row: 1 });

/// A formula that can be reckoned with.
pub(crate) struct Formula {
    text: String,
    inputs: Vec<Input>,
    functions: Vec<String>,
}

/// Cells that a formula names: from 0 on, the last ones included.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Input {
    /// As it is written.
    token: String,
    /// `None` if it is a name that stands for no cells.
    area: Option<Area>,
    /// Wherever it is named, an aggregate takes it.
    is_aggregated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Area {
    first: (usize, usize),
    last: (usize, usize),
    /// It names no rows: `A:B`.
    whole_columns: bool,
}

impl Input {
    /// Its columns that a table of so many has.
    pub(crate) fn columns(&self, columns: usize) -> Range<usize> {
        self.area.map_or(0..0, |area| area.first.1..columns.min(area.last.1 + 1))
    }

    /// Its rows that a table of so many has.
    pub(crate) fn rows(&self, rows: usize) -> Range<usize> {
        self.area.map_or(0..0, |area| area.first.0..rows.min(area.last.0 + 1))
    }

    /// Whether text in it that looks like a number spoils the result: not if a cell is named alone, for then it is one.
    pub(crate) fn refuses_numeric_text(&self) -> bool {
        self.is_aggregated && self.area.is_some_and(|area| area.first != area.last)
    }
}

impl Formula {
    /// Takes a formula apart. A function that there isn't is told only once all references are known to be good.
    pub(crate) fn parse(text: &str) -> Result<Formula> {
        let invalid = |reason: &str| message("excel.invalidFormula").arg("error", reason);
        let body = text.strip_prefix('=').ok_or_else(|| invalid("a formula begins with ="))?;
        if let Node::ParseErrorKind { message, .. } = parse(body)? {
            return Err(invalid(&message).into());
        }
        let tokens = get_tokens(body);
        if tokens.windows(2).any(|pair| is_operand(&pair[0].token) && begins_operand(&pair[1].token))
            || !is_balanced(&tokens)
        {
            return Err(invalid("there is something behind the end of it").into());
        }
        let mut inputs: Vec<Input> = Vec::new();
        let mut functions: Vec<String> = Vec::new();
        // For each parenthesis that is open, whether an aggregate is called by it.
        let mut open: Vec<bool> = Vec::new();
        for (place, token) in tokens.iter().enumerate() {
            let start = usize::try_from(token.start)?;
            let length = usize::try_from(token.end - token.start)?;
            let written: String = body.chars().skip(start).take(length).collect();
            let written = written.trim().to_uppercase();
            match token.token {
                TokenType::LeftParenthesis => {
                    let is_called = place > 0
                        && matches!(
                            tokens[place - 1].token,
                            TokenType::Ident(_) | TokenType::Reference { .. }
                        );
                    let is_inside = open.last() == Some(&true);
                    let is_aggregate =
                        functions.last().is_some_and(|name| AGGREGATES.contains(&name.as_str()));
                    open.push(if is_called { is_aggregate } else { is_inside });
                }
                TokenType::RightParenthesis => {
                    open.pop();
                }
                _ => {}
            }
            let is_call = tokens.get(place + 1).is_some_and(|next| next.token == TokenType::LeftParenthesis);
            if is_call && matches!(token.token, TokenType::Ident(_) | TokenType::Reference { .. }) {
                functions.push(written);
            } else if let Some(area) = area(&token.token)? {
                let is_aggregated = open.last() == Some(&true);
                match inputs.iter_mut().find(|input| input.token == written) {
                    Some(known) => known.is_aggregated &= is_aggregated,
                    None => inputs.push(Input { token: written, area, is_aggregated }),
                }
            }
        }
        let text = missing::guarded(body)?.map_or_else(|| text.to_owned(), |guarded| format!("={guarded}"));
        Ok(Formula { text, inputs, functions })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// # Errors
    /// If it can't be reckoned for each row.
    pub(crate) fn check_all_rows(&self, columns: usize) -> Result<()> {
        for input in &self.inputs {
            let Some(area) = input.area else {
                return Err(message("excel.badCellReference").arg("token", input.token.as_str()).into());
            };
            if area.whole_columns || (area.first.0, area.last.0) != (0, 0) {
                return Err(message("excel.formulaFirstRowReference").into());
            }
            if area.last.1 >= columns {
                return Err(message("excel.all_rows.badColumnRef").arg("ref", input.token.as_str()).into());
            }
        }
        self.check_functions()
    }

    /// # Errors
    /// If it can't be reckoned once.
    pub(crate) fn check_one_row(&self, rows: usize, columns: usize) -> Result<()> {
        for input in &self.inputs {
            let Some(area) = input.area else {
                return Err(message("excel.one_row.invalidCellRange")
                    .arg("token", input.token.as_str())
                    .into());
            };
            if area.whole_columns || area.first.0 >= rows || area.first.1 >= columns {
                return Err(message("excel.one_row.badRef").arg("ref", input.token.as_str()).into());
            }
        }
        self.check_functions()
    }

    fn check_functions(&self) -> Result<()> {
        for name in &self.functions {
            if let Node::NamedFunctionKind { .. } = parse(&format!("{name}()"))? {
                return Err(not_implemented(name).into());
            }
        }
        Ok(())
    }
}

fn not_implemented(name: &str) -> I18nMessage {
    message("excel.functionNotImplemented").arg("name", name)
}

pub(crate) fn parse(body: &str) -> Result<Node> {
    let (locale, language) = (get_locale("en").map_err(Error::bug)?, get_language("en").map_err(Error::bug)?);
    let mut parser = Parser::new(vec![HOME.sheet.clone()], Vec::new(), HashMap::new(), locale, language);
    Ok(parser.parse(body, &HOME))
}

/// The cells that a token names: `Some(None)` if it is a name for none, `None` if it is no name.
fn area(token: &TokenType) -> Result<Option<Option<Area>>> {
    let place = |row: i32, column: i32| -> Result<(usize, usize)> {
        Ok((usize::try_from(row - 1)?, usize::try_from(column - 1)?))
    };
    Ok(match token {
        TokenType::Reference { sheet: None, row, column, .. } => {
            let cell = place(*row, *column)?;
            Some(Some(Area { first: cell, last: cell, whole_columns: false }))
        }
        TokenType::Range { sheet: None, left, right } => {
            let (left_cell, right_cell) = (place(left.row, left.column)?, place(right.row, right.column)?);
            let last_row = 1_048_576;
            Some(Some(Area {
                first: (left_cell.0.min(right_cell.0), left_cell.1.min(right_cell.1)),
                last: (left_cell.0.max(right_cell.0), left_cell.1.max(right_cell.1)),
                whole_columns: left.row == 1 && right.row == last_row,
            }))
        }
        TokenType::Ident(_) | TokenType::Reference { .. } | TokenType::Range { .. } => Some(None),
        _ => None,
    })
}

fn is_operand(token: &TokenType) -> bool {
    matches!(
        token,
        TokenType::Number(_)
            | TokenType::String(_)
            | TokenType::Boolean(_)
            | TokenType::Reference { .. }
            | TokenType::Range { .. }
            | TokenType::RightParenthesis
    )
}

fn begins_operand(token: &TokenType) -> bool {
    matches!(token, TokenType::Ident(_)) || (is_operand(token) && *token != TokenType::RightParenthesis)
}

fn is_balanced(tokens: &[MarkedToken]) -> bool {
    let mut depth = 0_i64;
    for token in tokens {
        match token.token {
            TokenType::LeftParenthesis => depth += 1,
            TokenType::RightParenthesis => depth -= 1,
            TokenType::Illegal(_) => return false,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}
