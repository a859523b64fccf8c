package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/source"
)

func newRender(s *settings) *cobra.Command {
	var name, file, only string
	cmd := &cobra.Command{
		Use:   "render SOURCE",
		Short: "Show what would be sent, without a network",
		Long: `Show the messages that a payload becomes for the sinks that your routes choose,
or for one sink. Nothing is verified, sent, or asked of a secret store.`,
		Example: `  sigpost render github --event issues.opened
  sigpost render terraform --event run-errored --file run.json --sink platform`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, src, req, err := s.sample(args[0], name, file)
			if err != nil {
				return err
			}
			req.Received = time.Now()
			events, err := eventsOf(src, req)
			if err != nil {
				return err
			}
			for i := range events {
				if err := renderEvent(cmd, c, &events[i], only); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "event", "", "name of a `SAMPLE` (default: the source's first)")
	cmd.Flags().StringVar(&file, "file", "", "body to render instead of a sample's; --event then gives the headers")
	cmd.Flags().StringVar(&only, "sink", "", "render for this `SINK` whatever the routes say")
	return cmd
}

// eventsOf is what a request, or an answer of a polled source, says.
func eventsOf(src config.Source, req *source.Request) ([]event.Event, error) {
	var events []event.Event
	if src.Poller != nil {
		page, err := src.Poller.Parse(req.Body)
		if err != nil {
			return nil, err
		}
		for _, entry := range page.Entries {
			if e := entry.Event; e != nil {
				e.ID, e.Time = entry.ID, entry.Time
				events = append(events, *e)
			}
		}
	} else {
		parsed, err := src.Source.Parse(req)
		if err != nil {
			return nil, err
		}
		events = parsed.Events
	}
	for i := range events {
		e := &events[i]
		e.Source, e.Kind, e.Product = src.Name, src.Type, src.Product
		if e.Time.IsZero() {
			e.Time = req.Received
		}
	}
	return events, nil
}

func renderEvent(cmd *cobra.Command, c *config.Config, e *event.Event, only string) error {
	var wanted []string
	for _, to := range c.Routes.Match(e) {
		wanted = append(wanted, to.Sink)
	}
	if only != "" {
		wanted = []string{only}
	}
	shown := 0
	for _, s := range c.Sinks {
		if !slices.Contains(wanted, s.Name) {
			continue
		}
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, s.Sink.Render(e).Body, "", "  "); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "# %s → %s (%s)\n%s\n", e.Type, s.Name, s.Type, pretty.String())
		shown++
	}
	if shown == 0 && only != "" {
		return fmt.Errorf("no sink %q in the configuration", only)
	}
	if shown == 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "no route wants %s from %s\n", e.Type, e.Source)
	}
	return nil
}
