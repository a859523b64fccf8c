package main

import (
	"fmt"
	"io"
	"log"
	"testing"
)

// What servers send unasked stays out of the log.
func TestTheLogIsQuiet(t *testing.T) {
	run(t.Context(), []string{"--help"}, io.Discard, io.Discard)
	if got := fmt.Sprintf("%T", log.Writer()); got != "*deliver.quiet" {
		t.Errorf("the standard logger writes to a %s", got)
	}
}
