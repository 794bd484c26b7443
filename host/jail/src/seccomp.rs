//! Which system calls a worker may make. Any other kills it, and its verdict is `denied`.
//!
//! The kernel tries a new list on every call that there is, which for a whole one takes longer than all the other walls
//! together. So the spawner puts itself under the worker's list with what it needs itself added, once; its workers
//! inherit that, and each takes the additions away by a short list of its own.
//!
//! The lists are what the workers of each role are seen to call (`strace -f`), read through once: what makes
//! processes, sockets, mounts, keys, or programs of the kernel's own is on none.

use std::collections::BTreeMap;
use std::io;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};

use crate::shorten::shorten;

/// What a worker is for, which says what it has to be able to ask of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// Runs a step, which may read its inputs and change what is in its output folder.
    Run,
    /// Compiles a module, on several threads.
    Compile,
    /// Reads a table that is open, and writes another, on several threads.
    Table,
}

impl Profile {
    /// Whether it works on more than one thread.
    pub(crate) fn has_threads(self) -> bool {
        self != Profile::Run
    }
}

/// What every role needs: its open files, memory, its own signals, the time.
const COMMON: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendto,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_lseek,
    libc::SYS_fcntl,
    libc::SYS_ftruncate,
    // A file that is opened by name must be within the root and landlock's rules.
    libc::SYS_openat,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_ppoll,
    libc::SYS_restart_syscall,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What a step may do in its folders: all that WASI offers.
const FOLDERS: &[c_long] = &[
    libc::SYS_openat2,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_utimensat,
];

/// What threads need besides the call that makes one.
const THREADS: &[c_long] = &[libc::SYS_rseq, libc::SYS_set_robust_list, libc::SYS_clone3];

/// What the spawner needs to make workers and to hear of their ends, and a worker to get behind its walls.
const SPAWNER: &[c_long] = &[
    libc::SYS_clone,
    libc::SYS_wait4,
    libc::SYS_pidfd_send_signal,
    libc::SYS_sendmsg,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_dup2,
    libc::SYS_dup3,
    libc::SYS_close_range,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_capget,
    libc::SYS_capset,
    libc::SYS_prctl,
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_add_rule,
    libc::SYS_landlock_restrict_self,
    libc::SYS_seccomp,
];

/// The flags of `mmap` that say whose account memory goes on.
const KIND_OF_MEMORY: libc::c_int = libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_GROWSDOWN;

/// Files, and private memory, which the cap on a worker's memory counts. It counts neither shared memory that is no file
/// nor what grows down as a stack does, so there is none of these.
const COUNTED_MEMORY: &[libc::c_int] = &[libc::MAP_ANONYMOUS, 0, libc::MAP_SHARED];

/// Sees to it that no processor which runs this process goes on with what it has fetched of code before.
#[cfg(target_arch = "aarch64")]
const CODE_BARRIERS: &[libc::c_int] = &[
    libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,
    libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
];

/// `prctl` operations that take rights away, or name memory and threads.
const HARMLESS_PRCTL: &[libc::c_int] =
    &[15 /* SET_NAME */, 65 /* SET_MDWE */, 66 /* GET_MDWE */, 0x5356_4d41 /* SET_VMA */];

/// The lists of one role as programs for the kernel. Made once in the spawner, for all its workers.
pub(crate) struct Filter {
    /// For the spawner and what comes of it.
    shared: Vec<BpfProgram>,
    /// What is left of the spawner's calls, for a worker.
    own: BpfProgram,
}

