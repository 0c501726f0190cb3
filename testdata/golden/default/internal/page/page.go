// Package page has what all lists share. A list is read page by page: each has the
// cursor of the next one, which is the id of its own last item. Unlike an offset,
// a cursor keeps its place when items are added before it.
package page

import (
	"net/http"

	"shop/internal/problem"
)

// ErrUnknownCursor refuses a cursor that no page of the list has given.
var ErrUnknownCursor = problem.Refusal("unknown_cursor", http.StatusUnprocessableEntity, "there is no page with this cursor")

// Cut returns the first limit items as a page, and the cursor of the next page, which is
// empty if there are no more items. To find out whether there are, the caller reads one
// item more than a page has.
func Cut[T any](items []T, limit int, id func(T) string) (page []T, next string) {
	if len(items) <= limit {
		return items, ""
	}
	return items[:limit], id(items[limit-1])
}
