;; expect: bad-message detail~=`params` is not set
;; report: /call "migrate-params"
;; report: /output null
;; why: is asked for a table, and fails where its params are migrated for that
(module
  (@custom "crunchbox:manifest" "{\22id_name\22: \22hostile\22, \22name\22: \22Hostile\22, \22category\22: \22Clean\22, \22migrates_params\22: true, \22parameters\22: []}")
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00\01\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\00")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
