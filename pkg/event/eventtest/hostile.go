package eventtest

import (
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
)

// Hostile returns events that no honest sender sends, new ones at each call.
func Hostile() []Case {
	long := strings.Repeat("long words & <tags> *all* over ", 3300) // about 100 kB
	cases := []Case{
		{"empty", event.Event{}},
		{"unknown_words", event.Event{Severity: "dire", State: "odd", Title: "x", Text: event.Text{Body: "b", Format: "rtf"}, Time: time.Unix(-1<<40, 0)}},
		{"far_future", event.Event{Title: "x", Severity: event.Info, Time: time.Unix(1<<40, 0)}},
		{"fields_300", event.Event{Title: "Many fields", Severity: event.Error, Time: Now, Fields: fields(300)}},
		{"lists_100", event.Event{Title: "Many lists", Severity: event.Error, Time: Now, Lists: lists(100)}},
		{"empty_parts", event.Event{
			Title: " ", Time: Now, Fields: []event.Field{{}, {Name: " "}, {Value: "\t"}},
			Lists: []event.List{{}, {Items: []event.Item{{}, {Text: "\n"}}}}, Gauge: &event.Gauge{}, Original: &event.Original{},
		}},
		{"gauge_off_scale", event.Event{Title: "x", Time: Now, Severity: event.Error, Gauge: &event.Gauge{Label: "g", Value: -1 << 62, Min: 1 << 62, Max: -1 << 62}}},
		{"omitted_negative", event.Event{Title: "x", Time: Now, Lists: []event.List{{Items: []event.Item{{Text: "a"}}, Omitted: -9}}}},
	}
	for _, c := range []struct{ name, text string }{
		{"long", long},
		{"long_word", strings.Repeat("&", 100<<10)},
		{"long_astral", strings.Repeat("\U0001F600", 25<<10)},
		{"emoji", strings.Repeat("👩‍👩‍👧‍👦🏳️‍🌈👍🏽", 400)},
		{"combining", "Z" + strings.Repeat("\u0301\u0323", 4000)},
		{"right_to_left", "\u202eevil\u202c \u2066x\u2069 שלום עולם مرحبا " + "\u200f"},
		{"mentions", "<!channel> <!here> <@U1> <#C1> <!subteam^S1> @everyone @here <@&1> <at>all</at></at>"},
		{"links", "|x> a|b>c <https://evil.example|ok> ](http://evil.example) [ok](javascript:alert(1)) ![i](http://evil.example/i.png)"},
		{"marks", "*b* _i_ ~s~ `c` ``` # h\n> q\n* * *\n- l\n\\* **\\_** ||spoiler|| -# small"},
		{"entities", "&amp; &lt;!channel&gt; &#60;script&#62; <script>alert(1)</script> \"'</script>"},
		{"invalid_utf8", "a\xff\xfe\xc3\x28\xed\xa0\x80b"},
		{"controls", "a\x00b\x07c\x1b[31md\x7fe\u0085f\u2028g\u2029h\r\ni\rj\tk"},
		{"lines", "first\nsecond\r\n\n\n\nthird" + strings.Repeat("\n", 500) + "last"},
		{"templates", "${jndi:ldap://x} {{7*7}} %s %d %!s(nil) ${{TIME(2020-01-01T00:00:00Z)}} {{DATE(x)}}"},
		{"invisible", "\u200b\u200b\ufeff\u00ad"},
	} {
		cases = append(cases, Case{c.name, everywhere(c.text, "https://example.com/?q="+c.text)})
	}
	for _, c := range []struct{ name, url string }{
		{"url_javascript", "javascript:alert(1)"},
		{"url_data", "data:text/html,<script>alert(1)</script>"},
		{"url_huge", "https://example.com/" + strings.Repeat("a", 100<<10)},
		{"url_near_limit", "https://example.com/?" + strings.Repeat("&", 2900)},
		{"url_breaks_out", "https://example.com/a|b>c <!channel>)](http://evil.example)\"\n"},
		{"url_parentheses", "https://example.com/a)b(c)_*d*[e]"},
		{"url_bare", "https://"},
		{"url_relative", "//evil.example/x"},
	} {
		cases = append(cases, Case{c.name, everywhere("text", c.url)})
	}
	return cases
}

// everywhere is an event with the text and URL wherever one can stand.
func everywhere(text, url string) event.Event {
	link := event.Link{Name: text, URL: url}
	field := event.Field{Name: text, Value: text, URL: url, Short: true}
	item := event.Item{Label: text, URL: url, Text: text, Detail: text, Note: text, Code: true}
	done := event.Item{Label: text, URL: url, Text: text, Done: true}
	return event.Event{
		ID: text, Source: text, Kind: text, Product: text, Type: text, Key: text,
		State: event.StateOpen, Severity: event.Error, Title: text, URL: url, Action: text,
		Place: link, Actor: link, Time: Now, Fields: []event.Field{field, field, field},
		Lists: []event.List{
			{Name: text, Items: []event.Item{item, item, done, item, item, item, item}, Omitted: 1 << 40},
			{Name: text, Items: []event.Item{done}},
		},
		Text:     event.Text{Body: text, Format: event.Markdown},
		Gauge:    &event.Gauge{Label: text, Value: 1 << 40, Min: 0, Max: 100, Severity: event.Error, Warning: 71, Success: 95},
		Original: &event.Original{Title: text, Text: text, Fields: []event.Field{field, field}},
		Raw:      []byte(text),
	}
}

func fields(n int) []event.Field {
	fs := make([]event.Field, n)
	for i := range fs {
		fs[i] = event.Field{Name: "Name", Value: strings.Repeat("value ", 1+i), Short: i%2 == 0}
	}
	return fs
}

func lists(n int) []event.List {
	ls := make([]event.List, n)
	for i := range ls {
		ls[i] = event.List{Name: "List", Items: issues("Problem", 9, i%2 == 0)}
	}
	return ls
}
