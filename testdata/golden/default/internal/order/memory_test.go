package order_test

import (
	"testing"

	"shop/internal/order"
	"shop/internal/order/ordertest"
)

func TestMemory(t *testing.T) {
	ordertest.TestStore(t, func(*testing.T) order.Store { return order.NewMemory() })
}
