// Package macaroon makes, narrows and judges API keys.
//
// A key is a macaroon: a public 32-byte head that names it, a list of caveats that each take rights away, and a
// 32-byte tail that proves the list. The tail of a fresh key is HMAC-SHA256(secret, head); adding a caveat replaces
// the tail by HMAC-SHA256(tail, caveat). So whoever holds a key can narrow it without asking anybody, and nobody can
// widen it without the secret.
//
// # Wire form
//
// Keys are exchanged with programs written for storj.io/common/macaroon, whose format this is (libmacaroons
// version 2 without locations), in base58check with version byte 0:
//
//	02 | 02 20 <head> 00 | (02 <len> <caveat> 00)* | 00 | 06 20 <tail>
//
// <len> is an unsigned LEB128 varint. A caveat is a protobuf message; [Caveat] lists its fields.
//
// # Deviations
//
// Verdicts and error texts agree with that library, tested against it. Where it accepts what two readers could
// understand differently, this package refuses:
//
//   - A caveat field, at any depth, that this package does not know. Ignoring it would ignore a restriction.
//   - A caveat boolean that is neither 0 nor 1: the library reads 2 as false, protobuf reads it as true.
//   - A caveat time at the first instant of year 1, which the library can read but never writes.
//   - A key that is not in the one form above: over-long varints, locations, third-party caveats, bytes after the
//     tail. A key thus has one spelling, and [Parse] followed by [Key.Serialize] is the identity.
//   - A head that is not 32 bytes.
//   - A key beyond [MaxLength] or [MaxCaveats].
//
// The package is pure: randomness and time are arguments, nothing is read or written. All of it may be used from
// several goroutines at once.
package macaroon
