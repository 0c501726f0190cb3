package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Telemetry is what a collector passed on, in the terms of OTLP's JSON
// encoding, without its nesting.
type Telemetry struct {
	Spans    []Span
	Metrics  map[string]Metric // the latest of each name
	Records  []Record
	Resource map[string]any // of the last message
}

// Span is a span of OTLP.
type Span struct {
	TraceID      string     `json:"traceId"`
	SpanID       string     `json:"spanId"`
	ParentSpanID string     `json:"parentSpanId"`
	Name         string     `json:"name"`
	Kind         int        `json:"kind"`
	Attributes   attributes `json:"attributes"`
	Events       []struct {
		Name       string     `json:"name"`
		Attributes attributes `json:"attributes"`
	} `json:"events"`
	Links []struct {
		TraceID string `json:"traceId"`
		SpanID  string `json:"spanId"`
	} `json:"links"`
	Status struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"status"`
}

// Metric is a metric of OTLP, with the points of whatever kind it is of.
type Metric struct {
	Name      string  `json:"name"`
	Unit      string  `json:"unit"`
	Sum       *points `json:"sum"`
	Gauge     *points `json:"gauge"`
	Histogram *points `json:"histogram"`
}

type points struct {
	DataPoints []struct {
		Attributes attributes `json:"attributes"`
		Exemplars  []struct {
			TraceID string `json:"traceId"`
		} `json:"exemplars"`
	} `json:"dataPoints"`
}

// Record is a log record of OTLP.
type Record struct {
	TraceID    string     `json:"traceId"`
	SpanID     string     `json:"spanId"`
	Body       value      `json:"body"`
	Severity   string     `json:"severityText"`
	Attributes attributes `json:"attributes"`
}

// Span returns the spans of that name.
func (t *Telemetry) Span(name string) []Span {
	var found []Span
	for _, span := range t.Spans {
		if span.Name == name {
			found = append(found, span)
		}
	}
	return found
}

// value is an AnyValue of OTLP. Lists and maps are kept as their JSON.
type value struct{ any }

func (v *value) UnmarshalJSON(data []byte) error {
	var kinds map[string]any
	if err := json.Unmarshal(data, &kinds); err != nil {
		return err
	}
	for kind, content := range kinds {
		v.any = content
		if kind == "arrayValue" || kind == "kvlistValue" {
			v.any = string(data)
		}
	}
	return nil
}

// attributes are attributes by key. Integers are strings, as in OTLP's JSON.
type attributes map[string]any

func (a *attributes) UnmarshalJSON(data []byte) error {
	var list []struct {
		Key   string `json:"key"`
		Value value  `json:"value"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	*a = attributes{}
	for _, kv := range list {
		(*a)[kv.Key] = kv.Value.any
	}
	return nil
}

// message is a line of the file exporter, of any signal.
type message struct {
	ResourceSpans []struct {
		Resource   resource `json:"resource"`
		ScopeSpans []struct {
			Spans []Span `json:"spans"`
		} `json:"scopeSpans"`
	} `json:"resourceSpans"`
	ResourceMetrics []struct {
		Resource     resource `json:"resource"`
		ScopeMetrics []struct {
			Metrics []Metric `json:"metrics"`
		} `json:"scopeMetrics"`
	} `json:"resourceMetrics"`
	ResourceLogs []struct {
		Resource  resource `json:"resource"`
		ScopeLogs []struct {
			LogRecords []Record `json:"logRecords"`
		} `json:"scopeLogs"`
	} `json:"resourceLogs"`
}

type resource struct {
	Attributes attributes `json:"attributes"`
}

func readTelemetry(t testing.TB, dir string) *Telemetry {
	t.Helper()
	all := &Telemetry{Metrics: map[string]Metric{}}
	for _, signal := range []string{"traces", "metrics", "logs"} {
		file, err := os.Open(filepath.Join(dir, signal))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<30)
		for lines.Scan() {
			var m message
			if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
				t.Fatal(err)
			}
			all.add(m)
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func (t *Telemetry) add(m message) {
	for _, r := range m.ResourceSpans {
		t.Resource = r.Resource.Attributes
		for _, scope := range r.ScopeSpans {
			t.Spans = append(t.Spans, scope.Spans...)
		}
	}
	for _, r := range m.ResourceMetrics {
		t.Resource = r.Resource.Attributes
		for _, scope := range r.ScopeMetrics {
			for _, metric := range scope.Metrics {
				t.Metrics[metric.Name] = metric
			}
		}
	}
	for _, r := range m.ResourceLogs {
		t.Resource = r.Resource.Attributes
		for _, scope := range r.ScopeLogs {
			t.Records = append(t.Records, scope.LogRecords...)
		}
	}
}
