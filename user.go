package reeve

import (
	"net/mail"
	"strings"
	"time"
)

// User is a person. Addresses are unique without regard to case.
type User struct {
	ID           ID
	Email        string // as given
	FullName     string
	ShortName    string
	PasswordHash []byte // argon2id or bcrypt, in their own text forms; another form lets nobody in
	ProjectLimit int    // how many projects the user may own
	CreatedAt    time.Time
	Freeze       *Frozen // only where a read says so
}

// UserStatus is the original's number for a user's state.
type UserStatus int

// UserActive is the status of every user that a lookup can find.
const UserActive UserStatus = 1

// Bounds of a user's fields.
const (
	MinPassword     = 6 // bytes, of one that an operator gives
	MinOwnPassword  = 8 // bytes, of one that a user chooses
	MaxOwnPassword  = 1024
	MaxEmail        = 320 // bytes, RFC 3696 (64 local, 255 domain, the @)
	MaxPasswordHash = 1024
	MaxProjectLimit = 1<<31 - 1
)

// EmailKey is what addresses are compared by.
func EmailKey(email string) string { return strings.ToLower(email) }

// deletedDomain is reserved (RFC 2606) and holds the addresses of deleted users.
const deletedDomain = "@deleted.invalid"

// DeactivatedEmail is what a deleted user's address reads as.
func DeactivatedEmail(id ID) string { return "deactivated+" + id.String() + deletedDomain }

// UserPatch is a change to a user. Fields that are empty, or a project limit
// that is not positive, change nothing: the original's rule.
type UserPatch struct {
	Email, FullName, ShortName string
	PasswordHash               []byte
	ProjectLimit               int64
}

// CheckOwnPassword judges a password that a user chooses; what begins the
// sentence of the error.
func CheckOwnPassword(what, password string) error {
	switch {
	case password == "":
		return Errorf(Invalid, "%s is not set", what)
	case len(password) < MinOwnPassword:
		return Errorf(Invalid, "%s is shorter than %d bytes", what, MinOwnPassword)
	case len(password) > MaxOwnPassword:
		return Errorf(Invalid, "%s is longer than %d bytes", what, MaxOwnPassword)
	}
	return nil
}

// CheckEmail refuses what can be no user's address.
func CheckEmail(email string) error {
	if email == "" {
		return Errorf(Invalid, "email is not set")
	}
	return checkEmail(email)
}

// CheckNewEmail judges an address that a user is to have: its form, too.
func CheckNewEmail(email string) error {
	if err := CheckEmail(email); err != nil {
		return err
	}
	if address, err := mail.ParseAddress(email); err != nil || address.Address != email {
		return Errorf(Invalid, "email is not an address")
	}
	return nil
}

// CheckNewUser applies the rules for a user who is to be created; the details
// name every broken one, in the original's words.
func CheckNewUser(email, fullName, password string) error {
	var broken []string
	if strings.TrimSpace(fullName) == "" {
		broken = append(broken, "validation: full name can not be empty")
	} else if _, err := CleanName("full name", fullName); err != nil {
		broken = append(broken, "validation: "+err.Error())
	}
	if len(password) < MinPassword {
		broken = append(broken, "validation: Your password needs at least 6 characters long")
	}
	if err := checkNewEmail(email); err != nil {
		broken = append(broken, "validation: "+err.Error())
	}
	if broken == nil {
		return nil
	}
	return Errorf(Invalid, "user data is not valid").WithDetail("%s", strings.Join(broken, "; "))
}

// checkNewEmail also judges an address's form, unless it is too long: parsing
// takes time by the byte, and its errors quote the text.
func checkNewEmail(email string) error {
	if len(email) <= MaxEmail {
		if _, err := mail.ParseAddress(email); err != nil {
			return err
		}
	}
	return checkEmail(email)
}

// checkEmail bounds an address. Its form is not judged here: the original lets
// an operator change an address to any text.
func checkEmail(email string) error {
	if len(email) > MaxEmail {
		return Errorf(Invalid, "email is longer than %d bytes", MaxEmail)
	}
	if err := addressable("email", email); err != nil {
		return err
	}
	if strings.HasSuffix(EmailKey(email), deletedDomain) {
		return Errorf(Invalid, "email must not be a deleted user's")
	}
	return plainText("email", email)
}

// Check bounds the fields of a patch.
func (p UserPatch) Check() error {
	if err := checkEmail(p.Email); err != nil {
		return err
	}
	for _, name := range []struct{ what, text string }{{"full name", p.FullName}, {"short name", p.ShortName}} {
		if name.text == "" {
			continue
		}
		if _, err := CleanName(name.what, name.text); err != nil {
			return err
		}
	}
	if len(p.PasswordHash) > MaxPasswordHash {
		return Errorf(Invalid, "password hash is longer than %d bytes", MaxPasswordHash)
	}
	if p.ProjectLimit > MaxProjectLimit {
		return Errorf(Invalid, "failed to update user").
			WithDetail("%d is greater than maximum value for Int4", p.ProjectLimit)
	}
	return nil
}

// JoinName makes a full name of what SplitName gives.
func JoinName(first, last string) string {
	return strings.TrimSpace(strings.TrimSpace(first) + " " + strings.TrimSpace(last))
}

// SplitName parts a full name into the first word and the rest, "" if none.
func SplitName(full string) (first, last string) {
	first, last, _ = strings.Cut(strings.TrimSpace(full), " ")
	return first, strings.TrimSpace(last)
}
