package secrettest

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"testing"
)

func TestLeaks(t *testing.T) {
	const value = `hidden word/"+?`
	for _, text := range []string{
		value, "x" + hex.EncodeToString([]byte(value)), url.QueryEscape("a" + value), url.PathEscape(value), `{"k":"hidden word/\"+?"}`,
		base64.StdEncoding.EncodeToString([]byte(value)), base64.StdEncoding.EncodeToString([]byte("a" + value + "b")),
		base64.URLEncoding.EncodeToString([]byte("Basic ab" + value)), base64.StdEncoding.EncodeToString([]byte("abc" + value)),
	} {
		if len(Leaks("before "+text+" after", value)) == 0 {
			t.Errorf("not found in %q", text)
		}
	}
	if len(Leaks("POST /services/hidden", "https://example.com/services/hidden")) == 0 {
		t.Error("the path of a URL is not found")
	}
	if how := Leaks("nothing of the kind, hidden", value); len(how) > 0 {
		t.Errorf("found %v", how)
	}
	if how := Leaks("x", ""); len(how) > 0 {
		t.Errorf("nothing is found %v", how)
	}
}
