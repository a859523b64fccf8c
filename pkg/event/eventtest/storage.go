package eventtest

import (
	"fmt"

	"github.com/sigpost/sigpost/pkg/event"
)

func cloudIQ() []Case {
	base := event.Event{
		ID: "148555", Source: "array", Kind: "cloudiq", Product: "CloudIQ", Type: "health-issue-change",
		Key: "POWERMAX-7", URL: "https://cloudiq.dell.com/", Action: "Open in CloudIQ",
		Place: event.Link{Name: "POWERMAX-7"}, Time: Now,
		Fields: []event.Field{{Name: "Model", Value: "PowerMax 8000", Short: true}},
	}
	worse := base
	worse.Title, worse.State, worse.Severity = "POWERMAX-7 health 64", event.StateOpen, event.Error
	worse.Gauge = healthScore(64, event.Error)
	worse.Lists = []event.List{
		{Name: "New issues", Items: issues("New problem", 7, false)},
		{Name: "Resolved", Items: issues("Old problem", 7, true)},
	}
	better := base
	better.Title, better.State, better.Severity = "POWERMAX-7 health 97, recovering", event.StateResolved, event.Success
	better.Gauge = healthScore(97, event.Success)
	better.Lists = []event.List{{Name: "Resolved", Items: issues("Old problem", 1, true)}}
	return []Case{{"cloudiq_issues", worse}, {"cloudiq_resolved", better}}
}

func healthScore(value int, s event.Severity) *event.Gauge {
	return &event.Gauge{Label: "Health score", Value: value, Min: 0, Max: 100, Severity: s, Warning: 71, Success: 95}
}

func issues(text string, n int, done bool) []event.Item {
	categories := []string{"Capacity", "System health", "Configuration"}
	var items []event.Item
	for i := range n {
		it := event.Item{
			Label: categories[i%len(categories)],
			Text:  fmt.Sprintf("%s %d: storage group SG_%d has used 9%d %% of its capacity", text, i+1, i+1, i),
			Note:  fmt.Sprintf("impact −%d", 30-2*i),
			Done:  done,

			Detail: "Move volumes to another storage resource pool, or add capacity.",
		}
		items = append(items, it)
	}
	return items
}

func certifyClouds() []Case {
	base := event.Event{
		ID: "9b74c9897bac770f", Source: "certs", Kind: "certifyclouds", Product: "CertifyClouds", Time: Now,
	}
	expiring := base
	expiring.Type, expiring.State, expiring.Severity = "secret_expiring", event.StateOpen, event.Warning
	expiring.Key, expiring.Place = "kv-production", event.Link{Name: "kv-production"}
	expiring.Title = "3 secrets expire within 30 days"
	expiring.Lists = []event.List{{Name: "kv-production", Items: []event.Item{
		{Label: "2026-03-08", Text: "api-key"}, {Label: "2026-03-13", Text: "db-password"}, {Label: "2026-03-21", Text: "cert-primary"},
	}}}
	expiring.Original = &event.Original{
		Title: "Secrets Expiring Soon", Text: "Found 3 secrets expiring within 30 days",
		Fields: []event.Field{
			{Name: "Vault", Value: "kv-production", Short: true},
			{Name: "Secrets", Value: "api-key, db-password, cert-primary", Short: true},
		},
	}
	scan := base
	scan.Type, scan.State, scan.Severity, scan.Quiet = "scan_completed", event.StateResolved, event.Success, true
	scan.Title = "Scan completed: 847 secrets in 12 vaults"
	scan.Fields = []event.Field{
		{Name: "Vaults scanned", Value: "12", Short: true},
		{Name: "Total secrets", Value: "847", Short: true},
		{Name: "Duration", Value: "2m 34s", Short: true},
	}
	scan.Original = &event.Original{
		Title: "Scan Completed", Text: "Discovery scan completed successfully",
		Fields: []event.Field{
			{Name: "Vaults Scanned", Value: "12", Short: true},
			{Name: "Total Secrets", Value: "847", Short: true},
			{Name: "Duration", Value: "2m 34s", Short: true},
		},
	}
	failed := base
	failed.Type, failed.State, failed.Severity = "rotation_failed", event.StateOpen, event.Error
	failed.Key, failed.Place = "MyApp/client-secret", event.Link{Name: "MyApp"}
	failed.Title = "Rotation of client-secret failed in MyApp"
	failed.Fields = []event.Field{{Name: "Error", Value: "Insufficient permissions"}}
	failed.Original = &event.Original{
		Title: "Rotation Failed", Text: "Failed to rotate secret for MyApp/client-secret",
		Fields: []event.Field{
			{Name: "Application", Value: "MyApp"},
			{Name: "Secret", Value: "client-secret"},
			{Name: "Error", Value: "Insufficient permissions"},
		},
	}
	return []Case{{"certifyclouds_secret_expiring", expiring}, {"certifyclouds_scan_completed", scan}, {"certifyclouds_rotation_failed", failed}}
}
