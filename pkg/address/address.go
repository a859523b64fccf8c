// Package address says where a message may be posted to: https, or http on this
// machine. It opens no connection and knows no secret store.
package address

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// The errors of Parse. None repeats any part of an address, which may be a secret.
var (
	ErrInvalid = errors.New("the URL is not valid: give an absolute https:// address")
	ErrScheme  = errors.New("the URL must begin with https:// (http:// is for loopback hosts only)")
	ErrUser    = errors.New("the URL must not carry a user name or password")
)

// Parse reads the address of a receiver. Its error is one of the three above.
func Parse(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return nil, ErrInvalid
	}
	switch {
	case u.User != nil:
		return nil, ErrUser
	case u.Scheme == "https", u.Scheme == "http" && Loopback(u.Hostname()):
		return u, nil
	}
	return nil, ErrScheme
}

// Loopback tells whether a host without port, a name or an IP address, is this
// machine by itself.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
