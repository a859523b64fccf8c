package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigpost/sigpost/pkg/queue"
)

// deadCommand is what the commands of "dead" share.
type deadCommand struct {
	*settings
	queue, from, to string
	deadFilter
	json, dryRun, all, yes bool
}

func newDead(s *settings) *cobra.Command {
	d := &deadCommand{settings: s}
	cmd := &cobra.Command{
		Use:   "dead",
		Short: "List, show, resend and drop what could not be delivered",
		Long: `A message that a receiver refused for good, or did not take within a day, is kept
with its reason: it is dead. These commands look at the dead of the local queue,
whether "sigpost serve" runs or not; with --from at those of a cloud, with the
credentials of the environment, else of the aws or gcloud command. In a cloud,
what is being looked at is hidden from others meanwhile: for ten minutes at the
most, if this is killed.`,
		Example: `  sigpost dead list --since 24h
  sigpost dead show 3f9a1c
  sigpost dead resend --sink ops --reason 404 --dry-run
  sigpost dead drop --until 30d
  sigpost dead list --from https://sqs.eu-west-1.amazonaws.com/123456789012/sigpost-dead.fifo
  sigpost dead resend --all --from projects/P/subscriptions/sigpost-dead --to projects/P/topics/sigpost-jobs`,
	}
	cmd.PersistentFlags().StringVar(&d.queue, "queue", "", queueFlag)
	cmd.PersistentFlags().StringVar(&d.from, "from", "", "where the dead of a cloud are: `URL` of the SQS queue, or projects/PROJECT/subscriptions/NAME of Pub/Sub")
	cmd.PersistentFlags().StringVar(&d.to, "to", "", "where resend puts the jobs of a cloud: `URL` of the SQS queue, or projects/PROJECT/topics/NAME of Pub/Sub")
	cmd.AddCommand(newDeadList(d), newDeadShow(d), newDeadResend(d), newDeadDrop(d))
	return cmd
}

func newDeadList(d *deadCommand) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the dead, oldest first",
		Example: `  sigpost dead list
  sigpost dead list --sink ops --since 24h
  sigpost dead list --reason '*not delivered within*' --json | jq -r .id`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.with(cmd, func(_ graveyard, found []queue.Dead) error {
				if d.json {
					return printJSON(cmd.OutOrStdout(), found, false)
				}
				if len(found) == 0 {
					fmt.Fprintln(cmd.OutOrStdout(), "none is dead"+d.which())
					return nil
				}
				return printTable(cmd.OutOrStdout(), found)
			})
		},
	}
	d.filterFlags(cmd)
	cmd.Flags().BoolVar(&d.json, "json", false, "print a JSON object for each, one a line")
	return cmd
}

func newDeadShow(d *deadCommand) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show ID...",
		Short: "Show what is dead, and why",
		Long: `Show dead jobs by ID; the beginning of one is enough. With --json the whole job is
printed, with the body that the sender posted: it may be confidential.`,
		Example: `  sigpost dead show 3f9a1c
  sigpost dead show 3f9a1c --json | jq -r .job.event.raw | base64 -d`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d.ids = args
			return d.with(cmd, func(_ graveyard, found []queue.Dead) error {
				if d.json {
					return printJSON(cmd.OutOrStdout(), found, true)
				}
				for i := range found {
					printDead(cmd.OutOrStdout(), &found[i])
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&d.json, "json", false, "print a JSON object for each, with the whole job")
	return cmd
}

func newDeadResend(d *deadCommand) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "resend",
		Short: "Put the dead back into the queue",
		Long: `Put the dead that you choose back into the queue, oldest first. Each keeps the ID
of its event, is delivered even if it was delivered before, and is tried for
another day. It leaves the dead only once the queue has it. That you did this is
logged.`,
		Example: `  sigpost dead resend --id 3f9a1c
  sigpost dead resend --sink ops --since 2026-03-01T08:00:00Z --dry-run
  sigpost dead resend --all`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if d.from != "" && d.to == "" && !d.dryRun {
				return errors.New("--from needs --to: the queue or topic that the jobs go to")
			}
			return d.change(cmd, "resend", "resent", resend)
		},
	}
	d.changeFlags(cmd)
	return cmd
}

