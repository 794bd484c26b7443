;; expect: trap detail~=out of bounds memory access
;; why: traps: out of bounds memory access
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (memory.copy (i32.const 65000) (i32.const 0) (i32.const 1000))))
