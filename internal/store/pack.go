package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/reeve-cloud/reeve"
)

// DayCounts are a project's (or one of its buckets') counters of a day, by
// hour.
type DayCounts struct {
	Egress   [24]reeve.Quantity
	Requests [24]reeve.Quantity
}

// Of gives the hours of a counter.
func (d *DayCounts) Of(m reeve.UsageMeter) *[24]reeve.Quantity {
	if m == reeve.UsageRequests {
		return &d.Requests
	}
	return &d.Egress
}

var errPacked = errors.New("packed usage is damaged")

// pack gives the hours one after the other, egress first: a byte that is the
// length, and the quantity big-endian. Zeros at the end are left out.
func (d *DayCounts) pack() []byte {
	out := make([]byte, 0, 64)
	full := 0
	for _, hours := range []*[24]reeve.Quantity{&d.Egress, &d.Requests} {
		for _, q := range hours {
			data := q.Bytes()
			out = append(append(out, byte(len(data))), data...)
			if len(data) > 0 {
				full = len(out)
			}
		}
	}
	return out[:full]
}

// PackedDay is DayCounts as the table holds it, which is a tenth as long.
type PackedDay []byte

// Add gives the day with more counted.
func (d PackedDay) Add(more *DayCounts) (PackedDay, error) {
	sum, err := unpackDayCounts(d)
	for hour := range 24 {
		sum.Egress[hour] = sum.Egress[hour].Add(more.Egress[hour])
		sum.Requests[hour] = sum.Requests[hour].Add(more.Requests[hour])
	}
	return sum.pack(), err
}

func unpackDayCounts(data []byte) (out DayCounts, err error) {
	for i := 0; len(data) > 0; i++ {
		n := int(data[0])
		if i >= 48 || n > 16 || len(data) < 1+n {
			return out, errPacked
		}
		hours := &out.Egress
		if i >= 24 {
			hours = &out.Requests
		}
		if hours[i%24], err = reeve.QuantityFromBytes(data[1 : 1+n]); err != nil {
			return out, err
		}
		data = data[1+n:]
	}
	return out, nil
}

// The meters' numbers in what is packed.
var (
	packedMeters = map[reeve.UsageMeter]byte{
		reeve.UsageEgress: 0, reeve.UsageRequests: 1, reeve.UsageStorage: 2, reeve.UsageObjects: 3,
	}
	unpackedMeters = [...]reeve.UsageMeter{reeve.UsageEgress, reeve.UsageRequests, reeve.UsageStorage, reeve.UsageObjects}
)

// microsecondsInDay is the length of a day: UTC has no others.
const microsecondsInDay = int64(24 * time.Hour / time.Microsecond)

// DayOf gives the day that a time falls in, counted from 1970-01-01 (UTC).
func DayOf(at time.Time) int64 { return floorDivide(at.UnixMicro(), microsecondsInDay) }

// DayStart is the first instant of a day.
func DayStart(day int64) time.Time { return time.UnixMicro(day * microsecondsInDay).UTC() }

func floorDivide(n, d int64) int64 {
	q := n / d
	if n%d < 0 {
		q--
	}
	return q
}

// appendSample packs a gauge's sample of a day: the meter's number,
// microseconds into the day, the value.
func appendSample(out []byte, m reeve.UsageMeter, day int64, s reeve.Sample) []byte {
	out = append(out, packedMeters[m])
	out = binary.AppendUvarint(out, uint64(s.At.UnixMicro()-day*microsecondsInDay))
	return binary.AppendUvarint(out, uint64(s.Value))
}

// eachSample reads what appendSample packed.
func eachSample(day int64, data []byte, each func(reeve.UsageMeter, reeve.Sample)) error {
	in := unpacker{data: data}
	for len(in.data) > 0 && !in.bad {
		m := in.meter()
		at, value := in.uvarint(), in.uvarint()
		if !in.bad {
			each(m, reeve.Sample{At: time.UnixMicro(day*microsecondsInDay + int64(at)).UTC(), Value: int64(value)})
		}
	}
	return in.err()
}

