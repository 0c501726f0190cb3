// Package order is the sample domain: customers order items, which takes stock
// and a payment. Replace it with your own, and keep what it shows: where spans
// begin and end, how an error becomes telemetry, which metrics a domain has.
package order

import (
	"crypto/sha256"
	"encoding/base32"
	"net/http"
	"time"

	"shop/internal/page"
	"shop/internal/problem"
)

// Order is what a customer bought.
type Order struct {
	ID            string
	Owner         string // the principal.Owner of who placed it; empty if that was anonymous
	Customer      string
	Items         []Item
	Total         int64 // in cents
	PaymentMethod string
	PaymentID     string
	Status        Status
	CreatedAt     time.Time
}

// Item is a quantity of one article.
type Item struct {
	SKU      string
	Quantity int
}

// Status is the state of an order.
type Status string

// An order is open until it is cancelled.
const (
	Open      Status = "open"
	Cancelled Status = "cancelled"
)

// Draft is an order that is yet to be made.
type Draft struct {
	Customer      string
	Items         []Item
	PaymentMethod string
	// Key makes it safe to send the draft again: of all drafts of one owner with the
	// same key, one becomes an order. Empty for a draft that is always a new order.
	Key string
}

// newID returns the ID of the order that owner places with a key. It is derived from
// both, so that a store, in which IDs are unique, cannot keep two orders for one key. A
// key has no zero byte.
func newID(owner, key string) string {
	sum := sha256.Sum256([]byte(owner + "\x00" + key))
	return "ord_" + base32.StdEncoding.EncodeToString(sum[:])[:26]
}

// The reasons to refuse.
var (
	ErrNotFound           = problem.Refusal("order_not_found", http.StatusNotFound, "there is no such order")
	ErrNotOwner           = problem.Refusal("not_owner", http.StatusForbidden, "the order belongs to somebody else")
	ErrUnknownCursor      = page.ErrUnknownCursor
	ErrUnknownArticle     = problem.Refusal("unknown_article", http.StatusUnprocessableEntity, "an article of the order does not exist")
	ErrOutOfStock         = problem.Refusal("out_of_stock", http.StatusConflict, "an article of the order is out of stock")
	ErrPaymentDeclined    = problem.Refusal("payment_declined", http.StatusPaymentRequired, "the payment was declined")
	ErrPaymentUnavailable = problem.Refusal("payment_unavailable", http.StatusServiceUnavailable, "payments are not possible at the moment; try again later")
	ErrKeyReused          = problem.Refusal("idempotency_key_reused", http.StatusUnprocessableEntity, "another order was placed with this idempotency key")
	ErrAlreadyCancelled   = problem.Refusal("already_cancelled", http.StatusConflict, "the order was cancelled before")
)

// Article is something to order.
type Article struct {
	Price int64 // in cents
	Stock int
}

// total returns the price of items in cents. It returns ErrUnknownArticle or
// ErrOutOfStock if they cannot be ordered.
func total(items []Item, articles map[string]Article) (total int64, err error) {
	for sku, quantity := range Quantities(items) {
		article, ok := articles[sku]
		if !ok {
			return 0, ErrUnknownArticle
		}
		if article.Stock < quantity {
			return 0, ErrOutOfStock
		}
		total += article.Price * int64(quantity)
	}
	return total, nil
}

// Quantities returns how much of each article the items are, by SKU: an order
// may have several items of one article.
func Quantities(items []Item) map[string]int {
	quantities := make(map[string]int, len(items))
	for _, item := range items {
		quantities[item.SKU] += item.Quantity
	}
	return quantities
}
