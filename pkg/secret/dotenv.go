package secret

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/sigpost/sigpost/pkg/problem"
)

// maxDotenvBytes is the most a dotenv file may hold: 1 MiB.
const maxDotenvBytes = 1 << 20

// ReadDotenv reads a file of NAME=value lines. Blank lines and lines that begin
// with # are skipped, "export " before a name is allowed. A value may stand in
// single quotes, as it is, or in double quotes with \n, \t, \", \\ and \$. An
// unquoted value ends at the line's end or at " #". Nothing is expanded. The
// error joins a problem for every line that is none of this; it never repeats
// a value.
func ReadDotenv(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxDotenvBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	if len(data) > maxDotenvBytes {
		return nil, &problem.Problem{File: path, Text: "is larger than 1 MiB"}
	}
	return parseDotenv(path, strings.TrimPrefix(string(data), "\ufeff"))
}

func parseDotenv(path, text string) (map[string]string, error) {
	vars := map[string]string{}
	var errs []error
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, err := parseAssignment(line)
		if _, twice := vars[name]; err == nil && twice {
			err = fmt.Errorf("%s is set twice: keep one", name)
		}
		if err != nil {
			errs = append(errs, &problem.Problem{File: path, Line: number, Text: err.Error()})
			continue
		}
		vars[name] = value
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return vars, nil
}

func parseAssignment(line string) (name, value string, err error) {
	name, rest, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
	name = strings.TrimSpace(name)
	if !ok || !variableName(name) {
		return "", "", errors.New("is not NAME=value, with a name of letters, digits, - and _")
	}
	rest = strings.TrimSpace(rest)
	if rest == "" {
		return name, "", nil
	}
	switch rest[0] {
	case '\'':
		value, rest, ok = strings.Cut(rest[1:], "'")
	case '"':
		value, rest, ok = doubleQuoted(rest[1:])
	default:
		value, _, _ = strings.Cut(rest, " #")
		return name, strings.TrimSpace(value), nil
	}
	if !ok {
		return "", "", fmt.Errorf("the value of %s has no closing quote on its line, or an unknown escape", name)
	}
	if rest = strings.TrimSpace(rest); rest != "" && rest[0] != '#' {
		return "", "", fmt.Errorf("the value of %s goes on after its closing quote", name)
	}
	return name, value, nil
}

func doubleQuoted(s string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			i++
			if i == len(s) {
				return "", "", false
			}
			at := strings.IndexByte(`nt"\$`, s[i])
			if at < 0 {
				return "", "", false
			}
			b.WriteByte("\n\t\"\\$"[at])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

func variableName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	}) < 0
}
