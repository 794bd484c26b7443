//! A Rust and a C compiler for WASI from Debian's packages alone, unpacked into a folder of ours.
//!
//! Nothing is installed and no rights are needed. `rustc-web` is a Rust compiler; its std comes as source and is built
//! for the target here, once. Rustup's cargo and linkers are used with it. The C library is of 2022 and lacks a few
//! things that std wants: `wasi_glue/` adds them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::paths;
use crate::process::{exists, read, run_quietly, step, write_script};
use crate::toolchain::{TARGET, Toolchain, debian_c};

/// Raised whenever what is made here changes in a way that the sources below don't show.
const REVISION: &str = "2";
/// Beside the Rust that was made whole, beside the C, and beside Node.js.
const STAMPS: [&str; 3] = ["rust.stamp", "c.stamp", "node.stamp"];
/// What of all that npm depends on is unpacked: how the packages' names begin. The rest is on every machine, or serves npm in what it
/// is not asked for.
const OF_NODE: [&str; 12] = [
    "npm",
    "node-",
    "nodejs",
    "libnode1",
    "libuv1",
    "libc-ares2",
    "libnghttp2",
    "libicu",
    "libbrotli1",
    "libssl3",
    "libstdc++6",
    "zlib1g",
];
/// Package lists older than this may name versions that are gone from the mirrors.
const LISTS_LAST: Duration = Duration::from_secs(3600);
const CRT1: &str = include_str!("wasi_glue/crt1_command.rs");
const LIBC_GAPS: &str = include_str!("wasi_glue/libc_gaps.rs");
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// Where all of it is.
struct Prefix {
    folder: PathBuf,
}

/// The Rust and the C compiler, made now if they are not there.
///
/// # Errors
/// If this is no Debian on x86-64, or a package can't be had.
pub(crate) fn toolchain() -> anyhow::Result<Toolchain> {
    let prefix = Prefix::new()?;
    prefix.make_once(STAMPS[0], &prefix.wanted()?, || prefix.make_rust())?;
    let rustc = prefix.folder.join("bin/rustc");
    Ok(Toolchain { rustc: Some(rustc), revision: Some(revision()), c: debian_c() })
}

/// The C compiler and the arguments that lead it to its libc, made now if they are not there.
///
/// # Errors
/// As [`toolchain`].
pub(crate) fn c_compiler() -> anyhow::Result<(PathBuf, Vec<String>)> {
    let prefix = Prefix::new()?;
    let clang = prefix.folder.join("bin/clang");
    prefix.make_once(STAMPS[1], &prefix.wanted()?, || prefix.make_c(&clang))?;
    let root = prefix.root();
    let arguments = vec![
        format!("--sysroot={}", root.join("usr").display()),
        format!("-isystem{}", root.join("usr/include/wasm32-wasi").display()),
        format!("-L{}", root.join("usr/lib/wasm32-wasi").display()),
        format!("-B{}", prefix.folder.join("bin").display()),
    ];
    Ok((clang, arguments))
}

/// A program out of a package, unpacked now if it is not there; what it needs besides is the machine's.
///
/// # Errors
/// As [`toolchain`].
pub(crate) fn program(package: &str, path: &str) -> anyhow::Result<PathBuf> {
    let prefix = Prefix::new()?;
    for name in ["root", "debs", "apt/lists/partial", "apt/cache/archives/partial"] {
        fs::create_dir_all(prefix.folder.join(name))?;
    }
    prefix.update()?;
    prefix.unpack(package)?;
    Ok(prefix.root().join(path))
}

/// The folder of the commands `node` and `npm`, made now if they are not there.
///
/// # Errors
/// As [`toolchain`].
pub(crate) fn node() -> anyhow::Result<PathBuf> {
    let prefix = Prefix::new()?;
    prefix.make_once(STAMPS[2], &prefix.wanted()?, || prefix.make_node())?;
    Ok(prefix.folder.join("node/bin"))
}

