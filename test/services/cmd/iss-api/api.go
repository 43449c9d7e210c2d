package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"palisade.dev/services/internal/chain"
	"palisade.dev/services/internal/record"
	"palisade.dev/services/internal/serve"
	"palisade.dev/services/internal/spice"
)

type api struct {
	records                              *record.Writer
	node, storage, layer, matrix         string
	title, description, version, origins string
	signer                               chain.Signer
	chain                                *chain.Chain
	store                                *spice.Store
}

var endpoints = []string{
	"GET /docs", "GET /redoc", "GET /time/pulse", "GET /time/verify", "GET /time/history", "POST /spice/descriptor",
	"GET /spice/descriptor/{id}", "GET /spice/find/glyph/{hash}", "GET /spice/capability/report", "GET /audit/trail/{id}",
	"GET /audit/verify/integrity",
}

func (a *api) routes() http.Handler {
	mux := http.NewServeMux()
	handlers := []http.HandlerFunc{
		a.docs, a.docs, a.pulse, a.verifyChain, a.history, a.describe, a.descriptor, a.byGlyph, a.capability, a.trail, a.integrity,
	}
	for i, endpoint := range endpoints {
		mux.HandleFunc(endpoint, handlers[i])
	}
	return mux
}

func (a *api) docs(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html><title>%[1]s</title><h1>%[1]s %[2]s</h1><p>%[3]s</p><p>A stand-in of the tests.</p><ul>",
		html.EscapeString(a.title), html.EscapeString(a.version), html.EscapeString(a.description))
	for _, endpoint := range append([]string{"GET /health"}, endpoints...) {
		fmt.Fprintf(w, "<li><code>%s</code></li>", html.EscapeString(endpoint))
	}
	fmt.Fprint(w, "</ul>")
}

// fail answers for an error of the files; what is wrong stands in the record.
func (a *api) fail(w http.ResponseWriter, r *http.Request, event string, err error) {
	a.records.Write(record.Entry{Event: event, Status: record.Error, Correlation: serve.Correlation(r), Attributes: record.Cause(err)})
	status, name := http.StatusInternalServerError, "storage"
	if errors.Is(err, chain.ErrBroken) {
		status, name = http.StatusServiceUnavailable, "chain_broken"
	}
	serve.Fail(w, status, name)
}

func (a *api) pulse(w http.ResponseWriter, r *http.Request) {
	made, err := a.append("pulse", "", serve.Correlation(r))
	if err != nil {
		a.fail(w, r, "pulse.failed", err)
		return
	}
	serve.JSON(w, http.StatusOK, made)
}

// append adds a pulse, then its line to the audit log: the log never knows of a pulse that the chain does not.
func (a *api) append(kind, subject, correlation string) (chain.Pulse, error) {
	made, err := a.chain.Append(kind, subject)
	if err != nil {
		return made, err
	}
	return made, a.auditLine(record.Entry{Event: "pulse.appended", Status: record.OK, Correlation: correlation, Attributes: map[string]any{
		"pulse.sequence": made.Sequence, "pulse.glyph": made.Glyph, "pulse.kind": made.Kind,
	}})
}

func (a *api) verifyChain(w http.ResponseWriter, r *http.Request) {
	report, err := a.chain.Verify(nil)
	if err != nil {
		a.fail(w, r, "chain.unreadable", err)
		return
	}
	a.toldOf(report, r)
	serve.JSON(w, statusOf(report.Intact), report)
}

// statusOf: a broken chain is an answer that no smoke test can take for a good one.
func statusOf(intact bool) int {
	if intact {
		return http.StatusOK
	}
	return http.StatusConflict
}

func (a *api) toldOf(report chain.Report, r *http.Request) {
	entry := record.Entry{Event: "chain.verified", Status: record.OK, Correlation: serve.Correlation(r), Attributes: map[string]any{
		"chain.length": report.Length, "chain.head": report.Head, "chain.unverifiable": report.Unverifiable,
	}}
	if !report.Intact {
		entry.Event, entry.Status, entry.Severity = "chain.tampered", record.Error, "alert"
		entry.Attributes["chain.first_fault_line"] = report.Faults[0].Line
	}
	a.records.Write(entry)
	_ = a.auditLine(entry)
}

