package generic

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

// reserved are the headers that belong to the connection or to the client.
// https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
var reserved = []string{
	"Connection", "Content-Length", "Host", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
	"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// checkHeaders is the headers by their canonical names, and what is wrong with them.
func checkHeaders(in map[string]secret.Handle) (map[string]secret.Handle, []error) {
	var errs []error
	out := make(map[string]secret.Handle, len(in))
	names := make([]string, 0, len(in))
	for name := range in {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		h, canonical := in[name], http.CanonicalHeaderKey(name)
		_, twice := out[canonical]
		switch {
		case !token(name):
			errs = append(errs, problem.New("headers", "%q is no header name: letters, digits and hyphens are", strings.ToValidUTF8(name, "?")))
			continue
		case slices.Contains(reserved, canonical):
			errs = append(errs, problem.New("headers."+name, "can't be set: it belongs to the connection"))
		case twice:
			errs = append(errs, problem.New("headers."+name, "is there twice: header names don't tell upper from lower case"))
		case h.IsZero():
			errs = append(errs, problem.New("headers."+name, "has no value"))
		case h.Literal() && secretHeader(name):
			errs = append(errs, problem.New("headers."+name, "%s", literalText))
		case h.Literal():
			if v, err := h.Value(context.Background()); err != nil || !headerValue(v) {
				errs = append(errs, problem.New("headers."+name, "%s", valueText))
			}
		}
		out[canonical] = h
	}
	return out, errs
}

// secretHeader tells whether headers of that name carry secrets.
func secretHeader(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"authorization", "cookie", "token", "secret", "password", "apikey", "api-key"}, func(word string) bool {
		return strings.Contains(name, word)
	})
}

// token tells whether name is a header's name.
// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
func token(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}

// headerValue tells whether v is text that a header can carry.
func headerValue(v secret.Value) bool {
	return !strings.ContainsFunc(v.Reveal(), func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

const (
	valueText   = "must be one line without control characters"
	literalText = "holds a secret in plain text: write secret://NAME, env://NAME or file://PATH instead, and change the secret if this file was shared"
)
