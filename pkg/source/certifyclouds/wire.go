package certifyclouds

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/source"
)

// wire is a payload of any shape: the generic one and the MessageCard share
// title, and attachments are the Slack one.
type wire struct {
	Title       source.Excerpt   `json:"title"`
	Summary     source.Excerpt   `json:"summary"`
	Message     source.Excerpt   `json:"message"`
	Text        source.Excerpt   `json:"text"`
	Color       source.Excerpt   `json:"color"`
	ThemeColor  source.Excerpt   `json:"themeColor"`
	Timestamp   source.Excerpt   `json:"timestamp"`
	Fields      []wireField      `json:"fields"`
	Sections    []wireSection    `json:"sections"`
	Attachments []wireAttachment `json:"attachments"`
}

type wireSection struct {
	Facts []wireField `json:"facts"`
}

type wireAttachment struct {
	Color  source.Excerpt `json:"color"`
	Title  source.Excerpt `json:"title"`
	Text   source.Excerpt `json:"text"`
	TS     jsontext.Value `json:"ts"`
	Fields []wireField    `json:"fields"`
}

type wireField struct {
	Title source.Excerpt `json:"title"`
	Name  source.Excerpt `json:"name"`
	Value scalar         `json:"value"`
	Short bool           `json:"short"`
}

// notice is what all shapes say.
type notice struct {
	title, text, color string
	time               time.Time
	fields             []event.Field // as they came
}

// notices are the notices of a payload that say anything.
func (w *wire) notices() []notice {
	all := make([]notice, 0, 1+len(w.Attachments))
	for _, a := range w.Attachments {
		all = append(all, notice{
			title: string(a.Title), text: string(a.Text), color: string(a.Color),
			time: unixTime(a.TS), fields: convertFields(a.Fields),
		})
	}
	if len(all) == 0 {
		n := notice{title: first(w.Title, w.Summary), text: first(w.Message, w.Text), color: first(w.Color, w.ThemeColor)}
		n.time, _ = source.ParseTime(string(w.Timestamp))
		n.fields = convertFields(w.Fields)
		for _, s := range w.Sections {
			n.fields = append(n.fields, convertFields(s.Facts)...)
		}
		all = append(all, n)
	}
	kept := all[:0]
	for _, n := range all {
		if line(n.title) != "" || line(n.text) != "" {
			kept = append(kept, n)
		}
	}
	return kept
}

func convertFields(fields []wireField) []event.Field {
	var out []event.Field
	for _, f := range fields {
		name, value := first(f.Title, f.Name), string(f.Value)
		if name != "" || value != "" {
			out = append(out, event.Field{Name: name, Value: value, Short: f.Short})
		}
	}
	return out
}

// scalar is a string, number or boolean as text; anything else leaves it empty.
type scalar string

// UnmarshalJSONFrom reads any one value.
func (s *scalar) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*s = ""
	switch dec.PeekKind() {
	case '"':
		var x source.Excerpt
		err := x.UnmarshalJSONFrom(dec)
		*s = scalar(x)
		return err
	case '0', 't', 'f':
		v, err := dec.ReadValue()
		*s = scalar(v[:min(len(v), maxNumber)])
		return err
	default:
		return dec.SkipValue()
	}
}

// maxNumber is how many digits of a number are kept.
const maxNumber = 64

// unixTime reads seconds since 1970, as a number or as text.
func unixTime(v jsontext.Value) time.Time {
	f, err := strconv.ParseFloat(strings.Trim(string(v), `"`), 64)
	if err != nil || !(f > 0 && f < maxUnix) {
		return time.Time{}
	}
	whole, part := math.Modf(f)
	return time.Unix(int64(whole), int64(math.Round(part*1e6))*1000).UTC()
}

// maxUnix is the beginning of the year 10000, which no JSON time can hold, less a day.
const maxUnix = 253402214400

func first(texts ...source.Excerpt) string {
	for _, t := range texts {
		if t != "" {
			return string(t)
		}
	}
	return ""
}

func line(s string) string { return strings.Join(strings.Fields(s), " ") }
