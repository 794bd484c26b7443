;; expect: bad-module detail~=manifest
;; why: has a list for a manifest
(module
  (@custom "crunchbox:manifest" "[1]")
  (func (export "_start")))
