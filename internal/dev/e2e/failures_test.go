//go:build matrix && unix

package e2e_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// A shop is a service with a database and Redis, and those who watch it.
type shop struct {
	t         *testing.T
	url       string
	program   string // its path
	process   *e2e.Process
	collector *e2e.Collector
	database  *server
	redis     *server

	environment []string // of its process
	jobs        bool     // what follows from an order is a job
}

// startShops starts a service for each database, one after the other, and calls
// test with each.
func startShops(t *testing.T, test func(*testing.T, *shop)) {
	for name, start := range map[string]func(*testing.T) *server{"postgres": newPostgres, "mysql": newMariaDB} {
		t.Run(name, func(t *testing.T) {
			database := start(t)
			database.query(t, name, "CREATE DATABASE shop") // each server has a database of its name
			own, err := url.Parse(database.secure)
			if err != nil {
				t.Fatal(err)
			}
			password, _ := own.User.Password()
			own.User, own.Path = url.User(own.User.Username()), "/shop"
			test(t, startShop(t, map[string]string{"database": name}, database,
				"DATABASE_URL="+own.String(), "DATABASE_PASSWORD="+password, "DATABASE_MIGRATE=true", "DATABASE_ACQUIRE_TIMEOUT=1s"))
		})
	}
}

// startShop starts a service of these choices with a database server, which is nil if
// it needs none.
func startShop(t *testing.T, slots map[string]string, database *server, environment ...string) *shop {
	t.Helper()
	s := &shop{t: t, database: database, redis: newRedis(t), jobs: slots["database"] == "postgres"}
	features := []string{"redis"}
	if s.jobs {
		features = append(features, "jobs")
	}
	dir := filepath.Join(t.TempDir(), "shop")
	e2e.New(t, e2e.Catalog(t), dir, generator.Spec{Service: "shop", Module: "shop", Slots: slots, Features: features})
	address := e2e.FreeAddress(t)
	s.url = "http://" + address
	s.collector = e2e.StartCollector(t, filepath.Join(dir, "deploy", "otel-collector.yaml"))
	s.program = e2e.Build(t, dir, "shop")
	s.environment = append([]string{
		"HTTP_ADDR=" + address, "ENVIRONMENT=test", "SHUTDOWN_GRACE=0s", "OTEL_EXPORTER_OTLP_ENDPOINT=" + s.collector.Endpoint,
		"REDIS_URL=" + s.redis.secure, "REDIS_CA_FILE=" + s.redis.issuer,
	}, environment...)
	s.process = e2e.Start(t, s.environment, s.program)
	s.process.AwaitOK(s.url + "/readyz")
	if n := strings.Count(s.process.Stdout.String(), `"tls":true`); n != 2 && database != nil {
		t.Errorf("%d of two connections are encrypted\n%s", n, &s.process.Stdout)
	}
	return s
}

// An answer is what a response has besides its body.
type answer struct {
	StatusCode int
	Header     http.Header
}

// do sends a request, with a header of names and values, and returns the response and
// its body.
func (s *shop) do(method, path, body string, header ...string) (answer, string) {
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return answer{}, ""
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Error(err)
		return answer{}, ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Error(err)
	}
	return answer{response.StatusCode, response.Header}, string(text)
}

