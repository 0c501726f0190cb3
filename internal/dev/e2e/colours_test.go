package e2e_test

import (
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// On a developer's terminal the levels of the log are in colour, and in the tree of a
// trace what is seldom read recedes. Whoever says that there should be no colours gets
// none, and neither does a program that reads the log.
func TestDefault_Colours(t *testing.T) {
	t.Parallel()
	binary := e2e.Build(t, filepath.Join(e2e.Root(t), "testdata", "golden", "default"), "shop")
	plain := []string{`level=INFO msg=listening `, `level=WARN msg="variable ignored" `, `POST /orders 201 [0-9.]+[mµ]?s trace=[0-9a-f]{32}\r?\n`}
	json := []string{`"level":"INFO","msg":"listening"`, `"level":"WARN","msg":"variable ignored"`}
	for name, c := range map[string]struct {
		environment []string
		want        []string // regular expressions
	}{
		"terminal": {[]string{"TERM=xterm"}, []string{
			`level=\x1b\[32mINFO\x1b\[0m msg=listening `,
			`level=\x1b\[33mWARN\x1b\[0m msg="variable ignored" `,
			`POST /orders 201 \x1b\[2m[0-9.]+[mµ]?s\x1b\[0m \x1b\[2mtrace=[0-9a-f]{32}\x1b\[0m\r\n`,
		}},
		"pipe":       {[]string{"TERM=xterm"}, plain},
		"NO_COLOR":   {[]string{"TERM=xterm", "NO_COLOR=1"}, plain},
		"dumb":       {[]string{"TERM=dumb"}, plain},
		"JSON":       {[]string{"TERM=xterm", "LOG_FORMAT=json", "OTEL_TRACES_EXPORTER=none"}, json},
		"production": {[]string{"TERM=xterm", "ENVIRONMENT=production", "SHUTDOWN_GRACE=0s"}, json},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := e2e.FreeAddress(t)
			environment := append(c.environment, "HTTP_ADDR="+address, "SHUTDOWN_GRAEC=1h")
			var service *e2e.Process
			shown := func() string { return service.Stdout.String() + service.Stderr.String() }
			if name == "pipe" {
				service = e2e.Start(t, environment, binary)
			} else {
				terminal, tty, err := pty.Open()
				if err != nil {
					t.Fatal(err)
				}
				defer terminal.Close()
				service = e2e.Start(t, environment, "sh", "-c", `exec "$0" >"$1" 2>&1`, binary, tty.Name())
				var screen e2e.Output
				read := make(chan struct{})
				go func() {
					defer close(read)
					_, _ = io.Copy(&screen, terminal) // until nobody has the other end
				}()
				shown = func() string {
					_ = tty.Close()
					<-read
					return screen.String()
				}
			}
			service.AwaitOK("http://" + address + "/readyz")
			post(t, "http://"+address+"/orders", `{"customer":"ada","items":[{"sku":"coffee","quantity":2}]}`, http.StatusCreated)
			if code := service.Stop(); code != 0 {
				t.Errorf("exit status %d", code)
			}
			text := shown()
			for _, want := range c.want {
				if !regexp.MustCompile(want).MatchString(text) {
					t.Errorf("no %s in\n%q", want, text)
				}
			}
			if coloured := strings.Contains(text, "\x1b"); coloured != (name == "terminal") {
				t.Errorf("coloured: %v\n%q", coloured, text)
			}
		})
	}
}