func (a *api) history(w http.ResponseWriter, r *http.Request) {
	limit := 100
	if text := r.URL.Query().Get("limit"); text != "" {
		given, err := strconv.Atoi(text)
		if err != nil || given < 1 || given > 1000 {
			serve.Fail(w, http.StatusBadRequest, "limit: 1 to 1000")
			return
		}
		limit = given
	}
	var latest []chain.Pulse
	report, err := a.chain.Verify(func(p chain.Pulse) {
		latest = append(latest, p)
		if len(latest) > 2*limit {
			latest = slices.Clone(latest[len(latest)-limit:])
		}
	})
	if err != nil {
		a.fail(w, r, "chain.unreadable", err)
		return
	}
	latest = latest[max(0, len(latest)-limit):]
	slices.Reverse(latest)
	serve.JSON(w, http.StatusOK, map[string]any{"length": report.Length, "pulses": latest})
}

func (a *api) describe(w http.ResponseWriter, r *http.Request) {
	var given spice.Descriptor
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&given); err != nil {
		serve.Fail(w, http.StatusBadRequest, "the body is no process descriptor")
		return
	}
	if err := given.Check(); err != nil {
		serve.Fail(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	correlation := serve.Correlation(r)
	var witness chain.Pulse
	stored, err := a.store.Add(given, func(hash string) (err error) {
		witness, err = a.append("descriptor", hash, correlation)
		return err
	})
	if err != nil {
		a.fail(w, r, "descriptor.failed", err)
		return
	}
	err = appendLine(filepath.Join(a.layer, spice.BindingFile), a.records.Line(record.Entry{
		Event: "descriptor.bound", Status: record.OK, Correlation: correlation, Attributes: map[string]any{
			"spice.article": "VII", "spice.descriptor_id": stored.ID, "pulse.sequence": witness.Sequence, "pulse.glyph": witness.Glyph,
		},
	}))
	if err != nil {
		a.fail(w, r, "binding.failed", err)
		return
	}
	serve.JSON(w, http.StatusCreated, map[string]any{"descriptor_id": stored.ID, "pulse": witness})
}

func (a *api) descriptor(w http.ResponseWriter, r *http.Request) {
	stored, _, err := a.store.Find(r.PathValue("id"))
	switch {
	case errors.Is(err, spice.ErrNone):
		serve.Fail(w, http.StatusNotFound, "no such descriptor")
	case err != nil:
		a.fail(w, r, "descriptor.unreadable", err)
	default:
		serve.JSON(w, http.StatusOK, stored)
	}
}

func (a *api) byGlyph(w http.ResponseWriter, r *http.Request) {
	ids, err := a.store.ByGlyph(r.PathValue("hash"))
	if err != nil {
		a.fail(w, r, "descriptor.unreadable", err)
		return
	}
	serve.JSON(w, http.StatusOK, map[string]any{"descriptors": append([]string{}, ids...)})
}

// capability reports how mature each process is: how often it was assessed, on which level, with which score.
func (a *api) capability(w http.ResponseWriter, r *http.Request) {
	type maturity struct {
		Assessments int     `json:"assessments"`
		Level       int     `json:"highest_capability_level"`
		Score       float64 `json:"mean_compliance_score"`
	}
	processes := map[string]*maturity{}
	err := a.store.Each(func(stored spice.Stored, _ string) {
		m := processes[stored.ProcessName]
		if m == nil {
			m = &maturity{}
			processes[stored.ProcessName] = m
		}
		m.Score = (m.Score*float64(m.Assessments) + stored.ComplianceScore) / float64(m.Assessments+1)
		m.Assessments, m.Level = m.Assessments+1, max(m.Level, stored.CapabilityLevel)
	})
	if err != nil {
		a.fail(w, r, "descriptor.unreadable", err)
		return
	}
	serve.JSON(w, http.StatusOK, map[string]any{"processes": processes})
}

// trail puts together what is known of one descriptor: itself, and the pulse that witnesses it.
func (a *api) trail(w http.ResponseWriter, r *http.Request) {
	stored, hash, err := a.store.Find(r.PathValue("id"))
	if errors.Is(err, spice.ErrNone) {
		serve.Fail(w, http.StatusNotFound, "no such descriptor")
		return
	}
	if err != nil {
		a.fail(w, r, "descriptor.unreadable", err)
		return
	}
	var witness *chain.Pulse
	report, err := a.chain.Verify(func(p chain.Pulse) {
		if p.Kind == "descriptor" && p.Subject == hash {
			witness = &p
		}
	})
	if err != nil {
		a.fail(w, r, "chain.unreadable", err)
		return
	}
	serve.JSON(w, statusOf(report.Intact && witness != nil), map[string]any{
		"descriptor": stored, "sha256": hash, "witness": witness, "chain_intact": report.Intact,
	})
}

// integrity holds everything against everything else: the chain by itself, the audit log against the chain (a chain that
// was cut off at its end is whole by itself), each descriptor against the pulse that witnesses it and the log that binds it.
func (a *api) integrity(w http.ResponseWriter, r *http.Request) {
	// The log first: it is behind the chain at any moment, never before it.
	lastSequence, lastGlyph, err := a.lastAudited()
	if err != nil {
		a.fail(w, r, "audit.unreadable", err)
		return
	}
	missing, err := a.bound()
	if err != nil {
		a.fail(w, r, "binding.unreadable", err)
		return
	}
	type held struct{ hash, id string }
	var descriptors []held
	err = a.store.Each(func(s spice.Stored, hash string) {
		descriptors = append(descriptors, held{hash, s.ID})
		delete(missing, s.ID)
	})
	if err != nil {
		a.fail(w, r, "descriptor.unreadable", err)
		return
	}
	witnessed, audited := map[string]bool{}, lastSequence == 0
	report, err := a.chain.Verify(func(p chain.Pulse) {
		if p.Kind == "descriptor" {
			witnessed[p.Subject] = true
		}
		audited = audited || p.Sequence == lastSequence && p.Glyph == lastGlyph
	})
	if err != nil {
		a.fail(w, r, "chain.unreadable", err)
		return
	}
	unwitnessed := []string{}
	for _, one := range descriptors {
		if !witnessed[one.hash] {
			unwitnessed = append(unwitnessed, one.id)
		}
	}
	a.toldOf(report, r)
	intact := report.Intact && audited && len(unwitnessed) == 0 && len(missing) == 0
	if report.Intact && !intact {
		a.records.Write(record.Entry{Event: "integrity.broken", Status: record.Error, Severity: "alert", Correlation: serve.Correlation(r),
			Attributes: map[string]any{"audit.agrees": audited, "spice.unwitnessed": len(unwitnessed), "spice.missing": len(missing)}})
	}
	serve.JSON(w, statusOf(intact), map[string]any{
		"intact": intact, "chain": report, "audit_log_agrees": audited, "descriptors": len(descriptors), "unwitnessed_descriptors": unwitnessed,
		"missing_descriptors":     slices.Sorted(maps.Keys(missing)),
		"memory_matrix_read_only": unix.Access(a.matrix, unix.W_OK) != nil,
	})
}

func (a *api) auditLine(entry record.Entry) error {
	return appendLine(filepath.Join(a.storage, auditFile), a.records.Line(entry))
}

// bound is every descriptor that the binding log names.
func (a *api) bound() (map[string]bool, error) {
	ids := map[string]bool{}
	file, err := os.Open(filepath.Join(a.layer, spice.BindingFile))
	if errors.Is(err, os.ErrNotExist) {
		return ids, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	err = eachLine(file, func(line []byte) {
		var entry struct {
			Attributes struct {
				ID string `json:"spice.descriptor_id"`
			} `json:"attributes"`
		}
		if json.Unmarshal(line, &entry) == nil && entry.Attributes.ID != "" {
			ids[entry.Attributes.ID] = true
		}
	})
	return ids, err
}

// lastAudited is the highest pulse that the audit log knows.
func (a *api) lastAudited() (sequence uint64, glyph string, err error) {
	file, err := os.Open(filepath.Join(a.storage, auditFile))
	if errors.Is(err, os.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	err = eachLine(file, func(line []byte) {
		var entry struct {
			Event      string `json:"event"`
			Attributes struct {
				Sequence uint64 `json:"pulse.sequence"`
				Glyph    string `json:"pulse.glyph"`
			} `json:"attributes"`
		}
		if json.Unmarshal(line, &entry) == nil && entry.Event == "pulse.appended" && entry.Attributes.Sequence > sequence {
			sequence, glyph = entry.Attributes.Sequence, entry.Attributes.Glyph
		}
	})
	return sequence, glyph, err
}
