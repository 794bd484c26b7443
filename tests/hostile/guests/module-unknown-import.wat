;; expect: bad-module detail~=system
;; why: imports a function that nobody offers
(module
  (import "env" "system" (func $system (param i32) (result i32)))
  (func (export "_start") (drop (call $system (i32.const 0)))))
