;; expect: bad-module
;; why: uses instructions whose results differ from machine to machine
(module
  (func (export "_start")
    (drop (f32x4.relaxed_madd (v128.const i64x2 0 0) (v128.const i64x2 0 0) (v128.const i64x2 0 0)))))
