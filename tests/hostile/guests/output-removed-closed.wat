;; expect: ok
;; args: --max-output 1MiB
;; why: nothing bad: writes one file after the other, and removes and closes each before the next
(module
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "@\00\00\00\12\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")
  (data (i32.const 16) "\00\10\00\00\00\60\09\00") ;; address and length of the content: 614,400 bytes
  (data (i32.const 128) "a")
  (func $write
    (if (call $path_open (i32.const 4) (i32.const 0) (i32.const 128) (i32.const 1)
        (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 12))
      (then (unreachable)))
    (if (call $fd_write (i32.load (i32.const 12)) (i32.const 16) (i32.const 1) (i32.const 8))
      (then (unreachable)))
    (if (call $path_unlink_file (i32.const 4) (i32.const 128) (i32.const 1))
      (then (unreachable)))
    (if (call $fd_close (i32.load (i32.const 12)))
      (then (unreachable))))
  (func (export "_start")
    (local $n i32)
    (loop $again
      (call $write)
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      ;; Bounded in itself: 40 files, 24 MB.
      (br_if $again (i32.lt_u (local.get $n) (i32.const 40))))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
