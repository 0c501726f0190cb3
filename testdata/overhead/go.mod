module github.com/otelgen/otelgen/testdata/overhead

go 1.26.0
