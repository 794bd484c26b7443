;; expect: step-error
;; report: /errors/0/id "no.can"
;; report: /errors/0/arguments {"n": 3}
;; report: /errors/0/source "module"
;; report: /errors/0/quick_fixes/0/button_text/id "fix.it"
;; report: /output null
;; why: says that it can not, with arguments and a quick fix
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "@\00\00\00}\00\00\00") ;; address and length of the message
  (data (i32.const 64) "\0f\00\01\0c\00\00\00\01\0c\00\01\0b\00\01\00\00\00\06no.can\0d\00\02\0b\0c\00\00\00\01\00\00\00\01n\08\00\02\00\00\00\03\00\0b\00\03\00\00\00\06module\00\0f\00\02\0c\00\00\00\01\0c\00\01\0b\00\01\00\00\00\06fix.it\00\0c\00\02\0c\00\01\0b\00\01\00\00\00\04sort\0d\00\02\0b\0c\00\00\00\00\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