impl Prefix {
    fn new() -> anyhow::Result<Prefix> {
        ensure!(cfg!(target_arch = "x86_64"), "Debian's rustc-web is used on x86-64 only");
        ensure!(exists("apt-get") && exists("dpkg"), "this is no Debian: apt-get and dpkg are missing");
        let folder = paths::cache()?.join("wasi");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Prefix { folder })
    }

    /// Makes what `stamp` stands beside, unless it is there and is what is wanted.
    ///
    /// The stamp is written last: what an interrupted set-up left is never used. And a folder in which nothing is as it
    /// is wanted is emptied first, so that no file of an older package is left among those of a newer one.
    fn make_once(
        &self,
        stamp: &str,
        wanted: &str,
        make: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let lock = File::create(self.folder.join("lock"))?;
        lock.lock().context("can't wait for another set-up to end")?;
        let current =
            |stamp: &str| fs::read_to_string(self.folder.join(stamp)).is_ok_and(|found| found == wanted);
        if current(stamp) {
            return Ok(());
        }
        if !STAMPS.into_iter().any(current) {
            // The stamps go first: from here on nothing is whole.
            for name in STAMPS.into_iter().chain(["bin", "root", "debs", "glue", "std-build", "apt", "node"])
            {
                let path = self.folder.join(name);
                let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                if path.exists() {
                    removed.with_context(|| format!("can't remove {}", path.display()))?;
                }
            }
        }
        for name in ["bin", "root", "debs", "apt/lists/partial", "apt/cache/archives/partial"] {
            fs::create_dir_all(self.folder.join(name))?;
        }
        make()?;
        let path = self.folder.join(stamp);
        fs::write(&path, wanted).with_context(|| format!("can't write {}", path.display()))
    }

    fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    /// What all of it is made of, as far as it can be told without asking Debian, and the folders that are named in it.
    fn wanted(&self) -> anyhow::Result<String> {
        Ok(format!("{} {} {}", revision(), rustup_linkers()?.display(), self.folder.display()))
    }

    /// An apt program that keeps its state in our folder, so that it needs no rights and changes nothing.
    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let state = self.folder.join("apt");
        command.current_dir(self.folder.join("debs")).args(["-q", "-o", "APT::Sandbox::User=root"]);
        command.arg("-o").arg(format!("Dir::State::lists={}", state.join("lists").display()));
        command.arg("-o").arg(format!("Dir::Cache={}", state.join("cache").display()));
        // What is installed may be from elsewhere, in versions that Debian does not have.
        command.args(["-o", "Dir::State::status=/dev/null"]);
        command
    }

    fn candidate(&self, package: &str) -> anyhow::Result<Option<String>> {
        let policy = read(self.apt("apt-cache").args(["policy", package]))?;
        let version = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
        Ok(version.filter(|version| *version != "(none)").map(str::to_owned))
    }

    fn update(&self) -> anyhow::Result<()> {
        let mark = self.folder.join("apt/updated");
        let age =
            fs::metadata(&mark).and_then(|mark| mark.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age < LISTS_LAST) {
            return Ok(());
        }
        step("Debian's package lists", || {
            // It fails if any source does, and a machine may have one that is out of order and of no concern here.
            let updated = run_quietly(self.apt("apt-get").arg("update"));
            if self.candidate("wasi-libc")?.is_none() { updated } else { Ok(()) }
        })?;
        Ok(fs::write(mark, "")?)
    }

    /// Fetches a package and unpacks it, once for each version.
    fn unpack(&self, package: &str) -> anyhow::Result<()> {
        let version = self
            .candidate(package)?
            .with_context(|| format!("Debian's lists have no package {package}; are its sources set up?"))?;
        let debs = self.folder.join("debs");
        let mark = debs.join(format!("{package}={}.unpacked", version.replace(['/', ':'], "_")));
        if mark.exists() {
            return Ok(());
        }
        run_quietly(self.apt("apt-get").args(["download", &format!("{package}={version}")]))?;
        let prefix = format!("{package}_");
        let deb = fs::read_dir(&debs)?
            .flatten()
            .map(|entry| entry.path())
            .find(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with(&prefix) && name.ends_with(".deb")
            })
            .with_context(|| format!("apt-get left no {prefix}*.deb in {}", debs.display()))?;
        run_quietly(Command::new("dpkg").arg("-x").arg(&deb).arg(self.root()))?;
        fs::remove_file(&deb)?;
        fs::write(mark, "")?;
        Ok(())
    }

    /// The package that another depends on and whose name begins with `stem` and goes on with a number.
    fn dependency(&self, package: &str, stem: &str) -> anyhow::Result<String> {
        let shown = read(self.apt("apt-cache").args(["show", "--no-all-versions", package]))?;
        let depends = shown.lines().find_map(|line| line.strip_prefix("Depends: ")).unwrap_or_default();
        depends
            .split([',', '|'])
            .filter_map(|item| item.split_whitespace().next())
            .find(|name| {
                name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            })
            .map(str::to_owned)
            .with_context(|| format!("{package} depends on no {stem}*"))
    }

    /// Packages that hold shared libraries which a bare machine may lack.
    fn unpack_missing_libraries(&self, program: &Path) -> anyhow::Result<()> {
        let known = [
            ("libz3", "libz3-4"),
            ("libedit", "libedit2"),
            ("libbsd", "libbsd0"),
            ("libmd", "libmd0"),
            ("libxml2", "libxml2"),
            ("libicu", "libicu72"),
            ("libffi", "libffi8"),
            ("libtinfo", "libtinfo6"),
        ];
        // A library that was missing may need others in its turn.
        for _ in 0..known.len() {
            let list = Command::new("ldd")
                .arg(program)
                .env("LD_LIBRARY_PATH", self.root().join(LIBRARIES))
                .output()
                .context("can't start ldd")?;
            let list = String::from_utf8_lossy(&list.stdout).into_owned();
            let missing: Vec<&str> =
                list.lines().filter(|line| line.contains("not found")).map(str::trim).collect();
            if missing.is_empty() {
                return Ok(());
            }
            for library in missing {
                match known.iter().find(|(start, _)| library.starts_with(start)) {
                    Some((_, package)) => self.unpack(package)?,
                    None => bail!("{} needs {library}, and no package is known for it", program.display()),
                }
            }
        }
        bail!("{} lacks libraries still: see `ldd`", program.display())
    }

    /// A script that runs an unpacked program with the libraries that came with it.
    fn wrap(&self, name: &str, program: &Path) -> anyhow::Result<PathBuf> {
        let path = self.folder.join("bin").join(name);
        let libraries = self.root().join(LIBRARIES);
        let text = format!(
            "#!/bin/sh\nLD_LIBRARY_PATH=\"{}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\" exec \"{}\" \"$@\"\n",
            libraries.display(),
            program.display()
        );
        write_script(&path, &text)?;
        Ok(path)
    }

    /// The version of LLVM that the Rust compiler is built on.
    fn llvm(&self) -> anyhow::Result<(String, String)> {
        let std = self.dependency("libstd-rust-web-dev", "libstd-rust-web-")?;
        let llvm = self.dependency(&std, "libllvm")?;
        Ok((std, llvm.trim_start_matches("libllvm").to_owned()))
    }

    /// Debian has the compiler in more than one version, and the newest comes with its security updates.
    fn check_rust_version(&self) -> anyhow::Result<()> {
        let needed = env!("CARGO_PKG_RUST_VERSION");
        let version = self.candidate("rustc-web")?.context("Debian's lists have no package rustc-web")?;
        let compare = Command::new("dpkg").args(["--compare-versions", &version, "ge", needed]).status()?;
        ensure!(
            compare.success(),
            "Debian's rustc-web is {version}, and {needed} is needed: are the security updates among apt's sources?"
        );
        Ok(())
    }

    fn make_rust(&self) -> anyhow::Result<()> {
        self.update()?;
        self.check_rust_version()?;
        let root = self.root();
        let (std, version) = self.llvm()?;
        step("Rust for WASI, from Debian's packages", || {
            let llvm = [format!("libllvm{version}"), format!("llvm-{version}")];
            let packages =
                ["rustc-web", "libstd-rust-web-dev", &std, "rust-web-src", "wasi-libc", &llvm[0], &llvm[1]];
            packages.iter().try_for_each(|package| self.unpack(package))?;
            let libraries = root.join(LIBRARIES);
            for entry in fs::read_dir(&libraries)?.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with("librustc_driver-") || name.starts_with("libLLVM.so") {
                    self.unpack_missing_libraries(&entry.path())?;
                }
            }
            Ok(())
        })?;
        let rustc = self.wrap("rustc", &root.join("usr/bin/rustc"))?;
        let tools = root.join(format!("usr/lib/llvm-{version}/bin"));
        let archiver = self.wrap("llvm-ar", &tools.join("llvm-ar"))?;
        let symbols = self.wrap("llvm-nm", &tools.join("llvm-nm"))?;

        let sysroot = PathBuf::from(read(Command::new(&rustc).args(["--print", "sysroot"]))?.trim());
        let rustlib = sysroot.join("lib/rustlib");
        let linkers = rustlib.join("x86_64-unknown-linux-gnu/bin");
        fs::create_dir_all(&linkers)?;
        for linker in ["rust-lld", "wasm-component-ld"] {
            let link = linkers.join(linker);
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(rustup_linkers()?.join(linker), link)?;
        }
        step(&format!("std for {TARGET}"), || self.make_std(&rustc, &archiver, &symbols, &rustlib))
    }

    fn make_std(&self, rustc: &Path, archiver: &Path, symbols: &Path, rustlib: &Path) -> anyhow::Result<()> {
        let source = rustlib.join("src/rust/library");
        let built = self.folder.join("std-build");
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(&self.folder)
            .env("RUSTC", rustc)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", &built)
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3")
            .env("CARGO_ENCODED_RUSTFLAGS", "-Zforce-unstable-if-unmarked\x1f-Cembed-bitcode=yes")
            .env("__CARGO_DEFAULT_LIB_METADATA", "wasistd")
            .env_remove("RUSTFLAGS")
            .args(["build", "--quiet", "--release", "--locked", "--target", TARGET, "--manifest-path"])
            .arg(source.join("sysroot/Cargo.toml"))
            .args(["--features", "panic-unwind backtrace"]);
        run_quietly(&mut cargo)?;

        let libraries = rustlib.join(TARGET).join("lib");
        let own = libraries.join("self-contained");
        let _ = fs::remove_dir_all(&libraries);
        fs::create_dir_all(&own)?;
        for entry in fs::read_dir(built.join(TARGET).join("release/deps"))?.flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "rlib") {
                fs::copy(entry.path(), libraries.join(entry.file_name()))?;
            }
        }
        self.make_glue(rustc, archiver, symbols, &source, &libraries)?;
        fs::remove_dir_all(&built)?;
        Ok(())
    }

    /// The entry point and what the libc lacks, as objects: they go where the linker looks first.
    fn make_glue(
        &self,
        rustc: &Path,
        archiver: &Path,
        symbols: &Path,
        source: &Path,
        libraries: &Path,
    ) -> anyhow::Result<()> {
        let own = libraries.join("self-contained");
        let glue = self.folder.join("glue");
        let _ = fs::remove_dir_all(&glue);
        fs::create_dir_all(&glue)?;
        let crt1 = glue.join("crt1_command.rs");
        fs::write(&crt1, CRT1)?;
        // The allocator is the one that std has vendored, with the gaps as a module of it: one object, which refers to
        // no symbol of Rust's own, or linking with all optimisations fails. So its assertions must not print.
        let allocator = find_one(&source.join("vendor"), "dlmalloc-")?.join("src");
        for entry in fs::read_dir(&allocator)?.flatten() {
            fs::copy(entry.path(), glue.join(entry.file_name()))?;
        }
        let assert = "macro_rules! assert { ($condition:expr $(, $($rest:tt)*)?) => { \
                      if !$condition { core::arch::wasm32::unreachable() } } }\n";
        let text = fs::read_to_string(allocator.join("lib.rs"))?
            .replace("#![deny(missing_docs)]", "")
            .replacen("use core::cmp;", &format!("{assert}use core::cmp;"), 1);
        let text = format!("#![feature(thread_local)]\n{text}\nmod libc_gaps;\n");
        fs::write(glue.join("lib.rs"), text)?;
        fs::write(glue.join("libc_gaps.rs"), LIBC_GAPS)?;

        let compile = |input: &Path, edition: &str, output: &Path, extra: &[String]| {
            let mut command = Command::new(rustc);
            // It keeps its drafts in the current folder, which need not be one that can be written to.
            command
                .current_dir(&glue)
                .env("RUSTC_BOOTSTRAP", "1")
                .args(["--target", TARGET, "-Cpanic=abort", "-Copt-level=3", "-Ccodegen-units=1"])
                .args(["-Cdebug-assertions=no", "-Coverflow-checks=no", "-Zforce-unstable-if-unmarked"])
                .args(["--cap-lints", "allow", "--edition", edition, "--crate-type", "lib"])
                .arg(format!("--emit=obj={}", output.display()))
                .args(extra)
                .arg(input);
            run_quietly(&mut command)
        };
        compile(&crt1, "2021", &own.join("crt1-command.o"), &[])?;
        let cfg_if = find_one(libraries, "libcfg_if-")?;
        let gaps = glue.join("libc_gaps.o");
        let named = ["--crate-name".to_owned(), "libc_gaps".to_owned()];
        let external = ["--extern".to_owned(), format!("cfg_if={}", cfg_if.display())];
        compile(&glue.join("lib.rs"), "2021", &gaps, &[named, external].concat())?;
        let undefined = read(Command::new(symbols).arg("--undefined-only").arg(&gaps))?;
        let rust = undefined.lines().find(|line| line.contains(" U _R") || line.contains(" U _ZN"));
        ensure!(rust.is_none(), "the glue refers to a symbol of Rust's own: {rust:?}");

        let libc = self.root().join("usr/lib/wasm32-wasi");
        fs::copy(libc.join("crt1-reactor.o"), own.join("crt1-reactor.o"))?;
        fs::copy(libc.join("libc.a"), own.join("libc.a"))?;
        run_quietly(Command::new(archiver).arg("d").arg(own.join("libc.a")).arg("dlmalloc.o"))?;
        run_quietly(Command::new(archiver).arg("rs").arg(own.join("libc.a")).arg(&gaps))
    }

    /// Debian's Node.js looks for parts of itself in `/usr/share` and nowhere else: there it sees ours, in a namespace of its own. npm
    /// would change the owner of what it unpacks if it found itself to be root in it.
    fn make_node(&self) -> anyhow::Result<()> {
        self.update()?;
        let folder = self.folder.join("node");
        let _ = fs::remove_dir_all(&folder);
        let (root, debs, bin) = (folder.join("root"), folder.join("debs"), folder.join("bin"));
        [&root, &debs, &bin].into_iter().try_for_each(fs::create_dir_all)?;
        step("Node.js and npm, from Debian's packages", || {
            let all =
                read(self.apt("apt-get").args(["--simulate", "--no-install-recommends", "install", "npm"]))?;
            let names = all.lines().filter_map(|line| line.strip_prefix("Inst ")?.split_whitespace().next());
            let wanted = names.filter(|name| OF_NODE.iter().any(|start| name.starts_with(start)));
            run_quietly(self.apt("apt-get").current_dir(&debs).arg("download").args(wanted))?;
            for deb in fs::read_dir(&debs)?.flatten() {
                run_quietly(Command::new("dpkg").arg("-x").arg(deb.path()).arg(&root))?;
            }
            Ok(fs::remove_dir_all(&debs)?)
        })?;
        let text = format!(
            "#!/bin/sh\nexec unshare --map-root-user --mount sh -c 'mount --bind \"$0/usr/share\" /usr/share && \
             exec unshare --map-user=1000 --map-group=1000 env LD_LIBRARY_PATH=\"$0/{LIBRARIES}\" \
             NODE_PATH=\"$0/usr/share/nodejs:$0/{LIBRARIES}/nodejs\" \"$0/usr/bin/node\" \"$@\"' \"{}\" \"$@\"\n",
            root.display()
        );
        write_script(&bin.join("node"), &text)?;
        let program = root.join("usr/share/nodejs/npm/bin/npm-cli.js");
        let text =
            format!("#!/bin/sh\nexec \"{}\" \"{}\" \"$@\"\n", bin.join("node").display(), program.display());
        write_script(&bin.join("npm"), &text)?;
        run_quietly(Command::new(bin.join("npm")).arg("--version"))
            .context("it does not run: are user namespaces open to you?")
    }

    fn make_c(&self, clang: &Path) -> anyhow::Result<()> {
        self.update()?;
        let (_, version) = self.llvm()?;
        step("C for WASI, from Debian's packages", || {
            let packages = [
                format!("clang-{version}"),
                format!("libclang-cpp{version}"),
                format!("libclang-common-{version}-dev"),
                format!("libclang-rt-{version}-dev-wasm32"),
                format!("libllvm{version}"),
                "wasi-libc".to_owned(),
            ];
            packages.iter().try_for_each(|package| self.unpack(package))
        })?;
        let program = self.root().join(format!("usr/lib/llvm-{version}/bin/clang"));
        self.unpack_missing_libraries(&program)?;
        self.wrap("clang", &program)?;
        ensure!(clang.exists(), "{} is missing", clang.display());
        // clang looks for the linker by either name.
        let linker = rustup_linkers()?.join("rust-lld");
        let text = format!("#!/bin/sh\nexec \"{}\" -flavor wasm \"$@\"\n", linker.display());
        for name in ["wasm-ld".to_owned(), format!("wasm-ld-{version}")] {
            write_script(&self.folder.join("bin").join(name), &text)?;
        }
        Ok(())
    }
}

