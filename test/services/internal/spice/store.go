package spice

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Names of the files of the layer.
const (
	DescriptorsFile = "spice_descriptors.jsonl"
	IndexFile       = "spice_index.json"
	BindingFile     = "constitutional_binding.jsonl"
)

// Store is one process's hold of the directory.
type Store struct {
	directory string
	mutex     sync.Mutex
}

// index finds a line without reading the others. It is made from the lines and can be made anew from them: it covers
// what lies before Covers, and a reader adds the rest.
type index struct {
	Covers int64               `json:"covers"`
	Lines  map[string]place    `json:"descriptors"`
	Glyphs map[string][]string `json:"glyphs"`
}

type place struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

// ErrNone is a descriptor that is not there.
var ErrNone = errors.New("no such descriptor")

// Open takes a directory that exists.
func Open(directory string) *Store { return &Store{directory: directory} }

// Add writes a descriptor. witness is given the hash of its line before the line is written: what the chain could not
// witness is not kept.
func (s *Store) Add(descriptor Descriptor, witness func(hash string) error) (Stored, error) {
	stored := Stored{ID: "spice-" + rand.Text(), Time: time.Now().UTC(), Descriptor: descriptor}
	line, err := json.Marshal(stored)
	if err != nil {
		return stored, err
	}
	return stored, s.locked(func(file *os.File) error {
		size, err := wholeLines(file)
		if err != nil {
			return err
		}
		known, err := s.index(file, size)
		if err != nil {
			return err
		}
		if err := witness(Hash(line)); err != nil {
			return err
		}
		if _, err := file.Write(append(line, '\n')); err != nil {
			return err
		}
		if err := file.Sync(); err != nil {
			return err
		}
		known.add(line, size)
		return s.writeIndex(known)
	})
}

// Hash of a line, as the chain witnesses it.
func Hash(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// Find returns a descriptor and the hash of its line.
func (s *Store) Find(id string) (found Stored, hash string, err error) {
	err = s.locked(func(file *os.File) error {
		known, err := s.current(file)
		if err != nil {
			return err
		}
		at, is := known.Lines[id]
		if !is {
			return ErrNone
		}
		line := make([]byte, at.Length)
		if _, err := file.ReadAt(line, at.Offset); err != nil {
			return err
		}
		hash = Hash(line)
		return json.Unmarshal(line, &found)
	})
	return found, hash, err
}

// ByGlyph returns the ids of descriptors whose range begins or ends with a glyph.
func (s *Store) ByGlyph(glyph string) (ids []string, err error) {
	err = s.locked(func(file *os.File) error {
		known, err := s.current(file)
		ids = known.Glyphs[glyph]
		return err
	})
	return ids, err
}

// Each reads all descriptors, with the hash of each line; a line that is none has an empty id.
func (s *Store) Each(do func(Stored, string)) error {
	return s.locked(func(file *os.File) error {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var stored Stored
			if json.Unmarshal(lines.Bytes(), &stored) != nil {
				stored = Stored{}
			}
			do(stored, Hash(lines.Bytes()))
		}
		return lines.Err()
	})
}

// Check says whether the directory can be written.
func (s *Store) Check() error {
	return s.locked(func(*os.File) error { return nil })
}

func (s *Store) locked(do func(*os.File) error) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	file, err := os.OpenFile(filepath.Join(s.directory, DescriptorsFile), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	defer file.Close()
	for {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("lock of %s: %w", DescriptorsFile, err)
	}
	return do(file)
}

// wholeLines cuts off what a writer that died left without a line feed; the chain witnesses it, the lines do not have it.
func wholeLines(file *os.File) (int64, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return 0, err
	}
	window := min(size, 1<<20)
	tail := make([]byte, window)
	if _, err := file.ReadAt(tail, size-window); err != nil {
		return 0, err
	}
	whole := size - window + int64(bytes.LastIndexByte(tail, '\n')) + 1
	if whole < size {
		if err := file.Truncate(whole); err != nil {
			return 0, err
		}
	}
	return whole, nil
}

func (s *Store) current(file *os.File) (index, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return index{}, err
	}
	return s.index(file, size)
}

// index reads the index and what has been written since; one that does not fit the lines is made anew.
func (s *Store) index(file *os.File, size int64) (index, error) {
	known := index{}
	text, err := os.ReadFile(filepath.Join(s.directory, IndexFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return known, err
	}
	if json.Unmarshal(text, &known) != nil || known.Covers > size || known.Covers < 0 || known.Lines == nil {
		known = index{}
	}
	if known.Lines == nil {
		known.Lines, known.Glyphs = map[string]place{}, map[string][]string{}
	}
	lines := bufio.NewScanner(io.NewSectionReader(file, known.Covers, size-known.Covers))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		known.add(lines.Bytes(), known.Covers)
	}
	return known, lines.Err()
}

func (i *index) add(line []byte, offset int64) {
	var stored Stored
	if json.Unmarshal(line, &stored) == nil && stored.ID != "" {
		i.Lines[stored.ID] = place{offset, int64(len(line))}
		for _, glyph := range []string{stored.GlyphRangeStart, stored.GlyphRangeEnd} {
			ids := i.Glyphs[glyph]
			if len(ids) == 0 || ids[len(ids)-1] != stored.ID {
				i.Glyphs[glyph] = append(ids, stored.ID)
			}
		}
	}
	i.Covers = offset + int64(len(line)) + 1
}

// writeIndex replaces the file whole: a reader never sees half of it.
func (s *Store) writeIndex(known index) error {
	text, err := json.Marshal(known)
	if err != nil {
		return err
	}
	path := filepath.Join(s.directory, IndexFile)
	if err := os.WriteFile(path+".new", text, 0o640); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
