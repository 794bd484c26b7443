;; expect: fuel
;; why: copies 32 MiB over and over: bulk operations must cost what they take
(module
  (memory (export "memory") 1024)
  (func (export "_start")
    (loop $again
      (memory.copy (i32.const 0) (i32.const 33554432) (i32.const 33554432))
      (br $again))))
