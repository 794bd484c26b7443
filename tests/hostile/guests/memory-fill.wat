;; expect: fuel
;; why: fills 64 MiB over and over: bulk operations must cost what they take
(module
  (memory (export "memory") 1024)
  (func (export "_start")
    (loop $again
      (memory.fill (i32.const 0) (i32.const 1) (i32.const 67108864))
      (br $again))))
