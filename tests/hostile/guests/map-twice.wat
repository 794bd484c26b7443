;; expect: exit detail~=status 10
;; file: 200000
;; why: wants two inputs in one place
(module
  (import "crunchbox_v1" "map_input" (func $map_input (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "00000000-0000-4000-8000-000000000001_x")
  (func (export "_start")
    (drop (call $map_input (i32.const 0) (i32.const 38) (i32.const 65536) (i32.const 200000)))
    (call $proc_exit (call $map_input (i32.const 0) (i32.const 38) (i32.const 65536) (i32.const 200000)))))
