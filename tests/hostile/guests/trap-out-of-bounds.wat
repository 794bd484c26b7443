;; expect: trap detail~=out of bounds memory access
;; why: traps: out of bounds memory access
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (i32.load (i32.const 65536)))))
