;; expect: bad-message detail~=nothing was written
;; args: --call validate
;; why: answers with nothing, though it ends well
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (nop)))
