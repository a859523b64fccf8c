// Command cloudzip writes what is deployed to the clouds. See scripts/build.
//
// The zip for AWS holds a binary. The one for Google Cloud holds sources, which
// Google compiles: the packages that the functions need and a generated package
// at the root. Both hold the configuration, which is checked first.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	for _, p := range problem.All(err) {
		fmt.Fprintln(os.Stderr, "scripts/build:", p.Error())
	}
	if err != nil {
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	root, config, out, only string
}

func parse(args []string, errOut io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("scripts/build", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.StringVar(&s.config, "config", "", "configuration `FILE` (default: SIGPOST_CONFIG, then sigpost.yaml here)")
	flags.StringVar(&s.out, "out", "", "`DIRECTORY` to write to (default: dist, in the repository)")
	flags.StringVar(&s.only, "only", "", "build for one `CLOUD`: aws or gcp (default: both)")
	flags.StringVar(&s.root, "root", ".", "the repository; scripts/build sets it")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	switch {
	case flags.NArg() > 0:
		return s, fmt.Errorf("%q is not known: write --config FILE", flags.Arg(0))
	case s.only != "" && s.only != "aws" && s.only != "gcp":
		return s, fmt.Errorf("--only %s is not known: write aws or gcp, or leave it out for both", s.only)
	}
	if s.out == "" {
		s.out = filepath.Join(s.root, "dist")
	}
	return s, nil
}

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	s, err := parse(args, errOut)
	if err != nil {
		return err
	}
	b := &builder{root: s.root, progress: errOut}
	file := ""
	if file, b.config, err = b.readConfig(s.config); err != nil {
		return err
	}
	if b.env, err = goEnvironment(ctx, s.root); err != nil {
		return err
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil { //nolint:gosec // built files are no secret
		return err
	}
	var rows []row
	for _, c := range []struct {
		name, next string
		build      func(context.Context) (archive, error)
	}{
		{"aws", "cd terraform/examples/aws && terraform init && terraform apply", b.aws},
		{"gcp", "cd terraform/examples/gcp && terraform init && terraform apply -var project=PROJECT", b.gcp},
	} {
		if s.only != "" && s.only != c.name {
			continue
		}
		a, err := c.build(ctx)
		if err != nil {
			return fmt.Errorf("%s.zip: %w", c.name, err)
		}
		path := filepath.Join(s.out, c.name+".zip")
		r, err := a.write(path)
		if err != nil {
			return err
		}
		if err := b.label(path); err != nil {
			return err
		}
		r.next = c.next + configVariable(file)
		rows = append(rows, r)
	}
	printTable(out, rows)
	return nil
}

// readConfig is the configuration, checked, and its file; nil if there is none.
func (b *builder) readConfig(file string) (string, []byte, error) {
	if file == "" {
		found, err := config.Find()
		switch {
		case err == nil:
		case os.Getenv(config.Variable) != "":
			return "", nil, err
		default:
			b.say("no configuration: there is no %s here, so the functions will answer 503 until SIGPOST_CONFIG names one that they can read; put one inside with scripts/build --config FILE", config.FileName)
			return "", nil, nil
		}
		file = found
	}
	b.say("checking %s", file)
	data, err := os.ReadFile(file)
	if err != nil {
		return "", nil, fmt.Errorf("read configuration: %w", err)
	}
	_, err = config.Parse(file, data, secret.NewLocal(os.LookupEnv, nil))
	return file, data, err
}

// label writes beside a zip the SHA-256 of the configuration in it, or of
// nothing if it has none, which the Terraform modules compare with the file that
// they are given.
func (b *builder) label(zip string) error {
	sum := sha256.Sum256(b.config)
	return writeFile(zip+".config.sha256", []byte(hex.EncodeToString(sum[:])+"\n"))
}

// configVariable gives Terraform the configuration that is in the zips: of
// another one it would make the secrets that the functions don't ask for.
func configVariable(file string) string {
	if file == "" {
		return ""
	}
	if path, err := filepath.Abs(file); err == nil {
		file = path
	}
	return " -var 'config_file=" + strings.ReplaceAll(file, "'", `'\''`) + "'"
}

// row is a line of the table.
type row struct {
	file string
	size int64
	sum  [sha256.Size]byte
	next string
}

func printTable(out io.Writer, rows []row) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FILE\tSIZE\tSHA256")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.file, size(r.size), hex.EncodeToString(r.sum[:]))
	}
	_ = w.Flush()
	fmt.Fprintf(out, "\nBuilt with %s. Next, one of:\n", runtime.Version())
	for _, r := range rows {
		fmt.Fprintln(out, "  "+r.next)
	}
}

// size is a number of bytes for people.
func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KB", (n+1<<10-1)>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}
