// Package order is the sample domain: customers order items, which takes stock
// and a payment. Replace it with your own, and keep what it shows: where spans
// begin and end, how an error becomes telemetry, which metrics a domain has.
package order

import (
	"net/http"
	"sync"
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

// Inventory is the stock of articles, in memory.
type Inventory struct {
	mu       sync.Mutex
	articles map[string]*article
}

type article struct {
	price int64 // in cents
	stock int
}

// NewInventory returns the stock of the sample.
func NewInventory() *Inventory {
	return &Inventory{articles: map[string]*article{
		"coffee":  {price: 12_50, stock: 10_000},
		"teapot":  {price: 39_00, stock: 500},
		"machine": {price: 1_499_00, stock: 10},
		"unicorn": {price: 1, stock: 0},
	}}
}

// Take takes all items from stock, or none. It returns their price in cents,
// ErrUnknownArticle or ErrOutOfStock.
func (v *Inventory) Take(items []Item) (total int64, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, item := range items {
		a, ok := v.articles[item.SKU]
		switch {
		case !ok:
			err = ErrUnknownArticle
		case a.stock < item.Quantity:
			err = ErrOutOfStock
		}
		if err != nil {
			v.putBack(items[:i])
			return 0, err
		}
		a.stock -= item.Quantity
		total += a.price * int64(item.Quantity)
	}
	return total, nil
}

// PutBack returns items to stock.
func (v *Inventory) PutBack(items []Item) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.putBack(items)
}

func (v *Inventory) putBack(items []Item) {
	for _, item := range items {
		if a, ok := v.articles[item.SKU]; ok {
			a.stock += item.Quantity
		}
	}
}
