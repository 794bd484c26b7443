;; expect: trap detail~=invalid conversion
;; why: traps: invalid conversion
(module
  (func (export "_start")
    (drop (i32.trunc_f64_s (f64.const nan)))))
