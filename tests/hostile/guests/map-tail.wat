;; expect: exit detail~=status 42
;; file: 5000
;; why: writes behind the last page of an input, in the rest of its place
(module
  (import "crunchbox_v1" "map_input" (func $map_input (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "00000000-0000-4000-8000-000000000001_x")
  (func (export "_start")
    (if (i32.eqz (i32.eqz (call $map_input (i32.const 0) (i32.const 38) (i32.const 65536) (i32.const 5000)))) (then (call $proc_exit (i32.const 2))))
    (if (i32.eqz (i32.eq (i32.load8_u (i32.const 70535)) (i32.const 230))) (then (call $proc_exit (i32.const 3))))
    (i32.store8 (i32.const 73728) (i32.const 7))
    (if (i32.eqz (i32.eq (i32.load8_u (i32.const 73728)) (i32.const 7))) (then (call $proc_exit (i32.const 4))))
    (call $proc_exit (i32.const 42))))
