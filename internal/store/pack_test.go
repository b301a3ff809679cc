package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

func drawMeter(t *rapid.T) reeve.UsageMeter {
	return rapid.SampledFrom(reeve.UsageMeters).Draw(t, "meter")
}

// drawTime draws a time in whole microseconds, long before and after 1970.
func drawTime(t *rapid.T) time.Time {
	const century = 100 * 366 * 24 * int64(time.Hour/time.Microsecond)
	return time.UnixMicro(rapid.Int64Range(-century, century).Draw(t, "at")).UTC()
}

func drawRecord(t *rapid.T, projects []reeve.ID, buckets []string) reeve.UsageRecord {
	return reeve.UsageRecord{
		ProjectID: rapid.SampledFrom(projects).Draw(t, "project"),
		Bucket:    rapid.SampledFrom(buckets).Draw(t, "bucket"),
		Meter:     drawMeter(t),
		At:        drawTime(t),
		Value:     rapid.Int64().Draw(t, "value"),
	}
}

func unpackRecords(data []byte) (out []reeve.UsageRecord, err error) {
	err = eachRecord(data, func(r reeve.UsageRecord) { out = append(out, r) })
	return out, err
}

// TestPackRecords: a batch is read as it was packed, and what is left of one
// that was cut is an error or the records before the cut.
func TestPackRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		projects := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) reeve.ID {
			return reeve.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		}), 1, 200).Draw(t, "projects")
		buckets := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.StringN(200, 200, -1)), 1, 200).Draw(t, "buckets")
		var records []reeve.UsageRecord
		for range rapid.IntRange(0, 300).Draw(t, "records") {
			records = append(records, drawRecord(t, projects, buckets))
		}
		data := packRecords(records)
		got, err := unpackRecords(data)
		if diff := cmp.Diff(records, got); err != nil || diff != "" {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		cut := rapid.IntRange(0, len(data)-1).Draw(t, "cut")
		got, err = unpackRecords(data[:cut])
		if len(got) > len(records) || !slices.Equal(records[:len(got)], got) {
			t.Fatalf("cut at %d: %+v", cut, got)
		}
		if err == nil && len(got) == len(records) && len(records) > 0 {
			t.Fatalf("cut at %d of %d: all records", cut, len(data))
		}
	})
}

// TestPackManyProjects: numbers of projects and buckets may take more than a
// byte, and the extremes of values and times are kept.
func TestPackManyProjects(t *testing.T) {
	var records []reeve.UsageRecord
	for i := range 1000 {
		r := reeve.UsageRecord{Meter: reeve.UsageMeters[i%4], Value: math.MaxInt64 - int64(i)}
		binary.BigEndian.PutUint64(r.ProjectID[:], uint64(i))
		r.Bucket = string(bytes.Repeat([]byte{'a' + byte(i%26)}, i%201))
		r.At = time.UnixMicro([]int64{math.MinInt64, math.MaxInt64, -1, 0}[i%4]).UTC()
		records = append(records, r)
	}
	got, err := unpackRecords(packRecords(records))
	if diff := cmp.Diff(records, got); err != nil || diff != "" {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
}

// damaged is data that names more than it holds.
var damaged = map[string][]byte{
	"nothing":                 {},
	"no buckets":              {0},
	"a project without an id": {1, 0},
	"2^63 projects":           binary.AppendUvarint(nil, 1<<63),
	"2^40 projects":           binary.AppendUvarint(nil, 1<<40),
	"2^63 buckets":            binary.AppendUvarint([]byte{0}, 1<<63),
	"2^40 buckets":            binary.AppendUvarint([]byte{0}, 1<<40),
	"a long bucket":           {0, 1, 200, 1, 'b'},
	"a bucket of 2^63":        binary.AppendUvarint([]byte{0, 1}, 1<<63),
	"an unknown project":      {0, 1, 1, 'b', 0, 0, 0, 0, 0},
	"project 2^63":            append(binary.AppendUvarint(append(append([]byte{1}, make([]byte, 16)...), 1, 0), 1<<63), 0, 0, 0, 0),
	"an unknown bucket":       append(append([]byte{1}, make([]byte, 16)...), 0, 0, 0, 0, 0, 0),
	"an unknown meter":        append(append([]byte{1}, make([]byte, 16)...), 1, 0, 0, 0, 4, 0, 0),
	"no value":                append(append([]byte{1}, make([]byte, 16)...), 1, 0, 0, 0, 0, 0),
	"a number without an end": append([]byte{0, 0}, bytes.Repeat([]byte{255}, 20)...),
}

// TestDamagedRecords: damage is an error.
func TestDamagedRecords(t *testing.T) {
	for what, data := range damaged {
		t.Run(what, func(t *testing.T) {
			if got, err := unpackRecords(data); !errors.Is(err, errPacked) || len(got) > 0 {
				t.Errorf("%+v, %v, want %v", got, err, errPacked)
			}
		})
	}
}

// FuzzUnpack: whatever is damaged is an error or some records; never a panic,
// or more memory than the data could fill.
func FuzzUnpack(f *testing.F) {
	for _, data := range damaged {
		f.Add(data)
	}
	at := time.Date(2026, 11, 22, 15, 44, 53, 0, time.UTC)
	f.Add(packRecords([]reeve.UsageRecord{
		{ProjectID: reeve.ID{1}, Bucket: "b", Meter: reeve.UsageEgress, At: at, Value: 5},
		{ProjectID: reeve.ID{2}, Meter: reeve.UsageStorage, At: at.Add(-time.Second), Value: math.MaxInt64},
	}))
	f.Add(appendSample(nil, reeve.UsageObjects, DayOf(at), reeve.Sample{At: at, Value: 7}))
	f.Add([]byte{1, 7, 0, 2, 1, 0})
	f.Add(append([]byte{17}, make([]byte, 17)...))
	f.Add(make([]byte, 49))
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		records, samples := 0, 0
		err := eachRecord(data, func(reeve.UsageRecord) { records++ })
		if most := len(data) / 5; records > most || err != nil && !errors.Is(err, errPacked) {
			t.Errorf("%d records of %d bytes, %v", records, len(data), err)
		}
		err = eachSample(20_000, data, func(reeve.UsageMeter, reeve.Sample) { samples++ })
		if most := len(data) / 3; samples > most || err != nil && !errors.Is(err, errPacked) {
			t.Errorf("%d samples of %d bytes, %v", samples, len(data), err)
		}
		day, err := unpackDayCounts(data)
		if again, _ := unpackDayCounts(day.pack()); err == nil && again != day {
			t.Errorf("%+v, want %+v", again, day)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20+100*uint64(len(data)) {
			t.Errorf("%d bytes of memory for %d", grown, len(data))
		}
	})
}

