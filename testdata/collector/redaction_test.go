package collector

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const (
	masked = "****"
	order  = "ord_5HZ7FQ2L6WZJ4R3K7XQ2M4N5PA"
	stack  = "goroutine 34 [running]:\n" +
		"\tgithub.com/danielgtaylor/huma/v2@v2.39.1/huma.go:812 +0x1b\n" +
		"\tgolang.org/x/net@v0.0.0-20241129210726-2c02b8208cf8/http2.go:9 +0x2a4\n"
)

var (
	traceID = pcommon.TraceID{0x5b, 0x8e, 0xff, 0xf7, 0x98, 0x03, 0x81, 0x03, 0xd2, 0x69, 0xb6, 0x33, 0x81, 0x3f, 0xc6, 0x0c}
	spanID  = pcommon.SpanID{0x41, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11} // a card number in hexadecimal
	at      = pcommon.NewTimestampFromTime(time.Unix(1_790_000_000, 0))
)

// The same attributes are sent on a resource, a span, an event and a log record, and come out alike.
var attributes = []struct {
	key        string
	sent, want any
}{
	{"user.email", "ada.lovelace+shop@example.co.uk", masked},
	{"note", "call ada@example.com or ada%40example.org", "call **** or ****"},
	{"visa", "4111111111111111", masked},
	{"mastercard", "pay 5500 0000 0000 0004 now", "pay **** now"},
	{"mastercard, from 22 to 27", "2223 0031 2200 3222 and 2223-0031-2200-3222", "**** and ****"},
	{"discover", "6011-0009-9013-9424", masked},
	{"amex", "3714 496353 98431", masked},
	{"card, as an integer", int64(4111111111111111), masked},
	{"jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl", masked},
	{"upstream", "said Bearer 2YotnFZFEjr1zCsicMWpAA", "said ****"},
	{"callback", "https://partner.test/?id=7&token=s3cr3t&x=1", "https://partner.test/?id=7&****&x=1"},
	{"dsn", "postgres://shop:hunter2@db:5432/shop", "postgres****db:5432/shop"},
	{"struct", "{Name:ada Password:hunter2}", "{Name:ada ****}"},
	{"login", map[string]any{"password": "hunter2"}, `{"****"}`},
	{"http.request.header.x-user", []any{"ada@example.com", "7"}, `["****","7"]`},
	{"http.request.header.authorization", []any{"s3cr3t"}, masked},
	{"http.request.header.set-cookie", "s3cr3t", masked},
	{"spaced", "password = hunter2, token = '$ecret' and token=$ecret1", "****, ****' and ****"},
	{"named", "password=@dm1n", "****"},
	{"user_password", "hunter2", masked},
	{"X-Api-Key", "s3cr3t", masked},
	{"accessToken", "s3cr3t", masked},

	{"http.route", "/orders/{id}", "/orders/{id}"},
	{"http.response.status_code", int64(201), int64(201)},
	{"url.path", "/orders/" + order, "/orders/" + order},
	{"order.id", order, order},
	{"order.id.hex", "ord_0192f3a456787123812345678901234a", "ord_0192f3a456787123812345678901234a"},
	{"trace_id", traceID.String(), traceID.String()},
	{"uuid", "41113456-7890-4123-8123-456789012345", "41113456-7890-4123-8123-456789012345"},
	{"unix milliseconds", int64(1790000000123), int64(1790000000123)},
	{"unix microseconds", int64(1790000000123456), int64(1790000000123456)},
	{"unix nanoseconds", "1790000000123456789", "1790000000123456789"},
	{"order.number", "2611250000123456", "2611250000123456"}, // by date, yymmdd
	{"order.number, as an integer", int64(2611251430001234), int64(2611251430001234)},
	{"ratio", 0.4111111111111111, 0.4111111111111111},
	{"paid", true, true},
	{"tags", []any{"gift", "express"}, []any{"gift", "express"}},
	{"user.tokenizer", "bpe", "bpe"},
	{"gen_ai.usage.input_tokens", int64(512), int64(512)},
	{"parse error", "unexpected token: EOF", "unexpected token: EOF"},
	{"exception.stacktrace", stack, stack},
	{"db.query.text", "SELECT id FROM orders WHERE id = $1", "SELECT id FROM orders WHERE id = $1"},
	{"statement, numbered", "DELETE FROM sessions WHERE (token = $1 OR token=$12)", "DELETE FROM sessions WHERE (token = $1 OR token=$12)"},
	{"statement, by question marks", "UPDATE users SET password = ?, api_key=? WHERE secret = ?", "UPDATE users SET password = ?, api_key=? WHERE secret = ?"},
	{"statement, named", "UPDATE users SET password = :password WHERE token = @token", "UPDATE users SET password = :password WHERE token = @token"},
	{"statement, with a literal", "DELETE FROM sessions WHERE token = 's3cr3t'", "DELETE FROM sessions WHERE ****'"},
}

