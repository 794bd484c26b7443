;; expect: exit detail~=status 42
;; file: 200000
;; why: maps an input, finds its bytes there, gives the place back and finds it empty, and maps it again
(module
  (import "crunchbox_v1" "input_size" (func $input_size (param i32 i32) (result i64)))
  (import "crunchbox_v1" "map_input" (func $map_input (param i32 i32 i32 i32) (result i32)))
  (import "crunchbox_v1" "unmap_input" (func $unmap_input (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "00000000-0000-4000-8000-000000000001_x")
  (func (export "_start")
    (if (i32.eqz (i64.eq (call $input_size (i32.const 0) (i32.const 38)) (i64.const 200000))) (then (call $proc_exit (i32.const 1))))
    (if (i32.eqz (i32.eqz (call $map_input (i32.const 0) (i32.const 38) (i32.const 65536) (i32.const 200000)))) (then (call $proc_exit (i32.const 2))))
    (if (i32.eqz (i32.eq (i32.load8_u (i32.const 65536)) (i32.const 0))) (then (call $proc_exit (i32.const 3))))
    (if (i32.eqz (i32.eq (i32.load8_u (i32.const 165536)) (i32.const 102))) (then (call $proc_exit (i32.const 4))))
    (if (i32.eqz (i32.eq (i32.load8_u (i32.const 265535)) (i32.const 203))) (then (call $proc_exit (i32.const 5))))
    (if (i32.eqz (i32.eq (i32.load8_u (i32.const 265536)) (i32.const 0))) (then (call $proc_exit (i32.const 6))))
    (if (i32.eqz (i32.eqz (call $unmap_input (i32.const 65536) (i32.const 200000)))) (then (call $proc_exit (i32.const 7))))
    (if (i32.eqz (i32.eq (i32.load8_u (i32.const 165536)) (i32.const 0))) (then (call $proc_exit (i32.const 8))))
    (i32.store8 (i32.const 165536) (i32.const 7))
    (if (i32.eqz (i32.eq (i32.load8_u (i32.const 165536)) (i32.const 7))) (then (call $proc_exit (i32.const 9))))
    (if (i32.eqz (i32.eqz (call $map_input (i32.const 0) (i32.const 38) (i32.const 65536) (i32.const 200000)))) (then (call $proc_exit (i32.const 10))))
    (if (i32.eqz (i32.eq (i32.load8_u (i32.const 165536)) (i32.const 102))) (then (call $proc_exit (i32.const 11))))
    (call $proc_exit (i32.const 42))))
