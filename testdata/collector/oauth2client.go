package collector

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// oauth2Client is the configuration of an extension that stands in for contrib's oauth2clientauthextension, whose module
// cannot be had in the version of the other components. It has the same name, those of its keys that generated
// configurations use, the same checks of them, and gets tokens by the same library.
type oauth2Client struct {
	ClientID       string              `mapstructure:"client_id"`
	ClientSecret   configopaque.String `mapstructure:"client_secret"`
	TokenURL       string              `mapstructure:"token_url"`
	EndpointParams url.Values          `mapstructure:"endpoint_params"`
	Timeout        time.Duration       `mapstructure:"timeout"`
}

// Validate returns what the original refuses to start without.
func (c *oauth2Client) Validate() error {
	if c.ClientID == "" || c.ClientSecret == "" || c.TokenURL == "" {
		return errors.New("client_id, client_secret and token_url are required")
	}
	return nil
}

type oauth2Extension struct {
	component.StartFunc
	component.ShutdownFunc

	config *oauth2Client
}

var _ extensionauth.HTTPClient = (*oauth2Extension)(nil)

// RoundTripper implements extensionauth.HTTPClient: each request has a token, which is fetched again before it expires.
func (e *oauth2Extension) RoundTripper(base http.RoundTripper) (http.RoundTripper, error) {
	credentials := clientcredentials.Config{
		ClientID:       e.config.ClientID,
		ClientSecret:   string(e.config.ClientSecret),
		TokenURL:       e.config.TokenURL,
		EndpointParams: e.config.EndpointParams,
	}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Timeout: e.config.Timeout})
	return &oauth2.Transport{Source: credentials.TokenSource(ctx), Base: base}, nil
}

func newOAuth2Client() extension.Factory {
	return extension.NewFactory(
		component.MustNewType("oauth2client"),
		func() component.Config { return &oauth2Client{} },
		func(_ context.Context, _ extension.Settings, config component.Config) (extension.Extension, error) {
			return &oauth2Extension{config: config.(*oauth2Client)}, nil
		},
		component.StabilityLevelBeta,
	)
}
