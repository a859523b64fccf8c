package config

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/catalog"
	"github.com/sigpost/sigpost/pkg/source"
)

// The Terraform modules derive URLs and schedules from a configuration. What
// they know of types must be what the catalog knows.
func TestTerraformKnowsTheTypes(t *testing.T) {
	text, err := os.ReadFile("../../terraform/config/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	tokens, polled := terraformList(t, string(text), "token_types"), terraformList(t, string(text), "polled_types")
	for _, s := range catalog.Sources {
		c, keyed := minimal(t, s.Type)
		takes := false
		if len(c.Sources) > 0 {
			_, takes = c.Sources[0].Source.(source.TokenTaker)
		}
		if listed := slices.Contains(tokens, s.Type); listed != takes {
			t.Errorf("%s: a token in its path is %v, in token_types of terraform/config/main.tf is %v", s.Type, takes, listed)
		}
		if listed := slices.Contains(polled, s.Type); listed != keyed {
			t.Errorf("%s: polled is %v, in polled_types of terraform/config/main.tf is %v", s.Type, keyed, listed)
		}
	}
}

// minimal is a configuration with one source of the type; keyed tells that it
// wants an API key, so that it is polled.
func minimal(t *testing.T, kind string) (c *Config, keyed bool) {
	t.Helper()
	var err error
	for _, secrets := range []string{"secrets: [env://A]", "tokens: [env://A]", "api_key: env://A"} {
		text := fmt.Sprintf("sources:\n  a: { type: %s, %s }\nsinks:\n  b: { type: slack, url: env://B }\nroutes:\n  - { to: [b] }\n", kind, secrets)
		if c, err = Parse("sigpost.yaml", []byte(text), nil); err == nil {
			return c, strings.HasPrefix(secrets, "api_key")
		}
	}
	t.Fatalf("%s: no minimal configuration is accepted: %v", kind, err)
	return nil, false
}

func terraformList(t *testing.T, text, name string) (types []string) {
	t.Helper()
	list := regexp.MustCompile(name + ` += \[(.*)\]`).FindStringSubmatch(text)
	if list == nil {
		t.Fatalf("terraform/config/main.tf has no %s", name)
	}
	for _, m := range regexp.MustCompile(`"([a-z]+)"`).FindAllStringSubmatch(list[1], -1) {
		types = append(types, m[1])
	}
	return types
}
