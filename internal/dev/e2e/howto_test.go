package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/otelgen/otelgen/internal/dev/e2e"
)

// docs/how-to.md is true of the default service: what it adds compiles, passes its own
// tests, and those of the service notice the new field.
func TestHowTo(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(e2e.Root(t), "docs", "how-to.md"))
	if err != nil {
		t.Fatal(err)
	}
	h := howTo{follow(t), strings.ReplaceAll(string(page), "github.com/acme/shop", "shop")}

	parcel := h.blocks("Record what your code does", "go")
	h.write("internal/parcel/parcel.go", parcel[0])
	h.write("internal/parcel/parcel_test.go", parcel[1])

	backOffice := h.blocks("Listen on a second port", "go")
	h.write("internal/backoffice/backoffice.go", backOffice[0])
	h.addOwn(backOffice[1])
	h.add("internal/config/config.go", "type Config struct {\n", "Backoffice backoffice.Config")
	h.edit("internal/config/config.go", "import (\n", "\t\"shop/internal/backoffice\"\n")
	h.edit(".env.example", "", h.blocks("Listen on a second port", "sh")[0])

	for _, structure := range []string{"Order", "Draft"} {
		h.add("internal/order/order.go", "type "+structure+" struct {\n", "Note string // what the customer wants us to know; never in telemetry")
		h.add("internal/orderapi/orderapi.go", "type "+structure+" struct {\n", "Note string `json:\"note,omitempty\" maxLength:\"256\" example:\"Ring twice.\"`")
	}
	h.add("internal/order/service.go", "attempt := Order{", "Note: draft.Note,")
	h.add("internal/order/service.go", "case o.Customer != draft.Customer ||", "o.Note != draft.Note ||")
	h.add("internal/orderapi/orderapi.go", "order.Draft{", "Note: in.Body.Note", ", ")
	h.add("internal/orderapi/orderapi.go", "return Order{", "Note: o.Note", ", ")
	h.edit("internal/order/ordertest/ordertest.go", "return order.Order{", `Note: "Ring twice.", `)
	h.add("internal/order/key_test.go", "map[string]func(*order.Draft){", `"note": func(d *order.Draft) { d.Note = "Ring twice." }`, ",")
	h.add("internal/orderapi/orderapi_test.go", "const draft = `{", `"note":"Ring twice."`, ",")
	h.add("internal/orderapi/orderapi_test.go", "want := map[string]any{", `"note":"Ring twice."`, ",")

	e2e.Go(t, h.dir, "vet", "./...")
	e2e.Go(t, h.dir, "test", "./cmd/shop", "./internal/config", "./internal/order/...", "./internal/orderapi", "./internal/parcel")
}

// howTo is a service whose owner does what the page says.
type howTo struct {
	*followed
	page string
}

// blocks returns the code of a section in a language.
func (h howTo) blocks(section, language string) []string {
	h.t.Helper()
	_, text, found := strings.Cut(h.page, "\n## "+section+"\n")
	if !found {
		h.t.Fatalf("how-to.md has no section %s", section)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var code []string
	for _, block := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		code = append(code, block[1])
	}
	return code
}

// add puts what the page says behind a place in a file, and then what ends it there.
func (h howTo) add(name, place, said string, end ...string) {
	h.t.Helper()
	if !strings.Contains(h.page, said) {
		h.t.Fatalf("how-to.md does not say %s", said)
	}
	h.edit(name, place, " "+said+strings.Join(end, "")+map[bool]string{true: "\n"}[strings.HasSuffix(place, "\n")])
}

// edit puts text behind a place in a file, or at its end.
func (h howTo) edit(name, place, text string) {
	h.t.Helper()
	content, err := os.ReadFile(filepath.Join(h.dir, name))
	if err != nil {
		h.t.Fatal(err)
	}
	before, after, found := strings.Cut(string(content), place)
	if place == "" {
		before, after = after, before
	}
	if !found {
		h.t.Fatalf("%s has no %s", name, place)
	}
	h.write(name, before+place+text+after)
}

func (h howTo) write(name, content string) {
	h.t.Helper()
	name = filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		h.t.Fatal(err)
	}
}
