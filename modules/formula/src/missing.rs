//! Comparisons with numbers that are missing: such a number is equal to nothing, and neither less nor more. In sheets a
//! missing number is an error, which would be the comparison's result too.

use crunchbox_sdk::Result;
use ironcalc_base::expressions::parser::Node;
use ironcalc_base::expressions::parser::stringify::to_english_string;
use ironcalc_base::expressions::token::OpCompare;

use crate::formula::{HOME, parse};

/// The formula with its comparisons asking first whether a cell that they name has a number; `None` if there are none.
pub(crate) fn guarded(body: &str) -> Result<Option<String>> {
    let mut node = parse(body)?;
    let found = guard(&mut node)?;
    Ok(found.then(|| to_english_string(&node, &HOME)))
}

/// Whether there was something to do.
fn guard(node: &mut Node) -> Result<bool> {
    let mut found = false;
    for child in children(node) {
        found |= guard(child)?;
    }
    let Node::CompareKind { kind, left, right } = node else { return Ok(found) };
    let is_cell = |node: &Node| matches!(node, Node::ReferenceKind { .. });
    let result = if matches!(kind, OpCompare::NonEqual) { "TRUE" } else { "FALSE" };
    let text = |node: &Node| to_english_string(node, &HOME);
    let [left_text, right_text] = [text(left), text(right)];
    // Other errors than missing numbers are the result.
    let missing = match (is_cell(left), is_cell(right)) {
        (true, true) => format!("IF(OR(ISERROR({left_text}),ISERROR({right_text})),{result},"),
        (true, false) => {
            format!("IF(ISERROR({left_text}),IF(ISERROR({right_text}),{right_text},{result}),")
        }
        (false, true) => format!("IF(ISERROR({right_text}),IF(ISERROR({left_text}),{left_text},{result}),"),
        (false, false) => return Ok(found),
    };
    *node = parse(&format!("{missing}{})", text(node)))?;
    Ok(true)
}

/// The parts of an expression that are expressions.
fn children(node: &mut Node) -> Vec<&mut Node> {
    match node {
        Node::OpConcatenateKind { left, right }
        | Node::OpSumKind { left, right, .. }
        | Node::OpProductKind { left, right, .. }
        | Node::OpPowerKind { left, right }
        | Node::CompareKind { left, right, .. } => vec![left, right],
        Node::UnaryKind { right, .. } => vec![right],
        Node::ImplicitIntersection { child, .. } => vec![child],
        Node::FunctionKind { args, .. } => args.iter_mut().collect(),
        _ => Vec::new(),
    }
}
