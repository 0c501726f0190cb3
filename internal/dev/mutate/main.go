// Command mutate tells what the tests of a generated service do not notice:
//
//	go run ./internal/dev/mutate [-most DURATION] [-only REGEXP] DIR [PACKAGE...]
//
// It makes small faults in the service in DIR, one at a time: without a
// statement, with a condition negated, without an element of a list, with another
// number or name, without a key of a struct tag. For each it runs the tests of the
// package, then those of all packages that need it, the fastest first. A fault that no
// test notices shows a missing test or unnecessary code, or makes no
// difference; accepted.txt lists the last kind, with the reasons.
//
// Most faults are compiled into the test binaries all together and switched on one
// by one, since building is what takes the time.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

//go:embed accepted.txt
var acceptedFile string

func main() {
	log.SetFlags(0)
	log.SetPrefix("mutate: ")
	most := flag.Duration("most", time.Hour, "of other packages than that of the fault, run only tests that take no longer")
	only := flag.String("only", "", "make only the faults whose file, line of code or description matches this")
	flag.Parse()
	chosen, err := regexp.Compile(*only)
	if err != nil {
		log.Fatalf("-only: %v", err)
	}
	if flag.NArg() == 0 {
		log.Fatal("usage: mutate [-most DURATION] [-only REGEXP] DIR [PACKAGE...]")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	survivors, err := run(ctx, flag.Arg(0), flag.Args()[1:], chosen, *most, os.Stdout)
	stop()
	if err != nil {
		log.Fatal(err)
	}
	if survivors > 0 {
		os.Exit(1)
	}
}

// run reports on the packages of the service in dir whose paths below it are
// given, or on all, and returns the number of unexpected survivors.
func run(ctx context.Context, dir string, packages []string, only *regexp.Regexp, most time.Duration, out io.Writer) (int, error) {
	work, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(work)
	p, err := newProject(ctx, dir, work)
	if err != nil {
		return 0, err
	}
	if err := p.makeSwitched(ctx); err != nil {
		return 0, err
	}
	accepted := accepted(acceptedFile)
	unexpected := 0
	for _, pkg := range p.packages {
		if len(packages) > 0 && !slices.Contains(packages, pkg.dir) {
			continue
		}
		total, survived, expected := 0, 0, 0
		for _, m := range p.mutants {
			if m.pkg != pkg.path || !only.MatchString(m.key()) {
				continue
			}
			killer, viable, err := p.try(ctx, m, most)
			if err != nil {
				return 0, err
			}
			if !viable {
				continue
			}
			total++
			switch {
			case killer != "":
			case accepted[m.key()] != "":
				expected++
			default:
				survived++
				fmt.Fprintf(out, "%s:%d: %s: %s\n", m.file, m.line, m.code, m.what)
			}
		}
		unexpected += survived
		if total == 0 {
			continue
		}
		fmt.Fprintf(out, "%-28s %4d faults, %4d noticed, %3d accepted, %3d not noticed\n", pkg.dir, total, total-survived-expected, expected, survived)
	}
	return unexpected, nil
}

// accepted returns the reason for each fault that is named in text by its key. A
// line that begins with # is the reason for those below it.
func accepted(text string) map[string]string {
	reasons := map[string]string{}
	reason := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			reason = rest
		} else if line != "" {
			reasons[line] = reason
		}
	}
	return reasons
}

// write writes a file and the directories above it.
func write(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o600)
}
