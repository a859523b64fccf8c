package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

// found is a secret reference of the file, and where it stands.
type found struct {
	key    string
	line   int
	handle secret.Handle
}

// decoder fills Go values from YAML nodes, strictly, and collects every problem
// it meets on the way.
type decoder struct {
	file     string
	store    secret.Store
	problems []error
	handles  []found
}

func (d *decoder) report(line int, key, format string, args ...any) {
	d.problems = append(d.problems, &problem.Problem{File: d.file, Line: line, Key: key, Text: fmt.Sprintf(format, args...)})
}

// value decodes n into v. Keys of n that are in skip were read elsewhere.
func (d *decoder) value(n *yaml.Node, key string, v reflect.Value, skip ...string) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		d.report(n.Line, key, "has no value: write one or remove the key")
		return
	}
	if _, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(n, key, v)
		return
	}
	switch v.Interface().(type) {
	case time.Duration:
		d.duration(n, key, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, key, v, skip)
	case reflect.Slice:
		d.slice(n, key, v)
	case reflect.Map:
		d.mapping(n, key, v)
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		d.value(n, key, p.Elem())
		v.Set(p)
	default:
		d.scalar(n, key, v)
	}
}

func (d *decoder) scalar(n *yaml.Node, key string, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if s, ok := d.str(n, key, "a text"); ok {
			v.SetString(s)
		}
	case reflect.Bool:
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
			d.report(n.Line, key, "must be true or false")
			return
		}
		v.SetBool(strings.EqualFold(n.Value, "true"))
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(n.Value, 10, v.Type().Bits())
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil {
			d.report(n.Line, key, "must be a whole number")
			return
		}
		v.SetInt(i)
	default:
		d.report(n.Line, key, "can't be set in a file")
	}
}

// str is the text of a scalar. Numbers and the like are taken as written.
func (d *decoder) str(n *yaml.Node, key, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode {
		d.report(n.Line, key, "must be %s, not %s", what, kindName(n))
		return "", false
	}
	return n.Value, true
}

func (d *decoder) text(n *yaml.Node, key string, v reflect.Value) {
	what := "a text"
	h, isSecret := v.Addr().Interface().(*secret.Handle)
	if isSecret {
		what = "a reference such as secret://NAME"
	}
	s, ok := d.str(n, key, what)
	if !ok {
		return
	}
	u, _ := v.Addr().Interface().(encoding.TextUnmarshaler)
	if err := u.UnmarshalText([]byte(s)); err != nil {
		d.report(n.Line, key, "%v", err)
		return
	}
	if isSecret {
		h.Bind(d.store)
		d.handles = append(d.handles, found{key, n.Line, *h})
	}
}

func (d *decoder) duration(n *yaml.Node, key string, v reflect.Value) {
	t, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || t < 0 {
		d.report(n.Line, key, `must be a duration such as "300s", "10m" or "1h30m"`)
		return
	}
	v.SetInt(int64(t))
}

func (d *decoder) slice(n *yaml.Node, key string, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.report(n.Line, key, "must be a list: put it in [ ], even if it is only one")
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		d.value(item, fmt.Sprintf("%s[%d]", key, i), list.Index(i))
	}
	v.Set(list)
}

func (d *decoder) mapping(n *yaml.Node, key string, v reflect.Value) {
	if !d.isMap(n, key) {
		return
	}
	m := reflect.MakeMap(v.Type())
	for name, item := range d.pairs(n, key) {
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(item, join(key, name), e)
		m.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), e)
	}
	v.Set(m)
}

func (d *decoder) structure(n *yaml.Node, key string, v reflect.Value, skip []string) {
	if !d.isMap(n, key) {
		return
	}
	fields := fieldsOf(v)
	for name, item := range d.pairs(n, key) {
		if slices.Contains(skip, name) {
			continue
		}
		f, ok := fields[name]
		if !ok {
			known := slices.Clone(skip)
			for k := range fields {
				known = append(known, k)
			}
			d.unknown(d.keyLine(n, name), join(key, name), name, known)
			continue
		}
		d.value(item, join(key, name), f)
	}
}

// fieldsOf is the settable fields of a struct by their yaml names.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case option == "inline" && f.Type.Kind() == reflect.Struct:
			for k, inner := range fieldsOf(v.Field(i)) {
				fields[k] = inner
			}
		case name == "":
			fields[strings.ToLower(f.Name)] = v.Field(i)
		default:
			fields[name] = v.Field(i)
		}
	}
	return fields
}