// Names and messages, and how they come out.
var texts = []struct{ sent, want string }{
	{"", ""},
	{"POST /orders/{id}", "POST /orders/{id}"},
	{"order " + order + " created", "order " + order + " created"},
	{"mailed ada@example.com", "mailed ****"},
	{"charge 4111 1111 1111 1111: declined", "charge ****: declined"},
	{"login password=hunter2 refused", "login **** refused"},
	{"no route for Basic c2hvcDpodW50ZXIy", "no route for ****"},
}

func TestTracesAreRedacted(t *testing.T) {
	sent := ptrace.NewTraces()
	rs := sent.ResourceSpans().AppendEmpty()
	putAttributes(rs.Resource().Attributes())
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for _, text := range texts {
		span := spans.AppendEmpty()
		span.SetTraceID(traceID)
		span.SetSpanID(spanID)
		span.SetName(text.sent)
		span.Status().SetMessage(text.sent)
		span.SetStartTimestamp(at)
		span.SetEndTimestamp(at + 1)
		putAttributes(span.Attributes())
		event := span.Events().AppendEmpty()
		event.SetName(text.sent)
		putAttributes(event.Attributes())
	}

	body, err := (&ptrace.JSONMarshaler{}).MarshalTraces(sent)
	if err != nil {
		t.Fatal(err)
	}
	got, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(through(t, "traces", body))
	if err != nil {
		t.Fatal(err)
	}

	checkAttributes(t, "resource", got.ResourceSpans().At(0).Resource().Attributes())
	spans = got.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	if spans.Len() != len(texts) {
		t.Fatalf("got %d spans, want %d", spans.Len(), len(texts))
	}
	for i, text := range texts {
		span := spans.At(i)
		if span.Name() != text.want {
			t.Errorf("span name: got %q, want %q", span.Name(), text.want)
		}
		if span.Status().Message() != text.want {
			t.Errorf("status message: got %q, want %q", span.Status().Message(), text.want)
		}
		if span.Events().At(0).Name() != text.want {
			t.Errorf("event name: got %q, want %q", span.Events().At(0).Name(), text.want)
		}
		if span.TraceID() != traceID || span.SpanID() != spanID || span.StartTimestamp() != at || span.EndTimestamp() != at+1 {
			t.Errorf("span %q: its ids or times changed", text.sent)
		}
		checkAttributes(t, "span", span.Attributes())
		checkAttributes(t, "event", span.Events().At(0).Attributes())
	}
}

