package telemetry

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// maxOpenSpans bounds the spans that tree holds, because the root of some may never
// end.
const maxOpenSpans = 4096

// tree is the console exporter of traces: a span processor that prints each trace as a
// tree, once its first span here has ended, for a developer to read. On a terminal,
// errors stand out, and details recede.
//
//	POST /orders 201 3.1ms trace=4bf92f3577b34da6a3ce929d0e0e4736
//	└─ create_order 2.9ms order.id=ord_1 order.items=2
//	   ├─ check_inventory 1.0ms
//	   └─ process_payment 1.7ms payment.method=card
type tree struct {
	w        io.Writer
	coloured bool

	mu   sync.Mutex
	open []sdktrace.ReadOnlySpan // whose trace is not printed yet, oldest first
}

// OnStart implements sdktrace.SpanProcessor.
func (*tree) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd implements sdktrace.SpanProcessor.
func (t *tree) OnEnd(span sdktrace.ReadOnlySpan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.open) == maxOpenSpans {
		t.open = slices.Delete(t.open, 0, 1)
	}
	t.open = append(t.open, span)
	if parent := span.Parent(); !parent.IsValid() || parent.IsRemote() {
		t.print(span.SpanContext().TraceID())
	}
}

// ForceFlush implements sdktrace.SpanProcessor.
func (*tree) ForceFlush(context.Context) error { return nil }

// Shutdown prints the traces whose first span has not ended.
func (t *tree) Shutdown(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.open) > 0 {
		t.print(t.open[0].SpanContext().TraceID())
	}
	return nil
}

// print writes the trace with a single call and forgets it.
func (t *tree) print(id trace.TraceID) {
	var spans []sdktrace.ReadOnlySpan
	here := map[trace.SpanID]bool{}
	t.open = slices.DeleteFunc(t.open, func(span sdktrace.ReadOnlySpan) bool {
		if span.SpanContext().TraceID() != id {
			return false
		}
		spans = append(spans, span)
		here[span.SpanContext().SpanID()] = true
		return true
	})
	slices.SortStableFunc(spans, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	children := map[trace.SpanID][]sdktrace.ReadOnlySpan{}
	for _, span := range spans {
		parent := span.Parent().SpanID()
		if !here[parent] {
			parent = trace.SpanID{} // its parent is in another process, or missing
		}
		children[parent] = append(children[parent], span)
	}
	var out strings.Builder
	for _, top := range children[trace.SpanID{}] {
		fmt.Fprintf(&out, "%s %s\n", t.headline(top), t.paint(faint, "trace="+id.String()))
		t.branch(&out, top, children, "")
	}
	_, _ = io.WriteString(t.w, out.String()) // there is nowhere to report an error
}

// branch writes the events of span and everything below it.
func (t *tree) branch(out *strings.Builder, span sdktrace.ReadOnlySpan, children map[trace.SpanID][]sdktrace.ReadOnlySpan, indent string) {
	below := children[span.SpanContext().SpanID()]
	rail := map[bool]string{true: "│ ", false: "  "}[len(below) > 0]
	for _, event := range span.Events() {
		after := t.paint(faint, "+"+event.Time.Sub(span.StartTime()).Round(time.Microsecond).String())
		fmt.Fprintf(out, "%s%s• %s %s%s\n", indent, rail, event.Name, after, pairs(event.Attributes))
	}
	for i, child := range below {
		joint, next := "├─ ", "│  "
		if i == len(below)-1 {
			joint, next = "└─ ", "   "
		}
		fmt.Fprintf(out, "%s%s%s\n", indent, joint, t.headline(child))
		t.branch(out, child, children, indent+next)
	}
}

// headline returns the line of a span.
func (t *tree) headline(span sdktrace.ReadOnlySpan) string {
	var line strings.Builder
	line.WriteString(span.Name())
	attributes := attribute.NewSet(slices.Clone(span.Attributes())...) // which sorts what other processors may be reading
	if path, _ := attributes.Value(semconv.URLPathKey); path.String() != "" && !attributes.HasValue(semconv.HTTPRouteKey) {
		fmt.Fprintf(&line, " %s", path.String()) // the name has no route to show
	}
	if url, ok := attributes.Value(semconv.URLFullKey); ok && !attributes.HasValue(semconv.URLTemplateKey) {
		fmt.Fprintf(&line, " %s", printable(url.String(), " ")) // nor does that of a client span
	}
	if status, ok := attributes.Value(semconv.HTTPResponseStatusCodeKey); ok {
		fmt.Fprintf(&line, " %s", status.String())
	}
	took := span.EndTime().Sub(span.StartTime()).Round(time.Microsecond)
	fmt.Fprintf(&line, " %s%s", t.paint(faint, took.String()), pairs(span.Attributes()))
	if status := span.Status(); status.Code == codes.Error {
		fmt.Fprintf(&line, " %s", t.paint(red, strings.TrimSpace("ERROR "+printable(status.Description, ""))))
	}
	return line.String()
}

// paint returns text in a colour, if the tree is coloured.
func (t *tree) paint(colour, text string) string {
	if !t.coloured {
		return text
	}
	return colour + text + normal
}

// unprinted are the prefixes of attributes that are not printed: they are on every
// HTTP or database span, and say little to a developer at the terminal.
var unprinted = strings.Fields("http. url. server. client. network. user_agent. exception.stacktrace db.system. db.namespace db.operation. db.query.summary")

func pairs(attributes []attribute.KeyValue) string {
	printed, _ := attribute.NewSetWithFiltered(slices.Clone(attributes), func(kv attribute.KeyValue) bool {
		return !slices.ContainsFunc(unprinted, func(prefix string) bool { return strings.HasPrefix(string(kv.Key), prefix) })
	})
	var out strings.Builder
	for _, kv := range printed.ToSlice() { // sorted
		fmt.Fprintf(&out, " %s=%s", kv.Key, printable(kv.Value.String(), ` "`))
	}
	return out.String()
}

// printable quotes text that has special or unprintable characters. Clients may
// have sent it, and a terminal obeys escape sequences.
func printable(text, special string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(special, r) }) {
		return strconv.Quote(text)
	}
	return text
}
