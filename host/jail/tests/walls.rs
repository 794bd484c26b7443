//! Each layer, as a process behind it finds the world: this program starts itself as a spawner of workers, which confine
//! themselves and tell what is left.
//!
//! What a layer stops with the others off, `tests/hostile/children` shows.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crunchbox_jail::{
    Child, ControlGroup, Exit, GroupLimits, Jailed, Layer, Outgoing, Profile, ResourceLimits, Room,
    SpawnError, Spawner, WORKER_ID, limit_resources, receive, serve,
};
use libtest_mimic::{Arguments, Failed, Trial};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{DumpableBehavior, Pid, dumpable_behavior};

const MIDDLE: &str = "in-the-middle";
const TABLES: &str = "tables";

fn main() -> ExitCode {
    // A spawner has an empty environment; whoever runs the tests has not.
    if std::env::vars_os().count() == 0 {
        return serve(profile(), &left_out(), work);
    }
    if std::env::args().nth(1).as_deref() == Some(MIDDLE) {
        stand_in_the_middle().unwrap();
        return ExitCode::SUCCESS;
    }
    let trials = vec![
        Trial::test("nothing_is_inherited", nothing_is_inherited),
        Trial::test("what_the_job_brings_is_there", what_the_job_brings_is_there),
        Trial::test("no_rights_are_left_or_can_be_gained", no_rights_are_left_or_can_be_gained),
        Trial::test("nobody_looks_in", nobody_looks_in),
        Trial::test("the_root_holds_the_room_and_nothing_else", the_root_holds_the_room_and_nothing_else),
        Trial::test("inputs_can_not_be_changed", inputs_can_not_be_changed),
        Trial::test("a_worker_is_alone", a_worker_is_alone),
        Trial::test("there_is_no_network", there_is_no_network),
        Trial::test("a_call_of_no_use_to_it_kills", a_call_of_no_use_to_it_kills),
        Trial::test(
            "tables_are_read_on_threads_and_in_no_processes",
            tables_are_read_on_threads_and_in_no_processes,
        ),
        Trial::test("no_code_can_be_added", no_code_can_be_added),
        Trial::test("files_are_capped", files_are_capped),
        Trial::test("memory_is_capped", memory_is_capped),
        Trial::test("processor_time_is_capped", processor_time_is_capped),
        Trial::test("limits_can_not_be_raised", limits_can_not_be_raised),
        Trial::test("every_layer_is_told", every_layer_is_told),
        Trial::test("a_layer_that_is_left_out_is_told", a_layer_that_is_left_out_is_told),
        Trial::test("a_worker_dies_with_its_spawners_engine", a_worker_dies_with_its_spawners_engine),
        Trial::test("a_child_that_is_dropped_is_dead", a_child_that_is_dropped_is_dead),
        Trial::test("a_spawner_that_was_killed_is_replaced", a_spawner_that_was_killed_is_replaced),
        Trial::test("a_program_that_is_none_is_told", a_program_that_is_none_is_told),
        Trial::test("a_group_that_is_gone_is_told", a_group_that_is_gone_is_told),
    ];
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    if conclusion.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

// ---- Behind the walls

const LIMITS: ResourceLimits =
    ResourceLimits { data_bytes: 64 << 20, file_bytes: 1 << 20, cpu_seconds: 1, descriptors: 64 };

/// The layers that this run does without: the name of the folder of the executable lists them.
fn left_out() -> Vec<Layer> {
    folder().split('+').filter_map(|name| name.parse().ok()).collect()
}

/// Steps are run, unless that name is another role's.
fn profile() -> Profile {
    if folder() == TABLES { Profile::Table } else { Profile::Run }
}

fn folder() -> String {
    let executable = std::env::current_exe().unwrap_or_default();
    executable.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
}

fn work(jailed: Jailed) -> ExitCode {
    let answer = errand(&jailed).unwrap_or_else(|error| format!("can't: {error}"));
    match (&jailed.control).write_all(answer.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Takes an errand and does it.
fn errand(jailed: &Jailed) -> io::Result<String> {
    let (errand, files) = receive(&jailed.control, 1 << 20).map_err(io::Error::other)?;
    limit_resources(&LIMITS).map_err(io::Error::other)?;
    let room = || jailed.room.clone().ok_or_else(|| io::Error::other("there is no room"));
    let said = |error: io::Error| error.kind().to_string();
    Ok(match errand.as_slice() {
        b"world" => world()?,
        b"read" => io::read_to_string(File::from(files.into_iter().next().unwrap()))?,
        b"write" => {
            let mut file = File::from(files.into_iter().next().unwrap());
            let block = vec![0; 1 << 16];
            let error = (0..1000).find_map(|_| file.write_all(&block).err());
            error.map_or("written".to_owned(), said)
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
                Ok(()) => "raised".to_owned(),
                Err(errno) => errno.to_string(),
            }
        }
        b"root" => {
            let Room { inputs, outputs } = room()?;
            let text = fs::read_to_string(inputs.join("text"))?;
            fs::write(outputs.join("answer"), &text)?;
            format!("{} {} {text}", inputs.display(), outputs.display())
        }
        b"passwd" => fs::read_to_string("/etc/passwd").map_or_else(said, |_| "read".to_owned()),
        b"list" => {
            let mut names: Vec<_> =
                fs::read_dir("/")?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
            names.sort();
            format!("{names:?}")
        }
        b"change" => {
            let inputs = room()?.inputs;
            let attempts = [
                fs::write(inputs.join("new"), "x"),
                fs::write(inputs.join("text"), "x"),
                fs::remove_file(inputs.join("text")),
                fs::rename(inputs.join("text"), inputs.join("name")),
            ];
            attempts.map(|attempt| attempt.map_or_else(said, |()| "changed".to_owned())).join(", ")
        }
        b"connect" => {
            std::net::TcpStream::connect("127.0.0.1:9").map_or_else(said, |_| "connected".to_owned())
        }
        b"thread" => std::thread::Builder::new().spawn(|| "made".to_owned())?.join().unwrap_or_default(),
        b"process" => {
            // SAFETY: this process has one thread. The child ends at once.
            match unsafe { libc::fork() } {
                0 => crunchbox_jail::end(),
                _ => "made".to_owned(),
            }
        }
        b"map" => {
            // SAFETY: a fresh mapping that nothing else knows of; it is never touched.
            let mapped = unsafe {
                let protection = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
                libc::mmap(
                    std::ptr::null_mut(),
                    4096,
                    protection,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                    -1,
                    0,
                )
            };
            if mapped == libc::MAP_FAILED { said(io::Error::last_os_error()) } else { "mapped".to_owned() }
        }
        other => panic!("no such errand: {other:?}"),
    })
}

/// What a worker can see of itself.
fn world() -> io::Result<String> {
    // SAFETY: the numbers may be anything; the descriptors are only asked after.
    let is_open = |fd: &i32| rustix::io::fcntl_getfd(unsafe { BorrowedFd::borrow_raw(*fd) }).is_ok();
    let uid = rustix::process::getuid();
    Ok(format!(
        "descriptors {}\nenvironment {}\nfolder {}\nno-new-privs {}\nundumpable {}\nid {}\nuser {}\ncapabilities {:?}\nhost {}\n",
        (0..1024).filter(is_open).count(),
        std::env::vars_os().count(),
        std::env::current_dir().map_or_else(|error| error.to_string(), |path| path.display().to_string()),
        rustix::thread::no_new_privs()?,
        dumpable_behavior()? == DumpableBehavior::NotDumpable,
        std::process::id(),
        uid.as_raw(),
        rustix::thread::capabilities(None)?.permitted,
        rustix::time::clock_gettime(rustix::time::ClockId::Boottime).tv_sec < 600,
    ))
}

/// Has a worker made and waits to be killed.
fn stand_in_the_middle() -> io::Result<()> {
    let rooms = tempfile::tempdir()?;
    let spawner = spawner(&std::env::current_exe()?, rooms.path());
    let child = hire(&spawner, None).map_err(io::Error::other)?;
    println!("{}", child.id());
    std::thread::sleep(Duration::from_secs(60));
    Ok(())
}

// ---- Before them

fn spawner(executable: &Path, rooms: &Path) -> Spawner {
    Spawner::new(executable, Some(rooms.to_owned()))
}

fn hire(spawner: &Spawner, room: Option<&str>) -> Result<Child, SpawnError> {
    spawner.request(room)?.ready(None).map_err(|lost| match lost {
        crunchbox_jail::Lost::Spawner(error) | crunchbox_jail::Lost::Worker(error) => error,
        crunchbox_jail::Lost::Cancelled => unreachable!("nobody cancels"),
    })
}

/// Sends a worker on an errand; its answer and its end.
fn send(errand: &str, file: Option<&File>) -> Result<(String, Exit), Failed> {
    send_without(&[], errand, file)
}

/// The same without some layers. There is a room with one input in it.
fn send_without(layers: &[Layer], errand: &str, file: Option<&File>) -> Result<(String, Exit), Failed> {
    let stage = Stage::new(layers)?;
    let child = hire(&stage.spawner, Some("room"))?;
    errand_of(child, errand, file)
}

/// A folder with an executable and a room in it.
struct Stage {
    spawner: Spawner,
    folder: tempfile::TempDir,
    _beside: tempfile::TempDir,
}

impl Stage {
    fn new(without: &[Layer]) -> Result<Stage, Failed> {
        let names: Vec<_> = without.iter().map(|layer| layer.name()).collect();
        Stage::named(&if names.is_empty() { "all".to_owned() } else { names.join("+") })
    }

    /// * `name`: of the executable's folder, which tells it what it is to be.
    fn named(name: &str) -> Result<Stage, Failed> {
        use std::os::unix::fs::{PermissionsExt, chown};
        let folder = tempfile::tempdir()?;
        let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755));
        open(folder.path())?;
        // Linked, not copied: a file that any process has open for writing can't be executed.
        let ourselves = std::env::current_exe()?;
        let beside = tempfile::tempdir_in(ourselves.parent().ok_or("no folder")?)?;
        let place = beside.path().join(name);
        fs::create_dir(&place)?;
        let executable = place.join("worker");
        fs::hard_link(&ourselves, &executable)?;
        let rooms = folder.path().join("rooms");
        let room = Room::within(&rooms, "room");
        for path in [&room.inputs, &room.outputs] {
            fs::create_dir_all(path)?;
        }
        fs::write(room.inputs.join("text"), "the input")?;
        if rustix::process::geteuid().is_root() {
            chown(&room.outputs, Some(WORKER_ID), Some(WORKER_ID))?;
        }
        Ok(Stage { spawner: spawner(&executable, &rooms), folder, _beside: beside })
    }
}

