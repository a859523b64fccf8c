package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/config"
)

// serveFlags are those of serve.
type serveFlags struct{ host, port, mode, queue string }

func newServe(s *settings) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve your configuration on this machine",
		Long: `Serve your configuration on this machine, and poll the sources that post
nothing. All secrets are read at the start; a missing or empty one stops it. On a
loopback address /inbox shows what was sent.

What is taken is stored in a file before the sender is answered, and delivered
after that: at once, then again and again for a day, later each time. Stop it or
kill it: the next start goes on where it was. What a receiver refuses for good,
or does not take within the day, is kept for "sigpost dead". Only one process can
use a file at a time.

With --mode direct nothing is stored: each message is delivered before the sender
is answered, and the sender has to try again.`,
		Example: `  sigpost serve --secrets .env
  sigpost serve --config prod.yaml --queue /var/lib/sigpost/prod.queue
  PORT=9000 sigpost serve --mode direct`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.serve(cmd.Context(), f, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&f.host, "host", "127.0.0.1", "`ADDRESS` to listen on")
	cmd.Flags().StringVar(&f.port, "port", "", "`PORT` to listen on; 0 picks a free one (default: PORT, then 8080)")
	cmd.Flags().StringVar(&f.mode, "mode", "", "`MODE`: queue or direct (default: SIGPOST_MODE, then queue)")
	cmd.Flags().StringVar(&f.queue, "queue", "", queueFlag)
	return cmd
}

func (s *settings) serve(ctx context.Context, f serveFlags, out, errOut io.Writer) error {
	mode, err := modeOf(f.mode)
	if err != nil {
		return err
	}
	c, err := s.load()
	if err != nil {
		return err
	}
	if err := c.Resolve(ctx); err != nil {
		return err
	}
	opt := serverOptions{log: slog.New(slog.NewJSONHandler(errOut, nil))}
	if mode == modeQueue {
		path, err := s.queueFile(f.queue)
		if err != nil {
			return err
		}
		q, err := openQueue(path)
		if err != nil {
			return err
		}
		defer func() { _ = q.Close() }() // every write is on disk already
		opt.jobs, opt.state = q.jobs, q.state
		stop, err := serveGraveyard(q, path, opt.log)
		if err != nil {
			opt.log.WarnContext(ctx, "`sigpost dead` will work only while this is stopped", "reason", err.Error())
		} else {
			defer stop()
		}
		fmt.Fprintf(out, "%-16s %s: %d waiting, %d dead\n", "queue", path, q.jobs.Len(), len(q.jobs.Dead()))
	}
	if opt.host, opt.port, err = listenOn(f.host, f.port); err != nil {
		return err
	}
	srv, err := newServer(c, opt)
	if err != nil {
		return err
	}
	return srv.run(ctx, c, out)
}

// run serves, polls and works until ctx ends and what was begun is finished.
func (s *server) run(ctx context.Context, c *config.Config, out io.Writer) error {
	ended, err := s.start(ctx)
	if err != nil {
		return err
	}
	var sources []config.Source
	for _, src := range c.Sources {
		if src.Poller != nil {
			fmt.Fprintf(out, "%-16s polled every %v as %s\n", src.Type, src.Poller.Schedule().Every, src.Name)
			sources = append(sources, src)
			continue
		}
		fmt.Fprintf(out, "%-16s POST %s/%s\n", src.Type, s.url(), src.Name)
	}
	if address.Loopback(s.host) {
		fmt.Fprintf(out, "%-16s %s/inbox\n", "inbox", s.url())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.work(ctx)
	s.poll(ctx, sources)
	select {
	case err = <-ended:
		cancel()
	case <-ctx.Done():
	}
	s.drain()
	return err
}
