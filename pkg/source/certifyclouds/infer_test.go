package certifyclouds

import (
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
)

func TestInfer(t *testing.T) {
	const e, w, s, i = event.Error, event.Warning, event.Success, event.Info
	for _, c := range []struct {
		title, text string
		color       event.Severity
		want        string
	}{
		{"Scan Completed", "Discovery scan completed successfully", s, scanCompleted},
		{"Secret Expiring Alert", "", e, secretExpiring},
		{"Secrets Expiring Soon", "", w, secretExpiring},
		{"Secret Expired", "", e, secretExpired},
		{"Alert", "Found 2 expired secrets", e, secretExpired},
		{"Vault Error", "", e, vaultError},
		{"Vault Access", "", e, vaultError},
		{"Vault Scan Error", "", e, vaultError},
		{"Rotation Successful", "", s, rotationSuccess},
		{"Secret Rotated", "", s, rotationSuccess},
		{"Rotation Failed", "", e, rotationFailed},
		{"Secret Rotation", "", e, rotationFailed},
		{"Rotation Failed: secret expired", "", e, rotationFailed},
		{"Secret expiring, rotation due", "", w, secretExpiring},
		{"Discovery Completed", "", s, discoveryCompleted},
		{"Sync Successful", "", s, syncSuccess},
		{"Sync Failed", "", e, syncFailed},
		{"Vault Sync", "", e, syncFailed},
		{"Sync Conflict", "", w, syncConflict},
		{"Sync", "", w, syncConflict},
		{"Welcome", "Hello", i, unknownAlert},

		// Other wordings: the reference shows the titles of three types only.
		{"Certificate Expiring", "", w, secretExpiring},
		{"Key Expiration Warning", "", w, secretExpiring},
		{"Upcoming Expiry", "2 certificates will expire in 7 days", e, secretExpiring},
		{"ALERT: Secrets Nearing Expiration", "", e, secretExpiring},
		{"Certificate has expired", "", e, secretExpired},
		{"Expired Keys Found", "", e, secretExpired},
		{"Notification", "Key signing-key expired on 2024-12-01", e, secretExpired},
		{"B2C Credentials Expiring", "", w, b2cExpiring},
		{"Expiring credentials", "1 B2C tenant credential expires within 30 days", w, b2cExpiring},
		{"Nothing to do", "No secrets expiring within 30 days", s, unknownAlert},
		{"All good", "0 expired secrets", i, unknownAlert},
		{"Key Vault Access Denied", "", e, vaultError},
		{"Vault unreachable: kv-production", "", e, vaultError},
		{"Error", "Failed to connect to vault kv-production", e, vaultError},
		{"Could not read KeyVault kv-production", "", "", vaultError},
		{"Vault added", "", i, unknownAlert},
		{"Credential Rotation Succeeded", "", i, rotationSuccess},
		{"Secret rotated successfully", "", s, rotationSuccess},
		{"Certificate renewed", "", s, rotationSuccess},
		{"Rotation complete, new expiry 2025-12-14", "", s, rotationSuccess},
		{"Rotation Completed", "", "", rotationSuccess},
		{"Rotation", "Unable to rotate client-secret", "", rotationFailed},
		{"Auto-Rotation Error", "", e, rotationFailed},
		{"Rotation aborted", "", w, rotationFailed},
		{"Rotation Completed", "1 of 3 secrets failed", e, rotationFailed},
		{"Rotation Completed", "3 of 3 secrets, 0 failed", s, rotationSuccess},
		{"Rotation due", "", w, unknownAlert},
		{"Rotation scheduled", "", i, unknownAlert},
		{"Synchronization Complete", "", s, syncSuccess},
		{"Secret synced to AWS", "", i, syncSuccess},
		{"Sync completed without errors", "", s, syncSuccess},
		{"Replication to GCP finished", "", s, syncSuccess},
		{"Sync completed with errors", "", w, syncFailed},
		{"Sync Error", "", e, syncFailed},
		{"Multi-Cloud Sync", "Failed to sync api-key", "", syncFailed},
		{"Resync unsuccessful", "", "", syncFailed},
		{"Sync started", "", i, unknownAlert},
		{"Version conflict detected", "", w, syncConflict},
		{"Conflicting versions of api-key", "", "", syncConflict},
		{"Sync completed, no conflicts", "", s, syncSuccess},
		{"Discovery Scan Completed", "", s, scanCompleted},
		{"Scan finished", "12 vaults, no errors", i, scanCompleted},
		{"Scan Completed", "Found 3 secrets expiring within 30 days", w, scanCompleted},
		{"Scan started", "", i, unknownAlert},
		{"App Registration Discovery Complete", "", i, discoveryCompleted},
		{"App Registration Scan: discovery done", "", i, discoveryCompleted},
		{"Async job done", "", s, unknownAlert},
		{"", "", e, unknownAlert},
	} {
		if got := infer(c.title, c.text, c.color); got != c.want {
			t.Errorf("%q %q %s: %s, want %s", c.title, c.text, c.color, got, c.want)
		}
	}
	for _, title := range []string{"SECRET EXPIRED", "secret-expired", "Secret_Expired", "Secret: expired!"} {
		if got := infer(title, "", e); got != secretExpired {
			t.Errorf("%q: %s", title, got)
		}
	}
	if got := infer(strings.Repeat("sync ", 10_000), "failed", ""); got != syncFailed {
		t.Errorf("long title: %s", got)
	}
}