impl Filter {
    pub(crate) fn new(profile: Profile) -> io::Result<Filter> {
        let mut rules: BTreeMap<c_long, Vec<SeccompRule>> =
            COMMON.iter().map(|call| (*call, Vec::new())).collect();
        let extra = match profile {
            Profile::Run => FOLDERS,
            Profile::Compile | Profile::Table => THREADS,
        };
        rules.extend(extra.iter().map(|call| (*call, Vec::new())));
        let prctl = HARMLESS_PRCTL
            .iter()
            .map(|operation| argument(0, SeccompCmpOp::Eq, operation.unsigned_abs().into()));
        rules.insert(libc::SYS_prctl, prctl.collect::<io::Result<_>>()?);
        let kind = KIND_OF_MEMORY.unsigned_abs().into();
        let mmap = COUNTED_MEMORY
            .iter()
            .map(|flags| argument(3, SeccompCmpOp::MaskedEq(kind), flags.unsigned_abs().into()));
        rules.insert(libc::SYS_mmap, mmap.collect::<io::Result<_>>()?);
        // wasmtime asks for it when it loads code.
        #[cfg(target_arch = "aarch64")]
        if profile == Profile::Run {
            let barriers = CODE_BARRIERS
                .iter()
                .map(|command| argument(0, SeccompCmpOp::Eq, command.unsigned_abs().into()));
            rules.insert(libc::SYS_membarrier, barriers.collect::<io::Result<_>>()?);
        }
        // Its own limits and no other process's; they only go down.
        rules.insert(libc::SYS_prlimit64, vec![argument(0, SeccompCmpOp::Eq, 0)?]);
        // The end of a program that finds itself broken.
        rules.insert(
            libc::SYS_tgkill,
            vec![argument(2, SeccompCmpOp::Eq, libc::SIGABRT.unsigned_abs().into())?],
        );
        // What a worker may not do of what its spawner may.
        let mut taken: BTreeMap<c_long, Vec<SeccompRule>> = SPAWNER
            .iter()
            .filter(|call| !rules.contains_key(*call))
            .map(|call| (*call, Vec::new()))
            .collect();
        let no_harmless_one = HARMLESS_PRCTL
            .iter()
            .map(|operation| condition(0, SeccompCmpOp::Ne, operation.unsigned_abs().into()))
            .collect::<io::Result<_>>()?;
        taken.insert(libc::SYS_prctl, vec![SeccompRule::new(no_harmless_one).map_err(io::Error::other)?]);
        let mut shared = Vec::new();
        if profile.has_threads() {
            let thread = libc::CLONE_THREAD as u64;
            taken.insert(libc::SYS_clone, vec![argument(0, SeccompCmpOp::MaskedEq(thread), 0)?]);
            // Its flags are in memory, where a filter can't look; without it the C library takes the old call.
            let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
            let no_such_call = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
            shared.push(program(clone3, SeccompAction::Allow, no_such_call)?);
        }
        rules.extend(SPAWNER.iter().map(|call| (*call, Vec::new())));
        shared.push(program(rules, SeccompAction::KillProcess, SeccompAction::Allow)?);
        let own = program(taken, SeccompAction::Allow, SeccompAction::KillProcess)?;
        Ok(Filter { shared, own })
    }

    /// Puts the spawner's list in force, for good.
    pub(crate) fn confine_spawner(&self) -> io::Result<()> {
        self.shared.iter().try_for_each(|program| apply_filter(program).map_err(io::Error::other))
    }

    /// Makes the worker's list of the spawner's, for good.
    pub(crate) fn confine_worker(&self) -> io::Result<()> {
        apply_filter(&self.own).map_err(io::Error::other)
    }
}

fn argument(index: u8, operation: SeccompCmpOp, value: u64) -> io::Result<SeccompRule> {
    SeccompRule::new(vec![condition(index, operation, value)?]).map_err(io::Error::other)
}

fn condition(index: u8, operation: SeccompCmpOp, value: u64) -> io::Result<SeccompCondition> {
    SeccompCondition::new(index, SeccompCmpArgLen::Dword, operation, value).map_err(io::Error::other)
}

fn program(
    rules: BTreeMap<c_long, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    on_match: SeccompAction,
) -> io::Result<BpfProgram> {
    let processor = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let filter = SeccompFilter::new(rules, otherwise, on_match, processor).map_err(io::Error::other)?;
    Ok(shorten(BpfProgram::try_from(filter).map_err(io::Error::other)?))
}
