package bigquerytest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// API is the streaming API in front of one table. The zero one takes any token.
type API struct {
	// Path is that of the table's insertAll. Any other is one of no table.
	Path string
	// Answer overrules the answer to a request, if it writes one. It is called
	// before the request is looked at, and may be nil.
	Answer func(w http.ResponseWriter, n int) (answered bool)

	mu    sync.Mutex
	token string
	calls int
	rows  []Row
	wrong []string
}

// Row is one that was inserted.
type Row struct {
	ID      string
	Columns map[string]any
}

// Want sets the token that is taken from now on, and no other.
func (a *API) Want(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.token = token
}

// Rows are the rows of the table: one of each insertId, as BigQuery keeps them
// for about a minute.
func (a *API) Rows() (rows []Row) {
	a.mu.Lock()
	defer a.mu.Unlock()
	seen := map[string]bool{}
	for _, r := range a.rows {
		if !seen[r.ID] {
			rows = append(rows, r)
		}
		seen[r.ID] = true
	}
	return rows
}

// Wrong is what was asked for that no client of BigQuery asks for.
func (a *API) Wrong() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.wrong
}

// refuse answers as https://cloud.google.com/bigquery/docs/error-messages has it.
func refuse(w http.ResponseWriter, status int, reason, message string) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
		"code": status, "message": message,
		"errors": []any{map[string]string{"message": message, "domain": "global", "reason": reason}},
	}})
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls++
	if a.Answer != nil && a.Answer(w, a.calls) {
		return
	}
	switch {
	case a.token != "" && r.Header.Get("Authorization") != "Bearer "+a.token:
		refuse(w, http.StatusUnauthorized, "authError", "Invalid Credentials")
		return
	case r.Method != http.MethodPost, r.URL.Path != a.Path:
		a.wrong = append(a.wrong, fmt.Sprintf("%s %s", r.Method, r.URL.Path))
		refuse(w, http.StatusNotFound, "notFound", "Not found: Table")
		return
	}
	if err := Check(body); err != nil {
		a.wrong = append(a.wrong, err.Error())
		refuse(w, http.StatusBadRequest, "invalid", err.Error())
		return
	}
	var request struct {
		Rows []struct {
			InsertID string         `json:"insertId"`
			JSON     map[string]any `json:"json"`
		} `json:"rows"`
	}
	if json.Unmarshal(body, &request) != nil { // Check has read it
		return
	}
	for _, row := range request.Rows {
		a.rows = append(a.rows, Row{row.InsertID, row.JSON})
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = io.WriteString(w, `{"kind":"bigquery#tableDataInsertAllResponse"}`)
}
