package reeve

import "time"

// Quota says how often a caller may do something, and how often it still may.
type Quota struct {
	Name      string        // of the rule: letters, digits and hyphens
	Limit     int           // in each Window
	Remaining int           // of Limit, now
	Window    time.Duration // whole seconds
	Reset     time.Duration // until Remaining is Limit again; of 0, until it is 1
}
