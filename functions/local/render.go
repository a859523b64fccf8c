package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/inbox"
	"github.com/sigpost/sigpost/pkg/route"
	"github.com/sigpost/sigpost/pkg/source"
)

func newRender(s *settings) *cobra.Command {
	var name, file, only, out string
	var all bool
	cmd := &cobra.Command{
		Use:   "render SOURCE | --all --out DIR",
		Short: "Show what would be sent, without a network",
		Long: `Show the messages that a payload becomes for the sinks that your routes choose,
or for one sink. Nothing is verified, sent, or asked of a secret store.

With --all a page is written that shows every sample of every source on every
sink as its receiver draws it: of your configuration, or of all that there is.`,
		Example: `  sigpost render github --event issues.opened
  sigpost render terraform --event run-errored --file run.json --sink platform
  sigpost render --all --out gallery`,
		Args: func(cmd *cobra.Command, args []string) error {
			if all {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if all != (out != "") {
				return errors.New("--all and --out DIR go together")
			}
			if all {
				c, err := s.galleryDefault()
				if err != nil {
					return err
				}
				return runGallery(c, out, cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
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
	cmd.Flags().BoolVar(&all, "all", false, "every sample on every sink, as a page")
	cmd.Flags().StringVar(&out, "out", "", "folder `DIR` for the page of --all")
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
				e.ID, e.Time, e.Raw = entry.ID, entry.Time, entry.Raw
				events = append(events, *e)
			}
		}
	} else {
		parsed, err := src.Source.Parse(req)
		if err != nil {
			return nil, err
		}
		events = parsed.Events
		for i := range events {
			events[i].Raw = req.Body
		}
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
	shown := 0
	for _, to := range targets(c, e, only) {
		i := slices.IndexFunc(c.Sinks, func(s config.Sink) bool { return s.Name == to.Sink })
		if i < 0 {
			continue
		}
		s := c.Sinks[i]
		m, err := drawAt(c, e, to, s)
		if m.Body == nil {
			return err
		}
		if err != nil {
			fmt.Fprintln(cmd.ErrOrStderr(), err)
		}
		var pretty bytes.Buffer
		if json.Indent(&pretty, m.Body, "", "  ") != nil { // no JSON
			pretty.Write(m.Body)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "# %s → %s (%s)\n%s\n", e.Type, strings.TrimSpace(s.Name+" "+to.Channel), s.Type, pretty.String())
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

// targets are those of e, of one sink if it is named: then whatever the routes say.
func targets(c *config.Config, e *event.Event, only string) []route.Target {
	all := c.Routes.Match(e)
	if only == "" {
		return all
	}
	all = slices.DeleteFunc(all, func(t route.Target) bool { return t.Sink != only })
	if len(all) == 0 {
		return []route.Target{{Sink: only, Route: -1}}
	}
	return all
}

// drawAt is e as the sink of a target draws it. With a message and an error, a
// template failed, and the event's own words are shown.
func drawAt(c *config.Config, e *event.Event, to route.Target, s config.Sink) (inbox.Message, error) {
	at, err := s.To(to.Channel)
	if err != nil {
		return inbox.Message{}, err
	}
	worded, err := c.Words(e, to, s)
	if err != nil {
		err = fmt.Errorf("a template failed: the event's own words are shown instead: %w", err)
	}
	m := at.Sink.Render(worded)
	return inbox.Message{Sink: s.Name, Type: s.Type, Status: "drawn", Time: e.Time, Body: m.Body, ContentType: m.ContentType, Event: *worded}, err
}
