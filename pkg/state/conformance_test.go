package state_test

import (
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/state"
	"github.com/sigpost/sigpost/pkg/state/statetest"
)

func TestMemory(t *testing.T) {
	statetest.Run(t, func(now func() time.Time) state.Store { return state.NewMemory(now) })
}
