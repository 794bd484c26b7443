;; expect: memory
;; args: --memory 1MiB
;; file: 8388608
;; why: makes room for an input, shows it there, and then wants more than its memory
(module
  (import "crunchbox_v1" "map_input" (func $map_input (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "00000000-0000-4000-8000-000000000001_x")
  (func (export "_start")
    (if (i32.eqz (i32.eq (memory.grow (i32.const 128)) (i32.const 16))) (then (call $proc_exit (i32.const 1))))
    (if (i32.eqz (i32.eqz (call $map_input (i32.const 0) (i32.const 38) (i32.const 1048576) (i32.const 8388608)))) (then (call $proc_exit (i32.const 2))))
    (if (i32.eqz (i32.eq (memory.grow (i32.const 1)) (i32.const -1))) (then (call $proc_exit (i32.const 3))))
    (call $proc_exit (i32.const 4))))
