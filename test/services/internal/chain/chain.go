package chain

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// FileName of the chain in its directory.
const FileName = "glyph_chain.jsonl"

// longest line that is read back from the end of the file.
const tailWindow = 64 << 10

// Chain is one process's hold of the file.
type Chain struct {
	path, nodeID, replica string
	signer                Signer
	// One lock of the file per process: within it, goroutines take turns.
	mutex sync.Mutex
	// Torn is told of bytes that a writer left when it died amid a line.
	Torn func(bytes int)
}

// ErrBroken is a chain that must not go on: its end is not what was written.
var ErrBroken = errors.New("the pulse chain is broken")

// Open makes the chain's file if it is missing.
func Open(directory, nodeID, replica string, signer Signer) (*Chain, error) {
	c := &Chain{path: filepath.Join(directory, FileName), nodeID: short(nodeID), replica: short(replica), signer: signer, Torn: func(int) {}}
	return c, c.locked(func(*os.File) error { return nil })
}

// Append adds a pulse and returns it once it is on the disk. Among all processes one writes at a time.
func (c *Chain) Append(kind, subject string) (Pulse, error) {
	var made Pulse
	err := c.locked(func(file *os.File) error {
		last, err := c.last(file)
		if err != nil {
			return err
		}
		made = Pulse{
			Sequence: 1, NodeID: c.nodeID, Replica: c.replica, Time: time.Now().UTC().Format("2006-01-02T15:04:05.000000000Z"),
			Kind: short(kind), Subject: short(subject), Previous: Genesis,
		}
		if last != nil {
			made.Sequence, made.Previous = last.Sequence+1, last.Glyph
			// Clocks of machines differ; the chain's time never goes back.
			made.Time = max(made.Time, last.Time)
		}
		c.signer.sign(&made)
		if _, err := file.Write(made.line()); err != nil {
			return err
		}
		return file.Sync()
	})
	return made, err
}

// Check says whether the chain can go on: its file can be written, its end is whole.
func (c *Chain) Check() error {
	return c.locked(func(file *os.File) error {
		_, err := c.last(file)
		return err
	})
}

// locked opens the file anew, so that one put back from a backup is the one that is written, and holds its lock.
func (c *Chain) locked(do func(*os.File) error) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for {
		file, err := os.OpenFile(c.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o640)
		if err != nil {
			return err
		}
		again, err := c.under(file, do)
		if closed := file.Close(); err == nil {
			err = closed
		}
		if err != nil || !again {
			return err
		}
	}
}

// under runs do with the lock. again: the path leads to another file by now.
func (c *Chain) under(file *os.File, do func(*os.File) error) (again bool, err error) {
	if err := lock(file); err != nil {
		return false, fmt.Errorf("lock of %s: %w", FileName, err)
	}
	// Closing the file gives the lock back.
	held, err := file.Stat()
	if err != nil {
		return false, err
	}
	if named, err := os.Stat(c.path); err != nil || !os.SameFile(held, named) {
		return true, nil
	}
	return false, do(file)
}

// lock waits for the whole file. flock reaches other machines as well: NFS makes a lock of the server out of it.
func lock(file *os.File) error {
	for {
		if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// last is the pulse at the end, or nil in an empty file. What a writer that died left without a line feed was never
// handed out: it is cut off.
func (c *Chain) last(file *os.File) (*Pulse, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return nil, err
	}
	window := min(size, tailWindow)
	tail := make([]byte, window)
	if _, err := file.ReadAt(tail, size-window); err != nil {
		return nil, err
	}
	end := bytes.LastIndexByte(tail, '\n') + 1
	if end < len(tail) {
		if end == 0 && window < size {
			return nil, fmt.Errorf("%w: its end is no line", ErrBroken)
		}
		torn := len(tail) - end
		if err := file.Truncate(size - int64(torn)); err != nil {
			return nil, err
		}
		if err := file.Sync(); err != nil {
			return nil, err
		}
		c.Torn(torn)
		tail = tail[:end]
	}
	if len(tail) == 0 {
		return nil, nil
	}
	line := tail[bytes.LastIndexByte(tail[:len(tail)-1], '\n')+1 : len(tail)-1]
	pulse, err := parse(line)
	if err != nil {
		return nil, fmt.Errorf("%w: its last line is %w", ErrBroken, err)
	}
	if pulse.Glyph != pulse.glyph() {
		return nil, fmt.Errorf("%w: the content of its last pulse does not have its hash", ErrBroken)
	}
	return &pulse, nil
}
