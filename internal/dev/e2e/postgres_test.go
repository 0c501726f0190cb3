//go:build matrix && unix

package e2e_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/otelgen/otelgen/generator"
	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// The tests of a service that need a database pass at a real server.
func TestMatrix_PostgreSQL(t *testing.T) {
	t.Setenv("TEST_DATABASE_URL", startPostgres(t))
	for _, spec := range []generator.Spec{
		{Slots: map[string]string{"database": "postgres"}},
		{Slots: map[string]string{"database": "postgres", "router": "gin", "api": "plain"}, Features: []string{"auth", "client"}},
		{Slots: map[string]string{"database": "postgres", "store": "sql"}},
		{Slots: map[string]string{"database": "postgres", "store": "gorm"}},
		{Slots: map[string]string{"database": "postgres", "store": "gorm", "sample": "none"}},
	} {
		spec.Service, spec.Module = "shop", "example.com/acme/shop"
		t.Run(describe(t, spec), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "shop")
			e2e.New(t, e2e.Catalog(t), dir, spec)
			e2e.Go(t, dir, "test", "-race", "-tags=integration", "./...")
		})
	}
}

// startPostgres starts a server with the programs of this machine, on a free
// port and in a directory of its own, and returns its URL.
func startPostgres(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "postgres") //nolint:usetesting // only its owner may enter t.TempDir(), and this is for another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		// Debian keeps the versions apart.
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
		if len(found) == 0 {
			t.Fatal("PostgreSQL is not installed on this machine: apt-get install postgresql")
		}
		initdb = found[len(found)-1]
	}
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("not-a-secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := asNobody(t, dir, password)
	data := filepath.Join(dir, "data")
	run(initdb, "--pgdata="+data, "--username=otelgen", "--auth=scram-sha-256", "--pwfile="+password, "--no-sync")
	port := freePort(t)
	control := filepath.Join(filepath.Dir(initdb), "pg_ctl")
	run(control, "start", "--wait", "--pgdata="+data, "--log="+filepath.Join(dir, "log"),
		fmt.Sprintf("--options=-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories=%s -c fsync=off", port, dir))
	t.Cleanup(func() { run(control, "stop", "--mode=immediate", "--pgdata="+data) })
	return fmt.Sprintf("postgres://otelgen:not-a-secret@127.0.0.1:%d/postgres?sslmode=disable", port)
}

// asNobody returns a function that runs programs which root may not run: as
// another user, if need be, who gets the given files.
func asNobody(t *testing.T, files ...string) func(name string, args ...string) {
	t.Helper()
	var attributes syscall.SysProcAttr
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
		for _, file := range files {
			if err := os.Chown(file, int(uid), int(gid)); err != nil {
				t.Fatal(err)
			}
		}
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return func(name string, args ...string) {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.SysProcAttr = filepath.Dir(files[0]), &attributes
		// A server would keep a pipe open, and Wait would wait for its end.
		out, err := os.CreateTemp(t.TempDir(), "out")
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Run(); err != nil {
			said, _ := os.ReadFile(out.Name())
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, said)
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
