module github.com/reeve-cloud/reeve

go 1.26
