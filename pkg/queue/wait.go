package queue

import "context"

// Wait returns once nothing is waiting or out: every item is delivered or dead.
// The error is the context's, if that ends before.
func (m *Memory) Wait(ctx context.Context) error {
	for {
		m.mu.Lock()
		left, wake := len(m.ids), m.wake
		m.mu.Unlock()
		if left == 0 {
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
