;; expect: memory
;; why: declares more memory than it may have
(module
  (memory (export "memory") 65536)
  (func (export "_start")
    (unreachable)))
