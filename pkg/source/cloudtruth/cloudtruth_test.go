package cloudtruth

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/source/sourcetest"
)

func TestConformance(t *testing.T) {
	sourcetest.RunPoller(t, sourcetest.PollerSuite{New: func(key secret.Handle) (source.Poller, error) {
		s, err := New(Config{APIKey: key})
		if err != nil {
			return nil, err
		}
		return s, nil
	}})
}

func build(t *testing.T, c Config) *Source {
	t.Helper()
	c.APIKey = secret.Fixed("a-key")
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	r, err := source.Sample(Type, name)
	if err != nil {
		t.Fatal(err)
	}
	return r.Body
}

func types(t *testing.T, s *Source, name string) (list []string) {
	t.Helper()
	page, err := s.Parse(sample(t, name))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page.Entries {
		if e.Event != nil {
			list = append(list, e.Event.Type)
		}
	}
	return list
}

func TestTheTwelveChangesAndNothingElseUnlessAskedFor(t *testing.T) {
	var want []string
	for _, object := range []string{"parameter", "project", "environment", "value"} {
		for _, past := range []string{"created", "updated", "deleted"} {
			want = append(want, object+"_"+past)
		}
	}
	if got := types(t, build(t, Config{}), "all-changes"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, c := range []struct{ include, want []string }{
		{nil, []string{"project_updated"}},
		{[]string{"template_updated", "*_pulled"}, []string{"aws_integration_pulled", "template_updated", "project_updated"}},
		{[]string{"*"}, []string{"push_pushed", "aws_integration_pulled", "template_updated", "tag_created", "membership_deleted", "grant_created", "project_updated", "parameter_nothing"}},
	} {
		if got := types(t, build(t, Config{Include: c.include}), "other-entries"); !slices.Equal(got, c.want) {
			t.Errorf("include %v: got %v, want %v", c.include, got, c.want)
		}
	}
}

func TestTitlesOfOtherEntries(t *testing.T) {
	page, err := build(t, Config{Include: []string{"*"}}).Parse(sample(t, "other-entries"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range page.Entries {
		got = append(got, e.Event.Title)
	}
	want := []string{
		"Push prod-push ran", "AWS integration arn:aws:iam::123456789012:role/ct pulled", "Template nginx.conf updated", "Tag v1.2 created",
		"A membership was deleted", "A grant was created", "Project billing updated", "Parameter db_password: nothing",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestQuestion(t *testing.T) {
	for base, want := range map[string]string{
		"":                            "https://api.cloudtruth.io/api/v1/audit/",
		"https://ct.example.com/":     "https://ct.example.com/api/v1/audit/",
		"http://127.0.0.1:8080/proxy": "http://127.0.0.1:8080/proxy/api/v1/audit/",
	} {
		s := build(t, Config{URL: base})
		q, err := s.Question(t.Context(), time.Date(2026, 3, 2, 9, 30, 0, 5000, time.FixedZone("", -3600)), 7)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(q.URL.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		values := fmt.Sprint(u.Query())
		u.RawQuery = ""
		if u.String() != want || values != "map[earliest:[2026-03-02T10:30:00.000005Z] ordering:[timestamp] page:[7] page_size:[100]]" {
			t.Errorf("%q asks %s %s", base, u, values)
		}
		if got := q.Header["Authorization"].Reveal(); got != "Api-Key a-key" {
			t.Errorf("Authorization %q", got)
		}
	}
}

func TestConfigReportsEveryProblem(t *testing.T) {
	_, err := New(Config{URL: "http://api.cloudtruth.io", Every: time.Second, Overlap: time.Second, Since: 1000 * time.Hour, Include: []string{"ok_*", "Template"}})
	var keys []string
	for _, p := range problem.All(err) {
		keys = append(keys, p.Key)
	}
	if want := []string{"api_key", "url", "every", "overlap", "since", "include[1]"}; !slices.Equal(keys, want) {
		t.Errorf("problems of %v, want %v", keys, want)
	}
	for _, u := range []string{"x", "https://", "https://u:p@api.cloudtruth.io", "https://api.cloudtruth.io?x=1", "https://api.cloudtruth.io#x", "http://10.0.0.1", "ftp://localhost", "https://\x00"} {
		if _, err := New(Config{APIKey: secret.Fixed("k"), URL: u}); err == nil {
			t.Errorf("url %q is taken", u)
		}
	}
	s := build(t, Config{Every: 5 * time.Minute})
	if got := s.Schedule(); got != (source.Schedule{Every: 5 * time.Minute, Overlap: 10 * time.Minute, Since: 5 * time.Minute}) {
		t.Errorf("schedule %+v", got)
	}
}

func TestHostilePages(t *testing.T) {
	s := build(t, Config{})
	for name, body := range map[string]string{
		"nothing": "", "text": "<html>busy</html>", "null": "null", "list": "[]", "no results": `{"count":0,"next":null}`,
		"null results": `{"results":null}`, "more null results": `{"results":null,"count":0,"next":"x"}`, "some null results": `{"results":null,"count":7}`, "results that are none": `{"results":{"0":{}}}`, "cut": `{"results":[{"id":"`,
		"too many": `{"results":[` + strings.Repeat("0,", maxPageEntries) + `0]}`, "deep": `{"results":` + strings.Repeat("[", 20000),
	} {
		page, err := s.Parse([]byte(body))
		var refusal *source.Refusal
		if !errors.As(err, &refusal) || page.Entries != nil {
			t.Errorf("%s: %v, %v", name, page, err)
		}
	}
	if page, err := s.Parse([]byte(`{"count":0,"next":null,"results":null}`)); err != nil || len(page.Entries) != 0 {
		t.Errorf("empty: %v, %v", page, err)
	}
	page, err := s.Parse([]byte(`{"next":"https://evil.example.com/?page=2","results":[` + strings.Repeat("0,", maxPageEntries-1) + `0]}`))
	if err != nil || page.Unreadable != maxPageEntries || !page.More {
		t.Errorf("%d unreadable, more %v, %v", page.Unreadable, page.More, err)
	}
}

func TestLongNames(t *testing.T) {
	long := strings.Repeat("ü", 5000)
	page, err := build(t, Config{}).Parse([]byte(`{"results":[{"action":"update","object_type":"Value","object_name":"` + long + `:` + long + `","user":{"name":"` + long + `"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	sourcetest.CheckPage(t, page)
	if n := len([]rune(page.Entries[0].Event.Title)); n > 260 {
		t.Errorf("title of %d characters", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range sourcetest.Samples(f) {
		f.Add(s.Body)
	}
	s, err := New(Config{APIKey: secret.Fixed("key"), Include: []string{"*"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := s.Parse(body)
		if err != nil {
			if _, ok := err.(*source.Refusal); !ok {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		sourcetest.CheckPage(t, page)
		for _, e := range page.Entries {
			if e.Event == nil {
				t.Error("an entry is left out though all are asked for")
			}
		}
	})
}
