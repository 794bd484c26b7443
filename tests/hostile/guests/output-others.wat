;; expect: ok
;; why: leaves other files beside its output, and a directory: they are dropped
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $path_create_directory (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\12\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")
  (data (i32.const 160) "other")
  (data (i32.const 168) ".hidden")
  (data (i32.const 176) "dir")
  (func (export "_start")
    (if (call $path_open (i32.const 4) (i32.const 0) (i32.const 160) (i32.const 5)
        (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 12))
      (then (unreachable)))
    (if (call $path_open (i32.const 4) (i32.const 0) (i32.const 168) (i32.const 7)
        (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 12))
      (then (unreachable)))
    (if (call $path_create_directory (i32.const 4) (i32.const 176) (i32.const 3))
      (then (unreachable)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
