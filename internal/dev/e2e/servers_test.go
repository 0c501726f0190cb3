//go:build matrix && unix

package e2e_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// The tests of a service that need a server pass at a real one. The services are in one
// directory, one after the other, so that Go builds a package once that is the same in many.
func TestMatrix_Servers(t *testing.T) {
	t.Parallel()
	databases, redis := map[string]*server{"postgres": newPostgres(t), "mysql": newMariaDB(t)}, newRedis(t)
	dir := filepath.Join(t.TempDir(), "shop")
	for i, spec := range []generator.Spec{
		{Slots: map[string]string{"database": "postgres"}, Resources: resources[:2], Features: []string{"nats", "posts"}},
		{Slots: map[string]string{"database": "postgres", "store": "sql", "router": "gin", "api": "plain"}, Features: []string{"client"}},
		{Slots: map[string]string{"database": "postgres", "store": "gorm"}, Resources: resources, Features: []string{"jobs"}},
		{Slots: map[string]string{"database": "postgres", "store": "gorm", "sample": "none"}, Features: []string{"posts"}},
		{Slots: map[string]string{"database": "mysql", "store": "sql"}, Resources: resources},
		{Slots: map[string]string{"database": "mysql", "store": "gorm"}, Features: []string{"kafka", "posts"}},
		{Slots: map[string]string{"database": "mysql"}, Resources: resources[:2], Features: []string{"background", "posts", "redis"}},
		{Slots: map[string]string{"sample": "none"}, Features: []string{"ratelimit", "redis", "users"}},
	} {
		spec.Service, spec.Module = "shop", "example.com/acme/shop"
		t.Run(describe(t, spec), func(t *testing.T) {
			environment := []string{"TEST_REDIS_URL=" + redis.url}
			if database := databases[spec.Slots["database"]]; database != nil {
				environment = append(environment, "TEST_DATABASE_URL="+database.url)
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			e2e.New(t, e2e.Catalog(t), dir, spec)
			race := []string{"-race=true", "-race=false"}[i%2] // the race detector takes its time
			e2e.GoWith(t, environment, dir, append([]string{"test", race, "-vet=off", "-tags=integration"}, atServer(t, dir)...)...)
		})
	}
}

// atServer returns the packages of a service whose tests use one that is different with a
// server. The tests of the others need none, and are TestMatrix's.
func atServer(t *testing.T, dir string) []string {
	t.Helper()
	const tag = "-tags=integration"
	differ := strings.Fields(e2e.Go(t, dir, "list", tag, "-f", `{{if .IgnoredGoFiles}}{{.ImportPath}}{{end}}`, "./..."))
	var packages []string
	for test := range strings.Lines(e2e.Go(t, dir, "list", tag, "-test", "-f", `{{if eq .Name "main"}}{{.ImportPath}} {{join .Deps " "}}{{end}}`, "./...")) {
		needs := strings.Fields(test)
		name, isTest := strings.CutSuffix(needs[0], ".test")
		if isTest && slices.ContainsFunc(needs, func(path string) bool { return slices.Contains(differ, path) }) {
			packages = append(packages, name)
		}
	}
	if len(packages) < 2 {
		t.Fatalf("only the tests of %v need a server", packages)
	}
	return packages
}

// A server is a real one, with the programs of this machine, on a free port and
// in a directory of its own. It ends with the test.
type server struct {
	url     string // of a user who may create databases, where there are any
	secure  string // the same by TLS, with a certificate that is verified, as far as the URL can say so
	issuer  string // the file of the authority that has issued the certificate
	command func() *exec.Cmd
	answers func() error
	client  func(database, query string) *exec.Cmd // nil if it has no SQL
	running *exec.Cmd
}

// query returns what a database answers, a row a line.
func (s *server) query(t *testing.T, database, text string) string {
	t.Helper()
	out, err := s.client(database, text).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", text, err, out)
	}
	return strings.TrimSpace(string(out))
}