func newDeadDrop(d *deadCommand) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "drop",
		Short: "Forget the dead",
		Long:  `Forget the dead that you choose, for good, after a question. That you did this is logged.`,
		Example: `  sigpost dead drop --until 30d
  sigpost dead drop --source old --yes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.change(cmd, "drop", "dropped", func(ctx context.Context, g graveyard, v queue.Dead, _ time.Time) error {
				return g.Remove(ctx, v.ID)
			})
		},
	}
	d.changeFlags(cmd)
	cmd.Flags().BoolVar(&d.yes, "yes", false, "drop without asking")
	return cmd
}

func (d *deadCommand) changeFlags(cmd *cobra.Command) {
	d.filterFlags(cmd)
	cmd.Flags().StringSliceVar(&d.ids, "id", nil, "the one with this `ID`, or this beginning of one; may be repeated")
	cmd.Flags().BoolVar(&d.all, "all", false, "all of them")
	cmd.Flags().BoolVar(&d.dryRun, "dry-run", false, "only say which")
	cmd.Flags().BoolVar(&d.json, "json", false, "print a JSON object for each, one a line")
}

// with opens the graveyard and hands over the dead that were chosen.
func (d *deadCommand) with(cmd *cobra.Command, do func(graveyard, []queue.Dead) error) (err error) {
	if err := d.prepare(time.Now()); err != nil {
		return err
	}
	g, err := d.graveyard(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	var found []queue.Dead
	err = g.Each(cmd.Context(), func(v queue.Dead) error {
		if d.match(&v) {
			found = append(found, v)
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b queue.Dead) int { return a.Buried.Compare(b.Buried) })
	if err == nil {
		err = d.checkIDs(found)
	}
	if err != nil {
		return err
	}
	return do(g, found)
}

// graveyard is the one that the flags name.
func (d *deadCommand) graveyard(ctx context.Context) (graveyard, error) {
	if d.from != "" {
		return openCloud(ctx, d.from, d.to)
	}
	if d.to != "" {
		return nil, errors.New("--to goes with --from: where are the dead?")
	}
	path, err := d.queueFile(d.queue)
	if err != nil {
		return nil, err
	}
	return openGraveyard(ctx, path)
}

// change does something to each of the dead that were chosen.
func (d *deadCommand) change(cmd *cobra.Command, verb, past string, do func(context.Context, graveyard, queue.Dead, time.Time) error) error {
	if d.empty() && !d.all {
		return fmt.Errorf("which ones? Choose with --id, --source, --sink, --reason, --since or --until, or take --all; --dry-run only says which they are")
	}
	return d.with(cmd, func(g graveyard, found []queue.Dead) error {
		out := cmd.OutOrStdout()
		if d.dryRun || len(found) == 0 {
			return d.wouldChange(cmd, verb, found)
		}
		if verb == "drop" && !d.yes {
			if err := confirm(cmd, len(found)); err != nil {
				return err
			}
		}
		done, errs := eachDead(cmd, verb, past, found, func(ctx context.Context, v queue.Dead) error { return do(ctx, g, v, time.Now()) })
		slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), nil)).InfoContext(cmd.Context(), "dead jobs "+past, "by", whoami(), "count", len(done),
			"failed", len(found)-len(done), "chosen", cmp.Or(strings.TrimSpace(d.which()), "--all"), "queue", g.Name())
		if d.json {
			return errors.Join(append(errs, printJSON(out, done, false))...)
		}
		fmt.Fprintf(out, "%d %s\n", len(done), past)
		return errors.Join(errs...)
	})
}

// eachDead does something to each of the dead until the command is stopped, and
// returns those with which that went well.
func eachDead(cmd *cobra.Command, verb, past string, found []queue.Dead, do func(context.Context, queue.Dead) error) (done []queue.Dead, errs []error) {
	ctx := cmd.Context()
	bar := newProgress(cmd.ErrOrStderr(), verb, len(found))
	defer bar.end()
	for _, v := range found {
		if ctx.Err() != nil {
			return done, append(errs, fmt.Errorf("stopped with %d of %d %s", len(done), len(found), past))
		}
		// What was begun is ended, or a job might be in the queue and among the dead.
		if err := do(context.WithoutCancel(ctx), v); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", short(v.ID), err))
		} else {
			done = append(done, v)
		}
		bar.step()
	}
	return done, errs
}

func (d *deadCommand) wouldChange(cmd *cobra.Command, verb string, found []queue.Dead) error {
	out := cmd.OutOrStdout()
	switch {
	case d.json:
		return printJSON(out, found, false)
	case len(found) == 0:
		fmt.Fprintf(out, "nothing to %s: none is dead%s\n", verb, d.which())
		return nil
	}
	if err := printTable(out, found); err != nil {
		return err
	}
	fmt.Fprintf(out, "would %s %d; nothing was changed\n", verb, len(found))
	return nil
}

// confirm asks whether n jobs may be dropped.
func confirm(cmd *cobra.Command, n int) error {
	fmt.Fprintf(cmd.ErrOrStderr(), "Drop %d for good? [y/N] ", n)
	answer, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was dropped; --yes drops without asking")
}

// whoami is who runs the command, for the record.
func whoami() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}
