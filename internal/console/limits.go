package console

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/document"
)

// limitsSection tells a project's limits with what is used of them, as bars.
func (v *visit) limitsSection(project reeve.ID, pictures string) (section, error) {
	all, err := v.limitsOf(project)
	if err != nil {
		return section{}, err
	}
	out := section{ID: "limits", Title: "Limits", Table: &table{
		ID: "limits", Caption: "Limits", Columns: []column{
			{Name: "Limit of"}, {Name: "Used", Number: true}, {Name: "Limit", Number: true}, {Name: "Part", Number: true}, {Name: "Set"},
		},
	}}
	var words []string
	bars, limited := 0, false
	for _, l := range all {
		set := "platform’s"
		if l.Own {
			set = "for this project"
		}
		out.Table.Rows = append(out.Table.Rows, []cell{
			text(l.name), l.usedCell(), l.limitCell(), text(l.part()), text(set),
		})
		if l.metered {
			bars, limited = bars+1, limited || !l.Limit.IsUnlimited()
			words = append(words, l.words())
		}
	}
	if limited {
		out.Charts = []chart{{
			To: at(pictures, pictureOf, pictureOfLimits), Height: barHeight(bars), Words: strings.Join(words, " "),
		}}
	}
	return out, nil
}

// limitsPicture draws the limits of which use is told.
func (v *visit) limitsPicture(project reeve.ID) ([]byte, error) {
	all, err := v.limitsOf(project)
	if err != nil {
		return nil, err
	}
	var bars []bar
	for _, l := range all {
		if !l.metered {
			continue
		}
		n, ok := l.Limit.Number()
		b := bar{name: strings.TrimSuffix(l.name, " this month") + ": " + l.part(), whole: ok}
		if ok {
			b.over, b.part = l.over(), 1
			if l.Used < n {
				b.part = float64(l.Used) / float64(n)
			}
		}
		bars = append(bars, b)
	}
	return v.canvas().bars(bars)
}

// limit is one of a project's with how it is told.
type limit struct {
	control.LimitInForce
	name    string
	bytes   bool
	metered bool // what is used of it is known
	each    string
}

func (v *visit) limitsOf(project reeve.ID) ([]limit, error) {
	l, err := v.control.GetLimitsInForce(v.ctx, project)
	return []limit{
		{LimitInForce: l.Usage, name: "Storage", bytes: true, metered: true},
		{LimitInForce: l.Bandwidth, name: "Egress this month", bytes: true, metered: true},
		{LimitInForce: l.Buckets, name: "Buckets", metered: true},
		{LimitInForce: l.Rate, name: "Requests", each: " a second"},
	}, err
}

// over tells whether more is used than the limit allows.
func (l limit) over() bool {
	n, ok := l.Limit.Number()
	return ok && l.Used > n
}

// part tells how much of the limit is used.
func (l limit) part() string {
	n, ok := l.Limit.Number()
	switch {
	case !l.metered:
		return "not told"
	case !ok:
		return "unlimited"
	case n == 0 && l.Used == 0:
		return "none allowed"
	case n == 0:
		return "over"
	}
	percent := float64(l.Used) / float64(n) * 100
	switch {
	case l.Used > 0 && percent < 1:
		return "under 1 %"
	case percent > 9999:
		return "over 9999 %"
	case l.Used > n:
		percent = max(math.Round(percent), 101)
	case l.Used < n:
		percent = min(math.Round(percent), 99)
	}
	return fmt.Sprintf("%.0f %%", percent)
}

// words tell the limit's state as a sentence.
func (l limit) words() string {
	n, ok := l.Limit.Number()
	used := l.say(l.Used)
	switch {
	case !ok:
		return fmt.Sprintf("%s: %s used, unlimited.", l.name, used)
	case l.over():
		return fmt.Sprintf("%s: %s used, over the limit of %s.", l.name, used, l.say(n))
	}
	return fmt.Sprintf("%s: %s of %s used, %s.", l.name, used, l.say(n), l.part())
}

// say writes an amount in units as the limit's.
func (l limit) say(n int64) string {
	if !l.bytes {
		return document.Thousands(strconv.FormatInt(n, 10))
	}
	if most, ok := l.Limit.Number(); ok && strings.HasSuffix(reeve.FormatSize(most), "iB") {
		return binarySizes.words(float64(n))
	}
	return decimalSizes.words(float64(n))
}

func (l limit) usedCell() cell {
	if !l.metered {
		return text("not told")
	}
	out := cell{Text: l.say(l.Used), Plain: fmt.Sprint(l.Used)}
	if l.over() {
		out.Badges = []badge{{"over the limit", "warn"}}
	}
	return out
}

func (l limit) limitCell() cell {
	n, ok := l.Limit.Number()
	if !ok {
		return text("unlimited")
	}
	return cell{Text: l.say(n) + l.each, Plain: fmt.Sprint(n)}
}
