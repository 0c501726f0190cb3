package diff3

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// TestDiffIsAShortestEdit compares the linear-space search with the textbook's
// quadratic table.
func TestDiffIsAShortestEdit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		kinds := 1 + r.IntN(6)
		a, b := randomLines(r, r.IntN(12), kinds), randomLines(r, r.IntN(12), kinds)
		var rebuilt []int
		at, edits := 0, 0
		for i, h := range diff(a, b) {
			if i > 0 && h.aLo == at {
				t.Fatalf("diff(%v, %v): hunks touch: %v", a, b, diff(a, b))
			}
			rebuilt = append(append(rebuilt, a[at:h.aLo]...), b[h.bLo:h.bHi]...)
			edits += h.aHi - h.aLo + h.bHi - h.bLo
			at = h.aHi
		}
		rebuilt = append(rebuilt, a[at:]...)
		if want := len(a) + len(b) - 2*lcs(a, b); !slices.Equal(rebuilt, b) || edits != want {
			t.Fatalf("diff(%v, %v) = %v: gives %v in %d edits; the shortest has %d", a, b, diff(a, b), rebuilt, edits, want)
		}
	}
}

// TestDiffOfLongTexts: memory is linear in the length of the texts, whatever
// their difference.
func TestDiffOfLongTexts(t *testing.T) {
	a := rand.New(rand.NewPCG(2, 2)).Perm(10_000)
	b := slices.Clone(a)
	for i := 0; i+9 < len(b); i += 10 {
		slices.Reverse(b[i : i+3])
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	diff(a, b)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("diff of 10,000 lines allocates %d bytes, want at most 8 MiB", used)
	}
}

func randomLines(r *rand.Rand, n, kinds int) []int {
	lines := make([]int, n)
	for i := range lines {
		lines[i] = r.IntN(kinds)
	}
	return lines
}

func lcs(a, b []int) int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
	}
	for i := range a {
		for j := range b {
			if a[i] == b[j] {
				table[i+1][j+1] = table[i][j] + 1
			} else {
				table[i+1][j+1] = max(table[i][j+1], table[i+1][j])
			}
		}
	}
	return table[len(a)][len(b)]
}
