module github.com/reeve-cloud/reeve

go 1.26

require (
	github.com/google/go-cmp v0.7.0
	pgregory.net/rapid v1.3.0
	storj.io/common v0.0.0-20260903112600-b776c2238d07
	storj.io/picobuf v0.0.4
)

require (
	github.com/spacemonkeygo/monkit/v3 v3.0.25-0.20251022131615-eb24eb109368 // indirect
	github.com/zeebo/errs v1.4.0 // indirect
	golang.org/x/crypto v0.53.0 // indirect
	golang.org/x/sys v0.46.0 // indirect
)