// Servers that crash under load and come back cost time, and nothing else: no
// confirmed order is lost, and none exists twice, although clients send an order that is
// not confirmed again, with its key; stock is right; every other request gets a clean
// refusal, and telemetry says why.
func TestMatrix_ServersCrash(t *testing.T) {
	startShops(t, func(t *testing.T, s *shop) {
		var (
			load      sync.WaitGroup
			mu        sync.Mutex
			confirmed = map[string]string{} // customer by order
			refused   = map[int]int{}
			stop      = make(chan struct{})
		)
		for worker := range 6 {
			load.Go(func() {
				n := 0
				for {
					select {
					case <-stop:
						return
					case <-time.After(10 * time.Millisecond):
					}
					customer := fmt.Sprintf("customer-%d-%d", worker, n)
					response, body := s.do(http.MethodPost, "/orders", `{"customer":"`+customer+`","items":[{"sku":"coffee","quantity":1}]}`, "Idempotency-Key", customer)
					var created struct{ ID string }
					mu.Lock()
					if response.StatusCode == http.StatusCreated && json.Unmarshal([]byte(body), &created) == nil {
						confirmed[created.ID] = customer
						n++
					} else {
						refused[response.StatusCode]++
						checkRefusal(t, response, body)
					}
					mu.Unlock()
					if created.ID != "" {
						if response, body := s.do(http.MethodGet, "/orders/"+created.ID, ""); response.StatusCode != http.StatusOK {
							checkRefusal(t, response, body)
						}
					}
				}
			})
		}
		await := func(what string, reached func(response answer, body string) bool) {
			t.Helper()
			deadline := time.Now().Add(30 * time.Second)
			for {
				response, body := s.do(http.MethodGet, "/readyz", "")
				if reached(response, body) {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("not %s: %d %s\n%s", what, response.StatusCode, body, &s.process.Stdout)
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
		ready := func(response answer, body string) bool {
			return response.StatusCode == http.StatusOK && !strings.Contains(body, "unavailable")
		}
		for range 2 {
			time.Sleep(time.Second)
			s.redis.kill()
			await("ready without Redis", func(response answer, body string) bool {
				return response.StatusCode == http.StatusOK && strings.Contains(body, `"redis":"unavailable"`)
			})
			s.database.kill()
			await("unready without its database", func(response answer, body string) bool {
				return response.StatusCode == http.StatusServiceUnavailable && strings.Contains(body, `"database":"unavailable"`)
			})
			if response, _ := s.do(http.MethodGet, "/livez", ""); response.StatusCode != http.StatusOK {
				t.Error("a service whose database is away is not alive")
			}
			s.database.start(t)
			s.redis.start(t)
			await("ready again", ready)
		}
		time.Sleep(time.Second)
		close(stop)
		load.Wait()
		t.Logf("%d orders confirmed, refused by status: %v", len(confirmed), refused)
		if len(confirmed) < 100 || refused[http.StatusServiceUnavailable] == 0 {
			t.Errorf("that was no load: %d orders, refused %v", len(confirmed), refused)
		}

		kept := map[string]int{}
		for id := range strings.FieldsSeq(s.database.query(t, "shop", "SELECT id FROM orders")) {
			kept[id]++
		}
		for id, customer := range confirmed {
			if kept[id] != 1 {
				t.Errorf("the order of %s is there %d times", customer, kept[id])
			}
		}
		if twice := s.database.query(t, "shop", "SELECT customer FROM orders GROUP BY customer HAVING count(*) > 1"); twice != "" {
			t.Errorf("more than one order of %s", twice)
		}
		if stock := s.database.query(t, "shop", "SELECT stock FROM articles WHERE sku = 'coffee'"); stock != strconv.Itoa(10_000-len(kept)) {
			t.Errorf("%s coffee are left after %d orders", stock, len(kept))
		}
		if code := s.process.Stop(); code != 0 {
			t.Errorf("exit status %d\n%s", code, &s.process.Stderr)
		}
		s.checkErrorTypes(s.collector.Stop())
		if s.jobs {
			s.checkJobs()
		}
		s.checkRefused()
	})
}

// checkRefused starts the service with what its servers refuse: it says so and ends, at
// once, for nothing would be different later.
func (s *shop) checkRefused() {
	s.t.Helper()
	database, err := url.Parse(s.database.secure)
	if err != nil {
		s.t.Fatal(err)
	}
	database.Path = "/shop"
	other := newAuthority(s.t)
	const password, here, unknown = "not-a-secret", "127.0.0.1", "x509: certificate signed by unknown authority"
	check := func(where *server, old, by, want string) {
		s.t.Helper()
		changed := func(of *server, text string) string {
			if of == where {
				return strings.Replace(text, old, by, 1)
			}
			return text
		}
		cmd := exec.CommandContext(s.t.Context(), s.program)
		cmd.Dir = s.t.TempDir()
		cmd.Env = append(slices.Clone(s.environment), "DATABASE_PASSWORD=", "DATABASE_URL="+changed(s.database, database.String()),
			"REDIS_URL="+changed(s.redis, s.redis.secure), "REDIS_CA_FILE="+changed(s.redis, s.redis.issuer))
		began := time.Now()
		out, err := cmd.CombinedOutput()
		if took := time.Since(began); err == nil || took > 20*time.Second || !bytes.Contains(out, []byte(want)) || bytes.Contains(out, []byte("not there yet")) {
			s.t.Errorf("%s instead of %s: %v after %v, want %s\n%s", by, old, err, took, want, out)
		}
	}
	check(s.database, password, "wrong", map[string]string{"postgres": "SQLSTATE 28P01", "mysql": "Error 1045"}[database.Scheme])
	check(s.database, "/shop", "/none", map[string]string{"postgres": "SQLSTATE 3D000", "mysql": "Error 1049"}[database.Scheme])
	check(s.database, here, "localhost", "x509: certificate is ") // for others
	check(s.database, s.database.issuer, other, unknown)
	check(s.redis, password, "wrong", "WRONGPASS")
	check(s.redis, here, "localhost", "x509: certificate is ")
	check(s.redis, s.redis.issuer, other, unknown)
	if database.Scheme == "postgres" {
		s.database.query(s.t, "postgres", "ALTER SYSTEM SET ssl = off")
		s.database.query(s.t, "postgres", "SELECT pg_reload_conf()")
		check(s.database, "verify-full", "require", "server refused TLS connection")
	}
}

// checkJobs kills a process that takes orders and works their jobs, in the middle of
// it. Another process finishes what is left: no job is lost, and one is worked again
// only if it was at work, for an order that it names.
func (s *shop) checkJobs() {
	s.t.Helper()
	environment := append(slices.Clone(s.environment), "OTEL_TRACES_EXPORTER=none", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none",
		"JOBS_POLL_INTERVAL=50ms", "JOBS_TIMEOUT=1s", "JOBS_RESCUE_AFTER=2s")
	killed := e2e.Start(s.t, append(slices.Clone(environment), "JOBS_WORKERS=1"), s.program) // which orders are faster than
	killed.AwaitOK(s.url + "/readyz")
	var load sync.WaitGroup
	for range 6 {
		load.Go(func() {
			for range 30 {
				s.do(http.MethodPost, "/orders", `{"customer":"ada","items":[{"sku":"coffee","quantity":1}]}`)
			}
		})
	}
	load.Wait()
	killed.Kill()
	const unfinished = "SELECT count(*) FROM river_job WHERE kind = 'fulfil_order' AND state <> 'completed'"
	s.t.Logf("%s jobs are left", s.database.query(s.t, "shop", unfinished))

	worker := e2e.Start(s.t, environment, s.program, "worker")
	for deadline := time.Now().Add(time.Minute); s.database.query(s.t, "shop", unfinished) != "0"; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s jobs are not finished\n%s", s.database.query(s.t, "shop", unfinished), &worker.Stdout)
		}
	}
	if code := worker.Stop(); code != 0 {
		s.t.Errorf("worker: exit status %d\n%s", code, &worker.Stderr)
	}
	shipped := map[string]int{}
	for _, log := range []*e2e.Output{&s.process.Stdout, &killed.Stdout, &worker.Stdout} {
		for line := range strings.Lines(log.String()) {
			var record struct {
				Message string `json:"msg"`
				OrderID string `json:"order.id"`
			}
			if json.Unmarshal([]byte(line), &record) == nil && strings.HasPrefix(record.Message, "order not shipped") {
				shipped[record.OrderID]++
			}
		}
	}
	again := 0
	orders := strings.Fields(s.database.query(s.t, "shop", "SELECT id FROM orders"))
	for row := range strings.FieldsSeq(s.database.query(s.t, "shop", "SELECT orders.id, count(river_job.id), coalesce(sum(attempt), 0) FROM orders"+
		" LEFT JOIN river_job ON kind = 'fulfil_order' AND args ->> 'order_id' = orders.id GROUP BY orders.id")) {
		var id string
		var jobs, attempts int
		if _, err := fmt.Sscanf(strings.ReplaceAll(row, "|", " "), "%s %d %d", &id, &jobs, &attempts); err != nil {
			s.t.Fatal(err)
		}
		if jobs != 1 || shipped[id] < 1 || shipped[id] > attempts {
			s.t.Errorf("order %s: %d jobs, shipped %d times in %d attempts", id, jobs, shipped[id], attempts)
		}
		again += shipped[id] - 1
		delete(shipped, id)
	}
	if len(shipped) > 0 {
		s.t.Errorf("shipped without an order: %v", shipped)
	}
	s.t.Logf("%d orders, %d shipped again", len(orders), again)
}

// checkRefusal fails the test unless a response tells a client to try again, and
// nothing of what has happened.
func checkRefusal(t *testing.T, response answer, body string) {
	t.Helper()
	var problem struct {
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}
	if response.StatusCode != http.StatusServiceUnavailable && response.StatusCode != http.StatusGatewayTimeout ||
		response.Header.Get("Content-Type") != "application/problem+json" ||
		json.Unmarshal([]byte(body), &problem) != nil || problem.Status != response.StatusCode {
		t.Errorf("%d %s: %s", response.StatusCode, response.Header.Get("Content-Type"), body)
	}
	for _, internal := range []string{"127.0.0.1", "connect", "SQLSTATE", "pgconn", "mysql", "EOF", "dial"} {
		if strings.Contains(body, internal) {
			t.Errorf("%s is in %s", internal, body)
		}
	}
}

// checkErrorTypes fails the test unless what failed says why, by a word that is
// one of few.
func (s *shop) checkErrorTypes(arrived *e2e.Telemetry) {
	s.t.Helper()
	allowed := []any{
		"connection_exception", "operator_intervention", "insufficient_resources", "system_error", // the database
		"database_unavailable", "503", "canceled", "timeout",
		"circuit_open", "*net.OpError", "*errors.errorString", "LOADING", // Redis
	}
	types := map[any]int{}
	for _, span := range arrived.Spans {
		if kind, failed := span.Attributes["error.type"]; failed {
			types[kind]++
			if !slices.Contains(allowed, kind) {
				s.t.Errorf("%s: error.type %v, %s", span.Name, kind, span.Status.Message)
			}
		}
	}
	s.t.Logf("error.type: %v", types)
	if types["connection_exception"]+types["operator_intervention"] == 0 {
		s.t.Errorf("no span tells that the database was away: %v", types)
	}
}

// Secrets are in no telemetry and in no answer: neither those of the
// configuration nor what clients send, whatever goes wrong with it.
func TestMatrix_Secrets(t *testing.T) {
	startShops(t, testSecrets)
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "shop.db")
		testSecrets(t, startShop(t, map[string]string{"database": "sqlite", "store": "gorm", "router": "gin", "api": "plain"}, nil, "DATABASE_PATH="+path))
	})
}

