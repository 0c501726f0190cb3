package collector

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const fraction = "0.4111111111111111"

// What nobody may read, and what everybody may. Each is sent in all sentences.
var (
	secrets = []string{
		"ada@example.com", "ada.lovelace+shop@example.co.uk", "ADA_L@EXAMPLE.ORG", "a.b-c@mail.sub.example.museum", "7of9@example.io", "ada%40example.com",
		"4111111111111111", "4012 8888 8888 1881", "5500-0000-0000-0004", "5105105105105100", "2223 0031 2200 3222", "6011000990139424", "3566002020360505",
		"378282246310005", "3714 496353 98431",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl", "Bearer 2YotnFZFEjr1zCsicMWpAA", "Basic c2hvcDpodW50ZXIyLWxvbmc=",
		"postgres://shop:hunter2@db", "amqp://guest:s3cr3t-guest@broker",
		"password=hunter2", "Password:hunter2", `"password":"hunter2"`, "passwd = hunter2", "api_key=k3y-0123456789", "api-key:k3y-0123456789", "client_secret=s3cr3t",
		"?token=0123456789abcdef",
	}
	harmless = []string{
		"ord_5HZ7FQ2L6WZJ4R3K7XQ2M4N5PA", "41113456-7890-4123-8123-456789012345", "5b8efff798038103d269b633813fc60c", "4111111111111111aa11111111111111",
		"1790000000123", "1790000000123456", "1790000000123456789", "2611250000123456", "2026-11-26T10:00:00.123456Z", fraction, "1h2m3.5s",
		"github.com/danielgtaylor/huma/v2@v2.39.1", "sha256:6f9f17788090df1f26f669e9d70d6ae9567deba6", "10.0.0.1:8080", "[2001:db8::1]:443", "/orders/{id}",
		"shop-7d9c5b6f4-x2x9k", "POST", "max_tokens 512", "token bucket", "unexpected token", "forgot password", "a basic example", "bearer of news",
		"SELECT id FROM users WHERE token = $1", "UPDATE users SET password = ? WHERE id = ?", "https://shop.example.com:8443/orders?page=2", "@everyone", "a@b",
		"v1.2.3-rc.1+build.5", "DATABASE_PASSWORD_FILE", "user.tokenizer bpe",
	}
	sentences = []string{
		"%s", "mailed %s", "no such customer: %s", "%s was refused", "[%s]", "from %s to shop", "find: %s, page 2", "line 1\nline 2: %s", "duplicate key (%s)", "<%s>",
	}
)

// sayAll sends every sentence about every word, as each text of a trace and of a log record, and returns what arrives.
func sayAll(t *testing.T, words []string) (said []string, traces, logs []byte) {
	t.Helper()
	sentTraces, sentLogs := ptrace.NewTraces(), plog.NewLogs()
	spans := sentTraces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	records := sentLogs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, word := range words {
		for _, sentence := range sentences {
			text := fmt.Sprintf(sentence, word)
			said = append(said, text)
			span := spans.AppendEmpty()
			span.SetTraceID(traceID)
			span.SetSpanID(pcommon.SpanID(traceID[:8]))
			span.SetName(text)
			span.Status().SetMessage(text)
			span.Attributes().PutStr("note", text)
			event := span.Events().AppendEmpty()
			event.SetName(text)
			event.Attributes().PutStr("note", text)
			record := records.AppendEmpty()
			record.Body().SetStr(text)
			record.Attributes().PutStr("note", text)
		}
	}
	body, err := (&ptrace.JSONMarshaler{}).MarshalTraces(sentTraces)
	if err != nil {
		t.Fatal(err)
	}
	traces = through(t, "traces", body)
	if body, err = (&plog.JSONMarshaler{}).MarshalLogs(sentLogs); err != nil {
		t.Fatal(err)
	}
	return said, traces, through(t, "logs", body)
}

// Of 280 sentences with something that nobody may read, none arrives with it, wherever it was.
func TestCorpus_NothingLeaks(t *testing.T) {
	said, traces, logs := sayAll(t, secrets)
	if n := bytes.Count(logs, []byte("****")); n < 2*len(said) {
		t.Errorf("%d texts of %d log records are masked", n, len(said))
	}
	for _, word := range secrets {
		quoted := strings.ReplaceAll(word, `"`, `\"`) // as in JSON
		for signal, arrived := range map[string][]byte{"traces": traces, "logs": logs} {
			if n := bytes.Count(arrived, []byte(quoted)); n > 0 {
				t.Errorf("%s is in the %s %d times", word, signal, n)
			}
		}
	}
	for _, secret := range []string{"hunter2", "s3cr3t", "k3y-", "0123456789abcdef"} {
		if bytes.Contains(traces, []byte(secret)) || bytes.Contains(logs, []byte(secret)) {
			t.Errorf("%s has arrived", secret)
		}
	}
}

// Of 320 sentences with nothing of the kind, nine are changed: a fraction may have the digits of a card number, and is known for one
// only where it is alone.
func TestCorpus_NothingElseIsMasked(t *testing.T) {
	said, traces, logs := sayAll(t, harmless)
	got, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(traces)
	if err != nil {
		t.Fatal(err)
	}
	records, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(logs)
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for i, text := range said {
		span := got.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(i)
		record := records.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(i)
		note, _ := span.Attributes().Get("note")
		for _, arrived := range []string{span.Name(), span.Status().Message(), note.Str(), span.Events().At(0).Name(), record.Body().Str()} {
			if arrived == text {
				continue
			}
			wrong++
			if !strings.Contains(text, fraction) {
				t.Errorf("%q became %q", text, arrived)
			}
			break
		}
	}
	if wrong != len(sentences)-1 {
		t.Errorf("%d of %d sentences were changed", wrong, len(said))
	}
}
