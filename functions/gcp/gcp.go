// Package gcp is sigpost as Cloud Run functions. It registers the entry points
// Receive, Deliver and Poll with Google's functions framework, and knows Secret
// Manager, Firestore, Pub/Sub and Cloud Logging; it knows no sender and no
// receiver.
//
// Nothing is asked of a service, and no configuration is read, before the first
// request: an instance that can't work says why at every request instead of
// dying and being started again.
package gcp

import (
	"log/slog"
	"net/http"
	"os"
	"sync"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	"github.com/sigpost/sigpost/pkg/deliver"
)

func init() {
	deliver.QuietLog()
	p := &projectID{env: os.Getenv}
	f := &function{env: os.Getenv, project: p, log: slog.New(newLogHandler(os.Stderr, p))}
	functions.HTTP("Receive", f.guard(f.receive, receiveReserve))
	functions.HTTP("Poll", f.guard(f.poll, pollReserve))
	functions.HTTP("Deliver", f.guard(f.deliver, deliverReserve))
}

// deployed is the configuration that came with the functions.
var deployed embedded

// Configure gives the functions the configuration that they are deployed with;
// file is its name in problems. The root package that scripts/build generates
// calls it from an init, which runs after this package's own and before any
// request. SIGPOST_CONFIG has precedence.
func Configure(file string, data []byte) { deployed = embedded{file, data} }

// function is what the entry points of an instance share.
type function struct {
	env     func(string) string
	project *projectID
	log     *slog.Logger

	once sync.Once
	made *road
}

// road is built when it is first needed, by when Configure was called.
func (f *function) road() *road {
	f.once.Do(func() { f.made = newRoad(f.env, f.project, deployed, f.log) })
	return f.made
}

// receive takes in what senders post.
func (f *function) receive(w http.ResponseWriter, r *http.Request) {
	f.road().receive.ServeHTTP(w, r)
}
