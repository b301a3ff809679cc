package reeve

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Project is what limits, API keys, buckets and usage belong to.
type Project struct {
	ID               ID
	OrganizationID   ID
	OwnerID          ID
	ServiceAccountID ID // made with the project
	Name             string
	Description      string
	Limits           Limits
	RevokedBefore    *time.Time // keys made before it are refused; nil: none
	Frozen           bool       // no key of it is valid: it is frozen, or what it belongs to; only where a read says so
	Freeze           *Frozen    // its own; only where a read says so
	MemberCount      int        // own members, disabled ones included; only where a read says so
	CreatedAt        time.Time
}

// MaxDescription is the length of the longest description, in characters.
const MaxDescription = 2000

// CheckDescription refuses a description that is too long, holds NUL or is not
// UTF-8; line breaks are welcome.
func CheckDescription(text string) error {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return Errorf(Invalid, "description is not plain text")
	}
	if utf8.RuneCountInString(text) > MaxDescription {
		return Errorf(Invalid, "description is longer than %d characters", MaxDescription)
	}
	return nil
}

// ProjectPatch is a change to a project; a nil field stays as it is.
type ProjectPatch struct {
	Name        *string
	Description *string
}
