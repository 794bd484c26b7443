;; expect: exit detail~=status 44
;; file: 200000
;; why: asks for the size of what is not there
(module
  (import "crunchbox_v1" "input_size" (func $input_size (param i32 i32) (result i64)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "absent")
  (func (export "_start")
    (call $proc_exit (i32.wrap_i64 (i64.sub (i64.const 0) (call $input_size (i32.const 0) (i32.const 6)))))))
