;; expect: trap detail~=it wrote where one of its inputs is shown
;; file: 200000
;; why: fills the place of an input, which the host does for it
(module
  (import "crunchbox_v1" "map_input" (func $map_input (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "00000000-0000-4000-8000-000000000001_x")
  (func (export "_start")
    (if (i32.eqz (i32.eqz (call $map_input (i32.const 0) (i32.const 38) (i32.const 65536) (i32.const 200000)))) (then (call $proc_exit (i32.const 1))))
    (memory.fill (i32.const 65536) (i32.const 1) (i32.const 100000))))
