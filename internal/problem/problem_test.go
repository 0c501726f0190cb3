package problem

import (
	"errors"
	"testing"
)

func TestList(t *testing.T) {
	var l List
	if l.Err() != nil {
		t.Error("no problem is an error")
	}
	l.Add(Position{"b", 1, 2}, "last %d", 1)
	l.Add(Position{"a", 10, 1}, "third")
	l.Add(Position{"a", 2, 0}, "second")
	l.Add(Position{Path: "a"}, "first")
	l.Add(Position{"a", 10, 1}, "third")
	l.AddError("c", nil)
	l.AddError("c", errors.Join(errors.New("c: whole"), errors.New("c:7: line"), errors.New("c:7:8: column: and more"), errors.New("other")))
	const want = "a: first\na:2: second\na:10:1: third\nb:1:2: last 1\nc: other\nc: whole\nc:7: line\nc:7:8: column: and more"
	if err := l.Err(); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"stdlib", "chi", "gin", "stdlib"}
	for word, want := range map[string]string{
		"chii":   "did you mean chi?",
		"stdlbi": "did you mean stdlib?",
		"Chi":    "did you mean chi?",
		"":       "choose chi, gin or stdlib",
		"fiber":  "choose chi, gin or stdlib",
	} {
		if got := Suggest(word, known); got != want {
			t.Errorf("%s: %s", word, got)
		}
	}
	if got := Suggest("x", nil); got != "there is nothing to choose from" {
		t.Errorf("got %s", got)
	}
}
