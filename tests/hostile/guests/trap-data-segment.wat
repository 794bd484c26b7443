;; expect: trap detail~=out of bounds
;; why: a data segment that lies beyond its memory
(module
  (memory (export "memory") 1)
  (data (i32.const 65535) "ab")
  (func (export "_start")
    (nop)))
