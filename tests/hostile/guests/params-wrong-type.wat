;; expect: bad-params detail~=n
;; args: --params {"n":"x"}
;; why: would trap, but a param is a text where a number is wanted: it is not run
(module
  (@custom "crunchbox:manifest"
    "{\22id_name\22: \22hostile\22, \22name\22: \22Hostile\22, \22category\22: \22Clean\22, \22parameters\22: [{\22id_name\22: \22n\22, \22type\22: \22integer\22, \22default\22: 0}]}")
  (func (export "_start") (unreachable)))
