package secret

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const hidden = "hunter2-hidden"

func TestValueNeverPrintsItself(t *testing.T) {
	v := NewValue(hidden)
	type holder struct {
		V    Value
		P    *Value
		List []Value
		Map  map[string]Value

		unexported Value
		handle     Handle
	}
	h := holder{v, &v, []Value{v}, map[string]Value{"k": v}, v, Fixed(hidden)}
	var out strings.Builder
	for _, verb := range "vsqxXdtbcoOUeEfFgGpTw" {
		for _, flags := range []string{"", "+", "#", "-20", "020", ".3", " "} {
			format := "%" + flags + string(verb) + "\n"
			for _, arg := range []any{v, &v, h, &h, h.List, h.Map, fmt.Errorf("x: %v", v)} {
				fmt.Fprintf(&out, format, arg)
			}
		}
	}
	for _, arg := range []any{v, h, &h} {
		b, err := json.Marshal(arg)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", arg)
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", arg)
		out.Write(log.Bytes())
	}
	if s := out.String(); strings.Contains(s, "hunter") || strings.Contains(s, fmt.Sprintf("%x", hidden)) {
		t.Error("a value printed itself")
	}
	if got := fmt.Sprintf("%#v %d", v, v); got != "REDACTED REDACTED" {
		t.Errorf("got %q", got)
	}
}

func TestHandleNeverPrintsItself(t *testing.T) {
	var literal Handle
	if err := literal.UnmarshalText([]byte(hidden)); err != nil {
		t.Fatal(err)
	}
	if !literal.Literal() || literal.IsZero() {
		t.Error("a pasted secret is not seen as one")
	}
	for _, h := range []Handle{literal, Fixed(hidden)} {
		if s := fmt.Sprintf("%v %+v %#v %q", h, h, &h, map[string]any{"k": []Handle{h}}); strings.Contains(s, "hunter") {
			t.Errorf("a handle printed its value: %s", s)
		}
	}
}

func TestParseRef(t *testing.T) {
	for text, want := range map[string]Ref{
		"secret://a":                 {Scheme: SchemeSecret, Name: "a"},
		"secret://a?key=k":           {Scheme: SchemeSecret, Name: "a", Key: "k"},
		"secret://a?version=3":       {Scheme: SchemeSecret, Name: "a", Version: "3"},
		"secret://a?key=k&version=3": {Scheme: SchemeSecret, Name: "a", Key: "k", Version: "3"},
		"env://A_B":                  {Scheme: SchemeEnv, Name: "A_B"},
		"file:///run/secrets/a b?c":  {Scheme: SchemeFile, Name: "/run/secrets/a b?c"},
	} {
		if got, err := ParseRef(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestErrorsDontRepeatPastedSecrets(t *testing.T) {
	for _, text := range []string{
		hidden, hidden + "://x", "https://" + hidden, "secret://" + hidden + "!", "secret://a?" + hidden,
		"secret://a?" + hidden + "=1", "env://" + hidden + " ", "secret://a?key=1&" + hidden + "=x", "",
	} {
		_, err := ParseRef(text)
		if err == nil {
			t.Errorf("%q was accepted", text)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error repeats it: %v", text, err)
		}
	}
}

func FuzzParseRef(f *testing.F) {
	for _, s := range []string{"secret://a?key=k&version=3", "env://A", "file:///a", "secret://", "://", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRef(text)
		if err != nil {
			return
		}
		if again, err := ParseRef(r.String()); err != nil || again != r {
			t.Fatalf("%q became %q, which reads as %+v, %v", text, r, again, err)
		}
	})
}

func TestValuesOutlivesOneLostSecret(t *testing.T) {
	var lost, kept Handle
	for h, text := range map[*Handle]string{&lost: "secret://lost", &kept: "env://KEPT"} {
		if err := h.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		h.Bind(NewLocal(lookup(map[string]string{"KEPT": "k"}), nil))
	}
	ctx := context.Background()
	if got, err := Values(ctx, []Handle{lost, kept}); err != nil || len(got) != 1 || got[0].Reveal() != "k" {
		t.Errorf("%d values, %v", len(got), err)
	}
	if _, err := Values(ctx, []Handle{lost}); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v, want ErrNotFound", err)
	}
	if _, err := Values(ctx, []Handle{{}}); !errors.Is(err, ErrEmpty) {
		t.Errorf("%v, want ErrEmpty", err)
	}
	if _, err := Values(ctx, nil); err == nil {
		t.Error("no secret at all was accepted")
	}
}
