;; expect: bad-module detail~=manifest
;; why: has a manifest without what a manifest must have
(module
  (@custom "crunchbox:manifest" "{}")
  (func (export "_start")))
