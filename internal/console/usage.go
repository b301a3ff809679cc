package console

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// usagePictures serves the pictures of usageSections and limitsSection below a
// path, which names a project or an organisation as of says.
func (s *site) usagePictures(path string, of func(*visit) control.SeriesQuery) {
	s.picture(path, func(v *visit) ([]byte, error) {
		defer v.patient()()
		q, kind := of(v), v.r.URL.Query().Get(pictureOf)
		if kind == pictureOfLimits && q.ProjectID != reeve.Zero {
			return v.limitsPicture(q.ProjectID)
		}
		meter, err := reeve.ParseUsageMeter(kind)
		if err != nil {
			return nil, errNoPicture
		}
		days, err := v.daysAsked()
		if err != nil {
			return nil, err
		}
		used, err := v.usageOf(q, days, meter)
		if err != nil {
			return nil, err
		}
		return v.canvas().curve(days.labels(), used[0].asFloats(), meterScale(meter).words)
	})
}

// The parameters of usage's pages and pictures.
const (
	pictureOf       = "of" // a meter or pictureOfLimits
	pictureOfLimits = "limits"
	monthField      = "month"
)

// usageSections tell what was used of late, day by day: a curve for each meter,
// and the same as a table. pictures is the path that usagePictures serves, as it
// is for this thing.
func (v *visit) usageSections(q control.SeriesQuery, pictures string) ([]section, error) {
	days, err := v.daysAsked()
	if err != nil {
		return nil, err
	}
	curves := section{ID: "usage", Title: "Usage by day", Note: days.words() + ", in UTC.", Form: v.monthForm()}
	used, err := v.usageOf(q, days, reeve.UsageMeters...)
	if reeve.IsKind(err, reeve.Invalid) { // too much to read
		curves.Note, curves.Bad = sentence(reeve.AsError(err).Message), true
		return []section{curves}, nil
	}
	if err != nil {
		return nil, err
	}
	numbers := section{ID: "usage-in-numbers", Title: "Usage in numbers", Folded: true, Table: &table{
		ID: "usage", Caption: "Usage by day", Columns: []column{{Name: "Day"}},
	}}
	for i := range days.starts {
		numbers.Table.Rows = append(numbers.Table.Rows, []cell{text(days.starts[i].Format(time.DateOnly))})
	}
	for _, u := range used {
		if u.any() {
			curves.Charts = append(curves.Charts, u.chart(v, pictures))
			u.addTo(numbers.Table)
		}
	}
	if len(curves.Charts) == 0 {
		curves.Note = "Nothing was used from " + curves.Note
		return []section{curves}, nil
	}
	return []section{curves, numbers}, nil
}

// monthForm asks for the time that is shown.
func (v *visit) monthForm() *form {
	f := field{Name: monthField, Label: "Time", Kind: "select", Value: v.r.URL.Query().Get(monthField), Options: []option{{"", "Last 30 days"}}}
	month := reeve.MonthOf(v.control.Now())
	known := f.Value == ""
	for range reeve.UsageLateness + 1 {
		f.Options = append(f.Options, option{month.String(), month.Start().Format("January 2006")})
		known = known || f.Value == month.String()
		month = month.Previous()
	}
	if asked, err := reeve.ParseMonth(f.Value); !known && err == nil {
		f.Options = append(f.Options, option{f.Value, asked.Start().Format("January 2006")})
	}
	return &form{Get: true, Fields: []field{f}, Submit: "Show"}
}

// days are those whose usage is shown.
type days struct {
	starts []time.Time
	end    time.Time // of the last; what is after now has not been
}

// daysAsked reads which days are asked for: those of a month, the last 30 if
// there is none.
func (v *visit) daysAsked() (days, error) {
	now := v.control.Now()
	from, to := reeve.StepDay.Floor(now).AddDate(0, 0, -29), now
	if asked := v.r.URL.Query().Get(monthField); asked != "" {
		month, err := reeve.ParseMonth(asked)
		if err != nil {
			return days{}, err
		}
		if from = month.Start(); !from.Before(now) || from.Year() < 1970 {
			return days{}, reeve.Errorf(reeve.Invalid, "nothing is known of %s", month)
		}
		if month.End().Before(now) {
			to = month.End()
		}
	}
	out := days{end: to}
	for at := from; at.Before(to); at = reeve.StepDay.Next(at) {
		out.starts = append(out.starts, at)
	}
	return out, nil
}

