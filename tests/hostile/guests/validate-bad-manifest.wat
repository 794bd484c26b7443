;; expect: bad-module detail~=id_name
;; args: --call validate
;; why: could be started, but says nothing sensible of itself
(module
  (@custom "crunchbox:manifest" "{\22name\22: \22Hostile\22}")
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\01\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\00")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
