;; expect: bad-module detail~=component
;; why: is a component
(component)
