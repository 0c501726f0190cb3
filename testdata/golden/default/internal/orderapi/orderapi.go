// Package orderapi serves orders over HTTP.
package orderapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"shop/internal/api"
	"shop/internal/order"
)

// Register adds the operations of orders to operations.
func Register(operations huma.API, orders *order.Service) {
	h := handlers{orders}
	created := func(o *huma.Operation) { o.DefaultStatus = http.StatusCreated }
	huma.Post(operations, "/orders", h.create, created, api.Describe("createOrder", "Place an order", "orders", http.StatusPaymentRequired, http.StatusConflict))
	huma.Get(operations, "/orders", h.list, api.Describe("listOrders", "List orders, the newest first", "orders"))
	huma.Get(operations, "/orders/{id}", h.get, api.Describe("getOrder", "Get an order", "orders", http.StatusNotFound))
	huma.Post(operations, "/orders/{id}/cancel", h.cancel, api.Describe("cancelOrder", "Cancel an order", "orders", http.StatusNotFound, http.StatusConflict))
}

type handlers struct{ orders *order.Service }

// Order is an order as the API shows it.
type Order struct {
	ID         string    `json:"id" example:"ord_5HZ7FQ2L6WZJ4R3K7XQ2M4N5PA"`
	Customer   string    `json:"customer" example:"ada"`
	Items      []Item    `json:"items" nullable:"false"`
	TotalCents int64     `json:"total_cents" example:"2500"`
	Status     string    `json:"status" enum:"open,cancelled"`
	CreatedAt  time.Time `json:"created_at"`
}

// Item is a quantity of one article.
type Item struct {
	SKU      string `json:"sku" example:"coffee"`
	Quantity int    `json:"quantity" example:"2"`
}

// Draft is an order to be placed.
type Draft struct {
	Customer      string      `json:"customer" minLength:"1" maxLength:"64" example:"ada"`
	Items         []DraftItem `json:"items" minItems:"1" maxItems:"100" nullable:"false"`
	PaymentMethod string      `json:"payment_method,omitempty" enum:"card,invoice" default:"card"`
}

// DraftItem is a quantity of one article to be ordered.
type DraftItem struct {
	SKU      string `json:"sku" minLength:"1" maxLength:"64" example:"coffee" doc:"The article: coffee, teapot, machine or unicorn."`
	Quantity int    `json:"quantity" minimum:"1" maximum:"1000" example:"2"`
}

// Page is a part of the list of orders.
type Page struct {
	Orders     []Order `json:"orders" nullable:"false"`
	NextCursor string  `json:"next_cursor,omitempty" doc:"Where the next page begins; absent on the last one."`
}

type createInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" pattern:"^[ -~]*$" example:"8e03978e-40d5-43e8-bc93-6894a57f9324" doc:"Unique to the order, such as a UUID: send the request again with the same key, and it is still placed once."`
	Body Draft
}

type createOutput struct {
	Location string `header:"Location" doc:"The path of the order."`
	Body     Order
}

func (h handlers) create(ctx context.Context, in *createInput) (*createOutput, error) {
	draft := order.Draft{Customer: in.Body.Customer, PaymentMethod: in.Body.PaymentMethod, Key: in.Key}
	for _, item := range in.Body.Items {
		draft.Items = append(draft.Items, order.Item(item))
	}
	o, err := h.orders.Create(ctx, draft)
	if err != nil {
		return nil, err
	}
	return &createOutput{"/orders/" + o.ID, view(o)}, nil
}

type orderOutput struct{ Body Order }

type orderInput struct {
	ID string `path:"id" example:"ord_5HZ7FQ2L6WZJ4R3K7XQ2M4N5PA"`
}

func (h handlers) get(ctx context.Context, in *orderInput) (*orderOutput, error) {
	return reply(h.orders.Get(ctx, in.ID))
}

func (h handlers) cancel(ctx context.Context, in *orderInput) (*orderOutput, error) {
	return reply(h.orders.Cancel(ctx, in.ID))
}

type listOutput struct{ Body Page }

func (h handlers) list(ctx context.Context, in *api.PageQuery) (*listOutput, error) {
	orders, next, err := h.orders.List(ctx, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	page := Page{Orders: make([]Order, 0, len(orders)), NextCursor: next}
	for _, o := range orders {
		page.Orders = append(page.Orders, view(o))
	}
	return &listOutput{page}, nil
}

// reply returns the response that shows an order, which Huma sends unless there is an error.
func reply(o order.Order, err error) (*orderOutput, error) { return &orderOutput{view(o)}, err }

func view(o order.Order) Order {
	items := make([]Item, 0, len(o.Items))
	for _, item := range o.Items {
		items = append(items, Item(item))
	}
	return Order{ID: o.ID, Customer: o.Customer, Items: items, TotalCents: o.Total, Status: string(o.Status), CreatedAt: o.CreatedAt}
}
