package project_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/generator"
)

// TestAttack_KilledAndAnother kills a command before each of its changes to the
// disk, or, if TestAttack plays with few projects, before every seventh, and has
// another command run next. Whichever that is, it goes on or takes
// back, nothing of the owner is lost, and an update then leads to what the
// templates say.
func TestAttack_KilledAndAnother(t *testing.T) {
	isolateGit(t)
	l := newLife(t, *first)
	defer func() {
		if r := recover(); r != nil && r != (failed{}) {
			panic(r)
		}
	}()
	l.spec(generator.Spec{Service: "shop", Module: "example.com/shop", Features: []string{"cors"}})
	for _, p := range []string{"cmd/shop/serve.go", "internal/lifecycle/lifecycle.go", "internal/cors/cors.go"} {
		l.write(p, l.addTo(p, l.read(p))) // files that change, move and go
	}
	const conflicting = "README.md"
	l.write(conflicting, strings.Replace(l.read(conflicting), "\n\n", "\n\n"+l.newMark(conflicting)+"\n", 1))
	start := l.dir

	commands := []func(kill int) outcome{
		func(kill int) outcome { return l.run("otelgen update", latest, nil, kill) },
		func(kill int) outcome { return l.run("otelgen add background", 1, with("background"), kill) },
		func(kill int) outcome { return l.run("otelgen remove cors", 1, without("cors"), kill) },
		func(kill int) outcome { return l.run("otelgen remove background", latest, without("background"), kill) },
		func(kill int) outcome { l.undo(kill); return outcome{killed: kill > 0} },
		func(int) outcome { l.check(); return outcome{} },
	}
	kills, every := 0, 7
	if *attacks >= 100 {
		every = 1
	}
	for i, killed := range commands[:3] {
		for kill := 1; ; kill += every {
			next := commands[(i+kill)%len(commands)]
			l.dir, l.log, l.release = filepath.Join(l.top, "again"), nil, latest
			l.must(os.CopyFS(l.dir, os.DirFS(start)))
			o := killed(kill)
			next(0)
			l.end()
			l.must(os.RemoveAll(l.dir))
			if !o.killed {
				break
			}
			kills++
		}
	}
	if kills < 100/every {
		t.Errorf("only %d kills: this tests little", kills)
	}
	l.must(os.RemoveAll(l.top))
}
