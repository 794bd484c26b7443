;; expect: ok
;; args: --call fetch
;; report: /output null
;; why: names a file that is empty: that is none
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\16\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0b\00\01\00\00\00\06output\0f\00\02\0c\00\00\00\00\00")
  (data (i32.const 128) "output")
  (func (export "_start")
    (if (call $path_open (i32.const 4) (i32.const 0) (i32.const 128) (i32.const 6) (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16))
      (then (unreachable)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
