// Drive uses a service by the client that oapi-codegen has made of its document.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"store/client"
)

func main() {
	if err := drive(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// drive returns an error unless the answers are what the document says, as Go.
func drive(ctx context.Context, url string) error {
	service, err := client.NewClientWithResponses(url)
	if err != nil {
		return err
	}
	credentials := client.UserCredentials{Name: "ada", Password: "correct horse battery staple"}
	registered, err := service.RegisterWithResponse(ctx, credentials)
	if err != nil || registered.JSON201 == nil || registered.JSON201.Name != "ada" {
		return fmt.Errorf("register: %v: %s", err, registered.Body)
	}
	loggedIn, err := service.LoginWithResponse(ctx, credentials)
	if err != nil || loggedIn.JSON200 == nil {
		return fmt.Errorf("login: %v: %s", err, loggedIn.Body)
	}
	token := func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+loggedIn.JSON200.AccessToken)
		return nil
	}

	draft := client.OrderDraft{Customer: "ada", Items: []client.OrderDraftItem{{Sku: "coffee", Quantity: 2}}}
	created, err := service.CreateOrderWithResponse(ctx, nil, draft, token)
	if err != nil || created.JSON201 == nil || created.JSON201.TotalCents != 2500 || created.JSON201.Status != "open" {
		return fmt.Errorf("create: %v: %s", err, created.Body)
	}
	got, err := service.GetOrderWithResponse(ctx, created.JSON201.Id, token)
	if err != nil || got.JSON200 == nil || got.JSON200.Items[0].Sku != "coffee" || !got.JSON200.CreatedAt.Equal(created.JSON201.CreatedAt) {
		return fmt.Errorf("get: %v: %s", err, got.Body)
	}
	listed, err := service.ListOrdersWithResponse(ctx, &client.ListOrdersParams{Limit: as(1, client.ListOrdersParams{}.Limit)}, token)
	if err != nil || listed.JSON200 == nil || len(listed.JSON200.Orders) != 1 || listed.JSON200.NextCursor != nil {
		return fmt.Errorf("list: %v: %s", err, listed.Body)
	}
	missing, err := service.GetOrderWithResponse(ctx, "ord_none", token)
	if err != nil || missing.ApplicationproblemJSON404 == nil || *missing.ApplicationproblemJSON404.Type != "/problems/order_not_found" {
		return fmt.Errorf("get what is not there: %v: %s", err, missing.Body)
	}
	refused, err := service.ListOrdersWithResponse(ctx, &client.ListOrdersParams{Limit: as(0, client.ListOrdersParams{}.Limit)}, token)
	if err != nil || refused.ApplicationproblemJSON422 == nil || (*refused.ApplicationproblemJSON422.Errors)[0].Location != "query.limit" {
		return fmt.Errorf("list nothing: %v: %s", err, refused.Body)
	}
	if stranger, err := service.GetOrderWithResponse(ctx, created.JSON201.Id); err != nil || stranger.StatusCode() != http.StatusUnauthorized {
		return errors.Join(err, fmt.Errorf("get without a token: %s", stranger.Body))
	}
	cancelled, err := service.CancelOrderWithResponse(ctx, created.JSON201.Id, token)
	if err != nil || cancelled.JSON200 == nil || cancelled.JSON200.Status != "cancelled" {
		return fmt.Errorf("cancel: %v: %s", err, cancelled.Body)
	}
	return nil
}

// as returns n as a pointer of the type that a parameter has: the documents differ in the
// width of integers.
func as[N int | int64](n int, _ *N) *N {
	is := N(n)
	return &is
}