fn errand_of(child: Child, errand: &str, file: Option<&File>) -> Result<(String, Exit), Failed> {
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

/// What a worker sees of itself. It asks for more than a worker may, so it goes without the list of system calls.
fn look_around() -> Result<(String, Exit), Failed> {
    send_without(&[Layer::Seccomp], "world", None)
}

fn expect(found: &str, wanted: &str) -> Result<(), Failed> {
    if found.contains(wanted) { Ok(()) } else { Err(format!("{wanted:?} is not in {found:?}").into()) }
}

fn nothing_is_inherited() -> Result<(), Failed> {
    // A descriptor that goes through `exec`, as a C library may have left it.
    let secret = tempfile::tempfile()?;
    rustix::io::fcntl_setfd(&secret, rustix::io::FdFlags::empty())?;
    // The spawner holds more for a room and for a worker that lives.
    let stage = Stage::new(&[Layer::Seccomp])?;
    let other = hire(&stage.spawner, Some("room"))?;
    let (answer, _) = errand_of(hire(&stage.spawner, Some("room"))?, "world", None)?;
    drop(other);
    // The standard three, and the job's socket.
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

fn no_rights_are_left_or_can_be_gained() -> Result<(), Failed> {
    let (answer, _) = look_around()?;
    expect(&answer, "no-new-privs true")?;
    expect(&answer, "capabilities CapabilitySet(0x0)")?;
    let uid = rustix::process::geteuid();
    expect(&answer, &format!("user {}\n", if uid.is_root() { WORKER_ID } else { uid.as_raw() }))
}

fn nobody_looks_in() -> Result<(), Failed> {
    expect(&look_around()?.0, "undumpable true")
}

fn the_root_holds_the_room_and_nothing_else() -> Result<(), Failed> {
    let stage = Stage::new(&[])?;
    let (answer, _) = errand_of(hire(&stage.spawner, Some("room"))?, "root", None)?;
    assert_eq!(answer, "/in /out the input");
    assert_eq!(fs::read_to_string(stage.folder.path().join("rooms/room-out/answer"))?, "the input");
    for without in [&[][..], &[Layer::Landlock]] {
        let (answer, _) = send_without(without, "passwd", None)?;
        assert!(answer == "entity not found" || answer == "permission denied", "{answer}");
    }
    let (answer, _) = send_without(&[Layer::Landlock], "list", None)?;
    assert_eq!(answer, r#"["in", "out", "rooms"]"#);
    // Where there are no namespaces landlock stands alone.
    let (answer, _) = send_without(&[Layer::MountNamespace, Layer::UserNamespace], "passwd", None)?;
    assert_eq!(answer, "permission denied");
    Ok(())
}

fn inputs_can_not_be_changed() -> Result<(), Failed> {
    for without in [&[][..], &[Layer::Landlock], &[Layer::MountNamespace]] {
        let (answer, _) = send_without(without, "change", None)?;
        assert!(!answer.contains("changed"), "without {without:?}: {answer}");
    }
    Ok(())
}

fn a_worker_is_alone() -> Result<(), Failed> {
    let (answer, _) = look_around()?;
    expect(&answer, "id 1\n")?;
    expect(&answer, "host true\n")
}

fn there_is_no_network() -> Result<(), Failed> {
    let (answer, _) = send_without(&[Layer::Seccomp, Layer::Landlock], "connect", None)?;
    assert_eq!(answer, "network unreachable");
    let (answer, _) = send_without(&[Layer::Seccomp, Layer::NetNamespace], "connect", None)?;
    assert_eq!(answer, "permission denied");
    Ok(())
}

fn a_call_of_no_use_to_it_kills() -> Result<(), Failed> {
    let (answer, exit) = send("connect", None)?;
    assert_eq!((answer.as_str(), exit), ("", Exit::Signal(libc::SIGSYS)));
    Ok(())
}

fn tables_are_read_on_threads_and_in_no_processes() -> Result<(), Failed> {
    let killed = (String::new(), Exit::Signal(libc::SIGSYS));
    let stage = Stage::named(TABLES)?;
    let tables = |errand| errand_of(hire(&stage.spawner, Some("room"))?, errand, None);
    assert_eq!(tables("thread")?, ("made".to_owned(), Exit::Status(0)));
    assert_eq!(tables("process")?, killed);
    // A step's worker may make neither.
    assert_eq!(send("thread", None)?, killed);
    assert_eq!(send("process", None)?, killed);
    Ok(())
}

fn no_code_can_be_added() -> Result<(), Failed> {
    // Runners forbid it when their code is loaded; here nothing is, and the other roles forbid it at once.
    let (answer, _) = send_without(&[Layer::Mdwe], "map", None)?;
    assert_eq!(answer, "mapped");
    Ok(())
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
    // SIGXCPU first, and SIGKILL at the same limit, as the hard one is no higher. The first process of a pid namespace
    // only knows the second.
    assert!(matches!(exit, Exit::Signal(9 | 24)), "{exit:?}");
    Ok(())
}

fn limits_can_not_be_raised() -> Result<(), Failed> {
    let (answer, _) = send("raise", None)?;
    assert_ne!(answer, "raised");
    Ok(())
}

fn every_layer_is_told() -> Result<(), Failed> {
    let stage = Stage::new(&[])?;
    let child = hire(&stage.spawner, Some("room"))?;
    let layers = child.layers();
    for layer in Layer::ALL {
        assert!(layers.on.contains(&layer) != layers.reason(layer).is_some(), "{layer}");
    }
    // What every Linux of these years has, for every user.
    for layer in [Layer::Seccomp, Layer::NoNewPrivs, Layer::Rlimits, Layer::NotDumpable, Layer::Capabilities]
    {
        assert_eq!(layers.reason(layer), None);
    }
    Ok(())
}

fn a_layer_that_is_left_out_is_told() -> Result<(), Failed> {
    let can_be_left_out = Layer::ALL.into_iter().filter(|layer| {
        // These are what a worker is.
        !matches!(layer, Layer::Wasm | Layer::Process | Layer::Environment | Layer::Descriptors)
    });
    for layer in can_be_left_out {
        let stage = Stage::new(&[layer])?;
        let child = hire(&stage.spawner, Some("room"))?;
        assert!(child.layers().reason(layer).is_some(), "{layer} is on, though it was left out");
    }
    Ok(())
}

fn a_worker_dies_with_its_spawners_engine() -> Result<(), Failed> {
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
    let stage = Stage::new(&[])?;
    let child = hire(&stage.spawner, Some("room"))?;
    let pid = Pid::from_raw(i32::try_from(child.id())?).ok_or("no process id")?;
    assert!(runs(pid));
    drop(child);
    assert!(!runs(pid), "and reaped");
    Ok(())
}

fn a_spawner_that_was_killed_is_replaced() -> Result<(), Failed> {
    let stage = Stage::new(&[])?;
    let child = hire(&stage.spawner, Some("room"))?;
    kill_spawner_of(child)?;
    let (answer, exit) = errand_of(hire(&stage.spawner, Some("room"))?, "root", None)?;
    assert_eq!((answer.as_str(), exit), ("/in /out the input", Exit::Status(0)));
    Ok(())
}

/// Its worker dies with it, and is nobody's loss.
fn kill_spawner_of(child: Child) -> Result<(), Failed> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
    let parent =
        stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)).ok_or("no parent")?;
    let spawner = Pid::from_raw(parent.parse()?).ok_or("no process id")?;
    rustix::process::kill_process(spawner, rustix::process::Signal::KILL)?;
    assert_eq!(child.reap()?.0, Exit::Signal(9));
    Ok(())
}

