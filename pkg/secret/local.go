package secret

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxFileBytes is the most a file with a secret may hold, 64 KiB, which is also
// the most the secret managers of the clouds take.
const maxFileBytes = 64 << 10

// localPrefix is how the variable of a secret://NAME begins.
const localPrefix = "SIGPOST_SECRET_"

// Local is the Store of the local command, without a secret manager:
//
//   - env://NAME is the environment variable NAME;
//   - file://PATH is the file, at most 64 KiB, less its trailing line break;
//   - secret://NAME is the variable SIGPOST_SECRET_<NAME>, from the environment
//     or else from a dotenv file.
type Local struct {
	env   func(string) (string, bool)
	files map[string]string
}

// NewLocal returns a Local that looks variables up with env, usually
// os.LookupEnv, and secret:// ones also in files, what ReadDotenv read, by the
// variable's whole name or by the secret's own. files may be nil.
func NewLocal(env func(string) (string, bool), files map[string]string) *Local {
	return &Local{env: env, files: files}
}

// Get implements Store. The version of a reference has no meaning here.
func (l *Local) Get(_ context.Context, ref Ref) (Value, error) {
	switch ref.Scheme {
	case SchemeEnv:
		if v, ok := l.env(ref.Name); ok {
			return NewValue(v), nil
		}
		return Value{}, fmt.Errorf("%s %w: set the environment variable %s", ref, ErrNotFound, ref.Name)
	case SchemeFile:
		return readSecretFile(ref)
	case SchemeSecret:
		return l.secret(ref)
	}
	return Value{}, errNotRef
}

func (l *Local) secret(ref Ref) (Value, error) {
	name := LocalVariable(ref.Name)
	v, ok := l.env(name)
	if !ok {
		v, ok = l.files[name]
	}
	if !ok {
		v, ok = l.files[ref.Name]
	}
	if !ok {
		return Value{}, fmt.Errorf("%s %w: set %s or add it to the file given with --secrets", ref, ErrNotFound, name)
	}
	return Field(ref, NewValue(v))
}

// LocalVariable is the environment variable that stands for secret://name on a
// developer's machine: in upper case, whatever is no letter or digit as "_".
func LocalVariable(name string) string {
	return localPrefix + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
}

// Field is the part of a whole secret that ref asks for: the whole without
// ?key=, else that field of a JSON object, which must be a string. For stores.
func Field(ref Ref, whole Value) (Value, error) {
	if ref.Key == "" {
		return whole, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(whole.Reveal()), &fields); err != nil || fields == nil {
		return Value{}, fmt.Errorf("%s is not a JSON object: drop ?key= or store one", ref)
	}
	raw, ok := fields[ref.Key]
	if !ok {
		return Value{}, fmt.Errorf("%s %w: the secret's JSON object has no field of that name", ref, ErrNotFound)
	}
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil || text == nil {
		return Value{}, fmt.Errorf("%s is not a string: put the field's value in quotes", ref)
	}
	return NewValue(*text), nil
}

func readSecretFile(ref Ref) (Value, error) {
	f, err := os.Open(ref.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return Value{}, fmt.Errorf("%s %w: create the file, or mend the path", ref, ErrNotFound)
	}
	if err != nil {
		return Value{}, fmt.Errorf("%s can't be opened: %w", ref, err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return Value{}, fmt.Errorf("%s can't be read: %w", ref, err)
	}
	if len(data) > maxFileBytes {
		return Value{}, fmt.Errorf("%s is larger than 64 KiB: that is no secret", ref)
	}
	return NewValue(trimBreak(string(data))), nil
}

// trimBreak is s less one line break at its end.
func trimBreak(s string) string { return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r") }
