;; expect: exit detail~=status 63
;; why: makes its output a hard link to its input
(module
  (import "wasi_snapshot_preview1" "path_link" (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 128) "output.arrow")
  (data (i32.const 160) "input.arrow")
  (func (export "_start")
    (call $proc_exit (call $path_link (i32.const 3) (i32.const 0) (i32.const 160) (i32.const 11) (i32.const 4) (i32.const 128) (i32.const 12)))))
