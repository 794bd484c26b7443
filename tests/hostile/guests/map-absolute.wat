;; expect: exit detail~=status 44
;; file: 200000
;; why: wants a file by an absolute name
(module
  (import "crunchbox_v1" "map_input" (func $map_input (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "/etc/passwd")
  (func (export "_start")
    (call $proc_exit (call $map_input (i32.const 0) (i32.const 11) (i32.const 65536) (i32.const 1)))))
