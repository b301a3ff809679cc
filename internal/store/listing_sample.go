package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reeve-cloud/reeve"
)

// sampleRows is how many rows are asked whether they hold what is looked for,
// and its grams. They lie far apart, so they are kept: for a while, or a shorter
// one where they are all that there are and may soon be few of many.
const (
	sampleRows     = 2000
	sampleAge      = 10 * time.Minute
	smallSampleAge = time.Minute
)

// maxGrams is how many grams, the rarest in the sample, the index is asked for:
// they only narrow down what is compared, and common ones cost the most.
const (
	maxGrams         = 6
	mostSampledGrams = 40
)

// sample is a fair part of the texts of a kind: the first in the order of their
// spots.
type sample struct {
	read   time.Time
	texts  []sampledText
	stands float64 // how many rows each stands for
}

type sampledText struct {
	id   reeve.ID
	text string
}

// samples are those that were read lately. They serve to estimate: what is in
// them may have changed since, or gone.
type samples struct {
	mu sync.Mutex
	of map[Kind]sample
}

// age is how long a sample is kept.
func (s sample) age() time.Duration {
	if len(s.texts) < sampleRows {
		return smallSampleAge
	}
	return sampleAge
}

// sample gives a kind's sample, one that is kept or one that it reads.
func (r Reader) sample(ctx context.Context, kind Kind) (sample, error) {
	if r.samples != nil {
		r.samples.mu.Lock()
		kept, there := r.samples.of[kind]
		r.samples.mu.Unlock()
		if there && time.Since(kept.read) < kept.age() {
			return kept, nil
		}
	}
	out, last := sample{read: time.Now(), stands: 1}, int64(0)
	text := fmt.Sprintf("SELECT spot, id, text FROM %s ORDER BY spot LIMIT %d", kind.table(), sampleRows)
	err := r.q.query(ctx, text, nil, func(row scanner) error {
		var t sampledText
		err := row.Scan(&last, &t.id, &t.text)
		out.texts = append(out.texts, t)
		return err
	})
	if err != nil {
		return out, err
	}
	if len(out.texts) == sampleRows {
		// Spots are spread evenly from 0 to 2^63: each stands for some.
		out.stands = float64(math.MaxInt64) / float64(last)
	}
	if r.samples != nil {
		r.samples.mu.Lock()
		defer r.samples.mu.Unlock()
		r.samples.of[kind] = out
	}
	return out, nil
}

// askSample estimates whether few rows hold what is looked for, and if so picks
// grams to find them by. The index of grams cannot be asked how many it would
// find: it reads all of them.
func (q *listQuery) askSample(ctx context.Context) (few bool, err error) {
	asked, err := q.sample(ctx, q.Kind)
	if err != nil {
		return false, err
	}
	q.asked = true
	for _, t := range asked.texts {
		if strings.Contains(t.text, q.folded) {
			q.sampled = append(q.sampled, t.id)
		}
	}
	if float64(len(q.sampled))*asked.stands > fewHolders {
		return false, nil
	}
	all := grams(q.folded)
	all = all[:min(len(all), mostSampledGrams)]
	held := make(map[string]int, len(all))
	for _, t := range asked.texts {
		for _, gram := range all {
			if strings.Contains(t.text, gram) {
				held[gram]++
			}
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return held[a] - held[b] })
	q.rare = all[:min(len(all), maxGrams)]
	return float64(held[all[0]])*asked.stands <= mostPostings, nil
}

// fill adds to a page what else is known to hold the query, if anything will
// do: without regard to other picks, and in no order.
func (q *listQuery) fill(ctx context.Context, page []Position) ([]Position, error) {
	if !q.Any || len(page) >= q.Limit {
		return page, nil
	}
	known := map[reeve.ID]bool{}
	for _, place := range page {
		known[place.ID] = true
	}
	add := func(row scanner) error {
		var place Position
		err := row.Scan(&place.Time, &place.ID)
		if err == nil && !known[place.ID] && len(page) < q.Limit {
			page = append(page, place)
		}
		return err
	}
	rows := "SELECT t.created_at, t.id FROM " + q.Kind.table() + " t"
	if !q.long() {
		begins, args := where([]any{q.Limit}, []condition{prefixOf("t.name", q.folded)})
		err := q.q.query(ctx, rows+begins+" LIMIT $1", args, add)
		return page, err
	}
	sampled := q.sampled[:min(len(q.sampled), 2*q.Limit)]
	if len(sampled) == 0 {
		return page, nil
	}
	err := q.d.lists(sampled, func(list string, args []any) error {
		holds, args := where(args, []condition{q.holds()}) // as it is by now
		return q.q.query(ctx, rows+holds+" AND t.id IN ("+list+")", args, add)
	})
	return page, err
}
