package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/queue/journal"
	"github.com/sigpost/sigpost/pkg/state"
)

// The modes of serve.
const (
	modeQueue  = "queue"
	modeDirect = "direct"
)

// modeOf is the mode that the flag names, else SIGPOST_MODE, else modeQueue.
func modeOf(flag string) (string, error) {
	what, mode := "--mode", flag
	if mode == "" {
		what, mode = "SIGPOST_MODE", os.Getenv("SIGPOST_MODE")
	}
	switch mode {
	case "":
		return modeQueue, nil
	case modeQueue, modeDirect:
		return mode, nil
	}
	return "", fmt.Errorf("%s is %q: it must be %q (store, answer, deliver) or %q (deliver before answering)", what, mode, modeQueue, modeDirect)
}

// queueFlag is the help of --queue, which serve and dead share.
const queueFlag = "`FILE` of the queue (default: SIGPOST_QUEUE, then one for this configuration in your state folder)"

// queueFile is the file of the queue: that of the flag, else SIGPOST_QUEUE, else
// one of the configuration's own in the folder for the user's state.
func (s *settings) queueFile(flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if env := os.Getenv("SIGPOST_QUEUE"); env != "" {
		return env, nil
	}
	file, err := s.file()
	if err != nil {
		return "", fmt.Errorf("whose queue? %w; or name its file with --queue", err)
	}
	if file, err = filepath.Abs(file); err != nil {
		return "", err
	}
	dir, err := stateDir()
	if err != nil {
		return "", err
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	hash := sha256.Sum256([]byte(file))
	return filepath.Join(dir, name+"-"+hex.EncodeToString(hash[:4])+".queue"), nil
}

// stateDir is where a program keeps what must outlive it: what systemd says,
// else what the system's custom is.
func stateDir() (string, error) {
	if dirs := filepath.SplitList(os.Getenv("STATE_DIRECTORY")); len(dirs) > 0 {
		return dirs[0], nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "sigpost"), nil
	}
	if dir := os.Getenv("LocalAppData"); runtime.GOOS == "windows" && dir != "" {
		return filepath.Join(dir, "sigpost"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no folder to keep the queue in: %w; name a file with --queue", err)
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "sigpost"), nil
	}
	return filepath.Join(home, ".local", "state", "sigpost"), nil
}

// localQueue is a queue and its state in a file that only this process has open.
type localQueue struct {
	file  *journal.File
	jobs  *queue.Memory
	state state.Store
}

// openQueue opens the queue in a file, and makes it if there is none.
func openQueue(path string) (*localQueue, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("no folder for the queue: %w; choose another file with --queue", err)
	}
	f, records, dead, err := journal.Open(path)
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("%w; choose another file with --queue", err)
	}
	if err != nil {
		return nil, err
	}
	return &localQueue{file: f, jobs: queue.NewMemory(nil, f, records, dead), state: f.State(nil)}, nil
}

func (q *localQueue) Close() error { return q.file.Close() }
