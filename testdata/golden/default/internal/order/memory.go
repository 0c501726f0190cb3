package order

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
)

// Memory is a Store in memory: for tests, and for a service that need not keep
// its orders. No other replica sees them.
type Memory struct {
	mu       sync.RWMutex
	articles map[string]Article
	orders   []Order        // the oldest first
	index    map[string]int // of an id in orders
}

// NewMemory returns a store without orders. Its articles are those of the sample.
func NewMemory() *Memory {
	return &Memory{index: map[string]int{}, articles: map[string]Article{
		"coffee":  {Price: 12_50, Stock: 10_000},
		"teapot":  {Price: 39_00, Stock: 500},
		"machine": {Price: 1_499_00, Stock: 10},
		"unicorn": {Price: 1, Stock: 0},
	}}
}

// Articles implements Store.
func (m *Memory) Articles(_ context.Context, skus []string) (map[string]Article, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	found := maps.Clone(m.articles)
	maps.DeleteFunc(found, func(sku string, _ Article) bool { return !slices.Contains(skus, sku) })
	return found, nil
}

// Insert implements Store.
func (m *Memory) Insert(_ context.Context, o Order) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, kept := m.index[o.ID]; kept {
		return errors.New("there is an order with this id")
	}
	if _, err := total(o.Items, m.articles); err != nil {
		return err
	}
	m.move(o.Items, -1)
	m.index[o.ID] = len(m.orders)
	m.orders = append(m.orders, o)
	return nil
}

// move puts items back into stock, or with a negative sign takes them.
func (m *Memory) move(items []Item, sign int) {
	for sku, quantity := range Quantities(items) {
		article := m.articles[sku]
		article.Stock += sign * quantity
		m.articles[sku] = article
	}
}

// Get implements Store.
func (m *Memory) Get(_ context.Context, id string) (Order, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	i, ok := m.index[id]
	if !ok {
		return Order{}, ErrNotFound
	}
	return m.orders[i], nil
}

// List implements Store.
func (m *Memory) List(_ context.Context, owner, after string, limit int) ([]Order, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	end, known := m.index[after]
	if after == "" {
		end = len(m.orders)
	} else if !known || m.orders[end].Owner != owner {
		return nil, ErrUnknownCursor
	}
	var page []Order
	for _, o := range slices.Backward(m.orders[:end]) {
		if len(page) == limit {
			break
		}
		if o.Owner == owner {
			page = append(page, o)
		}
	}
	return page, nil
}

// Cancel implements Store.
func (m *Memory) Cancel(_ context.Context, id string) (Order, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.index[id]
	if !ok {
		return Order{}, ErrNotFound
	}
	o := &m.orders[i]
	if o.Status == Cancelled {
		return Order{}, ErrAlreadyCancelled
	}
	o.Status = Cancelled
	m.move(o.Items, 1)
	return *o, nil
}
