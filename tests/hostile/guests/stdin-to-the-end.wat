;; expect: ok
;; why: reads its request to the end, where reading gives 0 bytes
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\12\00\00\00") ;; address and length of the message
  (data (i32.const 16) "\00\10\00\00\07\00\00\00") ;; address and length of the buffer
  (data (i32.const 64) "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")
  (func (export "_start")
    (loop $again
      (if (call $fd_read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 8)) (then (unreachable)))
      (br_if $again (i32.load (i32.const 8))))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
