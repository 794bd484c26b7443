;; expect: exit detail~=status 22
;; args: --max-output 1MiB
;; why: makes its output longer than it may be, by a hole
(module
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $fd_filestat_set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 128) "output.arrow")
  (func (export "_start")
    (if (call $path_open (i32.const 4) (i32.const 0) (i32.const 128) (i32.const 12)
        (i32.const 1) (i64.const 4194368) (i64.const 0) (i32.const 0) (i32.const 12))
      (then (unreachable)))
    (call $proc_exit (call $fd_filestat_set_size (i32.load (i32.const 12)) (i64.const 2097152)))))
