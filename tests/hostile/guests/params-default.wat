;; expect: trap
;; args: --params {"n":1}
;; why: the control of the two others: with params as it wants them it runs
(module
  (@custom "crunchbox:manifest"
    "{\22id_name\22: \22hostile\22, \22name\22: \22Hostile\22, \22category\22: \22Clean\22, \22parameters\22: [{\22id_name\22: \22n\22, \22type\22: \22integer\22, \22default\22: 0}]}")
  (func (export "_start") (unreachable)))
