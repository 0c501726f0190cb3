package orderapi

import (
	"cmp"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"shop/internal/api"
	"shop/internal/httpserver"
	"shop/internal/order"
)

// Register adds the routes of orders to router.
func Register(router *httpserver.Router, orders *order.Service, log *slog.Logger) {
	h := handlers{orders}
	group := router.Group("/orders")
	group.POST("", api.Handle(log, h.create))
	group.GET("", api.Handle(log, h.list))
	group.GET("/:id", api.Handle(log, h.get))
	group.POST("/:id/cancel", api.Handle(log, h.cancel))
}

// handlers pass on the context of the request and not that of gin, which gin uses
// for another request as soon as a handler has returned.
type handlers struct{ orders *order.Service }

// Draft is an order to be placed.
type Draft struct {
	Customer      string      `json:"customer" binding:"min=1,max=64"`
	Items         []DraftItem `json:"items" binding:"min=1,max=100,dive"`
	PaymentMethod string      `json:"payment_method" binding:"omitempty,oneof=card invoice"`
}

// DraftItem is a quantity of one article to be ordered.
type DraftItem struct {
	SKU      string `json:"sku" binding:"min=1,max=64"`
	Quantity int    `json:"quantity" binding:"min=1,max=1000"`
}

func (h handlers) create(c *gin.Context) error {
	var in Draft
	if err := c.ShouldBindWith(&in, api.JSON); err != nil {
		return err
	}
	var invalid api.Invalid
	key := api.IdempotencyKey(c.Request, &invalid)
	if err := invalid.Problem(c.Request); err != nil {
		return err
	}
	draft := order.Draft{Customer: in.Customer, PaymentMethod: cmp.Or(in.PaymentMethod, "card"), Key: key}
	for _, item := range in.Items {
		draft.Items = append(draft.Items, order.Item(item))
	}
	o, err := h.orders.Create(c.Request.Context(), draft)
	if err != nil {
		return err
	}
	c.Header("Location", "/orders/"+o.ID)
	return api.Reply(c.Writer, http.StatusCreated, view(o))
}

func (h handlers) list(c *gin.Context) error {
	var invalid api.Invalid
	cursor, limit := api.PageQuery(c.Request, &invalid)
	if err := invalid.Problem(c.Request); err != nil {
		return err
	}
	orders, next, err := h.orders.List(c.Request.Context(), cursor, limit)
	if err != nil {
		return err
	}
	return api.Reply(c.Writer, http.StatusOK, page(orders, next))
}

func (h handlers) get(c *gin.Context) error {
	o, err := h.orders.Get(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return api.Reply(c.Writer, http.StatusOK, view(o))
}

func (h handlers) cancel(c *gin.Context) error {
	o, err := h.orders.Cancel(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return api.Reply(c.Writer, http.StatusOK, view(o))
}
