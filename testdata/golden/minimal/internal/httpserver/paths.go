package httpserver

// operationalPaths have no telemetry: machines ask for them all day long.
var operationalPaths = []string{
	"/livez",
	"/readyz",
	"/startupz",
	"/metrics",
	"/favicon.ico",
}
