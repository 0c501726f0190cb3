package page

import (
	"slices"
	"testing"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		items, want []string
		next        string
	}{
		{nil, nil, ""},
		{[]string{"a"}, []string{"a"}, ""},
		{[]string{"a", "b"}, []string{"a", "b"}, ""}, // a whole page, and no next one
		{[]string{"a", "b", "c"}, []string{"a", "b"}, "b"},
		{[]string{"a", "b", "c", "d"}, []string{"a", "b"}, "b"},
	} {
		got, next := Cut(c.items, 2, func(item string) string { return item })
		if !slices.Equal(got, c.want) || next != c.next {
			t.Errorf("%v: %v, next %q; want %v, %q", c.items, got, next, c.want, c.next)
		}
	}
}