func testSecrets(t *testing.T, s *shop) {
	secrets := []string{"not-a-secret"}
	secret := func() string {
		secrets = append(secrets, rand.Text()) // of letters and digits, which are themselves in every encoding
		return secrets[len(secrets)-1]
	}
	var answers bytes.Buffer
	send := func(method, path, body string, header ...string) {
		response, text := s.do(method, path, body, header...)
		if response.StatusCode >= http.StatusInternalServerError {
			t.Errorf("%s %s %s: %d %s", method, path, body, response.StatusCode, text)
		}
		if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated { // which return what was sent
			fmt.Fprintln(&answers, text)
		}
	}
	item := `"items":[{"sku":"coffee","quantity":1}]`
	for _, spoil := range []string{
		"", "'", "\\", "\\u0000", "%", "'; DROP TABLE orders; --", "\\ud83d\\ude00", "\\ud800", " ", "\\n", "?", "$1", strings.Repeat("x", 38), "é",
		"\\\"", "%22", "&amp;", "://user:pass@host/", "=", ",", ";", "\u202e", `\\`, "{{" + ".}}", "<b>",
	} {
		for _, body := range []string{
			`{"customer":"%s",` + item + `}`,
			`{"customer":["%s"],` + item + `}`,
			`{"customer":{"name":"%s"},` + item + `}`,
			`{"customer":"ada","items":[{"sku":"%s","quantity":1}]}`,
			`{"customer":"ada","items":[{"sku":"coffee","quantity":"%s"}]}`,
			`{"customer":"ada","payment_method":"%s",` + item + `}`,
			`{"customer":"ada","none":"%s",` + item + `}`,
			`{"customer":"ada","items":"%s"}`,
			`"%s`,
			`%s`,
		} {
			send(http.MethodPost, "/orders", strings.Replace(body, "%s", secret()+spoil, 1))
		}
		raw := strings.NewReplacer("\\u0000", "\x00", "\\ud800", "\xff", "\\n", "\n").Replace(spoil)
		id := url.PathEscape("ord_" + raw) // which the spans of the domain have on purpose
		send(http.MethodGet, "/orders/"+id, "")
		send(http.MethodPost, "/orders/"+id+"/cancel", "")
		send(http.MethodDelete, "/orders/"+id, "")
		escaped := func() string { return url.PathEscape(secret() + raw) }
		send(http.MethodGet, "/orders?cursor="+escaped()+"&limit=3", "")
		send(http.MethodGet, "/orders?limit="+escaped(), "")
		send(http.MethodGet, "/orders?"+escaped(), "")
		send(http.MethodGet, "/"+id+"?token="+escaped(), "") // a path is on the span, what follows it is not
		inHeader := strings.Map(func(c rune) rune {
			if c < ' ' || c == '\u007f' { // the client would not send it
				return -1
			}
			return c
		}, raw)
		for _, name := range []string{"Authorization", "Cookie", "Idempotency-Key", "X-Api-Key", "Referer", "If-None-Match"} {
			send(http.MethodPost, "/orders", `{"customer":"ada",`+item+`}`, name, secret()+inHeader)
			send(http.MethodPost, "/orders", `{`, name, `Bearer "`+secret()+inHeader+`"`)
		}
		send(http.MethodPost, "/orders", `{}`, "Content-Type", "application/json; charset="+secret())
	}
	if s.database != nil {
		s.database.query(t, "shop", "UPDATE orders SET customer = id; ALTER TABLE orders ADD CONSTRAINT one_each UNIQUE (customer)")
		for _, want := range []int{http.StatusCreated, http.StatusInternalServerError} { // the server repeats the value that it refuses
			response, text := s.do(http.MethodPost, "/orders", `{"customer":"`+secrets[len(secrets)-1]+`",`+item+`}`)
			if response.StatusCode != want {
				t.Errorf("an order that the database allows once: %d %s, want %d", response.StatusCode, text, want)
			}
			if want != http.StatusCreated {
				fmt.Fprintln(&answers, text)
			}
		}
		s.database.kill() // what is wrong with a server must not tell its password either
	}
	s.redis.kill()
	for range 5 {
		response, text := s.do(http.MethodPost, "/orders", `{"customer":"`+secret()+`",`+item+`}`, "Idempotency-Key", secret())
		if response.StatusCode != http.StatusCreated {
			fmt.Fprintln(&answers, text)
		}
		_, text = s.do(http.MethodGet, "/readyz", "")
		fmt.Fprintln(&answers, text)
	}
	if code := s.process.Stop(); code != 0 {
		t.Errorf("exit status %d", code)
	}
	arrived := s.collector.Stop()
	if len(arrived.Spans) < 100 || len(arrived.Metrics) == 0 || len(arrived.Records) == 0 {
		t.Errorf("%d spans, %d metrics, %d records", len(arrived.Spans), len(arrived.Metrics), len(arrived.Records))
	}
	searched := map[string]string{
		"telemetry": fmt.Sprintf("%+v", arrived), "stdout": s.process.Stdout.String(), "stderr": s.process.Stderr.String(), "answers": answers.String(),
	}
	for where, text := range searched {
		for _, word := range secrets {
			if at := strings.Index(text, word); at >= 0 {
				t.Errorf("%s is in the %s: ...%s...", word, where, text[max(0, at-300):min(len(text), at+100)])
			}
		}
	}
	for _, span := range arrived.Spans { // the IDs of orders, which others have on purpose, are keys of Redis and values of queries
		for name, value := range span.Attributes {
			if span.Attributes["db.system.name"] != nil && strings.Contains(fmt.Sprint(value), "ord_") {
				t.Errorf("%s: %s is %v", span.Name, name, value)
			}
		}
	}
	s.testConfigurations()
}

