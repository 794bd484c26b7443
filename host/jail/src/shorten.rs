//! Fewer instructions for the same answers. The kernel compiles a worker's list of system calls anew for each worker, and the
//! library that writes it takes five instructions for each call, of which four only say where to go next.

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, sock_filter};

/// The kinds of instruction that are looked at: `BPF_RET | BPF_K`, `BPF_JMP | BPF_JA`, and the class of all jumps.
const RETURN: u16 = 0x06;
const GO: u16 = 0x05;
const JUMPS: u16 = 0x05;
const CLASS: u16 = 0x07;

/// The same program without detours: each jump leads to where it leads in the end, each answer is there once, and what is
/// never reached is left out. A program that has something else in it than such lists do stays what it is.
pub(crate) fn shorten(program: BpfProgram) -> BpfProgram {
    without_detours(&program).unwrap_or(program)
}

fn without_detours(program: &[sock_filter]) -> Option<BpfProgram> {
    let is_kept = |at: &usize| !matches!(program[*at].code, GO | RETURN);
    // Jumps only go forward, so each instruction that leads to another is seen before it.
    let mut reached = vec![false; program.len()];
    *reached.get_mut(end_of_way(program, 0)?)? = true;
    for at in 0..program.len() {
        if reached[at] && is_kept(&at) {
            for next in nexts(program, at)? {
                reached[next] = true;
            }
        }
    }
    let kept: Vec<usize> = (0..program.len()).filter(|at| reached[*at]).filter(is_kept).collect();
    let mut answers: Vec<u32> = Vec::new();
    for at in (0..program.len()).filter(|at| reached[*at] && program[*at].code == RETURN) {
        if !answers.contains(&program[at].k) {
            answers.push(program[at].k);
        }
    }
    let places: BTreeMap<usize, usize> = kept.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    let place = |old: usize| match places.get(&old) {
        Some(new) => Some(*new),
        None => Some(kept.len() + answers.iter().position(|answer| *answer == program[old].k)?),
    };
    let mut short = Vec::new();
    for (new, old) in kept.iter().enumerate() {
        let mut instruction = program[*old].clone();
        let nexts = nexts(program, *old)?;
        let distance = |next: usize| u8::try_from(place(next)?.checked_sub(new + 1)?).ok();
        match nexts[..] {
            [then, otherwise] => (instruction.jt, instruction.jf) = (distance(then)?, distance(otherwise)?),
            // What does not jump has what follows behind it.
            _ => nexts.iter().all(|next| distance(*next) == Some(0)).then_some(())?,
        }
        short.push(instruction);
    }
    short.extend(answers.into_iter().map(|k| sock_filter { code: RETURN, jt: 0, jf: 0, k }));
    Some(short)
}

/// Where it goes on behind an instruction, if that is a condition both ways: instructions that do something.
fn nexts(program: &[sock_filter], at: usize) -> Option<Vec<usize>> {
    let instruction = &program[at];
    let steps = match instruction.code & CLASS {
        JUMPS => vec![instruction.jt, instruction.jf],
        _ => vec![0],
    };
    steps.into_iter().map(|step| end_of_way(program, at + 1 + usize::from(step))).collect()
}

fn end_of_way(program: &[sock_filter], mut at: usize) -> Option<usize> {
    while program.get(at)?.code == GO {
        at = at.checked_add(1 + usize::try_from(program[at].k).ok()?)?;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seccompiler::{
        SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
        TargetArch,
    };

    /// What the kernel answers: `inputs` are the call's number, the processor, and the first argument.
    fn answer(program: &[sock_filter], [number, processor, argument]: [u32; 3]) -> u32 {
        let (mut at, mut value) = (0, 0);
        loop {
            let instruction = &program[at];
            at += 1;
            let jump = |condition: bool| usize::from(if condition { instruction.jt } else { instruction.jf });
            match instruction.code {
                0x20 => {
                    value = match instruction.k {
                        0 => number,
                        4 => processor,
                        16 => argument,
                        other => panic!("nothing is at {other}"),
                    }
                }
                0x54 => value &= instruction.k,
                0x15 => at += jump(value == instruction.k),
                GO => at += instruction.k as usize,
                RETURN => return instruction.k,
                other => panic!("{other:#x} is no instruction of a list"),
            }
        }
    }

    fn condition(operation: SeccompCmpOp, value: u64) -> SeccompCondition {
        SeccompCondition::new(0, SeccompCmpArgLen::Dword, operation, value).unwrap()
    }

    #[test]
    fn a_list_answers_the_same_and_is_short() {
        let rule = |conditions| SeccompRule::new(conditions).unwrap();
        let of = |conditions: Vec<SeccompCondition>| vec![rule(conditions)];
        let none_of = of([3, 5, 9].map(|value| condition(SeccompCmpOp::Ne, value)).into());
        let one_of = [2, 4].map(|value| rule(vec![condition(SeccompCmpOp::Eq, value)])).into();
        let plain = [3, 7, 8, 40, 41].map(|call| (call, Vec::new()));
        let judged = [(20, none_of), (21, one_of), (22, of(vec![condition(SeccompCmpOp::MaskedEq(6), 2)]))];
        let kill = SeccompAction::KillProcess;
        for otherwise in [SeccompAction::Allow, SeccompAction::Errno(38)] {
            let rules = plain.clone().into_iter().chain(judged.clone()).collect();
            let filter = SeccompFilter::new(rules, otherwise, kill.clone(), TargetArch::x86_64).unwrap();
            let long = BpfProgram::try_from(filter).unwrap();
            let short = shorten(long.clone());
            assert!(2 * short.len() < long.len(), "{} of {} instructions", short.len(), long.len());
            let processor = long[1].k;
            for number in 0..64 {
                for argument in 0..16 {
                    for processor in [processor, processor + 1] {
                        let inputs = [number, processor, argument];
                        assert_eq!(answer(&short, inputs), answer(&long, inputs), "{inputs:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_list_stays_what_it_is() {
        let instruction = |code, k| sock_filter { code, jt: 0, jf: 0, k };
        let lost = vec![instruction(GO, 9), instruction(RETURN, 7)];
        assert_eq!(shorten(lost.clone()), lost);
        // It has an instruction less between two that follow each other.
        let around =
            vec![instruction(0x20, 0), instruction(GO, 0), instruction(RETURN, 7), instruction(RETURN, 8)];
        assert_eq!(answer(&shorten(around.clone()), [0; 3]), answer(&around, [0; 3]));
        let endless = vec![instruction(0x20, 0)];
        assert_eq!(shorten(endless.clone()), endless);
        assert_eq!(shorten(Vec::new()), Vec::new());
        assert_eq!(shorten(vec![instruction(RETURN, 7); 2]), [instruction(RETURN, 7)]);
    }
}
