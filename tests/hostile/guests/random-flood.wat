;; expect: time
;; args: --timeout 2s --fuel 1T
;; why: has the host fill 64 MiB with random numbers over and over: work done by the host must end too
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (memory (export "memory") 1024)
  (func (export "_start")
    (loop $again
      (drop (call $random_get (i32.const 0) (i32.const 67108864)))
      (br $again))))
