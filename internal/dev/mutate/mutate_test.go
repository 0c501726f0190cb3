package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Faults that no test notices are reported, whether they are switched on or take
// a build of their own, and in the tests of whichever package they show.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod": "module example.com/service\n\ngo 1.26.0\n",
		"limit/limit.go": `// Package limit is tried.
package limit

// Limit is at most Max.
const Max = 10

// Names are allowed.
var Names = []string{"first", "second"}

// A Range is tried, too.
type Range struct {
	From  int
	Names []string
	Any   any
}

// All is the whole range.
var All = Range{From: 1, Names: Names, Any: Names}

// Clamp returns n, but at least zero and at most Max.
func Clamp(n int) int {
	if n > Max {
		n = Max
	}
	if n < 0 && n != -1 {
		n = 0
	}
	return n
}
`,
		"limit/limit_test.go": `package limit

import "testing"

func TestClamp(t *testing.T) {
	if Clamp(3) != 3 || Clamp(11) != Max || len(Names) != 2 {
		t.Error("wrong")
	}
}
`,
		"user/user_test.go": `package user

import (
	"testing"

	"example.com/service/limit"
)

func TestClamp(t *testing.T) {
	if limit.Clamp(11) != 10 || limit.Clamp(-2) != 0 || limit.All.From != 1 || limit.All.Names == nil || limit.All.Any == nil {
		t.Error("wrong")
	}
}
`,
	} {
		if err := write(filepath.Join(dir, name), content); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		most time.Duration
		only string
		want string
	}{
		{most: 0, want: `limit/limit.go:5: const Max = 10: other value: 10
limit/limit.go:8: var Names = []string{"first", "second"}: other value: "first"
limit/limit.go:8: var Names = []string{"first", "second"}: other value: "second"
limit/limit.go:18: var All = Range{From: 1, Names: Names, Any: Names}: removed: From: 1
limit/limit.go:18: var All = Range{From: 1, Names: Names, Any: Names}: removed: Names: Names
limit/limit.go:18: var All = Range{From: 1, Names: Names, Any: Names}: removed: Any: Names
limit/limit.go:18: var All = Range{From: 1, Names: Names, Any: Names}: other value: 1
limit/limit.go:22: if n > Max {: the other way if equal: n > Max
limit/limit.go:25: if n < 0 && n != -1 {: ignored: n != -1
limit/limit.go:25: if n < 0 && n != -1 {: the other way if equal: n < 0
limit/limit.go:25: if n < 0 && n != -1 {: other value: 0
limit/limit.go:25: if n < 0 && n != -1 {: other value: 1
limit/limit.go:26: n = 0: removed: n = 0
limit/limit.go:26: n = 0: other value: 0
limit                          21 faults,    7 noticed,   0 accepted,  14 not noticed
`},
		{most: time.Hour, want: `limit/limit.go:8: var Names = []string{"first", "second"}: other value: "first"
limit/limit.go:8: var Names = []string{"first", "second"}: other value: "second"
limit/limit.go:22: if n > Max {: the other way if equal: n > Max
limit/limit.go:25: if n < 0 && n != -1 {: ignored: n != -1
limit/limit.go:25: if n < 0 && n != -1 {: the other way if equal: n < 0
limit/limit.go:25: if n < 0 && n != -1 {: other value: 0
limit                          21 faults,   15 noticed,   0 accepted,   6 not noticed
`},
		{most: time.Hour, only: `^limit/.*(ignored|removed: n)`, want: `limit/limit.go:25: if n < 0 && n != -1 {: ignored: n != -1
limit                           4 faults,    3 noticed,   0 accepted,   1 not noticed
`},
	} {
		var out strings.Builder
		if _, err := run(t.Context(), dir, nil, regexp.MustCompile(test.only), test.most, &out); err != nil {
			t.Fatal(err)
		}
		if out.String() != test.want {
			t.Errorf("own %v: got\n%s\nwant\n%s", test.most, &out, test.want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "internal")); err == nil {
		t.Error("the service itself was changed")
	}
}
