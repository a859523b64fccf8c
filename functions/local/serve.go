package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/config"
)

func newServe(s *settings) *cobra.Command {
	var host, port string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve your configuration on this machine",
		Long: `Serve your configuration on this machine, delivering each message before the
sender is answered, and poll the sources that post nothing. All secrets are read
at the start; a missing or empty one stops it. On a loopback address /inbox
shows what was sent.`,
		Example: `  sigpost serve --secrets .env
  PORT=9000 sigpost serve --config prod.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			if err := c.Resolve(cmd.Context()); err != nil {
				return err
			}
			host, port, err := listenOn(host, port)
			if err != nil {
				return err
			}
			srv, err := newServer(c, host, port, slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), nil)), nil)
			if err != nil {
				return err
			}
			ended, err := srv.start(cmd.Context())
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			var sources []config.Source
			for _, src := range c.Sources {
				if src.Poller != nil {
					fmt.Fprintf(out, "%-16s polled every %v as %s\n", src.Type, src.Poller.Schedule().Every, src.Name)
					sources = append(sources, src)
					continue
				}
				fmt.Fprintf(out, "%-16s POST %s/%s\n", src.Type, srv.url(), src.Name)
			}
			if address.Loopback(host) {
				fmt.Fprintf(out, "%-16s %s/inbox\n", "inbox", srv.url())
			}
			srv.poll(cmd.Context(), sources)
			select {
			case err := <-ended:
				return err
			case <-cmd.Context().Done():
				srv.drain()
				return nil
			}
		},
	}
	cmd.Flags().StringVar(&host, "host", "127.0.0.1", "`ADDRESS` to listen on")
	cmd.Flags().StringVar(&port, "port", "", "`PORT` to listen on; 0 picks a free one (default: PORT, then 8080)")
	return cmd
}
