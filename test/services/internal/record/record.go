// Package record writes the platform's log records (RT-23): one line of JSON per event, by docs/log-record.schema.json.
package record

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"sync"
	"time"
)

// Statuses and severities that the services use.
const (
	OK      = "ok"
	Error   = "error"
	Refused = "refused"
	Started = "started"

	Warning = "warning"
)

// Entry is what one record says. What is left out is null, and the severity follows from the status.
type Entry struct {
	Event, Status, Severity, Correlation string
	ChatIDHash, Persona                  string
	Latency                              time.Duration // nothing was timed if zero
	Attributes                           map[string]any
}

type line struct {
	Time          string         `json:"time"`
	Severity      string         `json:"severity"`
	Workload      string         `json:"workload"`
	Service       string         `json:"service"`
	Event         string         `json:"event"`
	CorrelationID string         `json:"correlation_id"`
	ChatIDHash    *string        `json:"chat_id_hash"`
	PersonaTag    *string        `json:"persona_tag"`
	Status        string         `json:"status"`
	LatencyMS     *float64       `json:"latency_ms"`
	Env           string         `json:"env"`
	BuildSHA      string         `json:"build_sha"`
	Attributes    map[string]any `json:"attributes,omitempty"`
}

// Writer writes records of one service.
type Writer struct {
	workload, service, env, sha string

	mutex sync.Mutex
	out   io.Writer
}

var (
	commit   = regexp.MustCompile(`^[0-9a-f]{40}$`)
	notToken = regexp.MustCompile(`[^A-Za-z0-9_.:/@+=-]`)
)

// unknownBuild stands for a commit nobody told.
const unknownBuild = "0000000000000000000000000000000000000000"

// New is a writer to standard output. Who writes comes from PALISADE_WORKLOAD and PALISADE_SERVICE or else the arguments;
// the environment from APP_ENV or PALISADE_ENV, `dev` without either; the commit from BUILD_SHA.
func New(workload, service string) *Writer {
	w := &Writer{workload: or("PALISADE_WORKLOAD", workload), service: or("PALISADE_SERVICE", service), out: os.Stdout}
	w.env = or("APP_ENV", or("PALISADE_ENV", "dev"))
	if w.env != "staging" && w.env != "prod" {
		w.env = "dev"
	}
	if w.sha = os.Getenv("BUILD_SHA"); !commit.MatchString(w.sha) {
		w.sha = unknownBuild
	}
	return w
}

// To is the same origin with another destination.
func (w *Writer) To(out io.Writer) *Writer {
	return &Writer{workload: w.workload, service: w.service, env: w.env, sha: w.sha, out: out}
}

// Env is the environment the records name.
func (w *Writer) Env() string { return w.env }

// Write writes a record.
func (w *Writer) Write(entry Entry) {
	text := w.Line(entry)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	_, _ = w.out.Write(text)
}

// Line is a record with its line feed.
func (w *Writer) Line(entry Entry) []byte {
	made := line{
		Time: time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), Severity: entry.Severity, Workload: w.workload, Service: w.service,
		Event: entry.Event, CorrelationID: Token(entry.Correlation), ChatIDHash: orNull(entry.ChatIDHash), PersonaTag: orNull(entry.Persona),
		Status: entry.Status, Env: w.env, BuildSHA: w.sha,
	}
	if entry.Correlation == "" {
		made.CorrelationID = NewCorrelation()
	}
	if made.Severity == "" {
		made.Severity = "informational"
		if entry.Status == Error {
			made.Severity = "error"
		}
	}
	if entry.Latency > 0 {
		milliseconds := float64(entry.Latency.Microseconds()) / 1000
		made.LatencyMS = &milliseconds
	}
	for name, value := range entry.Attributes {
		if made.Attributes == nil {
			made.Attributes = map[string]any{}
		}
		if text, is := value.(string); is {
			value = Token(text)
		}
		made.Attributes[name] = value
	}
	text, err := json.Marshal(made)
	if err != nil {
		panic(err) // only strings, numbers and flags go in
	}
	return append(text, '\n')
}

// NewCorrelation is an id that ties records together.
func NewCorrelation() string { return rand.Text() }

// Token makes an identifier of whatever it is given: no white space, no quotes, at most 128 characters.
func Token(text string) string {
	if text == "" {
		return "-"
	}
	if len(text) > 128 {
		text = text[:128]
	}
	return notToken.ReplaceAllString(text, "_")
}

// Cause is the kind of an error as attributes: its text may hold what users said, its type does not.
func Cause(err error) map[string]any {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return map[string]any{"error.type": typeName(err)}
		}
		err = inner
	}
}

func or(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
