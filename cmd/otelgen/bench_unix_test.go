//go:build unix

package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkServices measures a check and an update of many services in one
// repository, as processes of their own: the CPU time for each service and the
// largest size of the process. Twice as many should take twice as long,
// and no more memory. Beside it stands what git takes for the same
// merges.
//
//	go test ./cmd/otelgen -run '^$' -bench Services -benchtime 1x
func BenchmarkServices(b *testing.B) {
	for _, n := range []int{100, 1000} {
		for _, edited := range []bool{false, true} {
			b.Run(fmt.Sprintf("services=%d/edited=%v", n, edited), func(b *testing.B) { benchmarkServices(b, n, edited) })
		}
	}
}

// BenchmarkNew_Full measures how long otelgen new takes to write a service by the
// preset full, as a process of its own: 100 ms at most, on a machine that is not busy
// otherwise.
//
//	go test ./cmd/otelgen -run '^$' -bench New_Full
func BenchmarkNew_Full(b *testing.B) {
	r := &services{b: b, dir: b.TempDir()}
	var cpu, wall time.Duration
	for i := 0; b.Loop(); i++ {
		u := r.measure("otelgen-0", "new", fmt.Sprintf("shop%d", i), "--preset", "full", "--no-git", "--no-input")
		cpu, wall = cpu+u.cpu, wall+u.wall
	}
	b.ReportMetric(cpu.Seconds()*1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric(wall.Seconds()*1000/float64(b.N), "wall-ms/op")
}

func benchmarkServices(b *testing.B, n int, edited bool) {
	r := repository(b, n, edited)
	for b.Loop() {
		services := append([]string{"check"}, r.services...)
		b.ReportMetric(r.measure("otelgen-0", services...).perService(n), "check-ms/service")
		services[0] = "update"
		again := r.measure("otelgen-0", services...)
		b.ReportMetric(again.perService(n), "update-nothing-ms/service")
		merges := r.measure("git", "merge-tree", "--write-tree", "edited", "next")
		b.ReportMetric(merges.perService(n), "git-merge-tree-ms/service")
		update := r.measure("otelgen-1", services...)
		b.ReportMetric(update.perService(n), "update-ms/service")
		b.ReportMetric(float64(update.memory)/1024, "update-MB")
		b.ReportMetric(float64(again.memory)/1024, "check-MB")
		b.ReportMetric(update.wall.Seconds(), "update-s")
		r.run("git", "checkout", "-q", "-f", "edited")
		r.run("git", "clean", "-qfdx")
	}
}

// services is a repository of many services. Its tags are the services as they
// were new, as their owners edited them, and as another release writes them.
type services struct {
	b        *testing.B
	dir      string
	services []string
}

func repository(b *testing.B, n int, edited bool) *services {
	dir, err := os.MkdirTemp("/dev/shm", "services") //nolint:usetesting // which knows one place only
	if err != nil {
		dir = b.TempDir()
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &services{b: b, dir: dir}
	r.run("git", "init", "-q", ".")
	r.run("otelgen-0", "new", "s0000", "--module", "example.com/shop", "--no-git")
	for i := range n {
		r.services = append(r.services, fmt.Sprintf("s%04d", i))
		if i > 0 {
			r.copyService(r.services[i])
		}
	}
	tag := func(name string) {
		r.run("git", "add", "-A")
		r.run("git", "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-q", "--allow-empty", "-m", name)
		r.run("git", "tag", name)
	}
	tag("new")
	r.run("otelgen-1", append([]string{"update"}, r.services...)...)
	tag("next")
	r.run("git", "checkout", "-q", "new")
	r.run("git", "clean", "-qfdx")
	if edited {
		for _, service := range r.services {
			r.edit(service)
		}
	}
	tag("edited")
	return r
}

// copyService copies the first service.
func (r *services) copyService(name string) {
	if err := os.CopyFS(filepath.Join(r.dir, name), os.DirFS(filepath.Join(r.dir, r.services[0]))); err != nil {
		r.b.Fatal(err)
	}
}

// edit adds a line at the end of every second Go file.
func (r *services) edit(service string) {
	i := 0
	err := filepath.WalkDir(filepath.Join(r.dir, service), func(p string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(p, ".go") {
			return err
		}
		if i++; i%2 > 0 {
			return nil
		}
		content, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(p, append(content, "\n// Mine.\n"...), 0o644)
	})
	if err != nil {
		r.b.Fatal(err)
	}
}

func (r *services) run(name string, args ...string) {
	cmd := exec.Command(name, args...)
	cmd.Dir = r.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		r.b.Fatalf("%s %s: %v\n%.2000s", name, args[0], err, out)
	}
}

// usage is what a process took.
type usage struct {
	cpu, wall time.Duration
	memory    int64 // in KB
}

func (u usage) perService(n int) float64 { return u.cpu.Seconds() * 1000 / float64(n) }

// measure runs a command, which may say that something differs.
func (r *services) measure(name string, args ...string) usage {
	cmd := exec.Command(name, args...)
	cmd.Dir = r.dir
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != done && code != differ {
		r.b.Fatalf("%s %s: %v\n%.2000s", name, args[0], err, out)
	}
	u := usage{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall: time.Since(start)}
	if rusage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.memory = rusage.Maxrss
	}
	return u
}
