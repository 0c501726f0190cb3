// Package order is the sample domain: customers order items, which takes stock
// and a payment. Replace it with your own, and keep what it shows: where spans
// begin and end, how an error becomes telemetry, which metrics a domain has.
package order

import (
	"net/http"
	"time"
)

// Order is what a customer bought.
type Order struct {
	ID        string
	Owner     string // the subject of the principal who placed it; empty if that was anonymous
	Customer  string
	Items     []Item
	Total     int64 // in cents
	Status    Status
	CreatedAt time.Time
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
}

// Error is a reason of the domain to refuse, in words for the customer.
type Error struct {
	Code    string // of low cardinality: the error.type of telemetry
	Status  int    // of the HTTP response
	Message string
}

func (e *Error) Error() string { return e.Message }

// ErrorType and HTTPStatus make an Error a problem.Refusal.
func (e *Error) ErrorType() string { return e.Code }

// HTTPStatus is the status of the response.
func (e *Error) HTTPStatus() int { return e.Status }

// The reasons to refuse.
var (
	ErrNotFound           = &Error{"order_not_found", http.StatusNotFound, "there is no such order"}
	ErrNotOwner           = &Error{"not_owner", http.StatusForbidden, "the order belongs to somebody else"}
	ErrUnknownCursor      = &Error{"unknown_cursor", http.StatusUnprocessableEntity, "there is no page with this cursor"}
	ErrUnknownArticle     = &Error{"unknown_article", http.StatusUnprocessableEntity, "an article of the order does not exist"}
	ErrOutOfStock         = &Error{"out_of_stock", http.StatusConflict, "an article of the order is out of stock"}
	ErrPaymentDeclined    = &Error{"payment_declined", http.StatusPaymentRequired, "the payment was declined"}
	ErrPaymentUnavailable = &Error{"payment_unavailable", http.StatusServiceUnavailable, "payments are not possible at the moment; try again later"}
	ErrAlreadyCancelled   = &Error{"already_cancelled", http.StatusConflict, "the order was cancelled before"}
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
