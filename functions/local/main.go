// Command sigpost runs sigpost on your own machine: a demo, a server with your
// configuration, polls, signed samples, rendering without a network, a check of
// the configuration, and what could not be delivered.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the command with its arguments and outputs; it returns the exit code.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	deliver.QuietLog()
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil || errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return 0
	}
	for _, p := range problem.All(err) {
		fmt.Fprintln(errOut, "sigpost:", p.Error())
	}
	return 1
}

// settings are the flags that several commands share.
type settings struct {
	config  string
	secrets string
}

func newRoot() *cobra.Command {
	s := &settings{}
	root := &cobra.Command{
		Use:   "sigpost",
		Short: "Turn the webhooks of cloud services into chat messages",
		Long: `sigpost verifies the webhooks of cloud services, makes one event of each, and
sends it as a native message to Slack, Microsoft Teams, Discord, PagerDuty or any
URL.`,
		Example: `  sigpost demo                        # see everything work, no set-up
  sigpost check --config sigpost.yaml # is my configuration right?
  sigpost serve --secrets .env        # run it here
  sigpost send github --event issues.opened
  sigpost dead list                   # what could not be delivered`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&s.config, "config", "", "configuration `FILE` (default: SIGPOST_CONFIG, then sigpost.yaml here, then beside the binary)")
	root.PersistentFlags().StringVar(&s.secrets, "secrets", "", "dotenv `FILE` with SIGPOST_SECRET_<NAME>=value lines for secret:// references")
	root.AddCommand(newDemo(), newServe(s), newPoll(s), newSend(s), newRender(s), newCheck(s), newDead(s))
	return root
}

// file is the configuration's.
func (s *settings) file() (string, error) {
	if s.config != "" {
		return s.config, nil
	}
	return config.Find()
}

// load reads the configuration that the flags name.
func (s *settings) load() (*config.Config, error) {
	file, err := s.file()
	if err != nil {
		return nil, err
	}
	var dotenv map[string]string
	if s.secrets != "" {
		values, err := secret.ReadDotenv(s.secrets)
		if err != nil {
			return nil, err
		}
		dotenv = values
	}
	return config.Load(file, secret.NewLocal(os.LookupEnv, dotenv))
}
