package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// scope is the instrumentation scope of the service's log records.
const scope = "shop"

// LogConfig configures the log.
type LogConfig struct {
	Level  *slog.LevelVar `env:"LOG_LEVEL" envDefault:"info"` // may change at run time
	Format string         `env:"LOG_FORMAT" envDefault:"json"`
}

// Validate returns every problem of c, joined.
func (c LogConfig) Validate() error {
	return oneOf("LOG_FORMAT", c.Format, "json", "text")
}

func (c LogConfig) handler(w io.Writer) slog.Handler {
	options := &slog.HandlerOptions{Level: c.Level}
	if c.Format == "text" {
		if showsColours(w) {
			w = levelPainter{w}
		}
		return correlated{Handler: slog.NewTextHandler(w, options)}
	}
	return correlated{Handler: slog.NewJSONHandler(w, options)}
}

// showsColours reports whether w is a terminal whose user wants colours
// (https://no-color.org).
func showsColours(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || slices.Contains([]string{"", "dumb"}, os.Getenv("TERM")) {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// The control sequences that begin a colour, and the one that ends it (ECMA-48, SGR).
// Every terminal has its own shades, which are readable on its background.
const (
	faint  = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	normal = "\x1b[0m"
)

var levelColours = map[string]string{"DEBUG": faint, "INFO": green, "WARN": yellow, "ERROR": red}

// levelPainter colours the level of each record of the text log. slog's handler
// cannot, because it quotes what a terminal obeys.
type levelPainter struct{ io.Writer }

func (p levelPainter) Write(record []byte) (int, error) {
	head, message, _ := strings.Cut(string(record), " msg=")
	time, level, _ := strings.Cut(head, " level=")
	_, err := fmt.Fprintf(p.Writer, "%s level=%s%s%s msg=%s", time, levelColours[level], level, normal, message)
	return len(record), err
}

// correlated adds the ids of the span in the context to every record, under
// the names that OpenTelemetry gives them outside OTLP (Trace Context in
// non-OTLP Log Formats).
type correlated struct {
	slog.Handler
	calls []func(slog.Handler) slog.Handler // of WithAttrs and WithGroup, to be made after the ids are added
}

func (h correlated) Handle(ctx context.Context, record slog.Record) error {
	handler := h.Handler
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		// The handler gets the ids, not the record: those of the record would be
		// inside an open group.
		handler = handler.WithAttrs([]slog.Attr{
			slog.String("trace_id", sc.TraceID().String()),
			slog.String("span_id", sc.SpanID().String()),
		})
	}
	for _, call := range h.calls {
		handler = call(handler)
	}
	return handler.Handle(ctx, record)
}

func (h correlated) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.after(func(handler slog.Handler) slog.Handler { return handler.WithAttrs(attrs) })
}

func (h correlated) WithGroup(name string) slog.Handler {
	return h.after(func(handler slog.Handler) slog.Handler { return handler.WithGroup(name) })
}

func (h correlated) after(call func(slog.Handler) slog.Handler) slog.Handler {
	return correlated{Handler: h.Handler, calls: append(slices.Clip(h.calls), call)}
}

// plainErrors replaces every error in a record by its text. The bridge to
// OpenTelemetry would remove errors from the record and export only the last one,
// without its key and as an exception, even if it is the reason of a normal stop.
type plainErrors struct{ slog.Handler }

func (h plainErrors) Handle(ctx context.Context, record slog.Record) error {
	plain := slog.NewRecord(record.Time, record.Level, record.Message, record.PC)
	plain.AddAttrs(each(slices.Collect(record.Attrs), plainAttr)...)
	return h.Handler.Handle(ctx, plain)
}

func (h plainErrors) WithAttrs(attrs []slog.Attr) slog.Handler {
	return plainErrors{h.Handler.WithAttrs(each(attrs, plainAttr))}
}

func (h plainErrors) WithGroup(name string) slog.Handler {
	return plainErrors{h.Handler.WithGroup(name)}
}

func plainAttr(a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	if a.Value.Kind() == slog.KindGroup {
		a.Value = slog.GroupValue(each(a.Value.Group(), plainAttr)...)
	} else if err, ok := a.Value.Any().(error); ok {
		a.Value = slog.StringValue(fmt.Sprint(err)) // its method would panic for a nil pointer, which slog takes
	}
	return a
}