func TestLogsAreRedacted(t *testing.T) {
	sent := plog.NewLogs()
	rl := sent.ResourceLogs().AppendEmpty()
	putAttributes(rl.Resource().Attributes())
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for _, text := range texts {
		record := records.AppendEmpty()
		record.SetTraceID(traceID)
		record.SetSpanID(spanID)
		record.SetTimestamp(at)
		record.SetSeverityNumber(plog.SeverityNumberWarn)
		record.Body().SetStr(text.sent)
		putAttributes(record.Attributes())
	}
	structured := records.AppendEmpty().Body().SetEmptyMap()
	structured.PutStr("order.id", order)
	structured.PutStr("to", "ada@example.com")
	structured.PutEmptyMap("login").PutStr("user.password", "hunter2")

	body, err := (&plog.JSONMarshaler{}).MarshalLogs(sent)
	if err != nil {
		t.Fatal(err)
	}
	got, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(through(t, "logs", body))
	if err != nil {
		t.Fatal(err)
	}

	checkAttributes(t, "resource", got.ResourceLogs().At(0).Resource().Attributes())
	records = got.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	if records.Len() != len(texts)+1 {
		t.Fatalf("got %d records, want %d", records.Len(), len(texts)+1)
	}
	for i, text := range texts {
		record := records.At(i)
		if record.Body().Str() != text.want {
			t.Errorf("body: got %q, want %q", record.Body().Str(), text.want)
		}
		if record.TraceID() != traceID || record.SpanID() != spanID || record.Timestamp() != at || record.SeverityNumber() != plog.SeverityNumberWarn {
			t.Errorf("record %q: its ids, time or severity changed", text.sent)
		}
		checkAttributes(t, "log record", record.Attributes())
	}
	want := map[string]any{"order.id": order, "to": masked, "login": map[string]any{"user.password": masked}}
	if raw := records.At(len(texts)).Body().Map().AsRaw(); !reflect.DeepEqual(raw, want) {
		t.Errorf("structured body: got %v, want %v", raw, want)
	}
}

// A masked attribute value would silently join or split series.
func TestMetricsAreUntouched(t *testing.T) {
	sent := pmetric.NewMetrics()
	rm := sent.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "shop")
	metrics := rm.ScopeMetrics().AppendEmpty().Metrics()

	duration := metrics.AppendEmpty()
	duration.SetName("http.server.request.duration")
	duration.SetUnit("s")
	duration.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	point := duration.Histogram().DataPoints().AppendEmpty()
	point.SetTimestamp(at)
	point.SetCount(3)
	point.SetSum(0.0123456789012345)
	point.ExplicitBounds().FromRaw([]float64{0.005, 0.01})
	point.BucketCounts().FromRaw([]uint64{1, 2, 0})
	point.Attributes().PutStr("http.route", "/orders/{id}")
	point.Attributes().PutInt("http.response.status_code", 201)
	exemplar := point.Exemplars().AppendEmpty()
	exemplar.SetTraceID(traceID)
	exemplar.SetSpanID(spanID)
	exemplar.SetTimestamp(at)
	exemplar.SetDoubleValue(0.0095)

	issued := metrics.AppendEmpty()
	issued.SetName("shop.token.issued")
	issued.SetEmptySum().SetIsMonotonic(true)
	count := issued.Sum().DataPoints().AppendEmpty()
	count.SetTimestamp(at)
	count.SetIntValue(4111111111111111)
	count.Attributes().PutStr("token.type", "refresh")

	body, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(sent)
	if err != nil {
		t.Fatal(err)
	}
	if got := through(t, "metrics", body); string(bytes.TrimSpace(got)) != string(body) {
		t.Errorf("got  %s\nwant %s", got, body)
	}
}

// through sends an OTLP request to the service's collector and returns what it wrote for the backend.
func through(t *testing.T, signal string, body []byte) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), signal)
	c := start(t, nil, fmt.Sprintf("yaml:exporters: {file: {path: %q}}\nservice: {pipelines: {%s: {exporters: [file]}}}", file, signal))
	c.post(t, "/v1/"+signal, body)
	c.stop()
	out, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func putAttributes(m pcommon.Map) {
	for _, a := range attributes {
		if err := m.PutEmpty(a.key).FromRaw(a.sent); err != nil {
			panic(err)
		}
	}
}

func checkAttributes(t *testing.T, of string, m pcommon.Map) {
	t.Helper()
	if m.Len() != len(attributes) {
		t.Errorf("%s: got %d attributes, want %d: %v", of, m.Len(), len(attributes), m.AsRaw())
	}
	for _, a := range attributes {
		v, ok := m.Get(a.key)
		if !ok {
			t.Errorf("%s: %s is gone", of, a.key)
		} else if !reflect.DeepEqual(v.AsRaw(), a.want) {
			t.Errorf("%s: %s: got %#v, want %#v", of, a.key, v.AsRaw(), a.want)
		}
	}
}
