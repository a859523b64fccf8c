package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sigpost/sigpost/pkg/catalog"
	"github.com/sigpost/sigpost/pkg/gauge"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/route"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/wording"
)

// maxName is how long a source's or sink's name may be, in bytes.
const maxName = 63

// goodName tells whether a source or sink may be called so; a source's name is
// an element of a URL's path.
func goodName(name string) bool {
	return name != "" && len(name) <= maxName && !strings.ContainsAny(name[:1], "-_") &&
		!strings.ContainsFunc(name, func(c rune) bool {
			return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_')
		})
}

// reserved is the paths that are no source.
var reserved = []string{"gauge", "healthz", "inbox"}

func (d *decoder) config(root *yaml.Node, c *Config) {
	sections := []string{"sources", "sinks", "routes", "gauge"}
	nodes := map[string]*yaml.Node{}
	for name, n := range d.pairs(root, "") {
		if !slices.Contains(sections, name) {
			d.unknown(d.keyLine(root, name), name, name, slices.Clone(sections))
			continue
		}
		nodes[name] = n
	}
	var sources, sinks []string
	if n := d.section(nodes, "sources", "add one, for example github: { type: github, secrets: [secret://github-webhook] }"); n != nil {
		sources = d.entries(n, "sources", func(e entry) { d.source(e, c) })
	}
	if n := d.section(nodes, "sinks", "add one, for example ops: { type: slack, url: secret://slack-ops }"); n != nil {
		sinks = d.entries(n, "sinks", func(e entry) { d.sink(e, c) })
	}
	if n := d.section(nodes, "routes", "add one, for example - { to: [ops] }"); n != nil {
		d.routes(n, c, sources, sinks)
	}
	if n := nodes["gauge"]; n != nil {
		d.gauge(root, n, c)
	}
}

// gauge reads how pictures of gauges are served.
func (d *decoder) gauge(root, n *yaml.Node, c *Config) {
	var g gauge.Config
	read := len(d.problems)
	d.value(n, "gauge", reflect.ValueOf(&g).Elem())
	var err error
	c.Gauge, err = gauge.New(g)
	d.locate(n, d.keyLine(root, "gauge"), "gauge", err, slices.Clone(d.problems[read:]))
}

// section is the node of a part that must be there and hold something.
func (d *decoder) section(nodes map[string]*yaml.Node, name, fix string) *yaml.Node {
	n := nodes[name]
	if n == nil {
		d.report(0, name, "is missing: %s", fix)
		return nil
	}
	if n.ShortTag() == "!!null" || n.Kind != yaml.ScalarNode && len(n.Content) == 0 {
		d.report(n.Line, name, "is empty: %s", fix)
		return nil
	}
	return n
}

// entry is one named source or sink of the file.
type entry struct {
	name, key, kind string
	line            int
	node            *yaml.Node
}

// entries calls add for each entry that has a good name and a type, and returns
// the names of all, so that a route to a broken one isn't a second problem.
func (d *decoder) entries(n *yaml.Node, key string, add func(entry)) (names []string) {
	if !d.isMap(n, key) {
		return nil
	}
	for name, node := range d.pairs(n, key) {
		names = append(names, name)
		e := entry{name: name, key: join(key, name), line: d.keyLine(n, name), node: node}
		if !goodName(name) {
			d.report(e.line, e.key, "is no good name: use up to 63 of a-z, 0-9, - and _, and begin with a letter or digit")
		}
		if key == "sources" && slices.Contains(reserved, name) {
			d.report(e.line, e.key, "is a path that sigpost uses itself: choose another name")
		}
		if !d.isMap(node, e.key) {
			continue
		}
		kind := lookup(node, "type")
		if kind == nil {
			d.report(e.line, e.key+".type", "is missing")
			continue
		}
		if kind.Kind != yaml.ScalarNode {
			d.report(kind.Line, e.key+".type", "must be a text, not %s", kindName(kind))
			continue
		}
		e.kind = kind.Value
		add(e)
	}
	return names
}

func (d *decoder) source(e entry, c *Config) {
	i := slices.IndexFunc(catalog.Sources, func(s catalog.Source) bool { return s.Type == e.kind })
	if i < 0 {
		var known []string
		for _, s := range catalog.Sources {
			known = append(known, s.Type)
		}
		d.badType(e, "source", known)
		return
	}
	s := catalog.Sources[i]
	out := Source{Name: e.name, Type: s.Type, Product: s.Product, Wait: s.Wait}
	var err error
	before, read := len(d.handles), len(d.problems)
	if s.NewPoller != nil {
		out.Poller, err = s.NewPoller(d.decodeEntry(e, "type"))
	} else {
		out.MaxBody = d.maxBody(e)
		out.Source, err = s.New(d.decodeEntry(e, "type", "max_body"))
	}
	d.locate(e.node, e.line, e.key, err, d.problems[read:])
	out.Secrets = d.secretsFrom(before)
	c.Sources = append(c.Sources, out)
}

func (d *decoder) maxBody(e entry) int64 {
	n := lookup(e.node, "max_body")
	if n == nil {
		return MaxBodyBytes
	}
	size, ok := parseSize(n.Value)
	if n.Kind != yaml.ScalarNode || !ok {
		d.report(n.Line, e.key+".max_body", `must be a size from 1KB to 25MB, such as "6MB"`)
	}
	return size
}

