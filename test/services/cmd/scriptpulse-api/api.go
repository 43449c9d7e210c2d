package main

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"slices"
	"sync"
	"unicode"

	"palisade.dev/services/internal/serve"
)

type api struct {
	claim, header string
	// tenants that may call; empty: any, or none.
	tenants []string

	mutex sync.Mutex
	out   io.Writer
}

const assertion = "NON_DECISIONAL_SUPPORT"

// actions by role (SP-4).
var permitted = map[string][]string{
	"WRITER": {"analyse"}, "READER": {"analyse"}, "ADMIN": {"system-health"}, "RESEARCHER": {},
}

func (a *api) tenantOf(r *http.Request) string {
	tenant := r.Header.Get(a.header)
	if tenant == "" || len(a.tenants) > 0 && !slices.Contains(a.tenants, tenant) {
		return ""
	}
	return identifier(tenant)
}

// admit checks tenant and role before anything is read.
func (a *api) admit(w http.ResponseWriter, r *http.Request, action string) (tenant, role string, ok bool) {
	tenant, role = a.tenantOf(r), r.Header.Get("x-api-role")
	if tenant == "" && (len(a.tenants) > 0 || r.Header.Get(a.header) != "") {
		serve.Fail(w, http.StatusForbidden, "tenant_refused")
		return "", "", false
	}
	allowed, known := permitted[role]
	switch {
	case !known:
		serve.Fail(w, http.StatusUnauthorized, "role_unknown")
	case !slices.Contains(allowed, action):
		serve.Fail(w, http.StatusForbidden, "role_refused")
	default:
		return tenant, role, true
	}
	return "", "", false
}

func (a *api) systemHealth(w http.ResponseWriter, r *http.Request) {
	if _, _, ok := a.admit(w, r, "system-health"); ok {
		serve.JSON(w, http.StatusOK, map[string]string{"status": "ok"})
	}
}

// analyse takes one script as plain text; what could hold several is refused (SP-1).
func (a *api) analyse(w http.ResponseWriter, r *http.Request) {
	tenant, role, ok := a.admit(w, r, "analyse")
	if !ok {
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "text/plain" {
		serve.Fail(w, http.StatusUnsupportedMediaType, "one script per call, as text/plain; a batch is refused")
		return
	}
	script, err := readScript(w, r)
	defer clear(script)
	if err != nil || len(script) == 0 {
		serve.Fail(w, http.StatusBadRequest, "one script of at most 8 MiB, with its Content-Length")
		return
	}
	found := structureOf(script)
	id := runID(tenant, role, script)
	// Scrubbed before the answer goes out (SP-7).
	clear(script)
	compliance := map[string]any{"log_kind": "compliance", "run_id": id, "timestamp": now(), "role": role, "assertion": assertion}
	if tenant != "" {
		compliance[a.claim] = tenant
	}
	a.write(compliance)
	a.write(found.telemetry())
	serve.JSON(w, http.StatusOK, map[string]any{"run_id": id, "assertion": assertion, "structure": found})
}

// structure is all that is said of a script: counts, no text (SP-15).
type structure struct {
	Scenes   int `json:"scenes"`
	Lines    int `json:"lines"`
	Headings int `json:"headings"`
	Dialogue int `json:"dialogue"`
	Action   int `json:"action"`
	Other    int `json:"other"`
	Alerts   int `json:"alerts"`
}

// structureOf reads a screenplay line by line, in place.
func structureOf(script []byte) (s structure) {
	speaking := false
	for len(script) > 0 {
		line := script
		if end := bytes.IndexByte(script, '\n'); end >= 0 {
			line, script = script[:end], script[end+1:]
		} else {
			script = nil
		}
		line = bytes.TrimSpace(line)
		s.Lines++
		switch {
		case len(line) == 0:
			speaking = false
			s.Other++
		case bytes.HasPrefix(line, []byte("INT.")) || bytes.HasPrefix(line, []byte("EXT.")):
			s.Scenes++
			s.Headings++
			speaking = false
		case speaking:
			s.Dialogue++
		case !bytes.ContainsFunc(line, unicode.IsLower) && len(line) < 40:
			speaking = true
			s.Other++
		default:
			s.Action++
		}
		if len(line) > 2000 {
			s.Alerts++
		}
	}
	return s
}

func (s structure) telemetry() map[string]any {
	ratio := func(count int) float64 { return float64(count) / float64(max(s.Lines, 1)) }
	return map[string]any{
		"log_kind": "telemetry", "scene_count": s.Scenes, "dialogue_ratio": ratio(s.Dialogue), "action_ratio": ratio(s.Action),
		"heading_ratio": ratio(s.Headings), "other_ratio": ratio(s.Other), "alert_count": s.Alerts,
	}
}
