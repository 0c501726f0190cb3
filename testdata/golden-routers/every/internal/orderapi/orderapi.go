// Package orderapi serves orders over HTTP.
package orderapi

import (
	"time"

	"shop/internal/order"
)

// Order is an order as the API shows it.
type Order struct {
	ID         string    `json:"id"`
	Customer   string    `json:"customer"`
	Items      []Item    `json:"items"`
	TotalCents int64     `json:"total_cents"`
	Status     string    `json:"status"`
	CreatedAt  time.Time `json:"created_at"`
}

// Item is a quantity of one article.
type Item struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// Page is a part of the list of orders.
type Page struct {
	Orders     []Order `json:"orders"`
	NextCursor string  `json:"next_cursor,omitempty"` // where the next page begins; absent on the last one
}

func page(orders []order.Order, next string) Page {
	page := Page{Orders: make([]Order, 0, len(orders)), NextCursor: next}
	for _, o := range orders {
		page.Orders = append(page.Orders, view(o))
	}
	return page
}

func view(o order.Order) Order {
	items := make([]Item, 0, len(o.Items))
	for _, item := range o.Items {
		items = append(items, Item(item))
	}
	return Order{ID: o.ID, Customer: o.Customer, Items: items, TotalCents: o.Total, Status: string(o.Status), CreatedAt: o.CreatedAt}
}
