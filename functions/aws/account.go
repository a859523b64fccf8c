package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/logging"
)

// account is what the environment says of AWS. Lambda sets all of it but the
// endpoints. It is made by hand: the SDK's own loader looks at files and
// services that a function doesn't have, and costs a third of the start.
type account struct {
	env    func(string) string
	region string
	creds  aws.Credentials
	client *http.Client
}

const (
	dialTimeout   = 2 * time.Second
	answerTimeout = 3 * time.Second // until the header of an answer
	maxAttempts   = 3
	maxBackoff    = 500 * time.Millisecond
	idlePerHost   = 8
	idleTimeout   = 50 * time.Second // the services close after a minute
)

func newAccount(env func(string) string) (*account, error) {
	a := &account{env: env, region: env("AWS_REGION"), creds: aws.Credentials{
		AccessKeyID:     env("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: env("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    env("AWS_SESSION_TOKEN"),
		Source:          "environment",
	}}
	for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		if env(name) == "" {
			return nil, fmt.Errorf("%s is not set: Lambda sets it; elsewhere, set it yourself", name)
		}
	}
	for _, name := range []string{"", "SECRETS_MANAGER", "DYNAMODB", "SQS"} {
		if _, err := a.endpoint(name); err != nil {
			return nil, err
		}
	}
	a.client = &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSHandshakeTimeout:   dialTimeout,
			ResponseHeaderTimeout: answerTimeout,
			MaxIdleConnsPerHost:   idlePerHost,
			IdleConnTimeout:       idleTimeout,
			ForceAttemptHTTP2:     true,
		},
		// A redirect would take the signed request elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return a, nil
}

// endpoint is where a service is, if the environment says so: by
// AWS_ENDPOINT_URL_<SERVICE>, else AWS_ENDPOINT_URL; "" if neither is set.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func (a *account) endpoint(service string) (string, error) {
	if strings.EqualFold(a.env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true") {
		return "", nil
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		text := a.env(name)
		if text == "" {
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return "", fmt.Errorf("%s is no URL of a service: write https://host[:port], or unset it", name)
		}
		return strings.TrimSuffix(text, "/"), nil
	}
	return "", nil
}

// config is for the SDK's clients.
func (a *account) config() aws.Config {
	c := aws.Config{
		Region:      a.region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return a.creds, nil }),
		HTTPClient:  a.client,
		Logger:      logging.Nop{},
		AppID:       "sigpost",
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = maxAttempts, maxBackoff
			})
		},
	}
	return c
}
