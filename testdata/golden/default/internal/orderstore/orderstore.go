// Package orderstore keeps orders in memory: they are gone when the process
// ends, and no other replica sees them.
package orderstore

import (
	"context"
	"slices"
	"sync"

	"shop/internal/order"
)

// Store is an order.Store in memory.
type Store struct {
	mu     sync.RWMutex
	orders []order.Order  // the oldest first
	index  map[string]int // of an id in orders
}

// New returns an empty store.
func New() *Store { return &Store{index: map[string]int{}} }

// Insert implements order.Store.
func (s *Store) Insert(_ context.Context, o order.Order) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index[o.ID] = len(s.orders)
	s.orders = append(s.orders, o)
	return nil
}

// Get implements order.Store.
func (s *Store) Get(_ context.Context, id string) (order.Order, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, ok := s.index[id]
	if !ok {
		return order.Order{}, order.ErrNotFound
	}
	return s.orders[i], nil
}

// List implements order.Store.
func (s *Store) List(_ context.Context, owner, after string, limit int) ([]order.Order, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	end, known := s.index[after]
	if after == "" {
		end = len(s.orders)
	} else if !known || s.orders[end].Owner != owner {
		return nil, order.ErrUnknownCursor
	}
	var page []order.Order
	for _, o := range slices.Backward(s.orders[:end]) {
		if len(page) == limit {
			break
		}
		if o.Owner == owner {
			page = append(page, o)
		}
	}
	return page, nil
}

// Cancel implements order.Store.
func (s *Store) Cancel(_ context.Context, id string) (order.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.index[id]
	if !ok {
		return order.Order{}, order.ErrNotFound
	}
	if s.orders[i].Status == order.Cancelled {
		return order.Order{}, order.ErrAlreadyCancelled
	}
	s.orders[i].Status = order.Cancelled
	return s.orders[i], nil
}
