package covering_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/otelgen/otelgen/internal/dev/covering"
)

// In spaces of every kind, the rows that are chosen exist, they cover everything that
// the space has, and they are the same every time.
func TestSpace(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		space, all := randomSpace(random)
		if len(all) == 0 {
			continue
		}
		t.Run(fmt.Sprint(space.Values, len(all)), func(t *testing.T) {
			if rows, ok := space.All(len(all)); !ok || !slices.EqualFunc(rows, all, slices.Equal) {
				t.Errorf("all are %t %v, want %v", ok, rows, all)
			}
			if rows, ok := space.All(len(all) - 1); ok {
				t.Errorf("%d rows are all, and there are %d", len(rows), len(all))
			}
			checkRows(t, space.Alone(), all)
			checkRows(t, space.Random(20), all)
			for strength := 1; strength <= min(3, len(space.Values)); strength++ {
				rows := space.Cover(strength)
				checkRows(t, rows, all)
				covered := combinations(rows, strength)
				for combination := range combinations(all, strength) {
					if !covered[combination] {
						t.Errorf("by %d: nothing covers %s", strength, combination)
					}
				}
				if !reflect.DeepEqual(rows, space.Cover(strength)) {
					t.Errorf("by %d: another time they are others", strength)
				}
				given := space.Alone()
				beside := space.Cover(strength, given...)
				if !reflect.DeepEqual(beside[:len(given)], given) || len(combinations(beside, strength)) != len(combinations(all, strength)) {
					t.Errorf("by %d: beside %v there are %v", strength, given, beside)
				}
			}
		})
	}
}

// randomSpace returns a space in which some pairs and triples of values exclude
// each other, and all of its rows in order.
func randomSpace(random *rand.Rand) (space covering.Space, all [][]int) {
	for range 1 + random.IntN(6) {
		space.Values = append(space.Values, 1+random.IntN(4))
	}
	excluded := make([]map[int]int, random.IntN(8)) // value by factor
	for i := range excluded {
		excluded[i] = map[int]int{}
		for range 2 + random.IntN(2) {
			factor := random.IntN(len(space.Values))
			excluded[i][factor] = random.IntN(space.Values[factor])
		}
	}
	rows := [][]int{nil}
	for _, values := range space.Values {
		var longer [][]int
		for _, row := range rows {
			for value := range values {
				longer = append(longer, append(slices.Clone(row), value))
			}
		}
		rows = longer
	}
	all = slices.DeleteFunc(rows, func(row []int) bool {
		return slices.ContainsFunc(excluded, func(e map[int]int) bool {
			for factor, value := range e {
				if row[factor] != value {
					return false
				}
			}
			return true
		})
	})
	space.Complete = func(row []int) []int {
		for _, other := range all {
			fits := true
			for i := range row {
				fits = fits && (row[i] == covering.Open || row[i] == other[i])
			}
			if fits {
				return other
			}
		}
		return nil
	}
	return space, all
}

func checkRows(t *testing.T, rows, all [][]int) {
	t.Helper()
	for _, row := range rows {
		if _, exists := slices.BinarySearchFunc(all, row, slices.Compare); !exists {
			t.Errorf("%v is no row", row)
		}
	}
}

// combinations returns all that rows have, of so many values.
func combinations(rows [][]int, strength int) map[string]bool {
	found := map[string]bool{}
	for _, row := range rows {
		var choose func(name string, i, more int)
		choose = func(name string, i, more int) {
			if more == 0 {
				found[name] = true
				return
			}
			for ; i < len(row); i++ {
				choose(fmt.Sprintf("%s%d is %d ", name, i, row[i]), i+1, more-1)
			}
		}
		choose("", 0, strength)
	}
	return found
}

// The rows grow like a logarithm with the factors.
func TestSpace_CoverIsSmall(t *testing.T) {
	for _, test := range []struct{ factors, values, strength, most int }{
		{10, 2, 2, 10}, {20, 2, 2, 12}, {40, 2, 2, 14}, {10, 4, 2, 35},
		{10, 2, 3, 24}, {20, 2, 3, 35}, {10, 4, 3, 180},
	} {
		rows := free(test.factors, test.values).Cover(test.strength)
		t.Logf("%+v: %d rows", test, len(rows))
		if len(rows) > test.most {
			t.Errorf("%+v: %d rows", test, len(rows))
		}
	}
}

func TestSpace_Alone(t *testing.T) {
	want := [][]int{{0, 0}, {1, 0}, {2, 0}, {0, 0}, {0, 1}, {0, 2}}
	if rows := free(2, 3).Alone(); !reflect.DeepEqual(rows, want) {
		t.Errorf("got %v, want %v", rows, want)
	}
}

// free returns a space in which nothing excludes anything.
func free(factors, values int) covering.Space {
	return covering.Space{Values: slices.Repeat([]int{values}, factors), Complete: func(row []int) []int {
		whole := slices.Clone(row)
		for i := range whole {
			whole[i] = max(whole[i], 0)
		}
		return whole
	}}
}
