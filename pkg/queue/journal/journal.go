// Package journal keeps a queue and its state in a file, so that a process that
// is killed carries on where it was. It is for one process on one machine; the
// clouds have queues and tables of their own.
package journal

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/sigpost/sigpost/pkg/queue"
)

// The buckets of the file: records by number in order, dead jobs by ID.
var (
	jobs = []byte("jobs")
	dead = []byte("dead")
)

// lockTimeout is how long Open waits for another process to close the file.
const lockTimeout = 2 * time.Second

// batchDelay is how long a write of the state waits for others to go to the
// disk with it.
const batchDelay = time.Millisecond

// File is a queue.Journal in a bbolt file. Every write is on disk when it
// returns.
type File struct{ db *bbolt.DB }

var _ queue.Journal = (*File)(nil)

// Open opens or makes the file, and returns what it holds: records in order,
// and dead jobs, oldest first.
func Open(path string) (f *File, records []queue.Record, buried []queue.Dead, err error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, nil, nil, fmt.Errorf("the queue in %s is in use by another sigpost: stop that one, or choose another file with --queue", path)
	}
	if err != nil {
		return nil, nil, nil, fmt.Errorf("open the queue in %s: %w", path, err)
	}
	db.MaxBatchDelay = batchDelay
	err = db.Update(func(tx *bbolt.Tx) error {
		if records, err = all[queue.Record](tx, jobs); err != nil {
			return err
		}
		if buried, err = all[queue.Dead](tx, dead); err != nil {
			return err
		}
		_, errMarks := tx.CreateBucketIfNotExists(marks)
		_, errValues := tx.CreateBucketIfNotExists(values)
		return errors.Join(errMarks, errValues)
	})
	if err != nil {
		_ = db.Close()
		return nil, nil, nil, fmt.Errorf("read the queue in %s: %w", path, err)
	}
	slices.SortFunc(buried, func(a, b queue.Dead) int { return a.Buried.Compare(b.Buried) })
	return &File{db: db}, records, buried, nil
}

func all[T any](tx *bbolt.Tx, name []byte) (out []T, err error) {
	b, err := tx.CreateBucketIfNotExists(name)
	if err != nil {
		return nil, err
	}
	err = b.ForEach(func(_, v []byte) error {
		var t T
		if err := json.Unmarshal(v, &t); err != nil {
			return err
		}
		out = append(out, t)
		return nil
	})
	return out, err
}

// Close closes the file.
func (f *File) Close() error { return f.db.Close() }

// Save implements queue.Journal.
func (f *File) Save(records []queue.Record) error {
	return f.db.Update(func(tx *bbolt.Tx) error {
		for _, r := range records {
			if err := put(tx, jobs, key(r.Seq), r); err != nil {
				return err
			}
		}
		return nil
	})
}

// Delete implements queue.Journal.
func (f *File) Delete(seq uint64) error {
	return f.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(jobs).Delete(key(seq)) })
}

// Bury implements queue.Journal.
func (f *File) Bury(d queue.Dead) error {
	return f.db.Update(func(tx *bbolt.Tx) error { return put(tx, dead, []byte(d.ID), d) })
}

// Unbury implements queue.Journal.
func (f *File) Unbury(id string) error {
	return f.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(dead).Delete([]byte(id)) })
}

func put(tx *bbolt.Tx, bucket, k []byte, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put(k, data)
}

// key sorts as the numbers do.
func key(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }
