;; expect: exit detail~=status 63
;; why: makes a link to the folder above and opens a file through it
(module
  (import "wasi_snapshot_preview1" "path_symlink" (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 128) "l/lock")
  (data (i32.const 160) "..")
  (func (export "_start")
    (if (call $path_symlink (i32.const 160) (i32.const 2) (i32.const 4) (i32.const 128) (i32.const 1))
      (then (unreachable)))
    (call $proc_exit (call $path_open (i32.const 4) (i32.const 1) (i32.const 128) (i32.const 6)
      (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 12)))))
