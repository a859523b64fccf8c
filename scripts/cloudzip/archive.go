package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/klauspost/compress/flate" // a hundredth smaller than with the standard library
)

// archive is the files of a zip by their paths in it.
type archive map[string]file

type file struct {
	mode fs.FileMode
	data []byte
}

const (
	plain      fs.FileMode = 0o644
	executable fs.FileMode = 0o755
)

// epoch is the time of every file: the earliest that a zip can hold.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// bytes is the zip: of the same files always the same.
func (a archive) bytes() ([]byte, error) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for _, name := range slices.Sorted(maps.Keys(a)) {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: epoch}
		h.SetMode(a[name].mode)
		w, err := z.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(a[name].data); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// write puts the zip at path, whole or not at all.
func (a archive) write(path string) (row, error) {
	data, err := a.bytes()
	if err != nil {
		return row{}, err
	}
	return row{file: path, size: int64(len(data)), sum: sha256.Sum256(data)}, writeFile(path, data)
}

// writeFile puts data at path, whole or not at all.
func writeFile(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(data)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(tmp.Name(), plain)
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	return err
}

// extract writes the files below dir.
func (a archive) extract(dir string) error {
	for name, f := range a {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.data, f.mode); err != nil {
			return err
		}
	}
	return nil
}
