package modules

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// Format returns the lock as a lock file.
func (l *Lock) Format() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "go %s\n", l.Go)
	l.format(&out, "")
	for _, c := range slices.SortedFunc(slices.Values(l.Corrections), func(a, b Correction) int { return slices.Compare(a.With, b.With) }) {
		fmt.Fprintf(&out, "\nwith %s\n", strings.Join(c.With, " "))
		c.Add.format(&out, "add ")
		c.Drop.format(&out, "drop ")
	}
	return out.Bytes()
}

func (n Needs) format(out *bytes.Buffer, prefix string) {
	for _, path := range slices.Sorted(maps.Keys(n.Requires)) {
		fmt.Fprintf(out, "%srequire %s %s", prefix, path, n.Requires[path].Version)
		if n.Requires[path].Indirect {
			out.WriteString(" // indirect")
		}
		out.WriteByte('\n')
	}
	for _, s := range sorted(n.Sums) {
		fmt.Fprintf(out, "%ssum %s\n", prefix, s)
	}
}

// Parse reads a lock file. Its errors name the file and the line, all of them
// at once.
func Parse(file string, data []byte) (*Lock, error) {
	p := parser{lock: &Lock{Needs: newNeeds()}}
	var errs []error
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := p.line(words[0], words[1:]); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", file, n, err))
		}
	}
	if p.lock.Go == "" {
		errs = append(errs, fmt.Errorf("%s: has no line `go VERSION`", file))
	}
	return p.lock, errors.Join(errs...)
}

type parser struct {
	lock       *Lock
	correction *Correction // the section that the line is in, if any
}

func (p *parser) line(verb string, words []string) error {
	switch {
	case verb == "go":
		if len(words) != 1 || !modfile.GoVersionRE.MatchString(words[0]) {
			return fmt.Errorf("%q is not a version of Go", strings.Join(words, " "))
		}
		if p.lock.Go != "" {
			return errors.New("go: is there twice")
		}
		p.lock.Go = words[0]
		return nil
	case verb == "with":
		if len(words) == 0 || !slices.IsSorted(words) {
			return errors.New("with: takes the names of features, sorted")
		}
		p.lock.Corrections = append(p.lock.Corrections, Correction{With: words, Add: newNeeds(), Drop: newNeeds()})
		p.correction = &p.lock.Corrections[len(p.lock.Corrections)-1]
		return nil
	case p.correction == nil:
		return p.lock.parse(verb, words)
	case verb == "add" && len(words) > 0:
		return p.correction.Add.parse(words[0], words[1:])
	case verb == "drop" && len(words) > 0:
		return p.correction.Drop.parse(words[0], words[1:])
	}
	return fmt.Errorf("%q: a section `with` holds lines that begin with add or drop", verb)
}

// parse adds what one line says.
func (n Needs) parse(verb string, words []string) error {
	switch verb {
	case "require":
		indirect := len(words) == 4 && words[2] == "//" && words[3] == "indirect"
		if len(words) != 2 && !indirect {
			return fmt.Errorf("require %q: takes a module path, a version, and // indirect or nothing", strings.Join(words, " "))
		}
		if err := module.Check(words[0], words[1]); err != nil {
			return err
		}
		if module.CanonicalVersion(words[1]) != words[1] {
			return fmt.Errorf("require %s: %q is not a version in full", words[0], words[1])
		}
		if _, ok := n.Requires[words[0]]; ok {
			return fmt.Errorf("require %s: is there twice", words[0])
		}
		n.Requires[words[0]] = Require{words[1], indirect}
		return nil
	case "sum":
		s, err := parseSum(words)
		if err == nil && n.Sums[s] {
			err = fmt.Errorf("sum %s %s: is there twice", s.Module.Path, s.Module.Version)
		}
		if err == nil {
			n.Sums[s] = true
		}
		return err
	}
	return fmt.Errorf("%q: a line begins with go, require, sum or with", verb)
}
