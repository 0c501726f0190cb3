package httpserver

import (
	"cmp"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"shop/internal/problem"
	"shop/internal/telemetry"
)

// requestAttributes returns the attributes that are known before the handler runs.
func (c *InstrumentConfig) requestAttributes(r *http.Request, method string) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 10)
	if method != r.Method {
		attrs = append(attrs, semconv.HTTPRequestMethodOriginal(r.Method))
	}
	peer, server := peer(r), url.URL{Host: r.Host}
	if told := r.Header.Get("X-Forwarded-Host"); told != "" && c.isProxy(peer.Addr()) {
		server.Host = strings.TrimSpace(told[strings.LastIndex(told, ",")+1:]) // the proxy's own, after those that it was told
	}
	attrs = append(attrs, nonEmpty(semconv.ServerAddress(server.Hostname()), semconv.UserAgentOriginal(r.UserAgent()))...)
	if port, _ := strconv.Atoi(cmp.Or(server.Port(), "0")); port > 0 { // an error would be an allocation
		attrs = append(attrs, semconv.ServerPort(port))
	}
	if peer.IsValid() {
		attrs = append(attrs,
			semconv.NetworkPeerAddress(peer.Addr().String()),
			semconv.NetworkPeerPort(int(peer.Port())),
			semconv.ClientAddress(c.ClientAddress(r)))
	}
	return attrs
}

// nonEmpty returns those attributes whose value is a text that is not empty.
func nonEmpty(attributes ...attribute.KeyValue) []attribute.KeyValue {
	return slices.DeleteFunc(attributes, func(a attribute.KeyValue) bool { return a.Value.AsString() == "" })
}

// samplingAttributes returns the attributes of a new span for a sampler that uses them.
// The route is not known yet, so the path contains the values of parameters; a span that
// is recorded gets another path at the end.
func (c *InstrumentConfig) samplingAttributes(r *http.Request, x *exchange) []attribute.KeyValue {
	return append(c.requestAttributes(r, x.key.method),
		semconv.HTTPRequestMethodKey.String(x.key.method),
		semconv.URLScheme(x.key.scheme),
		semconv.URLPath(r.URL.EscapedPath()))
}

// responseAttributes returns the attributes of the series and those that are known when
// the handler is done. The error.type of a refusal is on the span only: in the metrics it
// would count as a failure of the service.
func responseAttributes(x *exchange, s *series, answer *problem.Details) []attribute.KeyValue {
	attrs := append(slices.Clip(s.attributes),
		semconv.URLPath(cmp.Or(s.path, x.path)),
		semconv.HTTPRequestBodySize(int(x.body.size.Load())),
		semconv.HTTPResponseBodySize(int(x.response.size)))
	if answer != nil && s.errorType == "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(answer.ErrorType()))
	}
	return attrs
}

// recordProblem records why a request was refused: what the client was told. That
// does not repeat values, which may be secrets.
func recordProblem(span trace.Span, d *problem.Details) {
	span.SetAttributes(nonEmpty(attribute.String("problem.type", d.Type))...)
	if d.Detail == "" && len(d.Errors) == 0 {
		return // the status says everything
	}
	locations := make([]string, min(len(d.Errors), problem.MaxErrors))
	for i := range locations {
		locations[i] = telemetry.Excerpt(d.Errors[i].Location)
	}
	span.AddEvent("problem", trace.WithAttributes(
		attribute.String("problem.detail", telemetry.Excerpt(d.Detail)), attribute.StringSlice("problem.locations", locations)))
}

// maskedPath returns route with {name} in place of every parameter, however the
// router spells it, such as {id:[0-9]+}: the value of a parameter may be a secret.
// It returns "" if route has no parameters.
func maskedPath(route string) string {
	if !strings.Contains(route, "{") && !strings.HasSuffix(route, "/*") {
		return ""
	}
	segments := strings.Split(route, "/")
	for i, segment := range segments {
		if name, ok := strings.CutPrefix(segment, "{"); ok && strings.HasSuffix(name, "}") {
			name, _, _ = strings.Cut(strings.TrimSuffix(name, "}"), ":")
			segments[i] = "{" + strings.TrimSuffix(name, "...") + "}"
		}
	}
	return strings.ReplaceAll(strings.Join(segments, "/"), "{$}", "")
}

// ClientAddress returns the address of the client, or "" if there is none, as on a
// Unix socket. Every proxy appends the address of its peer to X-Forwarded-For, so the
// client is the last address there that is not that of a trusted proxy. Anybody may
// have written what is before it.
func (c *InstrumentConfig) ClientAddress(r *http.Request) string {
	client := peer(r).Addr()
	if !client.IsValid() {
		return ""
	}
	entries := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for i := len(entries) - 1; i >= 0 && c.isProxy(client); i-- {
		entry := strings.TrimSpace(entries[i])
		addr, err := netip.ParseAddr(entry)
		if err != nil {
			addrPort, _ := netip.ParseAddrPort(entry) // some proxies append the port
			addr = addrPort.Addr()
		}
		if !addr.IsValid() {
			break
		}
		client = addr.Unmap()
	}
	return client.String()
}

// scheme returns the one that the client used: a proxy may have terminated TLS.
func (c *InstrumentConfig) scheme(r *http.Request) string {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" && c.isProxy(peer(r).Addr()) {
		return "https"
	}
	return "http"
}

// peer returns the other end of the connection, which is invalid if it has no address,
// as on a Unix socket.
func peer(r *http.Request) netip.AddrPort {
	addr, _ := netip.ParseAddrPort(r.RemoteAddr)
	return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
}

func (c *InstrumentConfig) isProxy(addr netip.Addr) bool {
	return slices.ContainsFunc(c.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}
