package reeve

import "time"

// Invitation lets whoever an address belongs to become a member.
type Invitation struct {
	ID             ID
	OrganizationID ID
	ProjectID      ID // zero: of the organisation
	Email          string
	Role           Role
	CreatedAt      time.Time
	ExpiresAt      time.Time
}

// How long invitations are valid, and how many an organisation may have open.
const (
	InvitationLife    = 7 * 24 * time.Hour
	MaxInvitationLife = 30 * 24 * time.Hour
	MaxInvitations    = 1000

	// MaxInvitationMails is how many an organisation may have mailed on a day of
	// UTC, and anybody in any: those that were taken back count.
	MaxInvitationMails = 200
)

// CheckInvitationLife gives how long an invitation shall be valid: so many
// seconds, or InvitationLife if nil.
func CheckInvitationLife(seconds *int64) (time.Duration, error) {
	if seconds == nil {
		return InvitationLife, nil
	}
	if *seconds < 1 || *seconds > int64(MaxInvitationLife/time.Second) {
		return 0, Errorf(Invalid, "expires_in must be 1 to %d seconds", int64(MaxInvitationLife/time.Second))
	}
	return time.Duration(*seconds) * time.Second, nil
}
