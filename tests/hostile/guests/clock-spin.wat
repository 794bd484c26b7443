;; expect: fuel
;; args: --fuel 10M
;; why: waits for the wall clock to pass a second, which it never does
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $again
      (drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 0)))
      (br_if $again (i64.le_u (i64.load (i32.const 0)) (i64.const 946684800000000000))))))
