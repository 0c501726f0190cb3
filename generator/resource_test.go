package generator

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestNewResource(t *testing.T) {
	for _, c := range []struct{ name, plural, want string }{
		{"product", "", "products"},
		{"line-item", "", "line-items"},
		{"category", "", "categories"},
		{"day", "", "days"},
		{"box", "", "boxes"},
		{"branch", "", "branches"},
		{"glass", "", "glasses"},
		{"status", "", "statuses"},
		{"person", "people", "people"},
		{"lens", "lenses", "lenses"},
		{"oauth2-client", "", "oauth2-clients"},
	} {
		r, err := NewResource(c.name, c.plural, "20261126000000")
		if err != nil || r != (Resource{c.name, c.want, "20261126000000"}) {
			t.Errorf("%s, %s: %+v, %v", c.name, c.plural, r, err)
		}
	}
	for _, c := range []struct{ name, plural, migration, want string }{
		{"", "", "20261126000000", `"" is not a valid name`},
		{"Product", "", "20261126000000", `"Product" is not a valid name`},
		{"product-", "", "20261126000000", `"product-" is not a valid name`},
		{"line_item", "", "20261126000000", `"line_item" is not a valid name`},
		{"2nd", "", "20261126000000", `"2nd" is not a valid name`},
		{strings.Repeat("x", 41), "", "20261126000000", "use at most 40 lower-case letters"},
		{"product", "../products", "20261126000000", `"../products" is not a valid name`},
		{"products", "", "20261126000000", "the name looks like a plural"},
		{"sheep", "sheep", "20261126000000", "the plural is the same"},
		{"func", "", "20261126000000", "a keyword or a predeclared name"},
		{"string", "", "20261126000000", "a keyword or a predeclared name"},
		{"internal", "", "20261126000000", "the go command gives this word a special meaning"},
		{"time", "", "20261126000000", "a package of the standard library"},
		{"row", "", "20261126000000", "rows cannot be the name of a table"},
		{"product", "", "now", `migration "now"`},
	} {
		_, err := NewResource(c.name, c.plural, c.migration)
		if choice, ok := errors.AsType[*ChoiceError](err); !ok || !strings.Contains(choice.Error(), c.want) || !strings.HasPrefix(choice.Error(), "resource "+c.name+": ") {
			t.Errorf("%s, %s: %v, want %s", c.name, c.plural, err, c.want)
		}
	}
}

// Each form of a name stays the form that it is.
func TestResource_Renamer(t *testing.T) {
	const text = "GiftCard GiftCards giftCard giftCards giftcard giftcardapi gift_card gift_cards gift-card gift-cards Gift card gift cards Gift cards 20060102150405_gift_cards.sql getGiftCard"
	for want, r := range map[string]Resource{
		"Product Products product products product productapi product products product products Product products Products 1_products.sql getProduct":                        {"product", "products", "1"},
		"LineItem LineItems lineItem lineItems lineitem lineitemapi line_item line_items line-item line-items Line item line items Line items 1_line_items.sql getLineItem": {"line-item", "line-items", "1"},
		"APIKey APIKeys apiKey apiKeys apikey apikeyapi api_key api_keys api-key api-keys Api key api keys Api keys 1_api_keys.sql getAPIKey":                               {"api-key", "api-keys", "1"},
		"ShortURL ShortURLs shortURL shortURLs shorturl shorturlapi short_url short_urls short-url short-urls Short url short urls Short urls 1_short_urls.sql getShortURL": {"short-url", "short-urls", "1"},
		"Person People person people person personapi person people person people Person people People 1_people.sql getPerson":                                              {"person", "people", "1"},
	} {
		if got := r.renamer().Replace(text); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", r.Name, got, want)
		}
	}
}

// A migration comes after all that there are, whatever the clock says.
func TestSpec_NextMigration(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.FixedZone("", 3600))
	recorded := Spec{Resources: []Resource{{"a", "as", "20261126110005"}, {"b", "bs", "20261126110001"}}}
	for _, c := range []struct {
		spec       Spec
		last, want string
	}{
		{Spec{}, "", "20261126110000"},
		{Spec{}, "20261126105959", "20261126110000"},
		{Spec{}, "20261126110000", "20261126110001"},
		{Spec{}, "20991231235959", "20991231235960"},
		{recorded, "", "20261126110006"},
		{recorded, "20261126110010", "20261126110011"},
	} {
		if got := c.spec.NextMigration(now, c.last); got != c.want {
			t.Errorf("%v after %q: %s, want %s", c.spec.Resources, c.last, got, c.want)
		}
	}
}

// A Spec records resources by their names, in whatever order they were added.
func TestSpec_Resources(t *testing.T) {
	spec := Spec{Service: "shop", Module: "shop"}
	for _, r := range []Resource{{"product", "products", "20261126000000"}, {"cup", "cups", "20261126000001"}} {
		var err error
		if spec, err = spec.WithResource(r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := spec.WithResource(Resource{"cup", "cups", "20261126000002"}); err == nil {
		t.Error("added twice")
	}
	parsed, err := ParseSpec("spec.yaml", spec.YAML(), "")
	if err != nil || len(parsed.Resources) != 2 || parsed.Resources[0].Name != "cup" || parsed.Resources[1] != spec.Resources[0] {
		t.Errorf("%+v, %v", parsed, err)
	}
	if err := spec.Validate(); err != nil {
		t.Error(err)
	}
	parsed.Resources[0].Plural = "Cups"
	if err := parsed.Validate(); err == nil {
		t.Error("a name that is not valid passes")
	}
	without, err := spec.WithoutResource("product")
	if err != nil || len(without.Resources) != 1 || without.Resources[0].Name != "cup" {
		t.Errorf("%+v, %v", without, err)
	}
	if _, err := without.WithoutResource("product"); err == nil {
		t.Error("removed twice")
	}
}
