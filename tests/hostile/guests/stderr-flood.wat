;; expect: ok
;; report: /usage/log_bytes 1048576
;; why: writes 1 MiB of terminal escapes and bytes that are not UTF-8 to its log, then a good message: the log is cut
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\12\00\00\00") ;; address and length of the message
  (data (i32.const 16) "\00\10\00\00\00@\00\00") ;; address and length of a piece of log
  (data (i32.const 64) "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")
  (func (export "_start")
    (local $n i32)
    (loop $fill
      (i64.store (i32.add (i32.const 4096) (local.get $n)) (i64.const 0xff074a325b1b0aff))
      (local.set $n (i32.add (local.get $n) (i32.const 8)))
      (br_if $fill (i32.lt_u (local.get $n) (i32.const 16384))))
    (local.set $n (i32.const 0))
    (loop $again
      (drop (call $fd_write (i32.const 2) (i32.const 16) (i32.const 1) (i32.const 8)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 64))))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
