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
// other, some at once: each is a few short questions to the database. It gives
// the first error, by their order.
func sideBySide[T any](of T, parts ...func(T) ([]section, error)) (out []section, err error) {
	found := make([][]section, len(parts))
	failed := make([]error, len(parts))
	panics := make([]error, len(parts))
	var all sync.WaitGroup
	free := make(chan struct{}, readers)
	for i, part := range parts {
		free <- struct{}{}
		all.Go(func() {
			defer func() {
				if cause := recover(); cause != nil {
					panics[i] = fmt.Errorf("%v\n%s", cause, debug.Stack())
				}
				<-free
			}()
			found[i], failed[i] = part(of)
		})
	}
	all.Wait()
	if cause := cmp.Or(panics...); cause != nil {
		panic(cause) // it ends this request, and no other
	}
	if err := cmp.Or(failed...); err != nil {
		return nil, err
	}
	for _, sections := range found {
		out = append(out, sections...)
	}
	return out, nil
}

// single makes what reads one section one of those that read some.
func single[T any](part func(T) (section, error)) func(T) ([]section, error) {
	return func(of T) ([]section, error) {
		one, err := part(of)
		return []section{one}, err
	}
}
