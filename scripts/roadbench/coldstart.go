package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/sigpost/sigpost/functions/aws/awstest"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/source/github"
)

const (
	starts       = 100 // of each binary
	firsts       = 20  // messages after a start
	functionTime = 30 * time.Second
	megabyte     = 1e6 // as budgets count
)

// lambdaConfig is of ordinary size: what is in it is read at every start.
const lambdaConfig = `sources:
  github:    { type: github,        secrets: [secret://github-webhook] }
  array:     { type: cloudiq,       secrets: [secret://cloudiq-webhook] }
  terraform: { type: scalr,         secrets: [secret://scalr-signing-key], tolerance: 300s }
  certs:     { type: certifyclouds, tokens:  [secret://certifyclouds-token] }
sinks:
  ops:       { type: slack, url: secret://slack-ops }
  platform:  { type: teams, url: secret://teams-platform }
routes:
  - { from: [github], to: [ops] }
  - { from: [array, terraform, certs], severity: [error, warning], to: [ops, platform] }
`

// lambda measures the function for AWS as scripts/build makes it: its size, the
// time from exec to the first poll of the Runtime API beside an empty handler's,
// and the first message after a start.
func (b *bench) lambda() error {
	file := filepath.Join(b.dir, "lambda.yaml")
	if err := os.WriteFile(file, []byte(lambdaConfig), 0o600); err != nil {
		return err
	}
	if _, err := b.buildLambda(file, "arm64", true); err != nil {
		return err
	}
	function, err := b.buildLambda(file, runtime.GOARCH, false)
	if err != nil {
		return err
	}
	empty := filepath.Join(b.dir, "empty")
	build := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", empty, "./scripts/roadbench/empty") //nolint:gosec // a file of our own
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./scripts/roadbench/empty: %w\n%s", err, out)
	}
	if err := b.firstPoll(function, empty); err != nil {
		return err
	}
	if err := b.firstMessage(function); err != nil {
		return err
	}
	return b.firstInQueueMode(function)
}

