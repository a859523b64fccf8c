module github.com/sigpost/sigpost

go 1.26.0

require (
	github.com/chromedp/chromedp v0.23.0
	github.com/go-json-experiment/json v1.27.2
	go.yaml.in/yaml/v3 v3.0.6
)

require github.com/chromedp/cdproto v0.159.0 // indirect