const dayLayout = "2 January 2006"

func (d days) last() time.Time { return d.starts[len(d.starts)-1] }

// words tell the days.
func (d days) words() string {
	return d.starts[0].Format(dayLayout) + " to " + d.last().Format(dayLayout)
}

func (d days) labels() []string {
	out := make([]string, len(d.starts))
	for i, at := range d.starts {
		out[i] = at.Format("2 Jan")
	}
	return out
}

// length is how long a day has been so far, in microseconds.
func (d days) length(i int) *big.Int {
	end := d.end
	if i+1 < len(d.starts) {
		end = d.starts[i+1]
	}
	return big.NewInt(max(end.Sub(d.starts[i]).Microseconds(), 1))
}

// used is what was used of a meter, by day: of a gauge the average, of a counter
// the sum.
type used struct {
	days
	meter  reeve.UsageMeter
	points []*big.Int
	whole  *big.Int // the average or the sum of all days
}

// usageOf reads what was used.
func (v *visit) usageOf(q control.SeriesQuery, d days, meters ...reeve.UsageMeter) ([]used, error) {
	q.From, q.To, q.Step, q.Meters = d.starts[0], d.end, reeve.StepDay, meters
	series, err := v.control.UsageSeries(v.ctx, q)
	if err != nil {
		return nil, err
	}
	out := make([]used, len(series.Meters))
	for i, m := range series.Meters {
		out[i] = used{days: d, meter: m.Meter, points: make([]*big.Int, len(m.Points)), whole: m.Total.Big()}
		elapsed := new(big.Int)
		for day, n := range m.Points {
			out[i].points[day] = n.Big()
			if m.Meter.Gauge() {
				length := d.length(day)
				elapsed.Add(elapsed, length)
				average(out[i].points[day], length)
			}
		}
		if m.Meter.Gauge() {
			average(out[i].whole, elapsed)
		}
	}
	return out, nil
}

// average makes a sum over a time one over each part of it, rounded.
func average(sum, length *big.Int) {
	sum.Add(sum, new(big.Int).Rsh(length, 1)).Div(sum, length)
}

func (u used) any() bool {
	for _, n := range u.points {
		if n.Sign() > 0 {
			return true
		}
	}
	return false
}

func (u used) asFloats() []float64 {
	out := make([]float64, len(u.points))
	for i, n := range u.points {
		out[i] = asFloat(n)
	}
	return out
}

func (u used) say(n *big.Int) string { return meterScale(u.meter).words(asFloat(n)) }

// title is the meter's name.
func (u used) title() string { return strings.ToUpper(string(u.meter[:1])) + string(u.meter[1:]) }

// chart is the meter's curve, with what it says in words.
func (u used) chart(v *visit, pictures string) chart {
	peak, last := 0, len(u.points)-1
	for i, n := range u.points {
		if n.Cmp(u.points[peak]) > 0 {
			peak = i
		}
	}
	whole := u.say(u.whole) + " in all"
	if u.meter.Gauge() {
		whole = u.say(u.whole) + " on average"
	}
	to := at(pictures, pictureOf, string(u.meter))
	if month := v.r.URL.Query().Get(monthField); month != "" {
		to = at(to, monthField, month)
	}
	return chart{
		To: to, Title: u.title(), About: whole, Height: curveHeight,
		Words: fmt.Sprintf("%s by day, %s: %s; at most %s, on %s; %s on %s, the last day.", u.title(), u.words(), whole,
			u.say(u.points[peak]), u.starts[peak].Format(dayLayout), u.say(u.points[last]), u.last().Format(dayLayout)),
	}
}

// addTo adds the meter's column to a table of days.
func (u used) addTo(t *table) {
	name, unit := u.title(), "bytes"
	switch u.meter {
	case reeve.UsageObjects, reeve.UsageRequests:
		unit = ""
	}
	if u.meter.Gauge() {
		name, unit = name+" (average)", strings.TrimSpace(unit+" on average")
	}
	c := column{Name: name, Number: true, Plain: string(u.meter)}
	if unit != "" {
		c.Plain += ", " + unit
	}
	t.Columns = append(t.Columns, c)
	for i, n := range u.points {
		t.Rows[i] = append(t.Rows[i], cell{Text: u.say(n), Plain: n.String()})
	}
}
