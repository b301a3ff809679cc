package reeve

import (
	"time"
	"unicode/utf8"
)

// Bucket is a project's bucket. A project that has one cannot be deleted.
type Bucket struct {
	ProjectID ID
	Name      string
	CreatedAt time.Time
}

// CheckBucketName refuses what no bucket can be called: anything but 1 to
// MaxName characters, none of them a control character. The name is taken as it
// is, spaces included.
func CheckBucketName(name string) error {
	switch {
	case name == "":
		return Errorf(Invalid, "bucket name is not set")
	case utf8.RuneCountInString(name) > MaxName:
		return Errorf(Invalid, "bucket name is longer than %d characters", MaxName)
	}
	if err := addressable("bucket name", name); err != nil {
		return err
	}
	return plainText("bucket name", name)
}
