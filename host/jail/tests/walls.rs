//! Each layer, as a process behind it finds the world: this program starts itself in a worker's place, confines itself
//! and tells what is left.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crunchbox_jail::{Child, Exit, Outgoing, ResourceLimits, enter, limit_resources, receive};
use libtest_mimic::{Arguments, Failed, Trial};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{DumpableBehavior, Pid, dumpable_behavior};

const MIDDLE: &str = "in-the-middle";

fn main() {
    // A worker has an empty environment; whoever runs the tests has not.
    if std::env::vars_os().count() == 0 {
        return work().unwrap();
    }
    if std::env::args().nth(1).as_deref() == Some(MIDDLE) {
        return stand_in_the_middle().unwrap();
    }
    let trials = vec![
        Trial::test("nothing_is_inherited", nothing_is_inherited),
        Trial::test("what_the_job_brings_is_there", what_the_job_brings_is_there),
        Trial::test("no_rights_can_be_gained", no_rights_can_be_gained),
        Trial::test("nobody_looks_in", nobody_looks_in),
        Trial::test("files_are_capped", files_are_capped),
        Trial::test("memory_is_capped", memory_is_capped),
        Trial::test("processor_time_is_capped", processor_time_is_capped),
        Trial::test("limits_can_not_be_raised", limits_can_not_be_raised),
        Trial::test("a_worker_dies_with_its_parent", a_worker_dies_with_its_parent),
        Trial::test("a_child_that_is_dropped_is_dead", a_child_that_is_dropped_is_dead),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

// ---- Behind the walls

const LIMITS: ResourceLimits =
    ResourceLimits { data_bytes: 64 << 20, file_bytes: 1 << 20, cpu_seconds: 1, descriptors: 64 };

/// Confines itself, takes an errand and does it.
fn work() -> io::Result<()> {
    enter().map_err(io::Error::other)?;
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let (errand, files) = receive(&socket, 1 << 20).map_err(io::Error::other)?;
    limit_resources(&LIMITS).map_err(io::Error::other)?;
    let answer = match errand.as_slice() {
        b"world" => world()?,
        b"read" => io::read_to_string(File::from(files.into_iter().next().unwrap()))?,
        b"write" => {
            let mut file = File::from(files.into_iter().next().unwrap());
            let block = vec![0; 1 << 16];
            let error = (0..1000).find_map(|_| file.write_all(&block).err());
            error.map_or("written".to_owned(), |error| error.kind().to_string())
        }
        b"allocate" => {
            let refused = (0..100).find(|_| {
                let mut block: Vec<u8> = Vec::new();
                let refused = block.try_reserve_exact(1 << 20).is_err();
                std::mem::forget(block);
                refused
            });
            refused.map_or("all there".to_owned(), |count| {
                format!("refused, {}", if count > 5 { "late" } else { "early" })
            })
        }
        b"spin" => loop {
            std::hint::black_box(0);
        },
        b"raise" => {
            let raised = rustix::process::Rlimit { current: Some(1 << 30), maximum: Some(1 << 30) };
            match rustix::process::setrlimit(rustix::process::Resource::Fsize, raised) {
                Ok(()) if !rustix::process::geteuid().is_root() => "raised".to_owned(),
                // Root may raise its limits until its capabilities are taken: said in SECURITY.md.
                Ok(()) => "root".to_owned(),
                Err(errno) => errno.to_string(),
            }
        }
        other => panic!("no such errand: {other:?}"),
    };
    (&socket).write_all(answer.as_bytes())
}

/// What a worker can see of itself.
fn world() -> io::Result<String> {
    // The listing itself holds one.
    let mut open: Vec<i32> = fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    open.sort_unstable();
    open.retain(|fd| fs::read_link(format!("/proc/self/fd/{fd}")).is_ok());
    let status = fs::read_to_string("/proc/self/status")?;
    let gained = status.lines().find(|line| line.starts_with("NoNewPrivs")).unwrap_or_default();
    Ok(format!(
        "descriptors {}\nenvironment {}\nfolder {}\n{gained}\nundumpable {}\n",
        open.len(),
        std::env::vars_os().count(),
        std::env::current_dir()?.display(),
        dumpable_behavior()? == DumpableBehavior::NotDumpable,
    ))
}

/// Starts a worker and waits to be killed.
fn stand_in_the_middle() -> io::Result<()> {
    let child = Child::spawn(&std::env::current_exe()?).map_err(io::Error::other)?;
    // A worker confines itself before it takes its errand; once that has been taken it waits in vain for the rest.
    while !fs::read_to_string(format!("/proc/{}/status", child.id()))?.contains("NoNewPrivs:\t1") {
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("{}", child.id());
    std::thread::sleep(Duration::from_secs(60));
    Ok(())
}

// ---- Before them

/// Sends a worker on an errand; its answer and its end.
fn send(errand: &str, file: Option<&File>) -> Result<(String, Exit), Failed> {
    let child = Child::spawn(&std::env::current_exe()?)?;
    let files = file.map(|file| file.as_fd()).into_iter().collect();
    let mut outgoing = Outgoing::new(errand.as_bytes().to_vec(), files);
    while !outgoing.advance(child.control())? {
        std::thread::yield_now();
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut fds = [PollFd::from_borrowed_fd(child.ended(), PollFlags::IN)];
    while poll(&mut fds, Some(&rustix::event::Timespec { tv_sec: 1, tv_nsec: 0 }))? == 0 {
        if Instant::now() > deadline {
            return Err("the worker does not end".into());
        }
    }
    let mut answer = String::new();
    // Non-blocking: all that it wrote is there, as it has ended.
    let _ = child.control().read_to_string(&mut answer);
    Ok((answer, child.reap()?.0))
}

fn expect(found: &str, wanted: &str) -> Result<(), Failed> {
    if found.contains(wanted) { Ok(()) } else { Err(format!("{wanted:?} is not in {found:?}").into()) }
}

fn nothing_is_inherited() -> Result<(), Failed> {
    // A descriptor that goes through `exec`, as a C library may have left it.
    let secret = tempfile::tempfile()?;
    rustix::io::fcntl_setfd(&secret, rustix::io::FdFlags::empty())?;
    let (answer, _) = send("world", None)?;
    // The standard three, and the copy of the first that the socket is.
    expect(&answer, "descriptors 4\n")?;
    expect(&answer, "environment 0\n")?;
    expect(&answer, "folder /\n")?;
    assert!(secret.as_raw_fd() > 2);
    Ok(())
}

fn what_the_job_brings_is_there() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("x"), "the job's own")?;
    let (answer, exit) = send("read", Some(&File::open(folder.path().join("x"))?))?;
    assert_eq!((answer.as_str(), exit), ("the job's own", Exit::Status(0)));
    Ok(())
}

fn no_rights_can_be_gained() -> Result<(), Failed> {
    expect(&send("world", None)?.0, "NoNewPrivs:\t1")
}

fn nobody_looks_in() -> Result<(), Failed> {
    expect(&send("world", None)?.0, "undumpable true")
}

fn files_are_capped() -> Result<(), Failed> {
    let file = tempfile::tempfile()?;
    let (answer, exit) = send("write", Some(&file))?;
    expect(&answer, "file too large")?;
    assert_eq!(exit, Exit::Status(0), "an error, not a signal");
    assert_eq!(file.metadata()?.len(), LIMITS.file_bytes);
    Ok(())
}

fn memory_is_capped() -> Result<(), Failed> {
    expect(&send("allocate", None)?.0, "refused, late")
}

fn processor_time_is_capped() -> Result<(), Failed> {
    let (_, exit) = send("spin", None)?;
    // SIGXCPU first, and SIGKILL at the same limit, as the hard one is no higher.
    assert!(matches!(exit, Exit::Signal(9 | 24)), "{exit:?}");
    Ok(())
}

fn limits_can_not_be_raised() -> Result<(), Failed> {
    let (answer, _) = send("raise", None)?;
    assert_ne!(answer, "raised");
    Ok(())
}

fn a_worker_dies_with_its_parent() -> Result<(), Failed> {
    let mut middle = Command::new(std::env::current_exe()?)
        .arg(MIDDLE)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(middle.stdout.take().ok_or("no standard output")?).read_line(&mut line)?;
    let worker: i32 = line.trim().parse()?;
    middle.kill()?;
    middle.wait()?;
    let worker = Pid::from_raw(worker).ok_or("no process id")?;
    let deadline = Instant::now() + Duration::from_secs(20);
    while runs(worker) {
        if Instant::now() > deadline {
            return Err("the worker lives on".into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn a_child_that_is_dropped_is_dead() -> Result<(), Failed> {
    let child = Child::spawn(&std::env::current_exe()?)?;
    let pid = Pid::from_raw(i32::try_from(child.id())?).ok_or("no process id")?;
    assert!(runs(pid));
    drop(child);
    assert!(!runs(pid), "and reaped");
    Ok(())
}

/// Whether a process is there and alive; one that nobody has reaped yet is not.
fn runs(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next()).is_some_and(|state| state != "Z")
}
