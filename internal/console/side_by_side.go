package console

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"sync"
)

// readers is how many sections of a page are read at once.
const readers = 4

// sideBySide reads the sections of a thing's page, which know nothing of each
// other, some at once: each is a few short questions to the database.
func sideBySide[T any](of T, parts ...func(T) ([]section, error)) (out []section, err error) {
	found := make([][]section, len(parts))
	failed := make([]error, len(parts))
	var all sync.WaitGroup
	free := make(chan struct{}, readers)
	for i, part := range parts {
		free <- struct{}{}
		all.Go(func() {
			defer func() {
				if problem := recover(); problem != nil { // as it would be were it read alone, it ends this request and no other
					failed[i] = fmt.Errorf("panic: %v\n%s", problem, debug.Stack())
				}
				<-free
			}()
			found[i], failed[i] = part(of)
		})
	}
	all.Wait()
	for _, sections := range found {
		out = append(out, sections...)
	}
	return out, cmp.Or(failed...)
}

// single makes what reads one section one of those that read some.
func single[T any](part func(T) (section, error)) func(T) ([]section, error) {
	return func(of T) ([]section, error) {
		one, err := part(of)
		return []section{one}, err
	}
}
