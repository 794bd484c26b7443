;; expect: bad-module detail~=thread-spawn
;; why: wants to start threads
(module
  (import "wasi" "thread-spawn" (func (param i32) (result i32)))
  (func (export "_start")))
