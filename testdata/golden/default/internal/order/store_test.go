package order_test

import (
	"testing"

	"shop/internal/order"
	"shop/internal/orderstore"
)

// newStore returns an empty store of the kind that the service uses.
func newStore(*testing.T) order.Store { return orderstore.New() }