// testConfigurations starts the service with secrets in variables that are wrong in
// every way, or right but for a server that is not there. It says what is wrong,
// without the secret.
func (s *shop) testConfigurations() {
	scheme := "postgres"
	if s.database != nil {
		scheme, _, _ = strings.Cut(s.database.url, ":")
	}
	for _, form := range []string{
		scheme + "://shop:%s@127.0.0.1:1/shop", scheme + "://shop:%s%%zz@127.0.0.1/shop", scheme + "://shop:%s@127.0.0.1:port/shop",
		scheme + "://shop:%s@[::1/shop", scheme + "://shop:%s@127.0.0.1:1/shop?none=1", scheme + "://127.0.0.1:1/shop?password=%s&sslmode=none&tls=none",
		scheme + "://shop:a b%s@127.0.0.1:1/shop", scheme + ":%s", "shop:%s@tcp(127.0.0.1:1)/shop", "host=127.0.0.1 port=one password='%s'", "%s", " %s\n",
		"redis://:%s@127.0.0.1:1/none", "rediss://user:%s%%zz@127.0.0.1:1", "http://user:%s@127.0.0.1:port", "key=%s,", "a b=%s", "%%zz=%s",
	} {
		for _, names := range [][]string{
			{"DATABASE_URL"}, // which is tried if it can be
			{"DATABASE_URL", "DATABASE_PASSWORD", "REDIS_URL", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_ENDPOINT"},
		} {
			cmd := exec.CommandContext(s.t.Context(), s.program, "migrate", "status")
			cmd.Dir = s.t.TempDir()
			cmd.Env = []string{"ENVIRONMENT=production", "DATABASE_CONNECT_TIMEOUT=10ms"}
			var secrets []string
			for i, name := range names {
				secrets = append(secrets, rand.Text())
				cmd.Env = append(cmd.Env, name+"="+fmt.Sprintf(form, secrets[i]))
			}
			out, err := cmd.CombinedOutput()
			for i, secret := range secrets {
				if bytes.Contains(out, []byte(secret)) {
					s.t.Errorf("%s=%s: %v\n%s", names[i], fmt.Sprintf(form, secret), err, out)
				}
			}
		}
	}
}
