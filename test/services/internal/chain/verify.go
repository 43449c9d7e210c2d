package chain

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Report is what a reading of the whole chain found.
type Report struct {
	Intact bool   `json:"intact"`
	Length uint64 `json:"length"`
	Head   string `json:"head"`
	// Unverifiable counts pulses signed under another key, or none: their hashes hold, their writer is unknown.
	Unverifiable uint64 `json:"unverifiable_signatures"`
	// Replicas counts pulses by who wrote them.
	Replicas map[string]uint64 `json:"replicas"`
	Faults   []Fault           `json:"faults"`
}

// Fault is a place at which the chain is not what was written.
type Fault struct {
	Line   uint64 `json:"line"`
	Reason string `json:"reason"`
}

// most faults that a report lists; one is enough to be broken.
const mostFaults = 20

// Verify reads the chain of a directory from its first line. each, if given, sees every pulse that holds.
func Verify(directory string, signer Signer, each func(Pulse)) (Report, error) {
	file, err := os.Open(filepath.Join(directory, FileName))
	if err != nil {
		return Report{}, err
	}
	defer file.Close()
	return verify(file, signer, each)
}

// Verify reads this process's own chain while nobody writes it.
func (c *Chain) Verify(each func(Pulse)) (Report, error) {
	var report Report
	err := c.locked(func(file *os.File) error {
		var err error
		report, err = verify(file, c.signer, each)
		return err
	})
	return report, err
}

func verify(from io.Reader, signer Signer, each func(Pulse)) (Report, error) {
	report := Report{Head: Genesis, Replicas: map[string]uint64{}, Faults: []Fault{}}
	reader := bufio.NewReaderSize(from, tailWindow)
	fault := func(reason string) {
		if len(report.Faults) < mostFaults {
			report.Faults = append(report.Faults, Fault{report.Length, reason})
		}
	}
	var previous *Pulse
	for {
		line, err := reader.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			break
		}
		report.Length++
		if err != nil {
			if err == bufio.ErrBufferFull || err == io.EOF {
				fault("it is no whole line")
				break
			}
			return report, err
		}
		pulse, err := parse(bytes.TrimSuffix(line, []byte{'\n'}))
		if err != nil {
			fault(fmt.Sprintf("it is %v", err))
			continue
		}
		reason := signer.fault(pulse, previous)
		if reason != "" {
			fault(reason)
		} else if each != nil {
			each(pulse)
		}
		if signer.key == nil || pulse.KeyID != signer.keyID() {
			report.Unverifiable++
		}
		report.Replicas[pulse.Replica]++
		report.Head = pulse.Glyph
		previous = &pulse
	}
	report.Intact = len(report.Faults) == 0
	return report, nil
}