/// Changes with all that is made from our own sources.
fn revision() -> String {
    blake3::hash(format!("{REVISION}{CRT1}{LIBC_GAPS}").as_bytes()).to_hex()[..16].to_owned()
}

/// The folder of the linkers that come with rustup's toolchain.
fn rustup_linkers() -> anyhow::Result<PathBuf> {
    let sysroot = read(Command::new("rustc").args(["--print", "sysroot"]).current_dir(paths::root()))?;
    let folder = PathBuf::from(sysroot.trim()).join("lib/rustlib/x86_64-unknown-linux-gnu/bin");
    ensure!(
        folder.join("rust-lld").exists(),
        "rustc has no rust-lld in {}: is it rustup's?",
        folder.display()
    );
    Ok(folder)
}

/// The one entry of a folder whose name begins so.
fn find_one(folder: &Path, start: &str) -> anyhow::Result<PathBuf> {
    fs::read_dir(folder)?
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with(start))
        .map(|entry| entry.path())
        .with_context(|| format!("{} has no {start}*", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_whole_is_used_again() {
        let folder = std::env::temp_dir().join(format!("crunchbox-xtask-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let prefix = Prefix { folder };
        let file = prefix.folder.join("root/file");
        let make = |stamp, wanted, works: bool| {
            let mut made = false;
            let result = prefix.make_once(stamp, wanted, || {
                made = true;
                fs::write(&file, wanted)?;
                ensure!(works, "interrupted");
                Ok(())
            });
            assert_eq!(result.is_ok(), works || !made);
            made
        };
        let [rust, c, _] = STAMPS;
        assert!(make(rust, "1", false), "the first time");
        assert!(make(rust, "1", true), "again, since it was interrupted");
        assert!(!make(rust, "1", true), "it is there");
        fs::write(prefix.folder.join("root/kept"), "").unwrap();
        assert!(make(c, "1", true), "the other part is not");
        assert!(prefix.folder.join("root/kept").exists(), "one part leaves the other alone");
        assert!(make(c, "2", true), "something else is wanted");
        assert!(!prefix.folder.join("root/kept").exists(), "nothing is mixed with what is out of date");
        assert!(make(rust, "2", true), "so the first part is gone too");
        fs::remove_dir_all(&prefix.folder).unwrap();
    }
}
