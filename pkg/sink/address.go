package sink

import (
	"context"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

// CheckURL is what is wrong with the key url of a sink's configuration: nothing
// but its absence if it is a reference, which is looked up later. Missing says
// what belongs there.
func CheckURL(url secret.Handle, missing string) error {
	switch {
	case url.IsZero():
		return problem.New("url", "%s", missing)
	case url.Literal():
		_, err := ResolveURL(context.Background(), url)
		return err
	}
	return nil
}

// ResolveURL is the address that url stands for, if a message may be posted
// there. Its error doesn't repeat the address.
func ResolveURL(ctx context.Context, url secret.Handle) (secret.Value, error) {
	v, err := url.Value(ctx)
	if err != nil {
		return secret.Value{}, err
	}
	if _, err := address.Parse(v.Reveal()); err != nil {
		return secret.Value{}, problem.New("url", "%v", err)
	}
	return v, nil
}
