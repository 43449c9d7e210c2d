// Command scriptpulse-api stands in for ScriptPulse in tests: the same port, variables, tenancy and logs of declared
// fields. It counts lines and scenes; it is not the real service. Nothing it is given reaches a disk or a log (SP-6).
//
// It is started as `gunicorn scriptpulse.api:app` and takes the address from GUNICORN_CMD_ARGS. Signatures of the calling
// context are for the gateway in front to check: no variable of the specification holds a key for them.
package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"palisade.dev/services/internal/record"
	"palisade.dev/services/internal/serve"
	"palisade.dev/services/internal/tlsfiles"
	"palisade.dev/services/internal/variables"
)

const application = "scriptpulse.api:app"

// largest script in bytes; a feature film has 300 KiB.
const largest = 8 << 20

func main() { serve.Exit(run(os.Args[1:])) }

func run(args []string) error {
	if len(args) != 1 || args[0] != application {
		return fmt.Errorf("gunicorn: the one application here is %s", application)
	}
	r := &variables.Reader{}
	address, err := bind(os.Getenv("GUNICORN_CMD_ARGS"))
	if err != nil {
		r.Fault("GUNICORN_CMD_ARGS: %v", err)
	}
	if err := r.Err(); err != nil {
		return err
	}
	files, err := tlsfiles.FromEnvironment(tls.VersionTLS13)
	if err != nil {
		return err
	}
	a := &api{claim: variables.Or("TENANT_CLAIM", "tenant_id"), header: variables.Or("TENANT_HEADER", "x-tenant-id"), out: os.Stdout}
	if tenants := os.Getenv("TENANTS"); tenants != "" {
		a.tenants = strings.Split(tenants, ",")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/analyse", a.analyse)
	mux.HandleFunc("GET /v1/system/health", a.systemHealth)
	stop, cancel := serve.StopContext()
	defer cancel()
	service := &serve.Service{
		// What the shared listener writes must fit this service's own records.
		Records: record.New("scriptpulse", "api").To(lifecycle{a}), HealthPath: "/healthz",
		Healthy: func(context.Context) error { return nil }, Address: address, TLS: files,
		Handler: files.OnlyCallers(mux, func(*http.Request) {}), OnRequest: a.told,
	}
	return service.Run(stop)
}

// bind takes the one setting that matters here.
func bind(settings string) (string, error) {
	address := ":8443"
	for _, setting := range strings.Fields(settings) {
		name, value, _ := strings.Cut(setting, "=")
		switch name {
		case "--bind":
			address = value
		case "--worker-tmp-dir", "--workers", "--timeout", "--graceful-timeout":
		default:
			return "", fmt.Errorf("%s is not known here", name)
		}
	}
	return address, nil
}

// lifecycle turns records of the shared packages into application records.
type lifecycle struct{ api *api }

func (l lifecycle) Write(line []byte) (int, error) {
	var entry struct {
		Event  string `json:"event"`
		Status string `json:"status"`
	}
	if err := json.Unmarshal(line, &entry); err != nil {
		return 0, err
	}
	level := "INFO"
	if entry.Status == record.Error {
		level = "ERROR"
	}
	l.api.write(map[string]any{"log_kind": "application", "time": now(), "level": level, "event": entry.Event, "request_id": record.NewCorrelation(), "status": 0, "duration_ms": 0})
	return len(line), nil
}

func (a *api) told(r *http.Request, status int, took time.Duration) {
	level := "INFO"
	if status >= 500 {
		level = "ERROR"
	} else if status >= 400 {
		level = "WARNING"
	}
	entry := map[string]any{
		"log_kind": "application", "time": now(), "level": level, "event": "http.request", "request_id": identifier(serve.Correlation(r)),
		"status": status, "duration_ms": float64(took.Microseconds()) / 1000,
	}
	if tenant := a.tenantOf(r); tenant != "" {
		entry[a.claim] = tenant
	}
	a.write(entry)
}

func (a *api) write(entry map[string]any) {
	text, err := json.Marshal(entry)
	if err != nil {
		panic(err) // strings and numbers
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	_, _ = a.out.Write(append(text, '\n'))
}

func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

// identifier: letters, digits and _.:- of at most 64, as the declared field takes it.
func identifier(text string) string {
	fitting := strings.Map(func(r rune) rune {
		if r == '/' || r == '@' || r == '+' || r == '=' {
			return '_'
		}
		return r
	}, record.Token(text))
	return fitting[:min(len(fitting), 64)]
}

// runID is the same for the same tenant, role and script, and tells nothing of it.
func runID(tenant, role string, script []byte) string {
	hash := sha256.New()
	for _, part := range [][]byte{[]byte(tenant), []byte(role), script} {
		fmt.Fprintf(hash, "%d:", len(part))
		_, _ = hash.Write(part)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func readScript(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	// One buffer of the right size: a growing one would leave copies behind that nobody scrubs.
	size := r.ContentLength
	if size < 0 || size > largest {
		return nil, fmt.Errorf("length")
	}
	body := make([]byte, size)
	_, err := io.ReadFull(http.MaxBytesReader(w, r.Body, largest), body)
	return body, err
}
