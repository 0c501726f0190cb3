package order

import "context"

// Payments reserves what customers pay at a payment provider. The money is
// taken when the order is delivered, which is not part of this sample; what
// was reserved and is neither taken nor released lapses by itself.
type Payments interface {
	// Authorize reserves the total of o. Its PaymentID is the idempotency key:
	// repeating a payment reserves nothing more. After ErrPaymentDeclined
	// and ErrPaymentUnavailable nothing is reserved; after any other error it
	// may be, because an answer can get lost.
	Authorize(ctx context.Context, o Order) error
	// Void releases what was reserved for the PaymentID of o. It is not an error if
	// that was released before, or if nothing was reserved.
	Void(ctx context.Context, o Order) error
}

// Sandbox stands in for a payment provider. It approves totals of up to
// 1,000.00 and moves no money.
type Sandbox struct{}

// sandboxLimit is the highest total that Sandbox approves, in cents.
const sandboxLimit = 1_000_00

// NewSandbox returns a Sandbox.
func NewSandbox() Sandbox { return Sandbox{} }

// Authorize implements Payments.
func (Sandbox) Authorize(_ context.Context, o Order) error {
	if o.Total > sandboxLimit {
		return ErrPaymentDeclined
	}
	return nil
}

// Void implements Payments.
func (Sandbox) Void(context.Context, Order) error { return nil }
