package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/relay"
	"github.com/sigpost/sigpost/pkg/sink"
)

func newPoll(s *settings) *cobra.Command {
	var once bool
	var only string
	cmd := &cobra.Command{
		Use:   "poll",
		Short: "Ask the sources that are polled, and deliver what is new",
		Long: `Ask the sources that are polled, such as CloudTruth, deliver what is new to the
sinks that your routes choose, and print it. Each source is asked again after
its "every". How far it was read is remembered by this process only: the first
reading goes back as far as the source's "since" says.`,
		Example: `  sigpost poll --secrets .env
  sigpost poll --once --source changes   # exit when done, non-zero if anything went wrong`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			sources, err := polled(c, only)
			if err != nil {
				return err
			}
			if err := c.Resolve(cmd.Context()); err != nil {
				return err
			}
			return runPoll(cmd.Context(), c, sources, once, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "ask each source once")
	cmd.Flags().StringVar(&only, "source", "", "ask this `SOURCE` only")
	return cmd
}

// polled is the polled sources of c, or the one of that name.
func polled(c *config.Config, only string) ([]config.Source, error) {
	var sources []config.Source
	var names []string
	for _, src := range c.Sources {
		if src.Poller == nil {
			continue
		}
		names = append(names, src.Name)
		if only == "" || only == src.Name {
			sources = append(sources, src)
		}
	}
	switch {
	case len(names) == 0:
		return nil, errors.New("no source of the configuration is polled: add one, for example changes: { type: cloudtruth, api_key: secret://cloudtruth-api-key }")
	case len(sources) == 0:
		return nil, fmt.Errorf("no polled source %q in the configuration: it has %s", only, strings.Join(names, ", "))
	}
	return sources, nil
}

func runPoll(ctx context.Context, c *config.Config, sources []config.Source, once bool, out, errOut io.Writer) error {
	t := &pollTable{out: out, said: map[string]bool{}}
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	r, err := relay.New(c, relay.Options{Log: log, Observe: t.row})
	if err != nil {
		return err
	}
	if once {
		errs := make([]error, len(sources))
		for i, src := range sources {
			fmt.Fprintf(errOut, "asking %s for %s\n", src.Product, src.Name)
			var p relay.Polled
			p, errs[i] = r.PollSource(ctx, src.Name)
			t.summary(src, p, errs[i])
		}
		return errors.Join(errs...)
	}
	for _, src := range sources {
		fmt.Fprintf(errOut, "asking %s for %s every %v (Ctrl-C ends)\n", src.Product, src.Name, src.Poller.Schedule().Every)
	}
	poll(ctx, r, sources, func(src config.Source, p relay.Polled, err error) {
		if err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "poll", "error", err.Error())
		}
		t.summary(src, p, err)
	})
	return nil
}

// poll asks each source at once and then in its own rhythm, until ctx ends and
// what was begun is finished.
func poll(ctx context.Context, r *relay.Relay, sources []config.Source, report func(config.Source, relay.Polled, error)) {
	var wg sync.WaitGroup
	for _, src := range sources {
		wg.Go(func() {
			tick := time.NewTicker(src.Poller.Schedule().Every)
			defer tick.Stop()
			for {
				p, err := r.PollSource(ctx, src.Name)
				report(src, p, err)
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
			}
		})
	}
	wg.Wait()
}

// pollTable prints what came. It is safe for concurrent use.
type pollTable struct {
	mu     sync.Mutex
	out    io.Writer
	headed bool
	said   map[string]bool // sources whose summary was printed
}

const pollColumns = "%-19s  %-14s  %-20s  %-44s  %-14s  %s\n"

func (t *pollTable) row(d relay.Delivery) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.headed {
		fmt.Fprintf(t.out, pollColumns, "TIME", "SOURCE", "EVENT", "TITLE", "SINK", "STATUS")
		t.headed = true
	}
	status, e := "delivered", d.Event
	if d.Err != nil {
		status = d.Err.Error()
	}
	fmt.Fprintf(t.out, pollColumns, e.Time.Local().Format(time.DateTime), e.Source, e.Type, sink.Cut(plain(e.Title), 44), d.Sink.Name, status)
}

// summary is one line for a poll; that there was nothing is said once.
func (t *pollTable) summary(src config.Source, p relay.Polled, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	nothing := p == relay.Polled{}
	if nothing && (err != nil || t.said[src.Name]) {
		return
	}
	t.said[src.Name] = true
	switch {
	case nothing:
		fmt.Fprintf(t.out, "%s: nothing new\n", src.Name)
	case p.Waiting > 0:
		fmt.Fprintf(t.out, "%s: left alone for another %v, after a failure\n", src.Name, p.Waiting.Round(time.Second))
	case p.Busy:
		fmt.Fprintf(t.out, "%s: another poll is at it\n", src.Name)
	default:
		fmt.Fprintf(t.out, "%s: %d new, %d delivered, %d dropped, %d to be tried again\n", src.Name, p.New, p.Delivered, p.Dropped, p.Pending)
	}
}