// drawDay draws a day's counters, most of them zero.
func drawDay(t *rapid.T) (out DayCounts) {
	quantity := rapid.Custom(func(t *rapid.T) reeve.Quantity {
		q, err := reeve.QuantityFromBytes(rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, "bytes"))
		if err != nil {
			t.Fatal(err)
		}
		return q
	})
	for range rapid.IntRange(0, 48).Draw(t, "hours") {
		m := rapid.SampledFrom([]reeve.UsageMeter{reeve.UsageEgress, reeve.UsageRequests}).Draw(t, "meter")
		out.Of(m)[rapid.IntRange(0, 23).Draw(t, "hour")] = quantity.Draw(t, "quantity")
	}
	return out
}

// TestPackedDay: a day is read as it was packed, without the zeros at the end,
// and more that is added to the packed one is added to each hour.
func TestPackedDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawDay(t), drawDay(t)
		got, err := unpackDayCounts(a.pack())
		if err != nil || got != a {
			t.Fatalf("%+v, %v, want %+v", got, err, a)
		}
		sum, err := PackedDay(a.pack()).Add(&b)
		if err != nil {
			t.Fatal(err)
		}
		if got, err = unpackDayCounts(sum); err != nil {
			t.Fatal(err)
		}
		for _, m := range []reeve.UsageMeter{reeve.UsageEgress, reeve.UsageRequests} {
			for hour := range 24 {
				if want := a.Of(m)[hour].Add(b.Of(m)[hour]); got.Of(m)[hour] != want {
					t.Fatalf("%s of hour %d: %s, want %s", m, hour, got.Of(m)[hour], want)
				}
			}
		}
	})
	var day DayCounts
	for _, test := range []struct {
		hour *reeve.Quantity
		want int
	}{{&day.Egress[0], 2}, {&day.Egress[23], 26}, {&day.Requests[23], 51}} {
		*test.hour = reeve.Count(1)
		if data := day.pack(); len(data) != test.want {
			t.Errorf("%x is %d bytes, want %d", data, len(data), test.want)
		}
	}
}

// TestDamagedDay: damage is an error, and so is adding to it.
func TestDamagedDay(t *testing.T) {
	for what, data := range map[string][]byte{
		"too short":             {5, 1, 2},
		"too long a quantity":   append([]byte{17}, make([]byte, 17)...),
		"49 hours":              make([]byte, 49),
		"a length and no bytes": {0, 0, 1},
	} {
		if _, err := unpackDayCounts(data); !errors.Is(err, errPacked) {
			t.Errorf("%s: %v, want %v", what, err, errPacked)
		}
		if _, err := PackedDay(data).Add(&DayCounts{}); !errors.Is(err, errPacked) {
			t.Errorf("add to %s: %v, want %v", what, err, errPacked)
		}
	}
}

// TestPackSamples: a day's samples are read as they were packed, of any day.
func TestPackSamples(t *testing.T) {
	type sampleOf struct {
		Meter reeve.UsageMeter
		reeve.Sample
	}
	rapid.Check(t, func(t *rapid.T) {
		day := DayOf(drawTime(t))
		var data []byte
		var want, got []sampleOf
		for range rapid.IntRange(0, 100).Draw(t, "samples") {
			at := DayStart(day).Add(time.Duration(rapid.Int64Range(0, microsecondsInDay-1).Draw(t, "at")) * time.Microsecond)
			if DayOf(at) != day {
				t.Fatalf("%s is of day %d, want %d", at, DayOf(at), day)
			}
			s := sampleOf{drawMeter(t), reeve.Sample{At: at, Value: rapid.Int64().Draw(t, "value")}}
			want = append(want, s)
			data = appendSample(data, s.Meter, day, s.Sample)
		}
		err := eachSample(day, data, func(m reeve.UsageMeter, s reeve.Sample) { got = append(got, sampleOf{m, s}) })
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		if len(data) > 0 {
			if err := eachSample(day, data[:len(data)-1], func(reeve.UsageMeter, reeve.Sample) {}); !errors.Is(err, errPacked) {
				t.Fatalf("cut: %v, want %v", err, errPacked)
			}
		}
	})
}
