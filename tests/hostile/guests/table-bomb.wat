;; expect: memory
;; why: grows a table until it is refused, then traps
(module
  (table $t 1 funcref)
  (func (export "_start")
    (loop $again
      (br_if $again (i32.ne (table.grow $t (ref.null func) (i32.const 1000000)) (i32.const -1))))
    (unreachable)))
