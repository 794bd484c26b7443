;; expect: memory
;; why: declares a larger table than it may have
(module
  (table 4294967295 funcref)
  (func (export "_start")))