// buildLambda makes the zip for a processor and unpacks its binary.
func (b *bench) buildLambda(config, arch string, report bool) (string, error) {
	dir := filepath.Join(b.dir, "aws-"+arch)
	build := exec.CommandContext(b.ctx, "scripts/build", "--only", "aws", "--config", config, "--out", dir) //nolint:gosec // files of our own
	build.Env = append(os.Environ(), "GOARCH="+arch)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("scripts/build: %w\n%s", err, out)
	}
	z, err := zip.OpenReader(filepath.Join(dir, "aws.zip"))
	if err != nil {
		return "", err
	}
	defer z.Close() //nolint:errcheck // it was only read
	for _, name := range []string{"bootstrap", "sigpost.yaml"} {
		if err := unpack(&z.Reader, name, filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	file := filepath.Join(dir, "bootstrap")
	if !report {
		return file, nil
	}
	zipped, err := os.Stat(filepath.Join(dir, "aws.zip"))
	if err != nil {
		return "", err
	}
	binary, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(b.out, "AWS, arm64                 %.1f MB zip, %.1f MB binary  (budget 5 MB zip)\n",
		float64(zipped.Size())/megabyte, float64(binary.Size())/megabyte)
	return file, nil
}

func unpack(z *zip.Reader, name, to string) error {
	in, err := z.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()                                            //nolint:errcheck // it was only read
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o700) //nolint:gosec // it shall run
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// instance is a started function and when it was started and had started.
type instance struct {
	cmd           *exec.Cmd
	runtime       *awstest.Runtime
	begun, polled time.Time
}

func (b *bench) startInstance(file string, more map[string]string) (*instance, error) {
	i := &instance{cmd: exec.CommandContext(b.ctx, file), runtime: awstest.NewRuntime()}
	env := awstest.Env()
	env["AWS_LAMBDA_RUNTIME_API"], env["_HANDLER"], env["AWS_LAMBDA_LOG_FORMAT"] = i.runtime.Address, "receive", "JSON"
	for k, v := range more {
		env[k] = v
	}
	for k, v := range env {
		i.cmd.Env = append(i.cmd.Env, k+"="+v)
	}
	i.begun = time.Now()
	if err := i.cmd.Start(); err != nil {
		i.runtime.Close()
		return nil, err
	}
	select {
	case <-i.runtime.Polled():
		i.polled = time.Now()
		return i, nil
	case <-time.After(startTimeout):
		i.stop()
		return nil, fmt.Errorf("%s did not ask for work", file)
	}
}

func (i *instance) stop() {
	_ = i.cmd.Process.Kill()
	_ = i.cmd.Wait()
	i.runtime.Close()
}

// firstPoll compares the starts. All take turns, so that both see the same
// noise, and the median of each counts.
func (b *bench) firstPoll(function, empty string) error {
	s, queued := newServices("")
	defer s.close()
	queued["_HANDLER"] = "receive"
	deliver := maps.Clone(queued)
	deliver["_HANDLER"] = "deliver"
	variants := []struct {
		name, file string
		env        map[string]string
	}{{"empty", empty, nil}, {"receive, direct mode", function, nil}, {"receive, queue mode", function, queued}, {"deliver", function, deliver}}
	took := map[string][]time.Duration{}
	for range starts {
		for _, v := range variants {
			i, err := b.startInstance(v.file, v.env)
			if err != nil {
				return err
			}
			took[v.name] = append(took[v.name], i.polled.Sub(i.begun))
			i.stop()
		}
	}
	e := median(took["empty"])
	for _, v := range variants[1:] {
		f := median(took[v.name])
		fmt.Fprintf(b.out, "exec to first poll         %.2f ms %s, %.2f ms empty   ratio %.2f  (budget 1.5)\n",
			f.Seconds()*1e3, v.name, e.Seconds()*1e3, float64(f)/float64(e))
	}
	return nil
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// firstMessage splits the time to the first message after a start. Secrets
// Manager and the receiver are on loopback and answer at once: what is left is
// our own work.
func (b *bench) firstMessage(function string) error {
	var start, secrets, delivery, all []time.Duration
	for range firsts {
		s, f, d, err := b.oneMessage(function)
		if err != nil {
			return err
		}
		start, secrets, delivery, all = append(start, s), append(secrets, f), append(delivery, d), append(all, s+f+d)
	}
	ms := func(d []time.Duration) float64 { return median(d).Seconds() * 1e3 }
	fmt.Fprintf(b.out, "first message after that   %.1f ms: %.1f start, %.1f two secrets, %.1f delivery (services on loopback)\n",
		ms(all), ms(start), ms(secrets), ms(delivery))
	return nil
}

func (b *bench) oneMessage(function string) (start, secrets, delivery time.Duration, err error) {
	manager := awstest.NewSecrets()
	defer manager.Close()
	manager.Put("github-webhook", benchSecret)
	manager.Put("slack-ops", b.receiver+"/ops")
	i, err := b.startInstance(function, map[string]string{"AWS_ENDPOINT_URL": manager.URL})
	if err != nil {
		return 0, 0, 0, err
	}
	defer i.stop()
	event, err := b.event()
	if err != nil {
		return 0, 0, 0, err
	}
	handed := time.Now()
	o, err := i.runtime.Invoke(b.ctx, event, functionTime)
	answered := time.Now()
	switch {
	case err != nil:
		return 0, 0, 0, err
	case !strings.Contains(string(o.Body), `"statusCode":200`) || manager.Calls() != 2:
		return 0, 0, 0, fmt.Errorf("after %d secrets the function answered %s", manager.Calls(), o.Body)
	}
	known := manager.Answers()[1]
	return i.polled.Sub(i.begun), known.Sub(handed), answered.Sub(known), nil
}

// event is the event of a signed issue.
func (b *bench) event() ([]byte, error) {
	sample, err := source.Sample(github.Type, "issues.opened")
	if err != nil {
		return nil, err
	}
	mac := source.MAC(newSHA256, secret.NewValue(benchSecret), sample.Body)
	return awstest.Event(http.MethodPost, "/github", http.Header{
		"Content-Type": {"application/json"}, "X-Github-Event": {"issues"},
		"X-Github-Delivery": {"bench-1"}, "X-Hub-Signature-256": {fmt.Sprintf("sha256=%x", mac)},
	}, sample.Body), nil
}