// packRecords packs a batch: its projects, its buckets, then the records with
// their numbers, each time as the difference to the one before.
func packRecords(records []reeve.UsageRecord) []byte {
	projects, buckets := map[reeve.ID]uint64{}, map[string]uint64{}
	var ids, names, body []byte
	var last int64
	for i := range records {
		r := &records[i]
		project, ok := projects[r.ProjectID]
		if !ok {
			project = uint64(len(projects))
			projects[r.ProjectID] = project
			ids = append(ids, r.ProjectID[:]...)
		}
		bucket, ok := buckets[r.Bucket]
		if !ok {
			bucket = uint64(len(buckets))
			buckets[r.Bucket] = bucket
			names = append(binary.AppendUvarint(names, uint64(len(r.Bucket))), r.Bucket...)
		}
		at := r.At.UnixMicro()
		body = binary.AppendUvarint(body, project)
		body = binary.AppendUvarint(body, bucket)
		body = append(body, packedMeters[r.Meter])
		body = binary.AppendVarint(body, at-last)
		body = binary.AppendUvarint(body, uint64(r.Value))
		last = at
	}
	out := make([]byte, 0, len(ids)+len(names)+len(body)+16)
	out = append(binary.AppendUvarint(out, uint64(len(projects))), ids...)
	out = append(binary.AppendUvarint(out, uint64(len(buckets))), names...)
	return append(out, body...)
}

// eachRecord reads what packRecords packed.
func eachRecord(data []byte, each func(reeve.UsageRecord)) error {
	in := unpacker{data: data}
	projects := make([]reeve.ID, in.count(16))
	for i := range projects {
		copy(projects[i][:], in.bytes(16))
	}
	buckets := make([]string, in.count(1))
	for i := range buckets {
		buckets[i] = string(in.bytes(in.uvarint()))
	}
	var at int64
	for len(in.data) > 0 && !in.bad {
		project, bucket, m := in.uvarint(), in.uvarint(), in.meter()
		at += in.varint()
		value := in.uvarint()
		if in.bad || project >= uint64(len(projects)) || bucket >= uint64(len(buckets)) {
			return errPacked
		}
		each(reeve.UsageRecord{
			ProjectID: projects[project], Bucket: buckets[bucket], Meter: m,
			At: time.UnixMicro(at).UTC(), Value: int64(value),
		})
	}
	return in.err()
}

// unpacker reads packed data; once it is bad, all it reads is nothing.
type unpacker struct {
	data []byte
	bad  bool
}

func (in *unpacker) err() error {
	if in.bad {
		return fmt.Errorf("%w", errPacked)
	}
	return nil
}

// take moves on by n bytes, if n is the length of something that was read.
func (in *unpacker) take(n int) {
	if n <= 0 {
		in.bad, n = true, 0
	}
	in.data = in.data[n:]
}

func (in *unpacker) uvarint() uint64 {
	v, n := binary.Uvarint(in.data)
	in.take(n)
	return v
}

func (in *unpacker) varint() int64 {
	v, n := binary.Varint(in.data)
	in.take(n)
	return v
}

// count reads how many things follow, each of at least so many bytes.
func (in *unpacker) count(size int) uint64 {
	n := in.uvarint()
	if n > uint64(len(in.data)/size) {
		in.bad = true
		return 0
	}
	return n
}

func (in *unpacker) bytes(n uint64) []byte {
	if n > uint64(len(in.data)) {
		in.bad = true
		return nil
	}
	out := in.data[:n]
	in.data = in.data[n:]
	return out
}

func (in *unpacker) meter() reeve.UsageMeter {
	number := in.bytes(1)
	if in.bad || int(number[0]) >= len(unpackedMeters) {
		in.bad = true
		return ""
	}
	return unpackedMeters[number[0]]
}
