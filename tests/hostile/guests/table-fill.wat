;; expect: fuel
;; why: fills a large table over and over
(module
  (table $t 1000000 funcref)
  (func (export "_start")
    (loop $again
      (table.fill $t (i32.const 0) (ref.null func) (i32.const 1000000))
      (br $again))))
