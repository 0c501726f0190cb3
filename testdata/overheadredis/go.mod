module github.com/otelgen/otelgen/testdata/overheadredis

go 1.26.0
