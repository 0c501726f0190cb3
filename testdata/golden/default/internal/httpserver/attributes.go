package httpserver

import (
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

// requestAttributes are those that are known before the handler runs.
func (c *InstrumentConfig) requestAttributes(r *http.Request, method string) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 10)
	if method != r.Method {
		attrs = append(attrs, semconv.HTTPRequestMethodOriginal(r.Method))
	}
	if query := keptQuery(r.URL.RawQuery, c.QueryParameters); query != "" {
		attrs = append(attrs, semconv.URLQuery(query))
	}
	server := url.URL{Host: r.Host}
	if name := server.Hostname(); name != "" {
		attrs = append(attrs, semconv.ServerAddress(name))
	}
	if port, err := strconv.Atoi(server.Port()); err == nil {
		attrs = append(attrs, semconv.ServerPort(port))
	}
	if peer := peer(r); peer.IsValid() {
		attrs = append(attrs,
			semconv.NetworkPeerAddress(peer.Addr().String()),
			semconv.NetworkPeerPort(int(peer.Port())),
			semconv.ClientAddress(c.ClientAddress(r)))
	}
	if agent := r.UserAgent(); agent != "" {
		attrs = append(attrs, semconv.UserAgentOriginal(agent))
	}
	return appendHeaders(attrs, "http.request.header.", r.Header, c.RequestHeaders)
}

// samplingAttributes are those that the span of a request is created with, for
// a sampler to decide by. The route is yet unknown, so the path is whole, with
// its parameters: a span that is recorded gets another one in the end.
func (c *InstrumentConfig) samplingAttributes(r *http.Request, x *exchange) []attribute.KeyValue {
	return append(c.requestAttributes(r, x.key.method),
		semconv.HTTPRequestMethodKey.String(x.key.method),
		semconv.URLScheme(x.key.scheme),
		semconv.URLPath(r.URL.EscapedPath()))
}

// responseAttributes are those that are known when the handler is done, with
// those of the series. The error.type of a refusal is not on the metrics: there
// it would count as a failure of the service, and a failure has it already.
func (c *InstrumentConfig) responseAttributes(x *exchange, s *series, answer *problem.Details) []attribute.KeyValue {
	attrs := append(slices.Clip(s.attributes),
		semconv.URLPath(keptPath(x.key.route, x.path, c.PathParameters)),
		semconv.HTTPRequestBodySize(int(x.body.size.Load())),
		semconv.HTTPResponseBodySize(int(x.response.size)))
	if answer != nil && s.errorType == "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(answer.ErrorType()))
	}
	return appendHeaders(attrs, "http.response.header.", x.response.Header(), c.ResponseHeaders)
}

// recordProblem records why a request was refused: what its client was told
// was wrong, and where. Neither repeats a value, which may be a secret.
func recordProblem(span trace.Span, d *problem.Details) {
	if d.Type != "" {
		span.SetAttributes(attribute.String("problem.type", d.Type))
	}
	if d.Detail == "" && len(d.Errors) == 0 {
		return // the status says it all
	}
	locations := make([]string, min(len(d.Errors), maxLocations))
	for i := range locations {
		locations[i] = telemetry.Excerpt(d.Errors[i].Location)
	}
	span.AddEvent("problem", trace.WithAttributes(
		attribute.String("problem.detail", telemetry.Excerpt(d.Detail)), attribute.StringSlice("problem.locations", locations)))
}

// maxLocations bounds an event: a client can make any number of mistakes.
const maxLocations = 20

func appendHeaders(attrs []attribute.KeyValue, prefix string, h http.Header, names []string) []attribute.KeyValue {
	for _, name := range names {
		if values := h.Values(name); len(values) > 0 {
			attrs = append(attrs, attribute.StringSlice(prefix+strings.ToLower(name), values))
		}
	}
	return attrs
}

// keptQuery is the query without the parameters that are not to be kept.
func keptQuery(query string, keep []string) string {
	if len(keep) == 0 {
		return ""
	}
	pairs := strings.Split(query, "&")
	return strings.Join(slices.DeleteFunc(pairs, func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		name, _ = url.QueryUnescape(name)
		// A semicolon begins another parameter for some; for net/url it is an error.
		return !slices.Contains(keep, name) || strings.Contains(pair, ";")
	}), "&")
}

// keptPath is the path with {name} in place of every parameter that is not to
// be kept. It is spelled from the route and takes from the path no more than
// the values to keep, and not even those where the two do not align, as below
// http.StripPrefix.
func keptPath(route, path string, keep []string) string {
	if !strings.Contains(route, "{") {
		return path
	}
	segments, values := strings.Split(route, "/"), strings.Split(path, "/")
	aligned := len(values) == len(segments) || len(values) > len(segments) && strings.HasSuffix(route, "...}")
	for i, segment := range segments {
		if len(segment) < 2 || segment[0] != '{' || segment[len(segment)-1] != '}' {
			aligned = aligned && segment == values[i]
			continue
		}
		name, _, _ := strings.Cut(segment[1:len(segment)-1], ":") // {id:[0-9]+}, as some routers have it
		name, isRest := strings.CutSuffix(name, "...")
		switch {
		case name == "$":
			segments[i] = ""
		case !aligned || !slices.Contains(keep, name):
			segments[i] = "{" + name + "}"
		case isRest:
			segments[i] = strings.Join(values[i:], "/")
		default:
			segments[i] = values[i]
		}
	}
	return strings.Join(segments, "/")
}

// ClientAddress returns the last address that a trusted proxy vouches for, and
// "" where there is none, as on a Unix socket. A proxy appends the peer that it
// saw: what is left of an address that is not trusted, anybody may have written.
func (c *InstrumentConfig) ClientAddress(r *http.Request) string {
	client := peer(r).Addr()
	if !client.IsValid() {
		return ""
	}
	entries := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for _, entry := range slices.Backward(entries) {
		entry = strings.TrimSpace(entry)
		addr, err := netip.ParseAddr(entry)
		if err != nil {
			addrPort, _ := netip.ParseAddrPort(entry) // some proxies add the port
			addr = addrPort.Addr()
		}
		if !addr.IsValid() || !c.isProxy(client) {
			break
		}
		client = addr.Unmap()
	}
	return client.String()
}

// scheme is the one that the client used: a proxy may have ended its TLS.
func (c *InstrumentConfig) scheme(r *http.Request) string {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" && c.isProxy(peer(r).Addr()) {
		return "https"
	}
	return "http"
}

// peer is the other end of the connection: invalid if it has no address, as on a
// Unix socket.
func peer(r *http.Request) netip.AddrPort {
	addr, _ := netip.ParseAddrPort(r.RemoteAddr)
	return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
}

func (c *InstrumentConfig) isProxy(addr netip.Addr) bool {
	return slices.ContainsFunc(c.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}
