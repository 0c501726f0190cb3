package generator

import (
	"fmt"
	"go/token"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// kind says what a contributed text may be. Index files print contributions
// into Go, YAML, shell and prose, so a kind has to be narrow enough that no text
// of it can become code there: see checkPrints.
type kind string

const (
	wordKind       kind = "word"       // letters, digits, and . _ - between them: postgres, v1.2.3, DATABASE_PATH
	lineKind       kind = "line"       // one line of anything
	textKind       kind = "text"       // any number of lines
	identifierKind kind = "identifier" // a name of Go, or package.Name
	pathKind       kind = "path"       // a path with slashes, relative or from the root; * stands for anything
	urlKind        kind = "url"        // an absolute URL
	numberKind     kind = "number"     // a decimal number
	durationKind   kind = "duration"   // as time.ParseDuration reads it
)

var (
	wordText = regexp.MustCompile(`^[A-Za-z0-9]+([._-]+[A-Za-z0-9]+)*$`)
	pathText = regexp.MustCompile(`^/?[A-Za-z0-9._@-][A-Za-z0-9._@*-]*(/[A-Za-z0-9._@*-]+)*$`)
	urlText  = regexp.MustCompile(`^[A-Za-z0-9._~:/?#@!&=+,;%-]+$`)
)

// kinds tell whether a text is of a kind, and what to write instead if it is not.
var kinds = map[kind]struct {
	holds  func(string) bool
	expect string
}{
	wordKind: {wordText.MatchString, "letters and digits, with single . _ or - between them"},
	lineKind: {func(s string) bool { return s != "" && !strings.ContainsFunc(s, unicode.IsControl) }, "one line of text"},
	textKind: {func(s string) bool {
		return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
	}, "text without control characters"},
	identifierKind: {func(s string) bool { return token.IsIdentifier(s) || qualified.MatchString(s) }, "a Go identifier, or package.Name"},
	pathKind: {func(s string) bool {
		return s == "/" || pathText.MatchString(s) && !slices.Contains(strings.Split(s, "/"), "..")
	}, "a path with slashes and without .."},
	urlKind: {func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && u.Scheme != "" && u.Host != "" && urlText.MatchString(s)
	}, "an absolute URL, such as http://localhost:3000"},
	numberKind: {func(s string) bool {
		_, err := strconv.ParseFloat(s, 64)
		return err == nil && strings.Trim(s, "-.0123456789") == ""
	}, "a decimal number"},
	durationKind: {func(s string) bool { _, err := time.ParseDuration(s); return err == nil }, "a duration, such as 5s"},
}

// known reports whether there is such a kind.
func (k kind) known() bool { _, ok := kinds[k]; return ok }

// check reports what is wrong with a text of this kind.
func (k kind) check(text string) error {
	if kinds[k].holds(text) {
		return nil
	}
	return fmt.Errorf("%q is not of the kind %s: use %s", text, k, kinds[k].expect)
}

// kindNames returns the names of all kinds, sorted.
func kindNames() []string {
	var names []string
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		names = append(names, string(k))
	}
	return names
}

// printable reports why an index file must not print texts of this kind, be it
// as they are or through the function quote: they could mean something in the
// file's language.
func (k kind) printable(file string, quoted bool) error {
	anything := k == lineKind || k == textKind
	switch base := path.Base(file); {
	case path.Ext(base) == ".go":
		if !quoted && k != identifierKind && k != numberKind {
			return fmt.Errorf("a %s may be printed into Go code only through quote", k)
		}
	case path.Ext(base) == ".yaml" || path.Ext(base) == ".yml" || base == "Dockerfile":
		if !quoted && anything {
			return fmt.Errorf("a %s can be anything; print it into YAML or a Dockerfile only through quote", k)
		}
	case base == "Makefile" || path.Ext(base) == ".mk" || path.Ext(base) == ".sh":
		if anything {
			return fmt.Errorf("a %s can be anything, and quotes do not keep it from being a command; use a narrower kind", k)
		}
	}
	return nil
}