func (d *decoder) sink(e entry, c *Config) {
	i := slices.IndexFunc(catalog.Sinks, func(s catalog.Sink) bool { return s.Type == e.kind })
	if i < 0 {
		var known []string
		for _, s := range catalog.Sinks {
			known = append(known, s.Type)
		}
		d.badType(e, "sink", known)
		return
	}
	before, read := len(d.handles), len(d.problems)
	rate := catalog.Sinks[i].Rate
	if n := lookup(e.node, "rate"); n != nil {
		d.value(n, e.key+".rate", reflect.ValueOf(&rate).Elem())
	}
	w, err := wording.New(d.words(e, "title"), d.words(e, "text"))
	d.locate(e.node, e.line, e.key, err, d.problems[read:])
	s, err := catalog.Sinks[i].New(d.decodeEntry(e, "type", "rate", "title", "text"))
	d.locate(e.node, e.line, e.key, err, d.problems[read:])
	c.Sinks = append(c.Sinks, Sink{Name: e.name, Type: e.kind, Rate: rate, Sink: s, Wording: w, Secrets: d.secretsFrom(before)})
}

// words is the text of a key that every sink has.
func (d *decoder) words(e entry, key string) (text string) {
	if n := lookup(e.node, key); n != nil {
		d.value(n, join(e.key, key), reflect.ValueOf(&text).Elem())
	}
	return text
}

// secretsFrom is the secrets decoded since there were before of them.
func (d *decoder) secretsFrom(before int) []secret.Handle {
	var handles []secret.Handle
	for _, f := range d.handles[before:] {
		handles = append(handles, f.handle)
	}
	return handles
}

func (d *decoder) badType(e entry, what string, known []string) {
	d.report(d.lineOf(e.node, e.line, "type"), e.key+".type", "is no type of %s that is known: there is %s", what, strings.Join(known, ", "))
}

// decodeEntry fills a constructor's configuration with what of it can be read;
// the keys in common are not its own. What can't be read is reported, and the
// constructor looks at the rest.
func (d *decoder) decodeEntry(e entry, common ...string) func(any) error {
	return func(v any) error {
		d.value(e.node, e.key, reflect.ValueOf(v).Elem(), common...)
		return nil
	}
}

// locate reports what is wrong with n, the value of key, but for the keys of
// which something was reported when they were read.
func (d *decoder) locate(n *yaml.Node, line int, key string, err error, reported []error) {
	for _, p := range problem.All(err) {
		q := *p
		q.File, q.Line, q.Key = d.file, d.lineOf(n, line, p.Key), key
		if p.Key != "" {
			q.Key = join(key, p.Key)
		}
		if !concerned(q.Key, reported) {
			d.problems = append(d.problems, &q)
		}
	}
}

// concerned tells whether one of the problems is of key, of a part of it, or of
// what it is a part of.
func concerned(key string, problems []error) bool {
	within := func(part, whole string) bool {
		rest, ok := strings.CutPrefix(part, whole)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	}
	return slices.ContainsFunc(problem.All(errors.Join(problems...)), func(p *problem.Problem) bool {
		return within(key, p.Key) || within(p.Key, key)
	})
}

func (d *decoder) routes(n *yaml.Node, c *Config, sources, sinks []string) {
	before := len(d.problems)
	d.value(n, "routes", reflect.ValueOf(&c.Routes).Elem())
	reported := slices.Clone(d.problems[before:])
	for i, r := range c.Routes {
		key, node := fmt.Sprintf("routes[%d]", i), n.Content[i]
		d.locate(node, node.Line, key, r.Validate(), reported)
		w, err := wording.New(r.Title, r.Text)
		d.locate(node, node.Line, key, err, reported)
		c.wordings = append(c.wordings, w)
		d.known(node, key, "from", "source", r.From, sources)
		d.known(node, key, "to", "sink", r.To, sinks)
		d.channel(node, key, r, c)
	}
}

// channel reports a channel that one of the route's sinks can't post to.
func (d *decoder) channel(n *yaml.Node, key string, r route.Route, c *Config) {
	if r.Channel == "" {
		return
	}
	for _, s := range c.Sinks {
		if s.Sink == nil || !slices.Contains(r.To, s.Name) {
			continue
		}
		if _, err := s.To(r.Channel); err != nil {
			d.report(d.lineOf(n, n.Line, "channel"), join(key, "channel"), "is wrong: %v", err)
			return
		}
	}
}

func (d *decoder) known(n *yaml.Node, key, field, what string, names, known []string) {
	for i, name := range names {
		if known != nil && name != "" && !slices.Contains(known, name) {
			at := fmt.Sprintf("%s[%d]", field, i)
			d.report(d.lineOf(n, n.Line, at), join(key, at), "names no %s of this file%s", what, suggest(name, slices.Clone(known)))
		}
	}
}

// sizeUnits are the powers of two that units stand for.
var sizeUnits = []struct {
	name string
	bits int
}{{"KiB", 10}, {"KB", 10}, {"MiB", 20}, {"MB", 20}, {"", 0}}

// maxDigits bounds the number of a size, so that it fits.
const maxDigits = 9

// parseSize reads "6MB": KB and MB are 1024 and 1024² bytes, with or without
// the i.
func parseSize(s string) (size int64, ok bool) {
	for _, u := range sizeUnits {
		number, found := strings.CutSuffix(s, u.name)
		if !found {
			continue
		}
		number = strings.TrimSuffix(number, " ")
		if len(number) > maxDigits || strings.Trim(number, "0123456789") != "" {
			return 0, false
		}
		size, err := strconv.ParseInt(number, 10, 64)
		size <<= u.bits
		return size, err == nil && size >= 1<<10 && size <= MaxBodyBytes
	}
	return 0, false
}
