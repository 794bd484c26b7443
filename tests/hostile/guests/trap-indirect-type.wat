;; expect: trap detail~=indirect call type mismatch
;; why: traps: indirect call type mismatch
(module
  (type $nothing (func))
  (type $number (func (result i32)))
  (table 2 funcref)
  (elem (i32.const 0) $zero)
  (func $zero (result i32) (i32.const 0))
  (func (export "_start") (call_indirect (type $nothing) (i32.const 0))))
