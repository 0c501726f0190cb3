package orderapi

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"

	"shop/internal/api"
	"shop/internal/order"
)

type handlers struct{ orders *order.Service }

// Draft is an order to be placed.
type Draft struct {
	Customer      string `json:"customer"`
	Items         []Item `json:"items"`
	PaymentMethod string `json:"payment_method"`
}

// validate returns every invalid part of the draft.
func (d Draft) validate() api.Invalid {
	var invalid api.Invalid
	const name = "expected 1 to 64 characters"
	invalid.Check(isName(d.Customer), "body.customer", name)
	invalid.Check(len(d.Items) >= 1 && len(d.Items) <= 100, "body.items", "expected 1 to 100 items")
	for i, item := range d.Items {
		at := fmt.Sprintf("body.items[%d]", i)
		invalid.Check(isName(item.SKU), at+".sku", name)
		invalid.Check(item.Quantity >= 1 && item.Quantity <= 1000, at+".quantity", "expected a number from 1 to 1000")
	}
	invalid.Check(slices.Contains([]string{"", "card", "invoice"}, d.PaymentMethod), "body.payment_method", "expected card or invoice")
	return invalid
}

func isName(text string) bool {
	n := utf8.RuneCountInString(text)
	return n >= 1 && n <= 64
}

func (h handlers) create(w http.ResponseWriter, r *http.Request) error {
	in, err := api.Decode[Draft](r)
	if err != nil {
		return err
	}
	invalid := in.validate()
	key := api.IdempotencyKey(r, &invalid)
	if err := invalid.Problem(r); err != nil {
		return err
	}
	draft := order.Draft{Customer: in.Customer, PaymentMethod: cmp.Or(in.PaymentMethod, "card"), Key: key}
	for _, item := range in.Items {
		draft.Items = append(draft.Items, order.Item(item))
	}
	o, err := h.orders.Create(r.Context(), draft)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/orders/"+o.ID)
	return api.Reply(w, http.StatusCreated, view(o))
}

func (h handlers) list(w http.ResponseWriter, r *http.Request) error {
	var invalid api.Invalid
	cursor, limit := api.PageQuery(r, &invalid)
	if err := invalid.Problem(r); err != nil {
		return err
	}
	orders, next, err := h.orders.List(r.Context(), cursor, limit)
	if err != nil {
		return err
	}
	return api.Reply(w, http.StatusOK, page(orders, next))
}

func (h handlers) get(w http.ResponseWriter, r *http.Request) error {
	o, err := h.orders.Get(r.Context(), id(r))
	if err != nil {
		return err
	}
	return api.Reply(w, http.StatusOK, view(o))
}

func (h handlers) cancel(w http.ResponseWriter, r *http.Request) error {
	o, err := h.orders.Cancel(r.Context(), id(r))
	if err != nil {
		return err
	}
	return api.Reply(w, http.StatusOK, view(o))
}
