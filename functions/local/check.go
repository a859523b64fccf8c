package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCheck(s *settings) *cobra.Command {
	var resolve bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Validate a configuration",
		Long: `Validate a configuration and report all of its problems at once, each with
file, line and key. With --resolve every secret is also read, and none is shown.`,
		Example: `  sigpost check
  sigpost check --config prod.yaml --secrets .env --resolve`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
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
			return nil
		},
	}
	cmd.Flags().BoolVar(&resolve, "resolve", false, "read every secret too")
	return cmd
}
