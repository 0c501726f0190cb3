package orderapi

import (
	"cmp"
	"net/http"

	"github.com/labstack/echo/v5"

	"shop/internal/api"
	"shop/internal/httpserver"
	"shop/internal/order"
)

// Register adds the routes of orders to router.
func Register(router *httpserver.Router, orders *order.Service) {
	h := handlers{orders}
	group := router.Group("/orders")
	group.POST("", h.create)
	group.GET("", h.list)
	group.GET("/:id", h.get)
	group.POST("/:id/cancel", h.cancel)
}

// handlers pass on the context of the request: that of echo is another request's
// as soon as a handler has returned.
type handlers struct{ orders *order.Service }

// Draft is an order to be placed.
type Draft struct {
	Customer      string      `json:"customer" validate:"min=1,max=64"`
	Items         []DraftItem `json:"items" validate:"min=1,max=100,dive"`
	PaymentMethod string      `json:"payment_method" validate:"omitempty,oneof=card invoice"`
}

// DraftItem is a quantity of one article to be ordered.
type DraftItem struct {
	SKU      string `json:"sku" validate:"min=1,max=64"`
	Quantity int    `json:"quantity" validate:"min=1,max=1000"`
}

func (h handlers) create(c *echo.Context) error {
	var in Draft
	if err := c.Bind(&in); err != nil {
		return err
	}
	var invalid api.Invalid
	key := api.IdempotencyKey(c.Request(), &invalid)
	if err := invalid.Problem(c.Request()); err != nil {
		return err
	}
	draft := order.Draft{Customer: in.Customer, PaymentMethod: cmp.Or(in.PaymentMethod, "card"), Key: key}
	for _, item := range in.Items {
		draft.Items = append(draft.Items, order.Item(item))
	}
	o, err := h.orders.Create(c.Request().Context(), draft)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, "/orders/"+o.ID)
	return c.JSON(http.StatusCreated, view(o))
}

func (h handlers) list(c *echo.Context) error {
	var invalid api.Invalid
	cursor, limit := api.PageQuery(c.Request(), &invalid)
	if err := invalid.Problem(c.Request()); err != nil {
		return err
	}
	orders, next, err := h.orders.List(c.Request().Context(), cursor, limit)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page(orders, next))
}

func (h handlers) get(c *echo.Context) error {
	o, err := h.orders.Get(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, view(o))
}

func (h handlers) cancel(c *echo.Context) error {
	o, err := h.orders.Cancel(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, view(o))
}
