package reeve

// VerdictCode says how an API key was judged. Only CodeValid admits.
type VerdictCode string

// The codes, in the order in which they are looked for: the first that applies
// is the verdict. A key of another project than the one asked for is
// CodeNotFound, as a key that never was.
const (
	CodeMalformed         VerdictCode = "malformed"          // no key of ours could look like this
	CodeNotFound          VerdictCode = "not_found"          // unknown, forged or foreign
	CodeRevoked           VerdictCode = "revoked"            // it or an ancestor
	CodeProjectFrozen     VerdictCode = "project_frozen"     // by the operator
	CodeExpired           VerdictCode = "expired"            // a caveat's not-after has passed
	CodeForbidden         VerdictCode = "forbidden"          // another caveat refuses, or cannot be understood
	CodeUsageExceeded     VerdictCode = "usage_exceeded"     // writing, and the project stores all that it may
	CodeBandwidthExceeded VerdictCode = "bandwidth_exceeded" // reading, and the month's egress is used up
	CodeRateLimited       VerdictCode = "rate_limited"       // the second's requests are used up
	CodeValid             VerdictCode = "valid"
)

// VerdictCodes lists the codes.
var VerdictCodes = []VerdictCode{
	CodeValid, CodeMalformed, CodeNotFound, CodeRevoked, CodeProjectFrozen, CodeExpired, CodeForbidden,
	CodeUsageExceeded, CodeBandwidthExceeded, CodeRateLimited,
}
