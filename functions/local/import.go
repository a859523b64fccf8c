package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigpost/sigpost/pkg/catalog"
	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/secret"
)

// maxImportBytes is read of a document: more than any importer takes.
const maxImportBytes = 2 << 20

// runImport prints the configuration that a sender's own document becomes.
func runImport(cmd *cobra.Command, kind string, args []string) error {
	kinds := strings.Join(slices.Sorted(maps.Keys(catalog.Imports)), ", ")
	read, ok := catalog.Imports[kind]
	if !ok {
		return fmt.Errorf("--import %q is not known: there is %s", kind, kinds)
	}
	if len(args) != 1 {
		return fmt.Errorf("--import %s needs one file: the document to read, or - for standard input", kind)
	}
	name, in := args[0], cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("--import: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxImportBytes))
	if err != nil {
		return fmt.Errorf("--import: %w", err)
	}
	out, err := read(name, data)
	if err != nil {
		return err
	}
	if _, err := config.Parse("the configuration made of "+name, out, secret.NewLocal(os.LookupEnv, nil)); err != nil {
		return err
	}
	_, err = cmd.OutOrStdout().Write(out)
	return err
}
