package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/source"
)

func newSend(s *settings) *cobra.Command {
	var event, file, target string
	cmd := &cobra.Command{
		Use:   "send SOURCE",
		Short: "Post a correctly signed sample",
		Long: `Post a sample, or a file of yours, the way the source's sender does: signed with
the first secret of that source in your configuration, under a new delivery id.
Where the time is part of what makes a delivery (CertifyClouds, which has no ids,
and Scalr), a sample is moved to the current time, so that each one you send
arrives. A file goes as it is: for CertifyClouds the same one again within ten
minutes is a duplicate.`,
		Example: `  sigpost send github
  sigpost send github --event pull_request.closed
  sigpost send terraform --file run.json --url https://example.com/terraform`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, src, req, err := s.sample(args[0], event, file)
			if err != nil {
				return err
			}
			if src.Poller != nil {
				return fmt.Errorf("%s posts nothing, it is polled: `sigpost poll --source %s` reads it, `sigpost render %s` shows a sample", src.Product, src.Name, src.Name)
			}
			if f, ok := src.Source.(source.Freshener); ok && file == "" {
				f.Freshen(req)
			}
			if target == "" {
				host, port, err := listenOn("127.0.0.1", "")
				if err != nil {
					return err
				}
				target = "http://" + host + ":" + port + "/" + src.Name
			}
			status, answer, err := post(cmd.Context(), src, req, target)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d %s\n", status, strings.TrimSpace(answer))
			if status != http.StatusOK {
				return fmt.Errorf("%s was not taken; the server's log has the reason", args[0])
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&event, "event", "", "name of a `SAMPLE` (default: the source's first)")
	cmd.Flags().StringVar(&file, "file", "", "body to send instead of a sample's; --event then gives the headers")
	cmd.Flags().StringVar(&target, "url", "", "`URL` of the source (default: the local server)")
	return cmd
}

// sample is the configuration, the named source of it, and a request for that.
func (s *settings) sample(name, event, file string) (*config.Config, config.Source, *source.Request, error) {
	c, err := s.load()
	if err != nil {
		return nil, config.Source{}, nil, err
	}
	src, err := findSource(c, name)
	if err != nil {
		return nil, config.Source{}, nil, err
	}
	req, err := sampleOf(src, event, file)
	return c, src, req, err
}

func findSource(c *config.Config, name string) (config.Source, error) {
	var names []string
	for _, s := range c.Sources {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return config.Source{}, fmt.Errorf("no source %q in the configuration: it has %s", name, strings.Join(names, ", "))
}

// sampleOf is the named sample, or the first, with the body of file if given.
func sampleOf(src config.Source, name, file string) (*source.Request, error) {
	if name == "" {
		all := source.Samples(src.Type)
		if len(all) == 0 {
			return nil, fmt.Errorf("%s has no samples", src.Type)
		}
		name = all[0]
		if preferred := mainSample[src.Type]; preferred != "" {
			name = preferred
		}
	}
	req, err := source.Sample(src.Type, name)
	if err != nil || file == "" {
		return req, err
	}
	req.Body, err = os.ReadFile(file)
	return req, err
}

// post seals a request and sends it. The error never has the URL's path, which
// may be a token.
func post(ctx context.Context, src config.Source, req *source.Request, target string) (int, string, error) {
	sealer, ok := src.Source.(source.Sealer)
	if !ok {
		return 0, "", fmt.Errorf("%s can't be sent from here: its requests can't be signed", src.Type)
	}
	if err := sealer.Seal(ctx, req); err != nil {
		return 0, "", err
	}
	if req.Token != "" {
		target += "/" + url.PathEscape(req.Token)
	}
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(req.Body))
	if err != nil {
		return 0, "", errors.New("--url is not a URL")
	}
	out.Header = req.Header.Clone()
	if out.Header.Get("Content-Type") == "" {
		out.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(out)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return 0, "", fmt.Errorf("no answer from %s: %w; is `sigpost serve` or `sigpost demo` running?", out.URL.Host, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	return resp.StatusCode, string(answer), err
}
