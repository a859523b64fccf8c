package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDepth is how deep a configuration may nest; a real one needs 5 levels.
const maxDepth = 32

// document is the one mapping of a YAML file, nil if there is none. It refuses
// aliases before anything could expand them.
func (d *decoder) document(data []byte) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0 {
		d.report(0, "", "is empty: it needs sources, sinks and routes")
		return nil
	}
	if err != nil {
		d.syntax(err)
		return nil
	}
	if err := dec.Decode(&second); err == nil {
		d.report(second.Line, "", "holds more than one document: remove all from this line's --- on")
		return nil
	} else if !errors.Is(err, io.EOF) {
		d.syntax(err)
		return nil
	}
	root := doc.Content[0]
	if d.refuse(root, 0); len(d.problems) > 0 {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		d.report(root.Line, "", "must hold the keys sources, sinks and routes, not %s", kindName(root))
		return nil
	}
	return root
}

// refuse reports what a configuration never needs: anchors, aliases, own tags,
// and a nesting that is meant to hurt.
func (d *decoder) refuse(n *yaml.Node, depth int) {
	switch {
	case depth > maxDepth:
		d.report(n.Line, "", "is nested deeper than %d levels", maxDepth)
		return
	case n.Kind == yaml.AliasNode, n.Anchor != "":
		d.report(n.Line, "", "has an anchor (&) or alias (*), which isn't supported: write the value out, in quotes if it begins with & or *")
		return
	case n.Style&yaml.TaggedStyle != 0:
		d.report(n.Line, "", "has a tag (!), which isn't supported: put the value in quotes if it begins with !")
		return
	}
	for _, c := range n.Content {
		d.refuse(c, depth+1)
	}
}

// syntax reports bad YAML. The parser's texts are constant but for that of an
// unknown anchor, which quotes the file.
func (d *decoder) syntax(err error) {
	line := 0
	yamlLine := regexp.MustCompile(`line (\d+): `) // here, since good files need none
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	text := yamlLine.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "")
	if strings.Contains(text, "anchor") {
		text = "anchors (&) and aliases (*) aren't supported: write the value out, in quotes if it begins with & or *"
	}
	d.report(line, "", "is not valid YAML: %s", text)
}

func (d *decoder) isMap(n *yaml.Node, key string) bool {
	if n.Kind != yaml.MappingNode {
		d.report(n.Line, key, "must hold keys with values, not %s", kindName(n))
		return false
	}
	return true
}

// pairs walks a mapping in the file's order, and reports keys that are no text
// or stand there twice.
func (d *decoder) pairs(n *yaml.Node, key string) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		seen := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode || k.ShortTag() == "!!merge" {
				d.report(k.Line, key, "has a key that is no plain text")
				continue
			}
			if first, ok := seen[k.Value]; ok {
				d.report(k.Line, join(key, k.Value), "stands here a second time: it was given on line %d", first)
				continue
			}
			seen[k.Value] = k.Line
			if !yield(k.Value, n.Content[i+1]) {
				return
			}
		}
	}
}

// lookup is the node of a key, nil if there is none.
func lookup(n *yaml.Node, name string) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

// keyLine is the line of the key itself, else of the mapping.
func (d *decoder) keyLine(n *yaml.Node, name string) int {
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i].Line
		}
	}
	return n.Line
}

// lineOf is the line of a dotted key below n, as deep as it is there.
func (d *decoder) lineOf(n *yaml.Node, line int, key string) int {
	for _, s := range strings.FieldsFunc(key, func(c rune) bool { return strings.ContainsRune(".[]", c) }) {
		if i, err := strconv.Atoi(s); err == nil && n.Kind == yaml.SequenceNode && i >= 0 && i < len(n.Content) {
			n = n.Content[i]
			line = n.Line
			continue
		}
		next := lookup(n, s)
		if next == nil {
			return line
		}
		line, n = d.keyLine(n, s), next
	}
	return line
}

func (d *decoder) unknown(line int, key, name string, known []string) {
	d.report(line, key, "is not known%s", suggest(name, known))
}

// suggest is the end of a sentence that names what may have been meant.
func suggest(name string, known []string) string {
	slices.Sort(known)
	best, least := "", max(2, len(name)/3)+1
	for _, k := range known {
		if n := distance(strings.ToLower(name), k); n < least {
			best, least = k, n
		}
	}
	if best != "" {
		return fmt.Sprintf(": did you mean %s?", best)
	}
	if len(known) == 0 {
		return ": there are none"
	}
	return ": there is " + strings.Join(known, ", ")
}

// distance is how many single letters must change to make b of a, at most the
// longer length.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "keys with values"
	default:
		return "a single value"
	}
}
