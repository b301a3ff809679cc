package control

import (
	"fmt"
	"runtime/debug"
)

// survive, deferred, makes a panic of a goroutine that works for a request the
// error of that, as web does with a panic of the request's own: it would end the
// process. The error tells the stack; no client is shown it.
func survive(err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
	}
}