// newPostgres starts PostgreSQL.
func newPostgres(t *testing.T) *server {
	t.Helper()
	// Debian keeps the versions apart.
	initdb := program(t, "initdb", "/usr/lib/postgresql/*/bin", "postgresql")
	dir, as := directory(t, "postgres")
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("not-a-secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	data, port := filepath.Join(dir, "data"), freePort(t)
	run(t, as(initdb, "--pgdata="+data, "--username=otelgen", "--auth=scram-sha-256", "--pwfile="+password, "--no-sync"))
	certificate, key := certificate(t, dir, as)
	configuration, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer configuration.Close()
	if _, err := fmt.Fprintf(configuration, "ssl = on\nssl_cert_file = '%s'\nssl_key_file = '%s'\n", certificate, key); err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("postgres://otelgen:not-a-secret@127.0.0.1:%d/postgres", port)
	s := &server{
		url:    address + "?sslmode=disable",
		secure: address + "?sslmode=verify-full&sslrootcert=" + certificate,
		issuer: certificate,
		client: func(database, query string) *exec.Cmd {
			return as(filepath.Join(filepath.Dir(initdb), "psql"), "--no-psqlrc", "--tuples-only", "--no-align", "--command="+query,
				fmt.Sprintf("postgres://otelgen:not-a-secret@127.0.0.1:%d/%s?sslmode=disable", port, database))
		},
		command: func() *exec.Cmd {
			return as(filepath.Join(filepath.Dir(initdb), "postgres"), "-D", data, "-p", strconv.Itoa(port),
				"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+dir)
		},
		answers: func() error {
			return as(filepath.Join(filepath.Dir(initdb), "pg_isready"), "--host=127.0.0.1", "--port="+strconv.Itoa(port)).Run()
		},
	}
	s.start(t)
	return s
}

// newMariaDB starts MariaDB, which Debian has instead of MySQL.
func newMariaDB(t *testing.T) *server {
	t.Helper()
	mariadbd := program(t, "mariadbd", "/usr/sbin", "mariadb-server")
	dir, as := directory(t, "mariadb")
	data, socket, port := filepath.Join(dir, "data"), filepath.Join(dir, "socket"), freePort(t)
	run(t, as("mariadb-install-db", "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db"))
	users := filepath.Join(dir, "users.sql") // is executed at every start
	if err := os.WriteFile(users, []byte("GRANT ALL ON *.* TO otelgen@'127.0.0.1' IDENTIFIED BY 'not-a-secret' WITH GRANT OPTION;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	certificate, key := certificate(t, dir, as)
	client := func(database, query string) *exec.Cmd {
		return as("mariadb", "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--port="+strconv.Itoa(port),
			"--user=otelgen", "--password=not-a-secret", "--skip-column-names", "--execute="+query, database)
	}
	address := fmt.Sprintf("mysql://otelgen:not-a-secret@127.0.0.1:%d/mysql", port)
	s := &server{
		url:     address,
		secure:  address + "?ssl-mode=VERIFY_IDENTITY&ssl-ca=" + certificate,
		issuer:  certificate,
		client:  client,
		answers: func() error { return client("mysql", "SELECT 1").Run() },
		command: func() *exec.Cmd {
			return as(mariadbd, "--no-defaults", "--datadir="+data, "--port="+strconv.Itoa(port), "--bind-address=127.0.0.1",
				"--socket="+socket, "--init-file="+users, "--ssl-cert="+certificate, "--ssl-key="+key)
		},
	}
	s.start(t)
	return s
}

// newRedis starts Redis, which keeps nothing when it ends.
func newRedis(t *testing.T) *server {
	t.Helper()
	redis := program(t, "redis-server", "/usr/bin", "redis-server")
	dir, as := directory(t, "redis")
	port, secure := strconv.Itoa(freePort(t)), strconv.Itoa(freePort(t))
	certificate, key := certificate(t, dir, as)
	s := &server{
		url:    "redis://:not-a-secret@127.0.0.1:" + port,
		secure: "rediss://:not-a-secret@127.0.0.1:" + secure,
		issuer: certificate,
		command: func() *exec.Cmd {
			return as(redis, "--port", port, "--bind", "127.0.0.1", "--dir", dir, "--requirepass", "not-a-secret", "--save", "", "--appendonly", "no",
				"--tls-port", secure, "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no")
		},
		answers: func() error {
			conn, err := net.Dial("tcp", "127.0.0.1:"+port)
			if err == nil {
				err = conn.Close()
			}
			return err
		},
	}
	s.start(t)
	return s
}

// start starts the server, again with the data that it had, and waits until it
// answers.
func (s *server) start(t *testing.T) {
	t.Helper()
	cmd := s.command()
	said, err := os.CreateTemp(t.TempDir(), "log") // a pipe would stay open as long as any process that the server started
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.running = cmd
	t.Cleanup(func() { kill(cmd) })
	for deadline := time.Now().Add(time.Minute); s.answers() != nil; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(said.Name())
			t.Fatalf("%s does not answer\n%s", strings.Join(cmd.Args, " "), log)
		}
	}
}

// kill ends the server at once, as a crash does.
func (s *server) kill() { kill(s.running) }

func kill(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // with the processes that it started
		_ = cmd.Wait()
	}
}

// program returns the path of a program: from the directory where Debian puts it,
// or else from PATH.
func program(t *testing.T, name, directory, pkg string) string {
	t.Helper()
	if found, _ := filepath.Glob(filepath.Join(directory, name)); len(found) > 0 {
		return found[len(found)-1]
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not installed on this machine: apt-get install %s", name, pkg)
	}
	return path
}

// directory returns a directory for a server, and what makes a command in it.
// Servers refuse to run as root: they run as another user if root runs the test.
func directory(t *testing.T, name string) (dir string, as func(name string, args ...string) *exec.Cmd) {
	t.Helper()
	dir, err := os.MkdirTemp("", name) //nolint:usetesting // only its owner may enter t.TempDir(), and this is for another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	attributes := syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		uid, err1 := strconv.ParseUint(nobody.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(nobody.Gid, 10, 32)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return dir, func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.SysProcAttr = dir, &attributes
		return cmd
	}
}

// certificate writes a certificate for 127.0.0.1, and not for localhost, which is its own
// issuer, and its key, which is for the server alone.
func certificate(t *testing.T, dir string, as func(name string, args ...string) *exec.Cmd) (certificate, key string) {
	t.Helper()
	website := httptest.NewTLSServer(nil)
	defer website.Close()
	private, err := x509.MarshalPKCS8PrivateKey(website.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]pem.Block{
		certificate:  {Type: "CERTIFICATE", Bytes: website.Certificate().Raw},
		key + ".all": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(&block), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, as("install", "-m", "600", key+".all", key)) // as the user of the server
	return certificate, key
}

// newAuthority returns the file of an authority that has issued nothing.
func newAuthority(t *testing.T) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "other.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	_, text, _ := net.SplitHostPort(e2e.FreeAddress(t))
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}
