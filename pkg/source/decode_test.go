package source

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

type wire struct {
	Action string `json:"action"`
	Issue  *struct {
		Number int     `json:"number"`
		Title  string  `json:"title"`
		Body   Excerpt `json:"body"`
	} `json:"issue"`
	Labels []struct {
		Name string `json:"name"`
	} `json:"labels"`
}

func TestDecodeIsTolerant(t *testing.T) {
	for _, body := range []string{
		`{"issue":{"title":"T"}}`,
		`{"action":null,"issue":{"number":null,"title":"T","body":null},"labels":null}`,
		`{"action":7,"issue":{"number":"x","title":"T","body":{"a":1}},"labels":{"name":1}}`,
		`{"action":"a","action":"b","labels":[1,null,{"name":[]}],"issue":{"title":"T","new":[[[]]]}}`,
		` {"issue":{"title":"T","body":["x"]}} `,
	} {
		var w wire
		if err := Decode([]byte(body), &w); err != nil {
			t.Errorf("%s: %v", body, err)
		} else if w.Issue == nil || w.Issue.Title != "T" {
			t.Errorf("%s: the title was lost", body)
		}
	}
}

func TestDecodeRefusesWhatIsNoJSONObject(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "null": "null", "array": "[]", "string": `"x"`, "cut": `{"action":"secret-word`,
		"trailing": `{} {}`, "bad UTF-8": "{\"action\":\"secret-word\xff\"}", "UTF-16": "{\x00}\x00",
		"deep":         `{"a":` + strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20) + "}",
		"deep and odd": `{"action":1,"a":` + strings.Repeat(`{"a":`, 1<<20) + "1" + strings.Repeat("}", 1<<20) + "}",
	} {
		err := Decode([]byte(body), &wire{})
		var r *Refusal
		if !errors.As(err, &r) || r.Status != http.StatusBadRequest {
			t.Errorf("%s: %v, want a refusal with 400", name, err)
		} else if strings.Contains(r.Reason+r.Public, "secret-word") {
			t.Errorf("%s: the refusal quotes the body: %v", name, r)
		}
	}
}

func TestExcerptCutsOnWholeCharacters(t *testing.T) {
	for _, unit := range []string{"a", "é", "日", "😀", `\"`, "\n", "\u2028", "\\", "a😀\\\""} {
		for shift := range 13 {
			long := strings.Repeat("x", shift) + strings.Repeat(unit, excerptBytes)
			quoted, err := json.Marshal(map[string]any{"issue": map[string]any{"body": long}})
			if err != nil {
				t.Fatal(err)
			}
			var w wire
			if err := Decode(quoted, &w); err != nil {
				t.Fatal(err)
			}
			got := string(w.Issue.Body)
			if !utf8.ValidString(got) || !strings.HasPrefix(long, got) {
				t.Fatalf("%q, shift %d: not a prefix: …%q", unit, shift, got[max(0, len(got)-12):])
			}
			if len(got) < excerptBytes/6-16 {
				t.Errorf("%q: only %d bytes are left", unit, len(got))
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"issue":{"title":"T","body":"\ud83d\ude00"}}`))
	f.Add([]byte(`{"action":1,"labels":[{"name":2}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var w wire
		if err := Decode(body, &w); err != nil {
			var r *Refusal
			if !errors.As(err, &r) {
				t.Fatalf("%T is no refusal", err)
			}
			return
		}
		if !json.Valid(body) {
			t.Fatalf("accepted %q, which is no JSON", body)
		}
		if w.Issue != nil && !utf8.ValidString(string(w.Issue.Body)+w.Issue.Title) {
			t.Fatal("invalid UTF-8 came through")
		}
	})
}

func TestParseTime(t *testing.T) {
	want := time.Date(2020, 11, 25, 0, 43, 38, 0, time.UTC)
	for _, s := range []string{
		"2020-11-25T00:43:38+0000", "2020-11-25T00:43:38Z", "2020-11-25T00:43:38", "2020-11-25T01:43:38+01:00",
		"Wed, 25 Nov 2020 00:43:38 GMT", "Wed, 25 Nov 2020 00:43:38 +0000", "Wednesday, 25-Nov-20 00:43:38 GMT",
		"Wed Nov 25 00:43:38 2020", " 2020-11-25 00:43:38 ",
	} {
		if got, ok := ParseTime(s); !ok || !got.Equal(want) {
			t.Errorf("%q: %v, %v", s, got, ok)
		}
	}
	if got, ok := ParseTime("2022-10-11T13:05Z"); !ok || !got.Equal(time.Date(2022, 10, 11, 13, 5, 0, 0, time.UTC)) {
		t.Errorf("no seconds: %v, %v", got, ok)
	}
	if got, ok := ParseTime("2024-12-14T12:00:00.250000"); !ok || got.Nanosecond() != 250e6 {
		t.Errorf("microseconds: %v, %v", got, ok)
	}
	for _, s := range []string{"", "yesterday", "1594138375970", strings.Repeat("2", 1<<20)} {
		if got, ok := ParseTime(s); ok {
			t.Errorf("%.20q was read as %v", s, got)
		}
	}
}

func TestCheckJSON(t *testing.T) {
	for ct, want := range map[string]bool{
		"": true, "application/json": true, "Application/JSON; charset=utf-8": true, "application/cloudevents+json": true,
		"text/plain": false, "application/xml": false, "application/x-www-form-urlencoded": false, "json": false, ";": false,
	} {
		if got := CheckJSON(ct) == nil; got != want {
			t.Errorf("%q: accepted=%v, want %v", ct, got, want)
		}
	}
}
