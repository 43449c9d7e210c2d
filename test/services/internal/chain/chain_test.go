package chain

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const writerDirectory = "CHAIN_TEST_DIRECTORY"

// The test binary is also the writer that several processes are made of.
func TestMain(m *testing.M) {
	if directory := os.Getenv(writerDirectory); directory != "" {
		count, _ := strconv.Atoi(os.Args[1])
		chain, err := Open(directory, "node", fmt.Sprintf("replica-%d", os.Getpid()), NewSigner("secret"))
		for range count {
			if err == nil {
				_, err = chain.Append("pulse", "")
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func open(t *testing.T, directory string) *Chain {
	t.Helper()
	chain, err := Open(directory, "node", "replica", NewSigner("secret"))
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

func appendPulses(t *testing.T, directory string, count int) {
	t.Helper()
	chain := open(t, directory)
	for range count {
		if _, err := chain.Append("pulse", ""); err != nil {
			t.Fatal(err)
		}
	}
}

func report(t *testing.T, directory, secret string) Report {
	t.Helper()
	found, err := Verify(directory, NewSigner(secret), nil)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestThreeProcessesWriteOneChain(t *testing.T) {
	directory := t.TempDir()
	var writers sync.WaitGroup
	failures := make(chan string, 3)
	for range 3 {
		writers.Add(1)
		go func() {
			defer writers.Done()
			writer := exec.Command(os.Args[0], "60")
			writer.Env = append(os.Environ(), writerDirectory+"="+directory)
			if output, err := writer.CombinedOutput(); err != nil {
				failures <- string(output)
			}
		}()
	}
	writers.Wait()
	close(failures)
	for failure := range failures {
		t.Fatal(failure)
	}
	found := report(t, directory, "secret")
	if !found.Intact || found.Length != 180 || len(found.Replicas) != 3 || found.Unverifiable != 0 {
		t.Fatalf("%+v", found)
	}
}

func TestGoesOnAfterARestart(t *testing.T) {
	directory := t.TempDir()
	appendPulses(t, directory, 3)
	appendPulses(t, directory, 2)
	if found := report(t, directory, "secret"); !found.Intact || found.Length != 5 {
		t.Fatalf("%+v", found)
	}
}

func TestWritesTheFileThatIsThereByThen(t *testing.T) {
	directory := t.TempDir()
	chain := open(t, directory)
	for range 4 {
		if _, err := chain.Append("pulse", ""); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(directory, FileName)
	text, _ := os.ReadFile(path)
	backup := path + ".backup"
	lines := bytes.SplitAfter(text, []byte("\n"))
	if err := errors.Join(os.WriteFile(backup, bytes.Join(lines[:2], nil), 0o640), os.Rename(backup, path)); err != nil {
		t.Fatal(err)
	}
	if made, err := chain.Append("pulse", ""); err != nil || made.Sequence != 3 {
		t.Fatalf("%+v %v", made, err)
	}
	if found := report(t, directory, "secret"); !found.Intact || found.Length != 3 {
		t.Fatalf("%+v", found)
	}
}

func TestFindsTampering(t *testing.T) {
	forge := func(lines []string) []string {
		// Whoever has the files but not the key computes all hashes anew.
		var previous *Pulse
		for i, line := range lines {
			pulse, err := parse([]byte(line))
			if err != nil {
				t.Fatal(err)
			}
			if i == 2 {
				pulse.Time = "2020-01-01T00:00:00.000000000Z"
			}
			if previous != nil {
				pulse.Previous = previous.Glyph
			}
			pulse.Glyph = pulse.glyph()
			lines[i] = strings.TrimSuffix(string(pulse.line()), "\n")
			previous = &pulse
		}
		return lines
	}
	swapped := func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }
	for name, change := range map[string]func([]string) []string{
		"a changed field": func(l []string) []string {
			l[2] = strings.Replace(l[2], `"node_id":"node"`, `"node_id":"nodf"`, 1)
			return l
		},
		"another spelling":    func(l []string) []string { l[2] = strings.Replace(l[2], `,"node_id"`, `, "node_id"`, 1); return l },
		"a field more":        func(l []string) []string { l[2] = strings.Replace(l[2], `{`, `{"x":1,`, 1); return l },
		"a removed line":      func(l []string) []string { return append(l[:2], l[3:]...) },
		"a doubled line":      func(l []string) []string { return append(l[:3], l[2:]...) },
		"swapped lines":       swapped,
		"a removed beginning": func(l []string) []string { return l[1:] },
		"a line of something": func(l []string) []string { l[1] = "not a pulse"; return l },
		"all hashes anew":     forge,
		"a stripped signature": func(l []string) []string {
			l[2] = strings.Replace(l[2], `"signature":"`, `"signature":"0`, 1)
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			appendPulses(t, directory, 5)
			path := filepath.Join(directory, FileName)
			text, _ := os.ReadFile(path)
			lines := change(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"))
			if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o640); err != nil {
				t.Fatal(err)
			}
			if found := report(t, directory, "secret"); found.Intact || len(found.Faults) == 0 {
				t.Fatalf("%+v", found)
			}
		})
	}
}

func TestSignaturesOfAnotherKeyAreCountedNotBlamed(t *testing.T) {
	directory := t.TempDir()
	appendPulses(t, directory, 2)
	for _, secret := range []string{"", "other"} {
		if found := report(t, directory, secret); !found.Intact || found.Unverifiable != 2 {
			t.Fatalf("%q: %+v", secret, found)
		}
	}
}

func TestABrokenEndIsNotExtended(t *testing.T) {
	directory := t.TempDir()
	appendPulses(t, directory, 2)
	path := filepath.Join(directory, FileName)
	text, _ := os.ReadFile(path)
	changed := bytes.Replace(text, []byte(`"sequence":2`), []byte(`"sequence":3`), 1)
	if err := os.WriteFile(path, changed, 0o640); err != nil {
		t.Fatal(err)
	}
	chain := open(t, directory)
	if _, err := chain.Append("pulse", ""); !errors.Is(err, ErrBroken) {
		t.Fatal(err)
	}
	if err := chain.Check(); !errors.Is(err, ErrBroken) {
		t.Fatal(err)
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(now, changed) {
		t.Fatal("the evidence was changed")
	}
}

func TestATornLineIsCutOff(t *testing.T) {
	for _, torn := range []string{`{"sequence":3,"node`, "x"} {
		directory := t.TempDir()
		appendPulses(t, directory, 2)
		path := filepath.Join(directory, FileName)
		file, _ := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		_, err := file.WriteString(torn)
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
		if found := report(t, directory, "secret"); found.Intact {
			t.Fatal("a torn line passed for a whole one")
		}
		told := 0
		chain := open(t, directory)
		chain.Torn = func(bytes int) { told = bytes }
		if made, err := chain.Append("pulse", ""); err != nil || made.Sequence != 3 || told != len(torn) {
			t.Fatalf("%+v %v %d", made, err, told)
		}
		if found := report(t, directory, "secret"); !found.Intact || found.Length != 3 {
			t.Fatalf("%+v", found)
		}
	}
}
