;; expect: output detail~=output_bytes
;; args: --max-output 1MiB
;; why: holds removed files open, and never ends: it is ended while it runs, before its fuel is used up
(module
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
  (memory (export "memory") 16)
  (data (i32.const 16) "\00\10\00\00\00\60\09\00") ;; address and length of the content: 614,400 bytes
  (data (i32.const 128) "a")
  (func $write
    (if (call $path_open (i32.const 4) (i32.const 0) (i32.const 128) (i32.const 1)
        (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 12))
      (then (unreachable)))
    (if (call $fd_write (i32.load (i32.const 12)) (i32.const 16) (i32.const 1) (i32.const 8))
      (then (unreachable)))
    (if (call $path_unlink_file (i32.const 4) (i32.const 128) (i32.const 1))
      (then (unreachable))))
  (func (export "_start")
    (local $n i32)
    (loop $again
      (call $write)
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      ;; Bounded in itself: 40 files, 24 MB.
      (br_if $again (i32.lt_u (local.get $n) (i32.const 40))))
    (loop $forever
      (drop (call $sched_yield))
      (br $forever))))
