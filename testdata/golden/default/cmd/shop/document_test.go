package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The document names operations and schemas as generated clients need it, and has every
// response.
func TestOrders_Document(t *testing.T) {
	t.Parallel()
	p := start(t)
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Tags        []string
			Parameters  []struct {
				Name, In string
				Schema   struct{ MaxLength int }
			}
			Responses map[string]struct {
				Headers map[string]any
				Content map[string]struct {
					Schema map[string]string
				}
			}
		}
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Type any
					Enum []string
				}
			}
		}
	}
	status, body := p.do(http.MethodGet, "/openapi.json", "")
	if err := json.Unmarshal([]byte(body), &document); err != nil || status != http.StatusOK {
		t.Fatalf("%d, %v: %s", status, err, body)
	}
	for operation, want := range map[string][2]string{
		"post /orders":             {"createOrder", "201 400 402 408 409 413 415 422 500 503 504"},
		"get /orders":              {"listOrders", "200 422 500 503 504"},
		"get /orders/{id}":         {"getOrder", "200 404 422 500 503 504"},
		"post /orders/{id}/cancel": {"cancelOrder", "200 404 409 422 500 503 504"},
	} {
		method, path, _ := strings.Cut(operation, " ")
		got := document.Paths[path][method]
		delete(got.Responses, "401") // who may ask is not the sample's to say
		delete(got.Responses, "403")
		statuses := strings.Join(slices.Sorted(maps.Keys(got.Responses)), " ")
		if got.OperationID != want[0] || statuses != want[1] || !slices.Equal(got.Tags, []string{"orders"}) {
			t.Errorf("%s: %s, tags %v, answers %s; want %v", operation, got.OperationID, got.Tags, statuses, want)
		}
		for status, response := range got.Responses {
			if schema := response.Content["application/problem+json"].Schema["$ref"]; status >= "400" && schema != "#/components/schemas/Problem" {
				t.Errorf("%s: %s is %v", operation, status, response)
			}
		}
	}
	if got := document.Paths["/orders"]["post"].Parameters; len(got) != 1 || got[0].Name != "Idempotency-Key" || got[0].In != "header" {
		t.Errorf("parameters of createOrder: %v", got)
	}
	for _, name := range []string{"Order", "OrderDraft", "OrderItem", "OrderPage", "Problem", "ProblemInvalid"} {
		if _, ok := document.Components.Schemas[name]; !ok {
			t.Errorf("no schema %s in %v", name, slices.Sorted(maps.Keys(document.Components.Schemas)))
		}
	}
	for name, list := range map[string]string{"Order": "items", "OrderDraft": "items", "OrderPage": "orders", "Problem": "errors"} {
		if kind := document.Components.Schemas[name].Properties[list].Type; kind != "array" { // and never null
			t.Errorf("%s.%s: type %v", name, list, kind)
		}
	}
	if states := document.Components.Schemas["Order"].Properties["status"].Enum; !slices.Equal(states, []string{"open", "cancelled"}) {
		t.Errorf("an order is %v", states)
	}
	if headers := document.Paths["/orders"]["post"].Responses["201"].Headers; headers["Location"] == nil {
		t.Errorf("a new order has the headers %v", headers)
	}
	if id := document.Paths["/orders/{id}"]["get"].Parameters; len(id) != 1 || id[0].Name != "id" || id[0].Schema.MaxLength != 0 { // an ID is opaque, so a long one is not found
		t.Errorf("an order is found by %+v", id)
	}
}
