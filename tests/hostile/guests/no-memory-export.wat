;; expect: trap
;; why: calls the host, which wants its memory, and exports none
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (func (export "_start") (drop (call $random_get (i32.const 0) (i32.const 8)))))
