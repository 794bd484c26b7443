//! The compilers that steps are built with.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail, ensure};

use crate::process::{cargo, exists, read, run, step};
use crate::{debian, paths};

/// The target that steps are built for.
pub(crate) const TARGET: &str = "wasm32-wasip1";

/// The same for a C compiler, which need not be new enough to know the target by its new name.
pub(crate) const C_TARGET: &str = "--target=wasm32-wasi";

/// Steps use 128-bit vectors: every runtime has had them for years, and Arrow's kernels are faster by half.
const RUST_FLAGS: &str = "-Ctarget-feature=+simd128";

/// Compilers for WASI.
#[derive(Debug, Clone)]
pub(crate) struct Toolchain {
    /// The compiler that has the target, if it isn't cargo's own.
    pub(crate) rustc: Option<PathBuf>,
    /// Tells a std of our own making from the one before it.
    pub(crate) revision: Option<String>,
    /// A C compiler that can make WebAssembly, and the arguments that lead it to a libc.
    pub(crate) c: Option<(PathBuf, Vec<String>)>,
}

impl Toolchain {
    /// Cargo, set up to build steps.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo();
        // Cargo doesn't notice that std was built anew: other flags make it build the steps anew too.
        let metadata = self.revision.iter().map(|revision| format!(" -Cmetadata={revision}"));
        let flags: String = std::iter::once(RUST_FLAGS.to_owned()).chain(metadata).collect();
        command.env("RUSTFLAGS", flags).env_remove("CARGO_ENCODED_RUSTFLAGS");
        if let Some(rustc) = &self.rustc {
            command.env("RUSTC", rustc);
        }
        if let Some((clang, arguments)) = &self.c {
            // For the crates that have C in them: the crate `cc` looks for these.
            let arguments: Vec<&str> =
                std::iter::once(C_TARGET).chain(arguments.iter().map(String::as_str)).collect();
            let variable = |name: &str| format!("{name}_{}", TARGET.replace('-', "_"));
            command.env(variable("CC"), clang).env(variable("CFLAGS"), arguments.join(" "));
            let archiver = clang.with_file_name("llvm-ar");
            if archiver.is_file() {
                command.env(variable("AR"), archiver);
            }
        }
        command
    }

    /// `cargo build` of guests, in their profile and for their target; what it makes is where [`guest`] says.
    pub(crate) fn build_guests(&self) -> Command {
        let mut command = self.cargo();
        command.args(["build", "--quiet", "--locked", "--profile", "guest", "--target", TARGET]);
        command.arg("--target-dir").arg(paths::target().join("guests"));
        command
    }

    /// Sees that there is a C compiler, which `what` needs.
    pub(crate) fn want_c(&self, what: &str) -> anyhow::Result<()> {
        ensure!(
            self.c.is_some(),
            "{what} in it, which is in C, and there is no C compiler for WASI: see `cargo xtask setup`, or name the steps \
             to build without it"
        );
        Ok(())
    }

    /// Rustc, set up to build steps.
    pub(crate) fn rustc(&self) -> Command {
        let mut command = match &self.rustc {
            Some(rustc) => Command::new(rustc),
            None => Command::new("rustc"),
        };
        command.current_dir(paths::root());
        command
    }
}

/// A module as cargo left it.
pub(crate) fn guest(name: &str) -> PathBuf {
    paths::target().join("guests").join(TARGET).join("guest").join(format!("{name}.wasm"))
}

/// The way to a toolchain that `CRUNCHBOX_WASI` names, else the first that works: the target that is there, rustup's,
/// Debian's packages.
///
/// # Errors
/// If none works: what was tried, and the mend.
pub(crate) fn find_or_make() -> anyhow::Result<Toolchain> {
    match std::env::var("CRUNCHBOX_WASI").as_deref() {
        Ok("rustup") => by_rustup(),
        Ok("debian") => debian::toolchain(),
        Ok(other) => bail!("CRUNCHBOX_WASI is {other:?}; it may be `rustup` or `debian`, or unset"),
        Err(_) if installed()? => Ok(with_system_c()),
        Err(_) => by_rustup().or_else(|rustup| {
            debian::toolchain().map_err(|debian| {
                anyhow::anyhow!(
                    "no Rust for {TARGET} can be had.\nBy rustup: {rustup:#}\nFrom Debian's packages: {debian:#}\n\
                     Install the target (`rustup target add {TARGET}`) and run this again."
                )
            })
        }),
    }
}

/// Whether cargo's own compiler has the target.
fn installed() -> anyhow::Result<bool> {
    let sysroot = read(Command::new("rustc").args(["--print", "sysroot"]).current_dir(paths::root()))?;
    Ok(PathBuf::from(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir())
}

fn by_rustup() -> anyhow::Result<Toolchain> {
    if !installed()? {
        step(&format!("rustup target add {TARGET}"), || {
            run(Command::new("rustup").args(["target", "add", TARGET]).current_dir(paths::root()))
        })
        .context("is this machine online, and is rustup installed?")?;
    }
    Ok(with_system_c())
}

/// C steps need clang and a libc beside it: Debian's own, if they are installed.
fn with_system_c() -> Toolchain {
    let include = "/usr/include/wasm32-wasi";
    let clang = ["clang", "clang-19", "clang-18", "clang-17", "clang-16", "clang-15", "clang-14"]
        .into_iter()
        .find(|clang| exists(clang) && PathBuf::from(include).is_dir());
    let c = match clang {
        Some(clang) => Some((PathBuf::from(clang), Vec::new())),
        None => debian_c(),
    };
    Toolchain { rustc: None, revision: None, c }
}

/// A C compiler unpacked privately, where Debian's packages can be had.
pub(crate) fn debian_c() -> Option<(PathBuf, Vec<String>)> {
    let complain = |error: &anyhow::Error| {
        eprintln!(
            "    no C compiler for WASI, so steps in C are left out ({error:#}); on Debian: \
             apt-get install clang wasi-libc lld libclang-rt-14-dev-wasm32"
        );
    };
    debian::c_compiler().inspect_err(complain).ok()
}
