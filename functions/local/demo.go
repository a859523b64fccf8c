package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/relay"
	"github.com/sigpost/sigpost/pkg/secret"
)

//go:embed demo.yaml
var demoConfig []byte

// mainSample is the sample that shows a source at its best.
var mainSample = map[string]string{
	"github": "issues.opened", "cloudiq": "health-issue-change.2022", "scalr": "run-errored", "certifyclouds": "generic.secrets-expiring-soon", "cloudtruth": "value-updated",
}

func newDemo() *cobra.Command {
	var once bool
	var port string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: four senders in, three receivers out",
		Long: `Start a server with a built-in configuration, post a correctly signed payload of
each source to it over HTTP, and print what became of it. Each is queued, in
memory, before the sender is answered, and then delivered. The receivers are
stand-ins on the same server: open the inbox it names to see the messages.`,
		Example: `  sigpost demo
  sigpost demo --once     # exit when done, non-zero if anything went wrong
  PORT=9000 sigpost demo`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if once && port == "" {
				port = "0"
			}
			return runDemo(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), port, once)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "exit when all is delivered or dead")
	cmd.Flags().StringVar(&port, "port", "", "`PORT` to listen on; 0 picks a free one (default: PORT, then 8080)")
	return cmd
}

// demoStore holds secrets that are none: the server is on loopback.
func demoStore(base string) secret.Store {
	return secret.NewLocal(func(string) (string, bool) { return "", false }, map[string]string{
		"SIGPOST_SECRET_GITHUB_WEBHOOK":      "demo-github-secret",
		"SIGPOST_SECRET_CLOUDIQ_WEBHOOK":     "demo-cloudiq-secret",
		"SIGPOST_SECRET_SCALR_SIGNING_KEY":   "demo-scalr-secret",
		"SIGPOST_SECRET_CERTIFYCLOUDS_TOKEN": "demo-certifyclouds-token",
		"SIGPOST_SECRET_SLACK_OPS":           base + "/inbox/receive/slack/ops",
		"SIGPOST_SECRET_TEAMS_PLATFORM":      base + "/inbox/receive/teams/platform",
		"SIGPOST_SECRET_ARCHIVE":             base + "/inbox/receive/generic/archive",
	})
}

func runDemo(ctx context.Context, out, errOut io.Writer, port string, once bool) error {
	host, port, err := listenOn("127.0.0.1", port)
	if err != nil {
		return err
	}
	c, err := config.Parse("demo.yaml", demoConfig, demoStore("http://"+host+":"+port))
	if err != nil {
		return err
	}
	if err := c.Resolve(ctx); err != nil {
		return err
	}
	results := &demoResults{posted: map[string]time.Time{}}
	jobs := queue.NewMemory(nil, nil, nil, nil)
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	srv, err := newServer(c, serverOptions{host: host, port: port, log: log, observe: results.add, jobs: jobs})
	if err != nil {
		return err
	}
	ended, err := srv.start(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer srv.drain()
	defer cancel()
	srv.work(ctx)
	failed := results.sendAll(ctx, c, srv.url())
	if err := jobs.Wait(ctx); err != nil {
		return err
	}
	failed = errors.Join(failed, results.missing(c, jobs.Dead()))
	results.print(out)
	if once || failed != nil {
		return failed
	}
	fmt.Fprintf(out, "\nInbox: %s/inbox   (Ctrl-C ends the demo)\n", srv.url())
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return nil
	}
}

// demoResults collects what became of each payload.
type demoResults struct {
	mu     sync.Mutex
	posted map[string]time.Time // when, by source
	rows   []demoRow
}

type demoRow struct {
	source, event, sink, status string
	took                        time.Duration // from when it was posted
}

// add notes a delivery in place of an earlier try of the same.
func (d *demoResults) add(v relay.Delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	row := demoRow{source: v.Event.Source, event: v.Event.Type, sink: v.Sink.Name, status: "delivered"}
	if v.Err != nil {
		row.status = v.Err.Error()
	}
	row.took = time.Since(d.posted[row.source])
	same := func(r demoRow) bool {
		return r.source == row.source && r.event == row.event && r.sink == row.sink
	}
	if i := slices.IndexFunc(d.rows, same); i >= 0 {
		d.rows[i] = row
		return
	}
	d.rows = append(d.rows, row)
}

// sendAll posts a payload of each source and wants each to be taken.
func (d *demoResults) sendAll(ctx context.Context, c *config.Config, base string) error {
	var errs []error
	for _, src := range c.Sources {
		req, err := sampleOf(src, "", "")
		if err != nil {
			errs = append(errs, err)
			continue
		}
		d.mu.Lock()
		d.posted[src.Name] = time.Now()
		d.mu.Unlock()
		status, answer, err := post(ctx, src, req, base+"/"+src.Name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if status != http.StatusOK || !strings.Contains(answer, `"queued"`) {
			errs = append(errs, fmt.Errorf("%s: the server answered %d %s", src.Name, status, strings.TrimSpace(answer)))
		}
	}
	return errors.Join(errs...)
}

// missing is the error of what is dead, and of what did not arrive.
func (d *demoResults) missing(c *config.Config, dead []queue.Dead) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, v := range dead {
		errs = append(errs, fmt.Errorf("%s to %s is dead: %s", v.Source, v.Sink, v.Reason))
	}
	for _, src := range c.Sources {
		n := 0
		for _, r := range d.rows {
			if r.source == src.Name && r.status == "delivered" {
				n++
			}
		}
		if n != len(c.Sinks) {
			errs = append(errs, fmt.Errorf("%s: %d of %d sinks were reached", src.Name, n, len(c.Sinks)))
		}
	}
	return errors.Join(errs...)
}

func (d *demoResults) print(out io.Writer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	slices.SortStableFunc(d.rows, func(a, b demoRow) int {
		return cmp.Or(strings.Compare(a.source, b.source), strings.Compare(a.sink, b.sink))
	})
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SOURCE\tEVENT\tSINK\tSTATUS\tTIME")
	for _, r := range d.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.source, r.event, r.sink, r.status, r.took.Round(time.Millisecond))
	}
	_ = w.Flush()
}
