package reeve

import "time"

// Bucket is a project's bucket. A project that has one cannot be deleted.
type Bucket struct {
	ProjectID ID
	Name      string
	CreatedAt time.Time
}
