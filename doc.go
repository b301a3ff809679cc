// Package reeve is the domain of a tenancy control plane: the nouns that a
// cloud platform sells access with, and the rules that bind them.
//
//	Organization  a customer; owns projects, holds members and keys
//	Project       what limits, API keys, buckets and usage belong to
//	User          a person, known by an address
//	Member        a user's role in an organisation or a project
//	APIKey        a project's key for gateways: a Storj-format macaroon
//	Limits        what a project may use; each unset, unlimited or a number
//	Coupon        an amount in cents that statements draw on
//	Change        one row of the record of every change
//
// The package is pure: it reads no clock, draws no randomness, does no I/O and
// knows neither SQL nor HTTP. Time and random bytes come in as arguments.
// Every id is one 128-bit value with two spellings (see ID); every failure
// that a caller may be told about is an *Error.
package reeve
