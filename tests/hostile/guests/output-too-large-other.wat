;; expect: exit detail~=status 7
;; args: --max-output 1MiB
;; why: writes more than it may to another file: no file may be larger
(module
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "\00\10\00\00\00\80\00\00") ;; address and length of the content
  (data (i32.const 128) "other")
  (func (export "_start")
    (if (call $path_open (i32.const 4) (i32.const 0) (i32.const 128) (i32.const 5)
        (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 12))
      (then (unreachable)))
    (loop $again
      (if (call $fd_write (i32.load (i32.const 12)) (i32.const 16) (i32.const 1) (i32.const 8))
        (then (call $proc_exit (i32.const 7))))
      (br $again))))
