;; expect: bad-message detail~=nothing was written
;; why: returns and has said nothing
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (nop)))
