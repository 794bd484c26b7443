;; The step that is compiled beforehand. With nothing but a `_start` it would be the one that doctor tries, byte for byte.
(module
  (memory 1)
  (func (export "_start")))
