package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCheck(s *settings) *cobra.Command {
	var resolve bool
	var kind string
	cmd := &cobra.Command{
		Use:   "check [--import KIND FILE]",
		Short: "Validate a configuration",
		Long: `Validate a configuration and report all of its problems at once, each with
file, line and key. With --resolve every secret is also read, and none is shown.

With --import FILE is the document in which a sender describes what it notifies
of (cloudtruth: what its API takes to create a webhook, or lists), and the
configuration that does the same is printed. Tokens in it are not.`,
		Example: `  sigpost check
  sigpost check --config prod.yaml --secrets .env --resolve
  sigpost check --import cloudtruth create_webhook_request.json > sigpost.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if kind != "" {
				return nil // runImport says more
			}
			return cobra.NoArgs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if kind != "" {
				return runImport(cmd, kind, args)
			}
			c, err := s.load()
			if err != nil {
				return err
			}
			if resolve {
				if err := c.Resolve(cmd.Context()); err != nil {
					return err
				}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "ok: %d sources, %d sinks, %d routes\n", len(c.Sources), len(c.Sinks), len(c.Routes))
			if note := pictureNote(c); note != "" {
				fmt.Fprintln(cmd.OutOrStdout(), note)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&resolve, "resolve", false, "read every secret too")
	cmd.Flags().StringVar(&kind, "import", "", "read a sender's own document, of this `KIND`, instead")
	return cmd
}
