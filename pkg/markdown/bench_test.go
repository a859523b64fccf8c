package markdown

import "testing"

func BenchmarkRender(b *testing.B) {
	for name, body := range map[string]string{
		"issue": "The server **panics** when `config.yaml` is empty.\n\n1. Empty the file\n2. Start it",
		"long":  "## Steps\n\n1. Start with an **empty** `config.yaml`\n2. Wait\n\n```\npanic: assignment to entry in nil map\n```\n\nSee [the log](https://example.com/log) & compare `a < b`.\n",
		"prose": "The server panics when the configuration is empty.\nStart it (without a file) and see: it's gone!",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Render(body, chat, Limit{Lines: 6, Text: 800, Size: 3000})
			}
		})
	}
}
