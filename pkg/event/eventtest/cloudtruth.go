package eventtest

import "github.com/sigpost/sigpost/pkg/event"

func cloudTruth() []Case {
	base := event.Event{
		ID: "3a51c001-6f1c-4d0e-9a53-2b7d1c0e9f10", Source: "changes", Kind: "cloudtruth", Product: "CloudTruth",
		Severity: event.Info, URL: "https://api.cloudtruth.io/api/v1/audit/3a51c001-6f1c-4d0e-9a53-2b7d1c0e9f10/", Action: "Open audit entry",
		Actor: event.Link{Name: "Alice Smith"}, Time: Now,
	}
	value := base
	value.Type, value.Key = "value_updated", "value/7be20001-91d4-4c6b-8f02-5e7a9b3c1d20"
	value.Title = "db_password updated in Production"
	value.Fields = []event.Field{{Name: "Parameter", Value: "db_password", Short: true}, {Name: "Environment", Value: "Production", Short: true}}
	project := base
	project.Type, project.Key = "project_deleted", "project/7be20003-91d4-4c6b-8f02-5e7a9b3c1d20"
	project.Title, project.Actor = "Project billing deleted", event.Link{Name: "deploy-bot (service account)"}
	return []Case{{"cloudtruth_value_updated", value}, {"cloudtruth_project_deleted", project}}
}