/// Where there are groups a worker is in one, with all its controllers; and who can't be in one any more says so.
fn a_group_that_is_gone_is_told() -> Result<(), Failed> {
    let stage = Stage::new(&[])?;
    let group = ControlGroup::new(GroupLimits::default(), None);
    let spawner = stage.spawner.in_group(Arc::new(group));
    let child = hire(&spawner, Some("room"))?;
    if let Some(reason) = child.layers().reason(Layer::Cgroup) {
        eprintln!("no control group here: {reason}");
        return Ok(());
    }
    let groups = fs::read_to_string(format!("/proc/{}/cgroup", child.id()))?;
    let name = format!("/crunchbox-{}-", std::process::id());
    let ours: Vec<_> = groups.lines().filter(|line| line.contains(&name)).collect();
    let folders: Vec<_> = ours
        .iter()
        .filter_map(|line| line.split_once(':')?.1.split_once(':'))
        .map(|(controllers, path)| Path::new("/sys/fs/cgroup").join(controllers).join(&path[1..]))
        .collect();
    let is_second = ours.iter().any(|line| line.starts_with("0::"));
    assert_eq!(folders.len(), if is_second { 1 } else { 2 }, "{groups}");
    kill_spawner_of(child)?;
    for folder in &folders {
        let deadline = Instant::now() + Duration::from_secs(20);
        // Who was killed leaves it a moment later.
        while let Err(error) = fs::remove_dir(folder) {
            if error.kind() == io::ErrorKind::NotFound {
                eprintln!("control groups are not where they usually are: {}", folder.display());
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("{}: {error}", folder.display()).into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let child = hire(&spawner, Some("room"))?;
    expect(child.layers().reason(Layer::Cgroup).unwrap_or_default(), &name[1..])
}

fn a_program_that_is_none_is_told() -> Result<(), Failed> {
    let rooms = tempfile::tempdir()?;
    let error = hire(&spawner(Path::new("/bin/false"), rooms.path()), None).unwrap_err();
    expect(&error.to_string(), "/bin/false")?;
    let error = hire(&spawner(Path::new("/nowhere"), rooms.path()), None).unwrap_err();
    expect(&error.to_string(), "can't start /nowhere")
}

/// Whether a process is there and alive; one that nobody has reaped yet is not.
fn runs(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next()).is_some_and(|state| state != "Z")
}
