;; expect: bad-module detail~=manifest
;; why: has an empty manifest
(module
  (@custom "crunchbox:manifest" "")
  (func (export "_start")))
