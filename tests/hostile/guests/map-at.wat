;; expect: exit detail~=status 42
;; file: 200000
;; why: maps a later part of an input
(module
  (import "crunchbox_v1" "map_input_at" (func $map_input_at (param i32 i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "00000000-0000-4000-8000-000000000001_x")
  (func (export "_start")
    (if (i32.eqz (i32.eqz (call $map_input_at (i32.const 0) (i32.const 38) (i64.const 131072) (i32.const 65536) (i32.const 68928)))) (then (call $proc_exit (i32.const 2))))
    (if (i32.eqz (i32.eq (i32.load8_u (i32.const 65536)) (i32.const 50))) (then (call $proc_exit (i32.const 3))))
    (if (i32.eqz (i32.eq (i32.load8_u (i32.const 134463)) (i32.const 203))) (then (call $proc_exit (i32.const 4))))
    (call $proc_exit (i32.const 42))))
