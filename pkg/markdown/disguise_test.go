package markdown

import "testing"

func TestALinkSaysWhereItLeads(t *testing.T) {
	for _, c := range []struct{ words, address, want string }{
		{"https://github.com/login", "https://evil.example/x", "evil.example"},
		{"github.com", "https://evil.example", "evil.example"},
		{"see (GitHub.com/acme), please", "https://evil.example", "evil.example"},
		{"https://github.com@evil.example/", "https://evil.example", ""},
		{"https://evil.example@github.com/", "https://evil.example", "evil.example"},
		{"http://localhost", "https://evil.example", "evil.example"},
		{"github.com.", "https://github.com.evil.example", "github.com.evil.example"},
		{"https://www.github.com/a", "https://github.com/b", ""},
		{"www.github.com", "https://GITHUB.com:443/b", ""},
		{"docs", "https://evil.example", ""},
		{"config.go and README.md", "https://github.com/acme/api", ""},
		{"v1.2.3", "https://example.com", ""},
		{"", "https://example.com", ""},
		{"a.com", "mailto:x@example.com", ""},
	} {
		if got := disguised(c.words, c.address); got != c.want {
			t.Errorf("%q to %s: %q, want %q", c.words, c.address, got, c.want)
		}
	}
}
