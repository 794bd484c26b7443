//! The attacks, one file each: what it tries is its first line.

use crate::attack::Attack;

macro_rules! attacks {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// Every attack there is: its name, what it tries, and the attack.
        pub(crate) fn all() -> Vec<(String, &'static str, &'static Attack)> {
            vec![$((
                stringify!($name).replace('_', "-"),
                first_line(include_str!(concat!(stringify!($name), ".rs"))),
                &$name::ATTACK,
            )),*]
        }
    };
}

/// What a file says of itself in its first line, without the mark of a comment and the full stop.
fn first_line(text: &'static str) -> &'static str {
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("//! ").trim_end_matches('.')
}

attacks! {
    // Files.
    passwd
    dots
    list_root
    canary_read
    canary_write
    canary_truncate
    canary_delete
    canary_symlink
    canary_hard_link
    own_maps
    own_path
    own_group
    engine_environ
    neighbour_environ
    neighbour_memory
    rooms
    rooms_by_path
    input_write
    input_create
    input_rename
    input_move
    input_link
    input_delete
    input_mode
    input_times
    fifo
    device
    socket_file
    handle
    code_write
    code_truncate
    code_map
    code_cache
    sparse
    reserve
    long_file
    many_files
    many_large_files
    removed_files
    deep_folders
    output_link
    output_folder
    output_garbage
    // Mounts.
    mount
    bind
    remount
    unmount
    pivot_root
    chroot
    open_tree
    fsopen
    setns
    unshare_user
    unshare_mounts
    unshare_net
    unshare_processes
    mount_in_own
    // Processes.
    fork
    vfork
    clone3
    thread
    fork_bomb
    daemon
    exec
    exec_memory
    exec_written
    signal_engine
    signal_neighbour
    signal_parent
    signal_all
    abort_neighbour
    signal_owner
    trace_me
    trace_neighbour
    trace_parent
    read_memory
    write_memory
    process_descriptor
    steal_descriptor
    limits_of_neighbour
    nice
    real_time
    dumpable
    death_signal
    // Network.
    internet_socket
    tcp
    udp
    metadata
    listen
    abstract_socket
    socket_by_path
    raw_socket
    packet_socket
    netlink
    vsock
    crypto_socket
    // Kernel.
    io_uring
    bpf
    userfaultfd
    perf
    add_key
    keyring
    memory_file
    memory_left
    memory_secret
    inotify
    fanotify
    personality
    kexec
    module
    swap
    reboot
    clock
    host_name
    kernel_log
    own_filter
    capabilities
    root_user
    root_group
    ports
    shared_memory
    semaphores
    message_queue
    posix_queue
    uptime
    // Memory.
    map_code
    protect_code
    map_written_code
    memory
    memory_shared
    memory_stack
    memory_sealed
    page_tables
    memory_together
    lock_memory
    // Limits.
    raise_file_size
    raise_memory
    raise_stack
    raise_descriptors
    raise_time
    raise_core
    open_many
    // What comes along.
    descriptors
    secret_descriptor
    secret_variable
    pass_descriptor
    // The report.
    silent
    status_7
    good_then_status_7
    good_then_sleep
    garbage
    cut_report
    two_reports
    report_flood
    log_flood
    boast
    claim_table
    claim_fault
    claim_stale
    bad_result
    kill_itself
    stop_itself
    abort
    segfault
    overflow
    sleep
    mute_sleep
    spin
}
