;; expect: ok
;; args: --call migrate-params --params {"a":1}
;; report: /call "migrate-params"
;; report: /output {"params": {}}
;; why: nothing bad: the control of the calls to migrate params, which are none now
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\0a\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0d\00\01\0b\0c\00\00\00\00\00")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
