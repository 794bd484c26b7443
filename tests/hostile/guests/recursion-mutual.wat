;; expect: stack
;; why: two functions call each other through a table without end
(module
  (type $nothing (func))
  (table 2 funcref)
  (elem (i32.const 0) $ping $pong)
  (func $ping (call_indirect (type $nothing) (i32.const 1)))
  (func $pong (call_indirect (type $nothing) (i32.const 0)))
  (func (export "_start") (call $ping)))
